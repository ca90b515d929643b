"""What lecturers owe, against a walk along the calendar; and class hours, which are whole numbers."""

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from academy.faculty import rules
from academy.faculty.kinds import LecturerLevel, LectureState, PoolState
from academy.faculty.plain import PlainDemand, plain_obligation
from academy.faculty.rules import DayPeriod, Demand, ObligationState, Taught, assess

FIRST = dt.date(2019, 11, 1)
DAY = dt.timedelta(days=1)
# Turns of the year and leap days more often than they come.
EDGES = [dt.date(year, month, day) for year in (2020, 2024) for month, day in ((2, 29), (3, 1), (12, 31), (1, 1))]
DAYS = st.one_of(st.integers(0, 2600).map(lambda days: FIRST + DAY * days), st.sampled_from(EDGES))


@st.composite
def periods(draw: st.DrawFn, most: int = 4) -> list[DayPeriod]:
    found = []
    for first in draw(st.lists(DAYS, max_size=most)):
        length = draw(st.one_of(st.none(), st.integers(1, 900)))
        found.append(DayPeriod(first, None if length is None else first + DAY * length))
    return found


DEMANDS = st.builds(
    Demand,
    level=st.just(LecturerLevel.MUNICIPAL),
    lectures=st.integers(1, 3),
    years=st.integers(1, 5),
    tenths_each=st.sampled_from([10, 20]),
    soon_days=st.integers(0, 366),
    counts_from=DAYS,
)
TAUGHT = st.lists(
    st.builds(Taught, st.integers(1, 99), DAYS, st.sampled_from([9_999, 10_000, 20_000, 40_000])), max_size=6
)


def has(spans: list[DayPeriod], day: dt.date) -> bool:
    return any(span.first <= day and (span.end is None or day < span.end) for span in spans)


@given(DEMANDS, periods(), periods(), TAUGHT, DAYS)
@example(
    Demand(LecturerLevel.COUNTY_FIRST, 1, 5, 20, 365, dt.date(2020, 1, 1)),
    [DayPeriod(dt.date(2020, 2, 29))],
    [DayPeriod(dt.date(2024, 2, 28), dt.date(2024, 3, 1))],
    [Taught(1, dt.date(2020, 2, 29), 20_000)],
    dt.date(2025, 12, 31),
)
def test_an_obligation_is_what_a_walk_along_the_calendar_finds(
    demand: Demand, held: list[DayPeriod], rests: list[DayPeriod], taught: list[Taught], on: dt.date
) -> None:
    last = max([on, *(one.first for one in rests), *(one.end for one in rests if one.end)]) + DAY
    plain = plain_obligation(
        PlainDemand(demand.lectures, demand.years, demand.tenths_each * 1000, demand.soon_days, demand.counts_from),
        lambda day: has(held, day),
        lambda day: has(rests, day),
        [(one.day, one.parts) for one in taught],
        on,
        last,
    )
    found = assess(demand, held, rests, taught, on)
    assert (found and (found.state, found.due_on)) == (plain and (plain.state, plain.due_on))


@given(DEMANDS, periods(), periods(), TAUGHT, DAYS)
def test_one_lecture_more_never_makes_an_obligation_worse(
    demand: Demand, held: list[DayPeriod], rests: list[DayPeriod], taught: list[Taught], on: dt.date
) -> None:
    before = assess(demand, held, rests, taught, on)
    after = assess(demand, held, rests, [*taught, Taught(100, on, 99_000)], on)
    if before is None or after is None:
        assert before is after is None
        return
    if before.due_on is None:
        assert after.due_on is None
    assert after.due_on is None or before.due_on is None or after.due_on >= before.due_on
    assert after.state is not ObligationState.OVERDUE or before.state is ObligationState.OVERDUE
    assert after.state is ObligationState.MET or demand.lectures > 1
    assert before.state is not ObligationState.MET or after.state is ObligationState.MET


@given(DEMANDS, DAYS, st.integers(0, 400), st.integers(1, 900))
def test_days_of_rest_move_the_due_date_by_as_many(demand: Demand, first: dt.date, later: int, length: int) -> None:
    plain = rules.due_date(first, demand.years, [])
    assert plain == dt.date(first.year + demand.years, 12, 31)
    rest = DayPeriod(first + DAY * (later + 1), first + DAY * (later + 1 + length))
    moved = rules.due_date(first, demand.years, [rest])
    assert moved == (plain + DAY * length if rest.first <= plain else plain)
    assert rules.due_date(first, demand.years, [DayPeriod(rest.first)]) == (None if rest.first <= plain else plain)


@pytest.mark.thorough
@given(periods(), periods(), DAYS)
def test_merged_periods_hold_the_same_days_and_touch_nowhere(
    some: list[DayPeriod], more: list[DayPeriod], day: dt.date
) -> None:
    found = rules.merged([*some, *more])
    assert has(found, day) == has([*some, *more], day)
    assert sum(one.has(day) for one in found) <= 1
    assert all(one.end is not None and one.end < after.first for one, after in pairwise(found))


@given(st.integers(1, 12))
def test_even_shares_are_a_whole(number: int) -> None:
    shares = rules.even_shares(number)
    assert rules.is_whole(shares) and max(shares) - min(shares) <= 1


@given(st.lists(st.integers(1, 999), max_size=6), st.integers(1, 80))
def test_parts_of_a_whole_lecture_count_once(cuts: list[int], tenths: int) -> None:
    edges = [0, *sorted(set(cuts)), 1000]
    shares = [after - before for before, after in pairwise(edges)]
    assert rules.is_whole(shares)
    assert sum(rules.parts_of(tenths, share) for share in shares) == tenths * 1000


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 1000))
def test_a_share_that_is_shown_at_the_floor_has_reached_it(one: int, other: int, floor: int) -> None:
    part, whole = sorted((one, other))
    shown = rules.share_permille(part, whole)
    assert (shown is None) == (whole == 0)
    if shown is not None:
        assert (shown >= floor) == rules.reaches(part, whole, floor)


def test_states_lead_somewhere_and_every_one_is_reached() -> None:
    assert set(rules.POOL_MOVES) == set(PoolState) and set(rules.LECTURE_MOVES) == set(LectureState)
    for moves, start in ((rules.POOL_MOVES, PoolState.INVITED), (rules.LECTURE_MOVES, LectureState.PLANNED)):
        seen, waiting = {start}, [start]
        while waiting:
            fresh = set(moves[waiting.pop()]) - seen  # type: ignore[index]
            seen |= fresh
            waiting += fresh
        assert seen == set(moves)


@given(st.integers(0, 1439), st.integers(1, 80), st.integers(0, 1439), st.integers(1, 80))
@example(540, 20, 630, 20)
@example(540, 20, 629, 20)
def test_lectures_meet_when_they_have_a_moment_in_common(one: int, long: int, other: int, wide: int) -> None:
    # In tenths of a minute: a tenth of a class hour is four and a half minutes.
    moments = set(range(one * 10, one * 10 + long * 45)) & set(range(other * 10, other * 10 + wide * 45))
    assert rules.meets(one, long, other, wide) == rules.meets(other, wide, one, long) == bool(moments)
