"""Quiet hours, digests and pauses by the city's clock."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from academy.core import clock
from academy.notifications import rules
from academy.notifications.topics import Pace

MINUTES = st.integers(0, 1439)


def at(day: int, hour: int, minute: int = 0) -> dt.datetime:
    """A moment of November 2026 in Shanghai; the 2nd is a Monday."""
    return dt.datetime(2026, 11, day, hour, minute, tzinfo=clock.CITY)


@pytest.mark.parametrize(
    ("written", "leaves"),
    [
        (at(3, 21, 59), at(3, 21, 59)),
        (at(3, 22), at(4, 7)),
        (at(3, 23, 30), at(4, 7)),
        (at(4, 0), at(4, 7)),
        (at(4, 6, 59), at(4, 7)),
        (at(4, 7), at(4, 7)),
        (at(30, 23), dt.datetime(2026, 12, 1, 7, tzinfo=clock.CITY)),
    ],
)
def test_quiet_hours_cross_midnight(written: dt.datetime, leaves: dt.datetime) -> None:
    assert rules.after_quiet(written, 22 * 60, 7 * 60) == leaves


def test_quiet_hours_by_day_and_none_at_all() -> None:
    assert rules.after_quiet(at(3, 13), 12 * 60, 14 * 60) == at(3, 14)
    assert rules.after_quiet(at(3, 14), 12 * 60, 14 * 60) == at(3, 14)
    assert rules.after_quiet(at(3, 3), 480, 480) == at(3, 3)


@pytest.mark.parametrize(
    ("written", "pace", "leaves"),
    [
        (at(3, 7, 59), Pace.DAILY, at(3, 8)),
        (at(3, 8), Pace.DAILY, at(4, 8)),
        (at(3, 12), Pace.WEEKLY, at(9, 8)),
        (at(2, 7), Pace.WEEKLY, at(2, 8)),
        (at(2, 9), Pace.WEEKLY, at(9, 8)),
        (at(8, 23), Pace.WEEKLY, at(9, 8)),
    ],
)
def test_digests_leave_in_the_morning(written: dt.datetime, pace: Pace, leaves: dt.datetime) -> None:
    assert rules.next_digest(written, pace) == leaves


def test_a_digest_waits_for_late_sleepers() -> None:
    assert rules.due_at(at(3, 12), Pace.DAILY, 23 * 60, 9 * 60 + 30) == at(4, 9, 30)


@given(
    st.integers(0, 200_000_000).map(lambda s: dt.datetime.fromtimestamp(1_700_000_000 + s, dt.UTC)), MINUTES, MINUTES
)
def test_what_leaves_is_late_by_less_than_a_day_and_never_quiet(instant: dt.datetime, begins: int, ends: int) -> None:
    leaves = rules.after_quiet(instant, begins, ends)
    local = clock.to_city(leaves)
    assert instant <= leaves < instant + dt.timedelta(days=1)
    assert not rules.is_quiet(local.hour * 60 + local.minute, begins, ends)
    assert rules.after_quiet(leaves, begins, ends) == leaves


def test_pauses_grow_to_half_a_day_altogether() -> None:
    pauses = [rules.backoff(attempt) for attempt in range(1, rules.MOST_ATTEMPTS)]
    assert pauses == sorted(pauses) and pauses[0] == dt.timedelta(minutes=1)
    assert dt.timedelta(hours=10) < sum(pauses, dt.timedelta()) < dt.timedelta(hours=16)
