"""What the home page proposes."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import pytest

from academy.core.i18n import Message
from academy.web.home import NextUp, next_up


@dataclass
class Named:
    public_id: str
    id: int = 0
    title: str = ""
    kind: str = "video"
    available: bool = True
    done: bool = False


@dataclass
class Row:
    course: Named
    item: Named = field(default_factory=lambda: Named("item"))
    position: int = 60_000
    extent: int = 300_001
    permille: int = 200


@dataclass
class Plan:
    title: str
    days_left: int
    courses: list[Named]
    closes_on: dt.date = dt.date(2026, 3, 1)


def proposed(due: list[Plan], recent: list[Row]) -> NextUp | None:
    begun: Any = {row.course.id: row.course for row in recent}
    listed: Any = {course.public_id: course for plan in due for course in plan.courses}
    return next_up(due, recent, begun, listed)  # type: ignore[arg-type]


BEGUN = Row(Named("begun", 1))
FAR = Plan("远", 40, [Named("far", 2)])
NEAR = Plan("近", 3, [Named("near", 3)])


def test_what_was_begun_goes_on_with_what_is_left_of_it() -> None:
    found = proposed([FAR], [BEGUN])
    assert found is not None and found.item is BEGUN.item and found.card is BEGUN.course
    assert isinstance(found.left, Message) and "5" in str(found.left), "240.001 seconds are five minutes"


def test_nothing_is_said_of_minutes_in_a_document() -> None:
    found = proposed([], [Row(Named("paper", 1), Named("item", kind="document"))])
    assert found is not None and found.left is None


def test_a_training_that_ends_in_days_goes_first_unless_what_was_begun_is_part_of_it() -> None:
    found = proposed([NEAR, FAR], [BEGUN])
    assert found is not None and found.card is NEAR.courses[0] and found.item is None
    inside = Plan("近", 2, [Named("first", 4), BEGUN.course])
    found = proposed([inside], [Row(Named("else", 9)), BEGUN])
    assert found is not None and found.item is BEGUN.item


@pytest.mark.parametrize("course", [Named("x", 5, done=True), Named("x", 5, available=False)])
def test_courses_that_are_done_or_gone_are_not_proposed(course: Named) -> None:
    found = proposed([Plan("甲", 9, [course, Named("y", 6)])], [])
    assert found is not None and found.card.public_id == "y"  # type: ignore[attr-defined]
    assert proposed([Plan("甲", 9, [course])], []) is None


def test_nothing_begun_and_nothing_due_is_no_proposal() -> None:
    assert proposed([], []) is None
