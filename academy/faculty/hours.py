"""The ledger of class hours: by lecturer, level, class and term; and the leaders' share of main classes by term."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select

from academy.classes.models import TeachingTerm, TrainingClass
from academy.core.database import Tx
from academy.faculty import rules
from academy.faculty.kinds import LecturerLevel, LectureState, TeachingPart
from academy.faculty.models import LecturerPost, LectureTeacher, ProgrammeLecture, ShareRule
from academy.faculty.obligations import period_of


@dataclass(frozen=True)
class ClassHourRow:
    """A lecturer's part of one lecture that was held."""

    lecture_id: int
    term_id: int
    class_id: int | None
    is_main: bool
    """Whether the class is a main class; False for the forum."""
    day: dt.date
    lecturer_id: int
    level: LecturerLevel | None
    """The highest level held on that day; None without a post."""
    parts: int
    """Ten-thousandths of a class hour."""


@dataclass(frozen=True)
class TermShare:
    """The leaders' share of all class hours of a term's main classes."""

    term: TeachingTerm
    leaders: int
    whole: int
    """Both in ten-thousandths of a class hour."""
    floor_permille: int | None
    """None where no rule was in force on the term's first day."""

    @property
    def permille(self) -> int | None:
        """The share, rounded down; None where no hour was taught."""
        return rules.share_permille(self.leaders, self.whole)

    @property
    def is_reached(self) -> bool:
        """Whether it is at least the floor."""
        return rules.reaches(self.leaders, self.whole, self.floor_permille or 0)


def ledger_rows(tx: Tx, term_ids: Sequence[int], lecturer_id: int | None = None) -> list[ClassHourRow]:
    """The parts of all lectures held in some terms, the oldest first; of all lecturers, or of one. Two queries."""
    query = (
        select(
            ProgrammeLecture.id,
            ProgrammeLecture.term_id,
            ProgrammeLecture.class_id,
            TrainingClass.is_main,
            ProgrammeLecture.day,
            LectureTeacher.lecturer_id,
            ProgrammeLecture.class_hour_tenths,
            LectureTeacher.share_permille,
        )
        .join(ProgrammeLecture, ProgrammeLecture.id == LectureTeacher.lecture_id)
        .outerjoin(TrainingClass, TrainingClass.id == ProgrammeLecture.class_id)
        .where(
            ProgrammeLecture.term_id.in_(term_ids),
            ProgrammeLecture.state == LectureState.HELD,
            LectureTeacher.part == TeachingPart.TAUGHT,
        )
        .order_by(ProgrammeLecture.day, ProgrammeLecture.id, LectureTeacher.id)
    )
    if lecturer_id is not None:
        query = query.where(LectureTeacher.lecturer_id == lecturer_id)
    rows = tx.execute(query).all()
    posts = posts_of(tx, {row.lecturer_id for row in rows})
    return [
        ClassHourRow(
            row.id,
            row.term_id,
            row.class_id,
            bool(row.is_main),
            row.day,
            row.lecturer_id,
            rules.level_on(posts.get(row.lecturer_id, ()), row.day),
            rules.parts_of(row.class_hour_tenths, row.share_permille),
        )
        for row in rows
    ]


def posts_of(tx: Tx, lecturer_ids: Iterable[int]) -> dict[int, list[tuple[LecturerLevel, rules.DayPeriod]]]:
    """Levels held by some lecturers, with their days. One query."""
    found: dict[int, list[tuple[LecturerLevel, rules.DayPeriod]]] = defaultdict(list)
    for post in tx.scalars(select(LecturerPost).where(LecturerPost.lecturer_id.in_(sorted(lecturer_ids)))):
        found[post.lecturer_id].append((LecturerLevel(post.level), period_of(post)))
    return found


def share_rule_on(tx: Tx, day: dt.date) -> ShareRule | None:
    """The rule of the leaders' share in force on a day."""
    return tx.scalar(
        select(ShareRule).where(
            ShareRule.valid_from <= day, or_(ShareRule.valid_to.is_(None), ShareRule.valid_to > day)
        )
    )


def term_shares(tx: Tx, terms: Sequence[TeachingTerm], until: dt.date | None = None) -> list[TermShare]:
    """The leaders' share of each of some terms, in their order; of all lectures, or of those up to a day. Three
    queries however many there are."""
    dated = tx.scalars(select(ShareRule).order_by(ShareRule.valid_from)).all()
    rows: dict[int, list[ClassHourRow]] = defaultdict(list)
    for row in ledger_rows(tx, [term.id for term in terms]):
        if row.is_main and (until is None or row.day <= until):
            rows[row.term_id].append(row)
    found = []
    for term in terms:
        rule = next((one for one in dated if rules.DayPeriod(one.valid_from, one.valid_to).has(term.first_day)), None)
        leading = {LecturerLevel(level) for level in rule.levels} if rule else set()
        leaders = sum(row.parts for row in rows[term.id] if row.level in leading)
        whole = sum(row.parts for row in rows[term.id])
        found.append(TermShare(term, leaders, whole, rule.floor_permille if rule else None))
    return found
