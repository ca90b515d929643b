"""Figures by sector, position, age, gender and education, with small groups withheld."""

import dataclasses
import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import and_, case, func, literal, select

from academy.core.db import Tx
from academy.core.i18n import Message, msg
from academy.members import rules as people
from academy.members import sectors
from academy.members.ages import years_before
from academy.members.models import Member, Organisation
from academy.trainings import published, tree, verify
from academy.trainings.models import Training
from academy.trainings.published import SMALLEST, Cells, Vector
from academy.trainings.rules import AGE_BANDS

OLDEST = tuple(youngest for youngest, _ in reversed(AGE_BANDS.values()))
"""Where each age band begins."""
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
HELD_BACK = msg("分类数字只算到前一天为止；变动不足 5 人的，先停在上次的数字，以免比较两天就看出是谁。")


@dataclasses.dataclass(frozen=True)
class Group:
    """One group's figures; those of a withheld group are None."""

    key: str
    label: Message | str
    due: int | None
    exempt: int | None
    reached: int | None
    completed: int | None

    @property
    def is_withheld(self) -> bool:
        return self.due is None

    @property
    def size(self) -> int:
        return (self.due or 0) + (self.exempt or 0)


@dataclasses.dataclass(frozen=True)
class Breakdown:
    """The groups of one dimension as they were published, and of which day; None before they were."""

    day: dt.date | None
    groups: list[Group]


def hidden(sizes: Mapping[str, int]) -> set[str]:
    """Groups that are too small, and one more where the total would give the hidden one away."""
    small = {key for key, size in sizes.items() if 0 < size < SMALLEST}
    others = sorted((size, key) for key, size in sizes.items() if size and key not in small)
    if small and sum(sizes[key] for key in small) < SMALLEST and others:
        small.add(others[0][1])
    return small


def measure(tx: Tx, training: Training, node: Organisation, day: dt.date | None = None) -> dict[str, Cells]:
    """Figures of the closed day by every dimension that was not published for it; attributes are today's."""
    on = published.closed_day(day)
    found: dict[str, Cells] = {}
    for dimension in DIMENSIONS:
        known = published.published_on(tx, training.id, node.id, dimension, on)
        if known is None or known[0] != on:
            vectors = _count(tx, training, node, dimension, on)
            small = hidden({name: vector[0] + vector[1] for name, vector in vectors.items()})
            cells = published.counted(vectors, small)
            found[dimension] = {published.cell_of({dimension: name}): one for name, one in cells.items()}
    return found


def publish(tx: Tx, training: Training, node: Organisation, day: dt.date | None, measured: Mapping[str, Cells]) -> None:
    """Publish what was measured, each dimension if nobody can be told from it."""
    for dimension, cells in measured.items():
        published.publish(tx, training, node, dimension, published.closed_day(day), cells)


def _count(tx: Tx, training: Training, node: Organisation, dimension: str, day: dt.date) -> dict[str, Vector]:
    pieces = verify.pieces(training.id, day, select(Organisation.id).where(tree.inside(tx, node, day)))
    due = pieces.c.standing == "due"
    of = key(training, dimension)

    def count(*conditions: Any) -> Any:
        return func.sum(case((and_(*conditions), 1), else_=0))

    rows = tx.execute(
        select(
            of.label("key"),
            count(due),
            count(pieces.c.standing == "exempt"),
            count(due, pieces.c.reached_on <= day),
            count(due, pieces.c.completed_on <= day),
        )
        .select_from(pieces)
        .join(Member, Member.id == pieces.c.member_id)
        .join(Organisation, Organisation.id == pieces.c.organisation_id)
        .where(pieces.c.standing != "out")
        .group_by("key")
    )
    vectors: dict[str, Vector] = {}
    for name, *numbers in rows:
        before = vectors.get(str(name or ""), published.ZERO)
        a, b, c, d = (int(x) + y for x, y in zip(numbers, before, strict=True))
        vectors[str(name or "")] = (a, b, c, d)  # unknown and blank are one group
    return vectors


def by(
    tx: Tx,
    training: Training,
    node: Organisation,
    dimension: str,
    day: dt.date | None = None,
    language: str = "zh",
) -> Breakdown:
    """The groups of one dimension as published last, the largest first (ages in their order)."""
    known = published.published_on(tx, training.id, node.id, dimension, published.closed_day(day))
    if known is None:
        return Breakdown(None, [])
    words, groups = _words(tx, dimension, language), []
    for cell, one in known[1].items():
        name = json.loads(cell)[0][1]
        label = words.get(name, name) if name else msg("未填写")
        figures = (None,) * 4 if one.is_withheld else one.vector
        groups.append((one.size, Group(name, label, *figures)))
    groups.sort(key=lambda pair: pair[1].key if dimension == "age" else (-pair[0], pair[1].key))
    return Breakdown(known[0], [group for _, group in groups])


def _words(tx: Tx, dimension: str, language: str) -> Mapping[str, Message | str]:
    if dimension == "sector":
        return sectors.words(tx, language)
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
    # Oldest first: whoever was born by then is at least that old.
    bands = [(Member.birth_date <= years_before(day, low), literal(str(low))) for low in OLDEST]
    return case((Member.birth_date.is_(None), literal("")), *bands, else_=literal("0"))
