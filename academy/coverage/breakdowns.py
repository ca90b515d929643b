"""Figures by sector, position, age, gender and education, as they may be published."""

import dataclasses
import datetime as dt
import json
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import case, literal, select

from academy.core.database import Tx
from academy.core.i18n import Message, msg
from academy.coverage import published_figures
from academy.coverage.published_figures import Cells, Vector
from academy.people import api as people
from academy.people.models import Member, Organisation
from academy.trainings import api as trainings
from academy.trainings.api import Training

OLDEST = tuple(youngest for youngest, _ in reversed(trainings.AGE_BANDS.values()))
"""Lower limits of the age bands."""
AGE_WORDS: dict[str, Message] = {
    "0": msg("35 岁及以下"),
    "36": msg("36–45 岁"),
    "46": msg("46–60 岁"),
    "61": msg("61–70 岁"),
    "71": msg("71 岁及以上"),
}
DIMENSIONS: dict[str, Message] = {
    "sector": msg("领域"),
    "position": msg("职务"),
    "age": msg("年龄"),
    "gender": msg("性别"),
    "education": msg("学历"),
    "status": msg("党员状态"),
}
BLURRED_NOTE = msg(
    "为了不让人推算出是谁，分类数字会随机多几人或少几人，再按 5 取整，不足 5 人的不单列。"
    "各类加起来和合计会差一些，以合计为准。"
)


@dataclasses.dataclass(frozen=True)
class Group:
    """One group's figures; those of a withheld group are None."""

    key: str
    label: Message | str
    due: int | None
    exempt: int | None
    started: int | None
    completed: int | None

    @property
    def is_withheld(self) -> bool:
        return self.due is None

    @property
    def size(self) -> int:
        return (self.due or 0) + (self.exempt or 0)


@dataclasses.dataclass(frozen=True)
class Breakdown:
    """The groups of one dimension as they were published, and of which day; None where none were."""

    day: dt.date | None
    groups: list[Group]


def measure_breakdowns(tx: Tx, training: Training, node: Organisation, day: dt.date | None = None) -> dict[str, Cells]:
    """Figures of the closed day by every dimension that was not published for it; attributes are today's."""
    on = published_figures.closed_day(day)
    found: dict[str, Cells] = {}
    for dimension in DIMENSIONS:
        if published_figures.published_on(tx, training.id, node.id, dimension, on) is None:
            vectors, everybody = _count(tx, training, node, dimension, on)
            listed = _words(tx, dimension, "zh").keys()
            found[dimension] = released(dimension, vectors, everybody, listed)
    return found


def released(
    dimension: str, vectors: Mapping[str, Vector], everybody: Vector, listed: Collection[str]
) -> dict[str, Vector | None]:
    """Groups of one dimension from their cells.

    The presence of a group reveals nothing: a fixed list is complete, also for empty groups; of free-text values only
    those appear whose figures are shown.
    """
    cells: dict[str, Vector | None] = {}
    for name in sorted({*listed, *vectors}) if any(everybody) else []:
        cell = published_figures.cell_of({dimension: name})
        one = published_figures.release(cell, vectors.get(name, Vector()), everybody)
        if one is not None or name in listed:
            cells[cell] = one
    return cells


def publish_breakdowns(
    tx: Tx, training: Training, node: Organisation, day: dt.date | None, measured: Mapping[str, Cells]
) -> None:
    """Store the measured figures as published."""
    for dimension, cells in measured.items():
        published_figures.publish(tx, training, node, dimension, published_figures.closed_day(day), cells)


def _count(
    tx: Tx, training: Training, node: Organisation, dimension: str, day: dt.date
) -> tuple[dict[str, Vector], Vector]:
    """True figures of each group, and the fingerprints of everybody counted."""
    pieces = trainings.recount_pieces(
        training.id, day, select(Organisation.id).where(trainings.lies_inside(tx, node, day))
    )
    rows = tx.execute(
        select(key(training, dimension).label("key"), *published_figures.columns(pieces, day))
        .select_from(pieces)
        .join(Member, Member.id == pieces.c.member_id)
        .join(Organisation, Organisation.id == pieces.c.organisation_id)
        .where(pieces.c.standing != "out")
        .group_by("key")
    )
    vectors: dict[str, Vector] = {}
    everybody = Vector()
    for name, *numbers in rows:
        # Unknown and blank are one group.
        vectors[str(name or "")] = vectors.get(str(name or ""), Vector()).plus([int(n) for n in numbers[:4]])
        everybody = everybody.plus([int(n) for n in numbers[4:]])
    return vectors, everybody


def break_down(
    tx: Tx,
    training: Training,
    node: Organisation,
    dimension: str,
    day: dt.date | None = None,
    language: str = "zh",
) -> Breakdown:
    """The groups of one dimension as published, the largest first (ages in their order)."""
    day = published_figures.closed_day(day)
    known = published_figures.published_on(tx, training.id, node.id, dimension, day)
    if known is None:
        return Breakdown(None, [])
    words, groups = _words(tx, dimension, language), []
    for cell, one in known.items():
        name = json.loads(cell)[0][1]
        label = words.get(name, name) if name else msg("未填写")
        groups.append(Group(name, label, *(one or (None,) * 4)))
    groups.sort(key=lambda group: group.key if dimension == "age" else (-group.size, group.key))
    return Breakdown(day, groups)


def _words(tx: Tx, dimension: str, language: str) -> Mapping[str, Message | str]:
    if dimension == "sector":
        return people.sector_names(tx, language)
    known = {"gender": people.GENDERS, "status": people.STATUSES, "age": AGE_WORDS}
    return known.get(dimension, {})


def key(training: Training, dimension: str) -> Any:
    if dimension == "sector":
        return Organisation.sector
    if dimension == "age":
        return age_key(training.opens_on)
    return {
        "position": Member.position,
        "gender": Member.gender,
        "education": Member.education,
        "status": Member.status,
    }[dimension]


def age_key(day: dt.date) -> Any:
    """Which age band a `Member` row is in on a day; blank where no birthday is known."""
    # Oldest first: anybody born by then is at least that old.
    bands = [(Member.birth_date <= people.years_before(day, low), literal(str(low))) for low in OLDEST]
    return case((Member.birth_date.is_(None), literal("")), *bands, else_=literal("0"))
