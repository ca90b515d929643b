"""Audience of a training, and a member's contribution to the counts by day. No I/O."""

import dataclasses
import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from academy.core.errors import Invalid
from academy.core.i18n import Message, msg
from academy.people import api as people

STATUSES = ("active", "floating")
JOINING = ("include", "exclude")
LEAVING = ("drop", "keep")
MOVING = ("follow", "stay")
WHOLE = 0
"""Course id of cells for the training as a whole."""
MOST_COURSES = 200
"""Courses of one training: what a form, a member's page and a column for each in a sheet still show."""


AGE_BANDS: dict[str, tuple[int, int | None]] = {
    "0": (0, 35),
    "36": (36, 45),
    "46": (46, 60),
    "61": (61, 70),
    "71": (71, None),
}
"""Age bands of reports: youngest and oldest, both inclusive."""
BirthRange = tuple[dt.date | None, dt.date | None]


@dataclasses.dataclass(frozen=True)
class Audience:
    """Audience as data. An empty tuple or None is no condition.

    Ages are those on the first day of the window, so that nobody leaves an audience by ageing.
    """

    nodes: tuple[int, ...] = ()
    """Row ids; each stands for its whole subtree."""
    sectors: tuple[str, ...] = ()
    positions: tuple[str, ...] = ()
    cohorts: tuple[int, ...] = ()
    """Row ids of cohorts; members of any of them."""
    statuses: tuple[str, ...] = STATUSES
    ages: tuple[str, ...] = ()
    """Keys of `AGE_BANDS`; members in any of them."""
    age_from: int | None = None
    age_to: int | None = None
    joined_from: dt.date | None = None
    joined_to: dt.date | None = None
    joining: str = "include"
    """Members who match after the opening: due too, or not."""
    leaving: str = "drop"
    """Members who no longer match: removed, or still counted (the deceased never are)."""
    moving: str = "follow"
    """Members who change branch: counted in the new one, or in the one at the opening."""

    def to_json(self) -> dict[str, Any]:
        """For the training's column."""
        data = dataclasses.asdict(self)
        return {
            k: v.isoformat() if isinstance(v, dt.date) else list(v) if isinstance(v, tuple) else v
            for k, v in data.items()
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Audience":
        """The reverse; keys missing in older rows take their default."""
        given: dict[str, Any] = {}
        for field in dataclasses.fields(cls):
            if field.name not in data:
                continue
            value = data[field.name]
            if field.name in ("joined_from", "joined_to") and value:
                value = dt.date.fromisoformat(value)
            given[field.name] = tuple(value) if isinstance(value, list) else value
        return cls(**given)

    def problems(self) -> dict[str, Message]:
        """Errors of an audience, by field."""
        wrong: dict[str, Message] = {}
        if not set(self.ages) <= set(AGE_BANDS):
            wrong["ages"] = msg("请选择列出的年龄段。")
        if not self.statuses:
            wrong["statuses"] = msg("请至少选择一种党员状态。")
        if self.age_from is not None and self.age_to is not None and self.age_from > self.age_to:
            wrong["age_to"] = msg("年龄上限小于下限。")
        if any(age is not None and not 0 <= age <= 130 for age in (self.age_from, self.age_to)):
            wrong["age_from"] = msg("请填写 0 到 130 之间的年龄。")
        if self.joined_from and self.joined_to and self.joined_from > self.joined_to:
            wrong["joined_to"] = msg("入党日期的止期早于起期。")
        if self.joining not in JOINING or self.leaving not in LEAVING or self.moving not in MOVING:
            wrong["joining"] = msg("请选择培训期间人员变动怎么算。")
        return wrong

    def birth_range(self, day: dt.date) -> BirthRange:
        """Earliest and latest birthday of a person within the age limits on `day`."""
        return _born(self.age_from, self.age_to, day)

    def birth_bands(self, day: dt.date) -> list[BirthRange]:
        """The same for each chosen band."""
        return [_born(*AGE_BANDS[key], day) for key in self.ages]


def _born(youngest: int | None, oldest: int | None, day: dt.date) -> BirthRange:
    earliest = people.years_before(day, oldest + 1) + dt.timedelta(days=1) if oldest is not None else None
    return earliest, people.years_before(day, youngest) if youngest is not None else None


def check_plan(
    title: str, opens_on: dt.date | None, closes_on: dt.date | None, courses: int, required: int | None
) -> None:
    """Check the required fields of a training.

    Raises:
        Invalid: with a message for each field.
    """
    wrong: dict[str, Message] = {}
    if not 1 <= len(title) <= 120:
        wrong["title"] = msg("请填写培训名称，不超过 120 字。")
    if opens_on is None:
        wrong["opens_on"] = msg("请填写开始日期。")
    if closes_on is None:
        wrong["closes_on"] = msg("请填写结束日期。")
    elif opens_on is not None and closes_on < opens_on:
        wrong["closes_on"] = msg("结束日期早于开始日期。")
    if not 1 <= courses <= MOST_COURSES:
        wrong["courses"] = msg("请选择 1 到 %(n)s 门必学课程。", n=MOST_COURSES)
    elif required is not None and not 1 <= required <= courses:
        wrong["required_count"] = msg("应学门数要在 1 到 %(n)s 之间。", n=courses)
    if wrong:
        raise Invalid(fields=wrong)


@dataclasses.dataclass(frozen=True)
class Spell:
    """Branch and standing of a member from one day up to (not including) another."""

    organisation_id: int
    standing: str
    start: dt.date
    end: dt.date | None = None


@dataclasses.dataclass(frozen=True)
class Progress:
    """Days of a member's progress in a training."""

    started: dt.date | None = None
    completed: dt.date | None = None
    courses: Mapping[int, dt.date] = dataclasses.field(default_factory=dict)


CellKey = tuple[int, int, dt.date]
"""Organisation, course (or `WHOLE`), day."""
Vector = tuple[int, int, int, int]
"""due, exempt, started, completed."""


def contribution(spells: Iterable[Spell], progress: Progress) -> dict[CellKey, Vector]:
    """One member's changes of the counts: plus one when a spell or progress begins, minus one when the spell ends."""
    tally: Counter[tuple[int, int, dt.date, int]] = Counter()

    def count(spell: Spell, course: int, measure: int, day: dt.date | None) -> None:
        if day is None or (spell.end is not None and day >= spell.end):
            return
        tally[spell.organisation_id, course, max(day, spell.start), measure] += 1
        if spell.end is not None:
            tally[spell.organisation_id, course, spell.end, measure] -= 1

    for spell in spells:
        if spell.standing == "exempt":
            count(spell, WHOLE, 1, spell.start)
        elif spell.standing == "due":
            count(spell, WHOLE, 0, spell.start)
            count(spell, WHOLE, 2, progress.started)
            count(spell, WHOLE, 3, progress.completed)
            for course, day in progress.courses.items():
                count(spell, course, 3, day)
    return _vectors(tally)


def difference(new: Mapping[CellKey, Vector], old: Mapping[CellKey, Vector]) -> dict[CellKey, Vector]:
    """The changes that turn the old counts into the new ones."""
    tally: Counter[tuple[int, int, dt.date, int]] = Counter()
    for sign, side in ((1, new), (-1, old)):
        for place, vector in side.items():
            for measure, number in enumerate(vector):
                tally[*place, measure] += sign * number
    return _vectors(tally)


def _vectors(tally: Mapping[tuple[int, int, dt.date, int], int]) -> dict[CellKey, Vector]:
    found: dict[CellKey, list[int]] = {}
    for (organisation, course, day, measure), number in tally.items():
        if number:
            found.setdefault((organisation, course, day), [0, 0, 0, 0])[measure] += number
    return {place: (v[0], v[1], v[2], v[3]) for place, v in found.items()}


def completion_day(days: Iterable[dt.date], needed: int) -> dt.date | None:
    """The day on which the required number of courses was completed."""
    ordered = sorted(days)
    return ordered[needed - 1] if needed and len(ordered) >= needed else None


def place(
    audience: Audience,
    *,
    fits: bool,
    exempt: bool,
    deceased: bool,
    organisation_id: int,
    held: tuple[str, int] | None,
) -> tuple[str, int] | None:
    """The present branch and standing of a member; None where no enrolment is needed.

    `held` is the stored standing and branch, None for a member who was never enrolled.
    """
    counted = held is not None and held[0] != "out"
    if held is None or not counted:
        if deceased or not fits or audience.joining == "exclude":
            return held
        return ("exempt" if exempt else "due"), organisation_id
    if deceased or (not fits and audience.leaving == "drop"):
        return "out", held[1]
    stays = audience.moving == "stay" or not fits
    return ("exempt" if exempt else "due"), (held[1] if stays else organisation_id)
