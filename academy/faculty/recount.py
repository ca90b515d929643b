"""Recounts obligations and class hours from the rows by `plain`, and checks what rows must say of each other."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sqlalchemy import select

from academy.classes.models import TeachingTerm, TrainingClass
from academy.core.database import Tx
from academy.faculty import hours, obligations, plain, rules
from academy.faculty.kinds import LecturerLevel
from academy.faculty.materials.recount import material_contradictions, recording_contradictions
from academy.faculty.models import (
    LectureEvidence,
    LecturerPost,
    LectureTeacher,
    ObligationRule,
    PoolMembership,
    PoolSpell,
    ProgrammeLecture,
    ShareRule,
)


@dataclass(frozen=True)
class FacultyDifference:
    """Something that two ways of counting, or two rows, do not agree on."""

    kind: str
    subject: str
    counted: str
    recounted: str

    def __str__(self) -> str:
        return f"{self.kind}\t{self.subject}\tcounted {self.counted}\trecounted {self.recounted}"


@dataclass
class _Rows:
    """All rows, read one table at a time."""

    posts: Sequence[LecturerPost]
    lectures: dict[int, ProgrammeLecture]
    teachers: Sequence[LectureTeacher]
    rests: dict[int, list[PoolSpell]]
    classes: dict[int, TrainingClass]
    terms: dict[int, TeachingTerm]

    def last_change(self, on: dt.date) -> dt.date:
        """A day after which nothing that is written down begins or ends."""
        ends = [spell.valid_to for spells in self.rests.values() for spell in spells]
        starts = [spell.valid_from for spells in self.rests.values() for spell in spells]
        return max([on, *starts, *(end for end in ends if end is not None)]) + plain.DAY

    def taught_by(self, lecturer_id: int) -> list[tuple[dt.date, int]]:
        """Days and parts of what a lecturer taught."""
        found = []
        for teacher in self.teachers:
            lecture = self.lectures[teacher.lecture_id]
            if teacher.lecturer_id == lecturer_id and teacher.part == "taught" and lecture.state == "held":
                found.append((lecture.day, lecture.class_hour_tenths * teacher.share_permille))
        return found


def _read(tx: Tx) -> _Rows:
    members = {row.id: row.lecturer_id for row in tx.scalars(select(PoolMembership))}
    rests = defaultdict(list)
    for spell in tx.scalars(select(PoolSpell)):
        if spell.state in {"resting", "left"}:
            rests[members[spell.membership_id]].append(spell)
    return _Rows(
        tx.scalars(select(LecturerPost)).all(),
        {row.id: row for row in tx.scalars(select(ProgrammeLecture))},
        tx.scalars(select(LectureTeacher)).all(),
        rests,
        {row.id: row for row in tx.scalars(select(TrainingClass))},
        {row.id: row for row in tx.scalars(select(TeachingTerm))},
    )


def recount_differences(tx: Tx, on: dt.date) -> list[FacultyDifference]:
    """Everything that differs on a day: obligations, the hours of each term, rows that contradict each other."""
    rows = _read(tx)
    return [
        *obligation_differences(tx, rows, on),
        *hour_differences(tx, rows),
        *_contradictions(tx, rows),
        *(FacultyDifference(*one) for one in material_contradictions(tx)),
        *(FacultyDifference(*one) for one in recording_contradictions(tx)),
    ]


def obligation_differences(tx: Tx, rows: _Rows, on: dt.date) -> Iterator[FacultyDifference]:
    """Obligations on a day against a walk along the calendar."""
    counted = {
        (one.lecturer_id, one.assessment.demand.level.value): (one.assessment.state.value, one.assessment.due_on)
        for one in obligations.list_obligations(tx, on)
    }
    recounted = {}
    last = rows.last_change(on)
    in_force = [
        row
        for row in tx.scalars(select(ObligationRule))
        if row.valid_from <= on and (row.valid_to is None or on < row.valid_to)
    ]
    for rule in in_force:
        demand = plain.PlainDemand(rule.lectures, rule.years, rule.tenths_each * 1000, rule.soon_days, rule.counts_from)
        for lecturer_id in {post.lecturer_id for post in rows.posts if post.level == rule.level}:
            found = _plain_obligation(rows, lecturer_id, rule.level, demand, on, last)
            if found is not None:
                recounted[lecturer_id, rule.level] = found.state, found.due_on
    for key in sorted(counted.keys() | recounted.keys()):
        if counted.get(key) != recounted.get(key):
            subject = f"lecturer {key[0]} {key[1]}"
            yield FacultyDifference("obligation", subject, str(counted.get(key)), str(recounted.get(key)))


def _plain_obligation(
    rows: _Rows, lecturer_id: int, level: str, demand: plain.PlainDemand, on: dt.date, last: dt.date
) -> plain.PlainObligation | None:
    posts = [post for post in rows.posts if post.lecturer_id == lecturer_id and post.level == level]
    spells = rows.rests.get(lecturer_id, [])

    def holds(day: dt.date) -> bool:
        return any(post.valid_from <= day and (post.valid_to is None or day < post.valid_to) for post in posts)

    def rests(day: dt.date) -> bool:
        return any(spell.valid_from <= day and (spell.valid_to is None or day < spell.valid_to) for spell in spells)

    return plain.plain_obligation(demand, holds, rests, rows.taught_by(lecturer_id), on, last)


def hour_differences(tx: Tx, rows: _Rows) -> Iterator[FacultyDifference]:
    """The share of each term against sums made lecture by lecture."""
    shares = {one.term.id: one for one in hours.term_shares(tx, list(rows.terms.values()))}
    dated = tx.scalars(select(ShareRule)).all()
    for term in rows.terms.values():
        leading: set[str] = set()
        for rule in dated:
            if rule.valid_from <= term.first_day and (rule.valid_to is None or term.first_day < rule.valid_to):
                leading = set(rule.levels)
        leaders = whole = 0
        for lecture in rows.lectures.values():
            main = lecture.class_id is not None and rows.classes[lecture.class_id].is_main
            if lecture.term_id != term.id or lecture.state != "held" or not main:
                continue
            whole += lecture.class_hour_tenths * 1000
            for teacher in rows.teachers:
                if teacher.lecture_id != lecture.id or teacher.part != "taught":
                    continue
                if _plain_level(rows.posts, teacher.lecturer_id, lecture.day) in leading:
                    leaders += lecture.class_hour_tenths * teacher.share_permille
        found = shares[term.id]
        if (found.leaders, found.whole) != (leaders, whole):
            counted = f"{found.leaders}/{found.whole}"
            yield FacultyDifference("hours", f"term {term.public_id}", counted, f"{leaders}/{whole}")


def _plain_level(posts: Sequence[LecturerPost], lecturer_id: int, day: dt.date) -> str | None:
    for level in LecturerLevel:
        for post in posts:
            held = post.valid_from <= day and (post.valid_to is None or day < post.valid_to)
            if held and post.lecturer_id == lecturer_id and post.level == level:
                return str(level)
    return None


def _contradictions(tx: Tx, rows: _Rows) -> Iterator[FacultyDifference]:
    proved = set(tx.scalars(select(LectureEvidence.lecture_id)))
    shares = defaultdict(list)
    for teacher in rows.teachers:
        if teacher.part == "taught":
            shares[teacher.lecture_id].append(teacher.share_permille)
    for lecture in rows.lectures.values():
        subject, term = f"lecture {lecture.public_id}", rows.terms[lecture.term_id]
        if not term.first_day <= lecture.day <= term.last_day:
            yield FacultyDifference("day", subject, str(lecture.day), f"{term.first_day} to {term.last_day}")
        if lecture.class_id is not None and rows.classes[lecture.class_id].term_id != lecture.term_id:
            yield FacultyDifference("term", subject, f"{lecture.term_id}", "the term of its class")
        if lecture.state == "held" and lecture.id not in proved:
            yield FacultyDifference("evidence", subject, "held", "nothing shows it")
        if lecture.state == "held" and not rules.is_whole(shares[lecture.id]):
            yield FacultyDifference("shares", subject, str(shares[lecture.id]), "1000 permille")
        if lecture.state != "held" and shares[lecture.id]:
            yield FacultyDifference("shares", subject, lecture.state, "taught by somebody")
    yield from _spell_contradictions(tx)


def _spell_contradictions(tx: Tx) -> Iterator[FacultyDifference]:
    spells = defaultdict(list)
    for spell in tx.scalars(select(PoolSpell).order_by(PoolSpell.valid_from)):
        spells[spell.membership_id].append(spell)
    for membership in tx.scalars(select(PoolMembership)):
        own, subject = spells[membership.id], f"pool {membership.public_id}"
        for one, following in pairwise(own):
            if one.valid_to != following.valid_from:
                yield FacultyDifference("spells", subject, f"until {one.valid_to}", f"from {following.valid_from}")
        if not own or own[-1].valid_to is not None or own[-1].state != membership.state:
            yield FacultyDifference("state", subject, membership.state, own[-1].state if own else "no spell")
