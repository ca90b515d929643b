"""Who owes a lecture by when, calculated from posts, rests, dated rules and lectures that were held. Never stored."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Select, or_, select

from academy.core.database import Tx
from academy.faculty import rules
from academy.faculty.kinds import LecturerLevel, LectureState, TeachingPart
from academy.faculty.models import (
    LecturerPost,
    LectureTeacher,
    ObligationRule,
    PoolMembership,
    PoolSpell,
    ProgrammeLecture,
)


@dataclass(frozen=True)
class Obligation:
    """What one lecturer owes at one level on a day."""

    lecturer_id: int
    post: LecturerPost
    """The newest post of that level: in its unit's appraisal the obligation stands."""
    assessment: rules.Assessment


@dataclass
class TeachingRecords:
    """Everything that obligations of some lecturers are calculated from."""

    posts: dict[int, list[LecturerPost]] = field(default_factory=lambda: defaultdict(list))
    rests: dict[int, list[rules.DayPeriod]] = field(default_factory=lambda: defaultdict(list))
    taught: dict[int, list[rules.Taught]] = field(default_factory=lambda: defaultdict(list))


def demands_on(tx: Tx, day: dt.date) -> dict[LecturerLevel, rules.Demand]:
    """The rules in force on a day, by level."""
    in_force = select(ObligationRule).where(
        ObligationRule.valid_from <= day, or_(ObligationRule.valid_to.is_(None), ObligationRule.valid_to > day)
    )
    return {LecturerLevel(row.level): demand_of(row) for row in tx.scalars(in_force)}


def demand_of(row: ObligationRule) -> rules.Demand:
    """A rule's demand."""
    level = LecturerLevel(row.level)
    return rules.Demand(level, row.lectures, row.years, row.tenths_each, row.soon_days, row.counts_from)


def read_records(tx: Tx, on: dt.date, lecturer_ids: Sequence[int] | None = None) -> TeachingRecords:
    """Posts, rests, and lectures held up to a day; of all lecturers, or of some. Three queries."""
    found = TeachingRecords()
    posts = select(LecturerPost).order_by(LecturerPost.valid_from, LecturerPost.id)
    spells = (
        select(PoolMembership.lecturer_id, PoolSpell.valid_from, PoolSpell.valid_to)
        .join(PoolSpell, PoolSpell.membership_id == PoolMembership.id)
        .where(PoolSpell.state.in_(rules.SUSPENDING))
    )
    lectures = held_lectures(on)
    if lecturer_ids is not None:
        posts = posts.where(LecturerPost.lecturer_id.in_(lecturer_ids))
        spells = spells.where(PoolMembership.lecturer_id.in_(lecturer_ids))
        lectures = lectures.where(LectureTeacher.lecturer_id.in_(lecturer_ids))
    for post in tx.scalars(posts):
        found.posts[post.lecturer_id].append(post)
    for lecturer_id, first, end in tx.execute(spells):
        found.rests[lecturer_id].append(rules.DayPeriod(first, end))
    for lecturer_id, lecture_id, day, tenths, share in tx.execute(lectures):
        found.taught[lecturer_id].append(rules.Taught(lecture_id, day, rules.parts_of(tenths, share)))
    return found


def held_lectures(on: dt.date) -> Select[int, int, dt.date, int, int]:
    """Parts taught in lectures held up to a day: lecturer, lecture, day, tenths of a class hour, share in permille."""
    return (
        select(
            LectureTeacher.lecturer_id,
            ProgrammeLecture.id,
            ProgrammeLecture.day,
            ProgrammeLecture.class_hour_tenths,
            LectureTeacher.share_permille,
        )
        .join(ProgrammeLecture, ProgrammeLecture.id == LectureTeacher.lecture_id)
        .where(
            ProgrammeLecture.state == LectureState.HELD,
            ProgrammeLecture.day <= on,
            LectureTeacher.part == TeachingPart.TAUGHT,
        )
    )


def list_obligations(tx: Tx, on: dt.date, lecturer_ids: Sequence[int] | None = None) -> list[Obligation]:
    """What lecturers owe on a day, by lecturer and level: all of them, or some. Four queries however many there are."""
    demands = demands_on(tx, on)
    records = read_records(tx, on, lecturer_ids)
    found = []
    for lecturer_id in sorted(records.posts):
        for level, demand in sorted(demands.items(), key=lambda pair: rules.LEVELS.index(pair[0])):
            one = _obligation(records, lecturer_id, level, demand, on)
            if one is not None:
                found.append(one)
    return found


def _obligation(
    records: TeachingRecords, lecturer_id: int, level: LecturerLevel, demand: rules.Demand, on: dt.date
) -> Obligation | None:
    posts = [post for post in records.posts[lecturer_id] if post.level == level]
    held = [period_of(post) for post in posts]
    rests, taught = records.rests.get(lecturer_id, []), records.taught.get(lecturer_id, [])
    assessment = rules.assess(demand, held, rests, taught, on)
    if assessment is None:
        return None
    present = [post for post in posts if period_of(post).has(on)]
    return Obligation(lecturer_id, present[-1], assessment)


def period_of(post: LecturerPost) -> rules.DayPeriod:
    """The days of a post."""
    return rules.DayPeriod(post.valid_from, post.valid_to)
