"""Reads of the pool: the list, a lecturer's page, obligations by unit."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import joinedload

from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.paging import Page, page_of
from academy.faculty import access, obligations, rules
from academy.faculty.kinds import ConsentKind, PoolState
from academy.faculty.models import (
    AvailabilityWindow,
    LectureEvidence,
    LecturerAbsence,
    LecturerConsent,
    LecturerPost,
    LecturerSubject,
    LectureTeacher,
    PoolMembership,
    PoolSpell,
    ProgrammeLecture,
)
from academy.faculty.obligations import Obligation
from academy.faculty.rules import ObligationState
from academy.library.models import Category, Lecturer
from academy.people.models import Organisation

SIZE = 30
ORDER = tuple(ObligationState)
"""The most pressing first."""


@dataclass(frozen=True)
class PoolFilter:
    """Conditions of the list of the pool; blank ones ask for nothing."""

    text: str = ""
    state: str = ""
    level: str = ""
    subject: str = ""
    owes: str = ""
    """An `ObligationState`."""
    unit: Organisation | None = None


@dataclass(frozen=True)
class PoolRow:
    """A lecturer in the list of the pool."""

    membership: PoolMembership
    state: PoolState
    """On that day; the membership's own is that of the newest decision."""
    posts: list[LecturerPost]
    """Present ones."""
    subjects: list[str]
    obligations: list[Obligation]

    @property
    def worst(self) -> Obligation | None:
        """The most pressing obligation."""
        return min(self.obligations, key=lambda one: ORDER.index(one.assessment.state), default=None)


def list_pool(tx: Tx, actor: Actor, asked: PoolFilter, on: dt.date, page: int = 1, size: int = SIZE) -> Page[PoolRow]:
    """The pool by name, as far as the actor may see it. A constant number of queries."""
    query = (
        select(PoolMembership)
        .join(Lecturer, Lecturer.id == PoolMembership.lecturer_id)
        .where(*_conditions(tx, actor, asked, on))
        .options(joinedload(PoolMembership.lecturer))
        .order_by(Lecturer.name, PoolMembership.id)
    )
    found = page_of(tx, query, page, size)
    return Page(pool_rows(tx, found.rows, on), found.total, found.number, found.size)


def _conditions(tx: Tx, actor: Actor, asked: PoolFilter, on: dt.date) -> list[ColumnElement[bool]]:
    person = PoolMembership.__table__.c.lecturer_id
    found = [access.visible_lecturers(actor, person)]
    if asked.text:
        found.append(
            or_(
                Lecturer.name.contains(asked.text, autoescape=True),
                Lecturer.office.contains(asked.text, autoescape=True),
            )
        )
    if asked.state:
        found.append(
            PoolMembership.id.in_(select(PoolSpell.membership_id).where(spell_on(on), PoolSpell.state == asked.state))
        )
    if asked.level:
        found.append(person.in_(select(LecturerPost.lecturer_id).where(held_on(on), LecturerPost.level == asked.level)))
    if asked.unit is not None:
        units = select(LecturerPost.lecturer_id).where(held_on(on), LecturerPost.organisation_id == asked.unit.id)
        found.append(person.in_(units))
    if asked.subject:
        field = select(LecturerSubject.lecturer_id).join(Category, Category.id == LecturerSubject.category_id)
        found.append(person.in_(field.where(Category.slug == asked.subject)))
    if asked.owes:
        # At most the pool, which is some hundred people: what is owed is calculated, not stored.
        all_of_them = obligations.list_obligations(tx, on)
        found.append(person.in_({one.lecturer_id for one in all_of_them if one.assessment.state == asked.owes}))
    return found


def held_on(on: dt.date) -> ColumnElement[bool]:
    """Condition: posts that are held on a day."""
    return and_(LecturerPost.valid_from <= on, or_(LecturerPost.valid_to.is_(None), LecturerPost.valid_to > on))


def spell_on(on: dt.date) -> ColumnElement[bool]:
    """Condition: the state in the pool on a day."""
    return and_(PoolSpell.valid_from <= on, or_(PoolSpell.valid_to.is_(None), PoolSpell.valid_to > on))


