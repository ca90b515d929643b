"""Figures by sector, position, age, gender and education, with small groups withheld."""

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import and_, case, func, literal, select

from academy.core.db import Tx
from academy.core.i18n import Message, msg
from academy.members import rules as people
from academy.members import sectors
from academy.members.ages import years_before
from academy.members.models import Member, Organisation
from academy.trainings import tree, verify
from academy.trainings.models import Training
from academy.trainings.rules import AGE_BANDS

SMALLEST = 5
"""A group of fewer people is not shown by itself: one could tell who is meant."""
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


def hidden(sizes: Mapping[str, int]) -> set[str]:
    """Groups that are too small, and one more where the total would give the hidden one away."""
    small = {key for key, size in sizes.items() if 0 < size < SMALLEST}
    others = sorted((size, key) for key, size in sizes.items() if size and key not in small)
    if small and sum(sizes[key] for key in small) < SMALLEST and others:
        small.add(others[0][1])
    return small


def withhold(groups: Sequence[Group]) -> list[Group]:
    """Hide groups that are too small, and one more where the total would give the hidden one away."""
    small = hidden({g.key: g.size for g in groups})
    return [
        dataclasses.replace(g, due=None, exempt=None, reached=None, completed=None) if g.key in small else g
        for g in groups
    ]


def by(
    tx: Tx,
    training: Training,
    node: Organisation,
    dimension: str,
    day: dt.date | None = None,
    language: str = "zh",
) -> list[Group]:
    """The groups of one dimension, the largest first (ages in their order); attributes are today's."""
    here = select(Organisation.id).where(tree.inside(tx, node, day))
    pieces = verify.pieces(training.id, day, here)
    end = day or dt.date.max
    due = pieces.c.standing == "due"
    of = key(training, dimension)

    def count(*conditions: Any) -> Any:
        return func.sum(case((and_(*conditions), 1), else_=0))

    rows = tx.execute(
        select(
            of.label("key"),
            count(due),
            count(pieces.c.standing == "exempt"),
            count(due, pieces.c.reached_on <= end),
            count(due, pieces.c.completed_on <= end),
        )
        .select_from(pieces)
        .join(Member, Member.id == pieces.c.member_id)
        .join(Organisation, Organisation.id == pieces.c.organisation_id)
        .where(pieces.c.standing != "out")
        .group_by("key")
    )
    words = _words(tx, dimension, language)
    found = [
        Group(str(k or ""), words.get(str(k), str(k)) if k else msg("未填写"), int(a), int(b), int(c), int(d))
        for k, a, b, c, d in rows
    ]
    order = (lambda g: g.key) if dimension == "age" else (lambda g: (-g.size, g.key))
    return withhold(sorted(found, key=order))


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
