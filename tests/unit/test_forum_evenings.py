"""Evenings of the forum, against a look at every day: turns of the year, leap years, holidays that are moved."""

import datetime as dt

from hypothesis import example, given
from hypothesis import strategies as st

from academy.classes import rules
from academy.classes.kinds import ClassState, HolidayKind
from academy.classes.rules import CalendarSpan
from academy.core import clock

DAY = dt.timedelta(days=1)
DAYS = st.dates(dt.date(1999, 1, 1), dt.date(2105, 1, 1))
LENGTHS = st.integers(0, 20)


@st.composite
def calendars(draw: st.DrawFn) -> tuple[dt.date, dt.date, list[CalendarSpan]]:
    """A term, and notices about days in and around it."""
    first = draw(st.one_of(DAYS, st.sampled_from([dt.date(2024, 2, 1), dt.date(2026, 11, 30), dt.date(2099, 12, 1)])))
    last = first + DAY * draw(st.integers(0, 200))
    spans = [
        CalendarSpan(start := first + DAY * draw(st.integers(-20, 210)), start + DAY * draw(LENGTHS), kind)
        for kind in draw(st.lists(st.sampled_from(HolidayKind), max_size=6))
    ]
    return first, last, spans


def is_off(day: dt.date, spans: list[CalendarSpan]) -> bool:
    off = False
    for kind, value in ((HolidayKind.OFF, True), (HolidayKind.WORKING, False)):
        for span in spans:
            walked = span.first_day
            while span.kind is kind and walked <= span.last_day:
                off = value if walked == day else off
                walked += DAY
    return off


@given(calendars(), st.integers(0, 6), st.integers(0, 1439))
@example((dt.date(2026, 12, 1), dt.date(2027, 1, 15), []), 2, 1080)
@example((dt.date(2024, 2, 1), dt.date(2024, 3, 31), []), 3, 1080)
def test_the_forum_meets_on_each_of_its_weekdays_that_is_not_off(
    calendar: tuple[dt.date, dt.date, list[CalendarSpan]], weekday: int, minute: int
) -> None:
    first, last, spans = calendar
    expected, day = [], first
    while day <= last:
        if day.weekday() == weekday and not is_off(day, spans):
            expected.append(day)
        day += DAY
    evenings = rules.forum_evenings(first, last, weekday, minute, spans)
    assert [one.day for one in evenings] == expected
    for one in evenings:
        at = one.starts_at.astimezone(clock.CITY)
        assert (at.date(), at.hour * 60 + at.minute) == (one.day, minute)


@given(calendars(), st.integers(0, 6), st.integers(-30, 30), st.data())
def test_a_moved_holiday_moves_evenings_of_its_days_alone(
    calendar: tuple[dt.date, dt.date, list[CalendarSpan]], weekday: int, by: int, data: st.DataObject
) -> None:
    first, last, spans = calendar
    if not spans:
        return
    place = data.draw(st.integers(0, len(spans) - 1))
    old = spans[place]
    new = CalendarSpan(old.first_day + DAY * by, old.last_day + DAY * by, old.kind)
    after = [*spans[:place], new, *spans[place + 1 :]]
    days = [rules.forum_days(first, last, weekday, one) for one in (spans, after)]
    change = rules.forum_change(*days)
    assert sorted((set(days[0]) - set(change.dropped)) | set(change.added)) == days[1]
    assert not set(change.dropped) & set(change.added)
    assert all(
        any(span.first_day <= day <= span.last_day for span in (old, new)) for day in (*change.dropped, *change.added)
    )


@given(DAYS, LENGTHS, DAYS, LENGTHS)
def test_spans_overlap_when_they_have_a_day_in_common(one: dt.date, long: int, other: dt.date, wide: int) -> None:
    other = one + (other - one) % (DAY * 50)
    days = {one + DAY * n for n in range(long + 1)} & {other + DAY * n for n in range(wide + 1)}
    assert rules.overlaps(one, one + DAY * long, other, other + DAY * wide) == bool(days)


def test_states_of_a_class_lead_to_states() -> None:
    assert set(rules.CLASS_MOVES) == set(ClassState)
    assert {state for after in rules.CLASS_MOVES.values() for state in after} == set(ClassState)