def pool_rows(tx: Tx, memberships: Sequence[PoolMembership], on: dt.date) -> list[PoolRow]:
    """Lecturers with their present posts, subjects and obligations: seven queries for all of them."""
    ids = [one.lecturer_id for one in memberships]
    posts: dict[int, list[LecturerPost]] = defaultdict(list)
    present = select(LecturerPost).where(LecturerPost.lecturer_id.in_(ids), held_on(on))
    for post in tx.scalars(present.options(joinedload(LecturerPost.organisation)).order_by(LecturerPost.valid_from)):
        posts[post.lecturer_id].append(post)
    subjects: dict[int, list[str]] = defaultdict(list)
    named = select(LecturerSubject.lecturer_id, Category.name).join(
        Category, Category.id == LecturerSubject.category_id
    )
    for lecturer_id, name in tx.execute(named.where(LecturerSubject.lecturer_id.in_(ids)).order_by(Category.position)):
        subjects[lecturer_id].append(name)
    owed: dict[int, list[Obligation]] = defaultdict(list)
    for one in obligations.list_obligations(tx, on, ids):
        owed[one.lecturer_id].append(one)
    spells = select(PoolSpell.membership_id, PoolSpell.state).where(spell_on(on))
    states = dict(tx.execute(spells.where(PoolSpell.membership_id.in_([one.id for one in memberships]))).all())
    return [
        PoolRow(
            one,
            PoolState(states.get(one.id, one.state)),
            posts[one.lecturer_id],
            subjects[one.lecturer_id],
            owed[one.lecturer_id],
        )
        for one in memberships
    ]


def count_pool(tx: Tx, actor: Actor, on: dt.date) -> dict[str, int]:
    """How many lecturers are in each state on a day, as far as the actor may see them."""
    query = (
        select(PoolSpell.state, func.count())
        .join(PoolMembership, PoolMembership.id == PoolSpell.membership_id)
        .where(spell_on(on), access.visible_lecturers(actor, PoolMembership.__table__.c.lecturer_id))
        .group_by(PoolSpell.state)
    )
    return dict(tx.execute(query).all())


@dataclass(frozen=True)
class UnitObligations:
    """What the lecturers of one unit owe on a day."""

    unit: Organisation
    counts: Counter[ObligationState]
    obligations: list[tuple[PoolMembership | None, Obligation]]
    """The most pressing first; None for a holder of a post who is not in the pool."""


def obligations_by_unit(tx: Tx, actor: Actor, on: dt.date) -> list[UnitObligations]:
    """Obligations of the units in the actor's scope: units with the most overdue first. Six queries."""
    return units_owing(tx, access.visible_posts(actor), on)


def units_owing(tx: Tx, posts: ColumnElement[bool], on: dt.date) -> list[UnitObligations]:
    """Obligations of the units whose posts meet a condition: units with the most overdue first. Six queries."""
    visible = set(tx.scalars(select(LecturerPost.id).where(posts)))
    found = [one for one in obligations.list_obligations(tx, on) if one.post.id in visible]
    members = select(PoolMembership).options(joinedload(PoolMembership.lecturer))
    known = {row.lecturer_id: row for row in tx.scalars(members)}
    nodes = {one.post.organisation_id for one in found}
    units = {row.id: row for row in tx.scalars(select(Organisation).where(Organisation.id.in_(nodes)))}
    grouped: dict[int, list[Obligation]] = defaultdict(list)
    for one in found:
        grouped[one.post.organisation_id].append(one)
    rows = [
        UnitObligations(
            units[unit],
            Counter(one.assessment.state for one in owed),
            [(known.get(one.lecturer_id), one) for one in sorted(owed, key=_pressing)],
        )
        for unit, owed in grouped.items()
    ]
    rows.sort(key=lambda row: ([-row.counts[state] for state in ORDER[:2]], row.unit.code))
    return rows


def _pressing(one: Obligation) -> tuple[int, dt.date, int]:
    return ORDER.index(one.assessment.state), one.assessment.due_on or dt.date.max, one.lecturer_id


