"""Groups that are dealt, who may apply and leave, the day whose members count."""

import datetime as dt
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from academy.classes import rules
from academy.classes.kinds import ClassState

PEOPLE = st.dictionaries(st.integers(1, 10_000), st.integers(1, 9), min_size=1, max_size=120)
DAYS = st.dates(dt.date(2025, 12, 1), dt.date(2026, 2, 1))


@given(PEOPLE, st.integers(1, 20), st.integers(0, 2**31 - 1))
def test_a_deal_spreads_people_and_units_evenly(units: dict[int, int], count: int, seed: int) -> None:
    dealt = rules.deal_groups(units, count, seed)
    assert len(dealt) == count
    assert sorted(person for group in dealt for person in group) == sorted(units)
    sizes = [len(group) for group in dealt]
    assert max(sizes) - min(sizes) <= 1
    for unit in set(units.values()):
        numbers = [Counter(units[person] for person in group)[unit] for group in dealt]
        assert max(numbers) - min(numbers) <= 1


@given(PEOPLE, st.integers(1, 20), st.integers(0, 2**31 - 1), st.randoms())
def test_a_deal_is_the_same_whatever_the_order(units: dict[int, int], count: int, seed: int, lots: object) -> None:
    mixed = list(units.items())
    lots.shuffle(mixed)  # type: ignore[attr-defined]
    assert rules.deal_groups(dict(mixed), count, seed) == rules.deal_groups(units, count, seed)


def test_other_seeds_deal_otherwise() -> None:
    units = {person: person % 6 for person in range(60)}
    assert len({str(rules.deal_groups(units, 6, seed)) for seed in range(50)}) > 40


@given(st.sampled_from(ClassState), st.none() | DAYS, DAYS, DAYS)
def test_members_apply_while_a_class_takes_them(
    state: ClassState, until: dt.date | None, last: dt.date, today: dt.date
) -> None:
    expected = state in ("planned", "open") and today <= last and until is not None and today <= until
    assert rules.may_apply(state, until, last, today) == expected


@given(DAYS, DAYS)
def test_the_day_that_counts_is_never_after_the_last(last: dt.date, today: dt.date) -> None:
    day = rules.counting_day(last, today)
    assert day in (last, today) and day <= last and day <= today
    assert rules.may_leave_by_oneself(last, today) == (today < last)
