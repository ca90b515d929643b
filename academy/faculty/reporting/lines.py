"""What a report consists of: periods, scopes, lists of lines with marks, and figures that count lines by mark.

A figure never has a query of its own: it is the number of lines of a list that bear its marks, so what is counted is
what is listed.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from sqlalchemy import ColumnElement, select, true

from academy.classes.models import TeachingTerm
from academy.core.i18n import Message, msg
from academy.faculty.models import LecturerPost
from academy.people import api as people
from academy.people.models import Organisation

T = TypeVar("T")
Cell = str | int | float | dt.date | Message | None
TEXT, NUMBER, DAY, SHARE, HOURS = "text", "number", "day", "share", "hours"
LIST_TITLES: dict[str, Message] = {
    "owed": msg("授课任务"),
    "units": msg("各单位完成情况"),
    "shares": msg("领导干部授课占比"),
    "hours": msg("课时"),
    "pool": msg("师资库覆盖"),
    "pool_units": msg("各单位师资"),
    "subjects": msg("课程类别与讲师"),
    "requests": msg("点单"),
    "reviews": msg("教案讲义审阅"),
    "evaluations": msg("课程评价"),
    "contests": msg("优秀课程评比"),
}
"""Kinds of lists, in their order."""


@dataclass(frozen=True)
class ReportPeriod:
    """A calendar year or a term. `key` is the year's number or the term's public id."""

    key: str
    name: Message
    first: dt.date
    last: dt.date
    """The last day that belongs to it."""
    terms: Sequence[TeachingTerm]
    """Terms with days in it, the newest first."""

    def has(self, day: dt.date) -> bool:
        """Whether the day lies in it."""
        return self.first <= day <= self.last

    def on(self, day: dt.date) -> dt.date:
        """The day as of which it is reported: that day, or its last day once it is over."""
        return min(day, self.last)


@dataclass(frozen=True)
class ReportScope:
    """Whose reports: the node with everything below it; at the root all, guests included."""

    node: Organisation

    @property
    def is_whole(self) -> bool:
        """Whether it is the whole tree."""
        return self.node.parent_id is None

    def posts(self) -> ColumnElement[bool]:
        """Condition: posts of units in the scope."""
        if self.is_whole:
            return true()
        units = select(Organisation.id).where(people.subtree(self.node.path))
        return LecturerPost.organisation_id.in_(units)


@dataclass(frozen=True)
class Inquiry:
    """What a report is about: scope, period, and the day as of which it is calculated."""

    scope: ReportScope
    period: ReportPeriod
    on: dt.date
    _kept: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def once(self, what: str, read: Callable[[], T]) -> T:
        """What several lists are made from, read once for all of them: an inquiry lives as long as its request."""
        if what not in self._kept:
            self._kept[what] = read()
        return cast(T, self._kept[what])


@dataclass(frozen=True)
class ListColumn:
    """A column: heading, and the format of its cells."""

    label: Message
    kind: str = TEXT


@dataclass(frozen=True)
class ProgrammeLine:
    """A row of a list. `key` names it for good, also in an evidence pack; `marks` are what figures count."""

    key: str
    marks: frozenset[str]
    cells: Sequence[Cell]
    link: tuple[str, str] | None = None
    """What the first cell leads to, and its public id: "lecture", "evaluation" (of a lecture), "lecturer", "term",
    "topic", "contest", and a unit's lines in the lists of obligations ("unit") and of the pool ("pool")."""
    lecture: str | None = None
    """Public id of the lecture that it is about, whose whole life is a page."""


@dataclass(frozen=True)
class ProgrammeList:
    """A list with its definition and its figures."""

    kind: str
    """One of `LIST_TITLES`."""
    definition: Message
    columns: Sequence[ListColumn]
    lines: Sequence[ProgrammeLine]
    figures: Sequence["ProgrammeFigure"] = field(default_factory=tuple)

    @property
    def title(self) -> Message:
        """Its heading."""
        return LIST_TITLES[self.kind]


@dataclass(frozen=True)
class ProgrammeFigure:
    """A number, and the marks of the lines behind it. With `value` it is not their number but calculated from them."""

    label: Message
    marks: tuple[str, ...]
    count: int
    value: Message | None = None
    tone: str = ""
    """Where there are some. Whoever has a tone is shown also where there are none."""


def select_lines(lines: Iterable[ProgrammeLine], marks: Iterable[str]) -> list[ProgrammeLine]:
    """Lines that bear all of some marks."""
    wanted = frozenset(marks)
    return [line for line in lines if wanted <= line.marks]


def figure(
    lines: Sequence[ProgrammeLine], label: Message, *marks: str, value: Message | None = None, tone: str = ""
) -> ProgrammeFigure:
    """The number of lines with these marks."""
    return ProgrammeFigure(label, marks, len(select_lines(lines, marks)), value, tone)