@dataclass(frozen=True)
class TeachingRecord:
    """A lecturer's part in one lecture."""

    lecture: ProgrammeLecture
    part: LectureTeacher
    evidence: list[LectureEvidence]

    @property
    def parts(self) -> int:
        """Ten-thousandths of a class hour."""
        return rules.parts_of(self.lecture.class_hour_tenths, self.part.share_permille)


@dataclass(frozen=True)
class LecturerFile:
    """Everything about one lecturer of the pool."""

    row: PoolRow
    posts: Sequence[LecturerPost]
    spells: Sequence[PoolSpell]
    consents: Sequence[LecturerConsent]
    windows: Sequence[AvailabilityWindow]
    absences: Sequence[LecturerAbsence]
    subject_slugs: list[str]
    records: list[TeachingRecord]

    @property
    def standing_consents(self) -> set[ConsentKind]:
        """Consents that were not withdrawn."""
        return {ConsentKind(one.kind) for one in self.consents if one.withdrawn_on is None}


def lecturer_file(tx: Tx, membership: PoolMembership, on: dt.date) -> LecturerFile:
    """The page of one lecturer, the newest of everything first. A constant number of queries."""
    person = membership.lecturer_id
    (row,) = pool_rows(tx, [membership], on)
    posts = (
        select(LecturerPost).where(LecturerPost.lecturer_id == person).options(joinedload(LecturerPost.organisation))
    )
    slugs = select(Category.slug).join(LecturerSubject, LecturerSubject.category_id == Category.id)
    consents = select(LecturerConsent).where(LecturerConsent.lecturer_id == person)
    windows = select(AvailabilityWindow).where(AvailabilityWindow.lecturer_id == person)
    absences = select(LecturerAbsence).where(LecturerAbsence.lecturer_id == person)
    spells = select(PoolSpell).where(PoolSpell.membership_id == membership.id)
    return LecturerFile(
        row,
        tx.scalars(posts.order_by(LecturerPost.valid_from.desc(), LecturerPost.id.desc())).all(),
        tx.scalars(spells.order_by(PoolSpell.valid_from.desc())).all(),
        tx.scalars(consents.order_by(LecturerConsent.given_on.desc(), LecturerConsent.id.desc())).all(),
        tx.scalars(windows.order_by(AvailabilityWindow.weekday, AvailabilityWindow.from_minute)).all(),
        tx.scalars(absences.order_by(LecturerAbsence.first_day)).all(),
        list(tx.scalars(slugs.where(LecturerSubject.lecturer_id == person))),
        teaching_records(tx, person),
    )


def teaching_records(tx: Tx, lecturer_id: int, most: int = 200) -> list[TeachingRecord]:
    """A lecturer's lectures, held and planned, the newest first; with their evidence. Two queries."""
    query = (
        select(LectureTeacher)
        .join(ProgrammeLecture, ProgrammeLecture.id == LectureTeacher.lecture_id)
        .where(LectureTeacher.lecturer_id == lecturer_id)
        .options(
            joinedload(LectureTeacher.lecture).joinedload(ProgrammeLecture.term),
            joinedload(LectureTeacher.lecture).joinedload(ProgrammeLecture.training_class),
        )
        .order_by(ProgrammeLecture.day.desc(), ProgrammeLecture.id.desc())
        .limit(most)
    )
    rows = tx.scalars(query).all()
    evidence = evidence_of(tx, [row.lecture_id for row in rows])
    return [TeachingRecord(row.lecture, row, evidence[row.lecture_id]) for row in rows]


def evidence_of(tx: Tx, lecture_ids: Sequence[int]) -> dict[int, list[LectureEvidence]]:
    """What shows that lectures were held."""
    found: dict[int, list[LectureEvidence]] = defaultdict(list)
    query = select(LectureEvidence).where(LectureEvidence.lecture_id.in_(lecture_ids)).order_by(LectureEvidence.id)
    for row in tx.scalars(query):
        found[row.lecture_id].append(row)
    return found
