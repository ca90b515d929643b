"""Days of invitations: when an answer and the material are due, how long a link is readable."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from academy.faculty import plan_rules
from academy.faculty.plan_kinds import AssignmentState

DAYS = st.dates(dt.date(2020, 1, 1), dt.date(2040, 12, 31))
AHEAD = st.integers(0, 300).map(lambda number: dt.timedelta(days=number))


@given(DAYS, AHEAD)
def test_an_answer_is_due_within_two_weeks_before_the_evening_and_never_in_the_past(
    today: dt.date, ahead: dt.timedelta
) -> None:
    evening = today + ahead
    until = plan_rules.answer_by(today, evening)
    assert today <= until <= max(today, evening)
    assert until <= today + dt.timedelta(days=plan_rules.ANSWER_DAYS)
    assert until < evening or evening == today, "never on the evening itself, but for one that is today"


@given(DAYS, AHEAD, st.integers(0, 60))
def test_material_is_due_before_the_evening_and_never_in_the_past(
    today: dt.date, ahead: dt.timedelta, due_days: int
) -> None:
    evening = today + ahead
    due = plan_rules.material_by(today, evening, due_days)
    assert today <= due <= evening
    assert due == today or (evening - due).days == due_days or due_days == 0


@given(DAYS, AHEAD, AHEAD, st.integers(-400, 400))
def test_a_link_is_readable_while_it_may_be_answered_and_up_to_the_evening(
    today: dt.date, until: dt.timedelta, evening: dt.timedelta, passed: int
) -> None:
    day = today + dt.timedelta(days=passed)
    is_over = day > today + until and day > today + evening
    assert plan_rules.is_readable(day, today + until, today + evening) is not is_over


def test_states_are_parted_as_the_indexes_part_them() -> None:
    """What holds an evening may be answered otherwise, and what may be answered was asked."""
    assert set(plan_rules.HOLDING) < set(plan_rules.OPEN)
    assert set(plan_rules.ANSWERS) < set(plan_rules.OPEN)
    assert set(AssignmentState) == {*plan_rules.ASSIGNMENT_STATE_NAMES}
    assert AssignmentState.DECLINED not in plan_rules.HOLDING, "a no frees the evening"
