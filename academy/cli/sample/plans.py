"""Plans of the sample city's terms: the present one decided, with who declined before; the next one a draft with
invitations in every state, which the worker goes on planning."""

import datetime as dt
import random

from sqlalchemy import select

from academy.accounts.models import Account
from academy.classes import api as classes
from academy.classes.api import TeachingTerm
from academy.core import clock
from academy.core.actor import SYSTEM
from academy.core.database import Tx
from academy.core.i18n import msg
from academy.core.settings import Settings
from academy.faculty import api as faculty
from academy.faculty.api import AssignmentState, LectureKind, LecturerAnswer, LectureState
from academy.faculty.models import (
    Assignment,
    LecturerConsent,
    LecturerSubject,
    LectureTeacher,
    PoolMembership,
    ProgrammeLecture,
    TermPlan,
    TopicRequest,
    TopicVoice,
)
from academy.library.models import Category, Lecturer

INVITED = 6
"""Lecturers of the term to come who are invited already."""
BEFORE = (("declined", "那一周在省里开会。", "link"), ("withdrawn", "工作调动，另请老师。", None))
"""Who was asked before somebody else said yes: state, reason, how the answer came."""


def make_plans(tx: Tx, accounts: dict[str, int], settings: Settings, lot: random.Random) -> None:
    """Insert the rows; `accounts` are by user name."""
    terms = sorted(classes.list_terms(tx), key=lambda one: one.first_day)
    coming = [one for one in terms if one.first_day > clock.today()]
    present = [one for one in terms if one.first_day <= clock.today()][-1]
    _decided(tx, present, accounts, lot)
    if coming:
        _draft(tx, coming[0], settings)


def _decided(tx: Tx, term: TeachingTerm, accounts: dict[str, int], lot: random.Random) -> None:
    """The plan of the term around today, whose next lectures were asked for."""
    now = clock.now()
    decided = {"planned_at": now, "decided_at": now, "decided_by": accounts["city"], "created_by": accounts["city"]}
    plan = TermPlan(term_id=term.id, state="decided", planned_revision=1, **decided)
    tx.add(plan)
    tx.flush()
    people = list(tx.scalars(select(Account.id).where(Account.member_id.is_not(None)).order_by(Account.id)))
    lectures = tx.scalars(
        select(ProgrammeLecture)
        .where(
            ProgrammeLecture.term_id == term.id,
            ProgrammeLecture.kind == LectureKind.FORUM,
            ProgrammeLecture.state == LectureState.PLANNED,
        )
        .order_by(ProgrammeLecture.day)
        .limit(len(BEFORE))
    )
    for number, lecture in enumerate(lectures):
        row = _topic(tx, lecture, number, accounts)
        supporters = sorted({accounts["secretary"], *lot.sample(people, min(30 - 7 * number, len(people)))})
        tx.add_all(TopicVoice(request_id=row.id, account_id=one) for one in supporters)
        _assignments(tx, plan, row, lecture, BEFORE[number])
    tx.flush()


def _topic(tx: Tx, lecture: ProgrammeLecture, number: int, accounts: dict[str, int]) -> TopicRequest:
    now = clock.now()
    row = TopicRequest(
        key=f"sample-planned-{number}",
        title=lecture.title,
        category_id=lecture.category_id or tx.scalars(select(Category.id)).first(),
        proposed_by=accounts["secretary"],
        state="planned",
        created_at=now - dt.timedelta(days=60),
        decided_by=accounts["city"],
        decided_at=now - dt.timedelta(days=20),
    )
    tx.add(row)
    tx.flush()
    return row


def _assignments(
    tx: Tx, plan: TermPlan, row: TopicRequest, lecture: ProgrammeLecture, before: tuple[str, str, str | None]
) -> None:
    """Who teaches it, and who was asked before."""
    state, reason, way = before
    teacher = tx.scalars(select(LectureTeacher.lecturer_id).where(LectureTeacher.lecture_id == lecture.id)).first()
    other = next(one for one in _able(tx, row.category_id) if one.id != teacher)
    asked = clock.now() - dt.timedelta(days=30)
    given = {"plan_id": plan.id, "request_id": row.id, "day": lecture.day, "invited_at": asked, "link": 1}
    tx.add(
        Assignment(
            **given,
            lecturer_id=other.id,
            state=state,
            reason=reason,
            answer_way=way,
            answered_at=asked + dt.timedelta(days=2) if way else None,
            reasons=_reasons(row, other.name),
        )
    )
    if teacher is not None:
        name = tx.get_one(Lecturer, teacher).name
        tx.add(
            Assignment(
                **given,
                lecturer_id=teacher,
                state="confirmed",
                lecture_id=lecture.id,
                link_is_on=True,
                answer_by=lecture.day,
                answer_way="office",
                answered_at=asked + dt.timedelta(days=5),
                reasons=_reasons(row, name),
            )
        )


def _reasons(row: TopicRequest, name: str) -> list[object]:
    subject = row.category.name
    return [
        msg("“%(subject)s”是%(name)s的主讲方向", subject=subject, name=name).to_json(),
        msg("%(name)s今年还没有讲过", name=name).to_json(),
    ]


def _able(tx: Tx, category_id: int) -> list[Lecturer]:
    """Lecturers in the pool who consent to teach a field."""
    return list(
        tx.scalars(
            select(Lecturer)
            .join(PoolMembership, PoolMembership.lecturer_id == Lecturer.id)
            .join(LecturerSubject, LecturerSubject.lecturer_id == Lecturer.id)
            .join(LecturerConsent, LecturerConsent.lecturer_id == Lecturer.id)
            .where(
                PoolMembership.state == "confirmed",
                LecturerSubject.category_id == category_id,
                LecturerConsent.kind == "teach",
            )
            .order_by(Lecturer.id)
        )
    )


def _draft(tx: Tx, term: TeachingTerm, settings: Settings) -> None:
    """The plan of the term to come: lecturers are invited, and answer in every way there is."""
    plan = faculty.begin_plan(tx, SYSTEM, term)
    faculty.set_place(tx, SYSTEM, plan, classes.list_classrooms(tx)[0])
    plan.planned_revision = plan.revision
    topics = tx.scalars(select(TopicRequest).where(TopicRequest.state == "shortlisted").order_by(TopicRequest.id))
    evenings = [one.day for one in classes.term_evenings(tx, term)]
    rows: list[Assignment] = []
    for topic in topics:
        able = [one for one in _able(tx, topic.category_id) if one.id not in {row.lecturer_id for row in rows}]
        if len(rows) < INVITED and able:
            ids = {"plan_id": plan.id, "request_id": topic.id, "lecturer_id": able[0].id}
            rows.append(Assignment(**ids, day=evenings[2 * len(rows)], reasons=_reasons(topic, able[0].name)))
    tx.add_all(rows)
    tx.flush()
    faculty.invite_lecturers(tx, SYSTEM, settings, plan, [row.public_id for row in rows])
    answers = (
        LecturerAnswer(AssignmentState.ACCEPTED),
        LecturerAnswer(AssignmentState.OTHER_DAY, evenings[2 * INVITED + 1]),
        LecturerAnswer(AssignmentState.DECLINED, words="那几周在外地挂职，下学期再讲。"),
    )
    for row, answer in zip(rows, answers, strict=False):
        faculty.answer_by_link(tx, "", row, answer)
    faculty.enter_answer(tx, SYSTEM, rows[3], LecturerAnswer(AssignmentState.ACCEPTED, words="秘书来电：可以"))
    tx.flush()
