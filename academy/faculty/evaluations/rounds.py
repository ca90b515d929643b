"""Rounds: opened for those who were there, answered once by each, closed on their day."""

import datetime as dt
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, insert, null, select, update
from sqlalchemy.orm import joinedload

from academy.classes.models import ClassMember
from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Forbidden, Invalid, NotFound
from academy.core.i18n import Message, msg
from academy.core.paging import Page, page_of
from academy.faculty.evaluation_kinds import AttendancePart, EvaluationKind, QuestionKind
from academy.faculty.evaluation_models import (
    EvaluationAnswer,
    EvaluationComment,
    EvaluationForm,
    EvaluationInvitation,
    EvaluationRound,
    LectureAttendance,
)
from academy.faculty.evaluations import forms
from academy.faculty.kinds import LectureState, TeachingPart
from academy.faculty.models import LectureTeacher, PoolMembership, ProgrammeLecture
from academy.notifications import api as notifications

COMMENT_LENGTH = 600
SIZE = 20


@dataclass(frozen=True)
class EvaluationTask:
    """An evaluation that somebody is asked for."""

    round: EvaluationRound
    is_answered: bool


def open_round(tx: Tx, actor: Actor, lecture: ProgrammeLecture, kind: EvaluationKind) -> EvaluationRound | None:
    """Ask those who were there, or those who taught; None where it was opened before, or there is nobody to ask.

    Raises:
        Conflict: the lecture was not held, or no form is in force.
    """
    if lecture.state != LectureState.HELD:
        raise Conflict(msg("讲过以后才能评价。"))
    tx.refresh(lecture, with_for_update={"of": ProgrammeLecture})
    known = select(EvaluationRound.id).where(EvaluationRound.lecture_id == lecture.id, EvaluationRound.kind == kind)
    form = forms.form_on(tx, kind, clock.today())
    if form is None:
        raise Conflict(msg("还没有这种评价的评价表。"))
    if tx.scalar(known) is not None:
        return None
    asked = _asked(lecture, kind)
    if tx.execute(asked.limit(1)).first() is None:
        return None
    made = EvaluationRound(
        lecture_id=lecture.id,
        form_id=form.id,
        kind=kind,
        opened_by=actor.account_id,
        closes_on=clock.today() + dt.timedelta(days=form.open_days),
    )
    tx.add(made)
    tx.flush()
    _invite(tx, made, asked)
    record(tx, actor, "evaluation.opened", f"evaluation:{made.public_id}", kind=kind.value)
    return made


def invite_newcomers(tx: Tx, lecture: ProgrammeLecture) -> int:
    """Ask those who entered the roll of a lecture after its rounds were opened; returns how many invitations.

    Rounds whose last day is over stay as they are. The caller holds the lecture's lock, so that a round which is opened
    at once sees the whole roll.
    """
    query = select(EvaluationRound).where(
        EvaluationRound.lecture_id == lecture.id,
        EvaluationRound.kind != EvaluationKind.SELF,
        EvaluationRound.closed_at.is_(None),
        EvaluationRound.closes_on >= clock.today(),
    )
    # Its closing waits until they are asked, or this waits and finds it closed: figures never change after.
    open_now = tx.scalars(query.order_by(EvaluationRound.id).with_for_update(read=True)).all()
    return sum(_invite(tx, row, _asked(lecture, EvaluationKind(row.kind))) for row in open_now)


def _invite(tx: Tx, made: EvaluationRound, asked: Select[Any]) -> int:
    """Ask those of a query of `_asked` who are not asked yet; returns how many they are."""
    known = set(tx.scalars(select(EvaluationInvitation.member_id).where(EvaluationInvitation.round_id == made.id)))
    new = {member_id: group_id for member_id, group_id in tx.execute(asked) if member_id not in known}
    if new:
        rows = [
            {"round_id": made.id, "member_id": member_id, "group_id": group_id, "is_answered": False}
            for member_id, group_id in new.items()
        ]
        tx.execute(insert(EvaluationInvitation), rows)
    notifications.notify_many(
        tx,
        key=f"evaluation.opened:{made.id}",
        body=_WORDS[made.kind],
        link=f"/evaluations/{made.public_id}",
        members=new,
        kind="evaluation.opened",
    )
    return len(new)


def _asked(lecture: ProgrammeLecture, kind: EvaluationKind) -> Select[Any]:
    """Members to be asked, with the class in which they attended."""
    if kind == EvaluationKind.SELF:
        return (
            select(PoolMembership.__table__.c.member_id, null())
            .join(LectureTeacher, LectureTeacher.lecturer_id == PoolMembership.lecturer_id)
            .where(
                LectureTeacher.lecture_id == lecture.id,
                LectureTeacher.part == TeachingPart.TAUGHT,
                PoolMembership.member_id.is_not(None),
            )
        )
    taught = (
        select(PoolMembership.member_id)
        .join(LectureTeacher, LectureTeacher.lecturer_id == PoolMembership.lecturer_id)
        .where(LectureTeacher.lecture_id == lecture.id, PoolMembership.member_id.is_not(None))
    )
    group = (
        select(ClassMember.class_id)
        .where(
            ClassMember.member_id == LectureAttendance.member_id,
            ClassMember.held_on(lecture.day),
        )
        .order_by(ClassMember.id)
        .limit(1)
        .scalar_subquery()
    )
    query = select(LectureAttendance.member_id, group).where(
        LectureAttendance.lecture_id == lecture.id, LectureAttendance.member_id.not_in(taught)
    )
    # Colleagues who sat in judge the lecture; what came of it at work is asked of those who were there to learn.
    return (
        query if kind == EvaluationKind.PARTICIPANTS else query.where(LectureAttendance.part == AttendancePart.STUDENT)
    )


_WORDS: dict[str, Message] = {
    EvaluationKind.SELF: msg("请为您讲的课写一份自评。"),
    EvaluationKind.PARTICIPANTS: msg("您听的课请评一评，不记名。"),
    EvaluationKind.FOLLOW_UP: msg("几个月前听的课用上了多少？请评一评，不记名。"),
}


OWN_ANSWERED = msg("您的自评已经交上，不能再改。")


def access_invitation(tx: Tx, actor: Actor, public_id: str) -> EvaluationInvitation:
    """One's own invitation to a round.

    Raises:
        NotFound: there is no such round.
        Forbidden: one was not there.
    """
    row = tx.scalar(
        select(EvaluationRound)
        .where(EvaluationRound.public_id == public_id)
        .options(joinedload(EvaluationRound.lecture), joinedload(EvaluationRound.form))
    )
    if row is None:
        raise NotFound
    found = tx.get(EvaluationInvitation, (row.id, actor.member_id)) if actor.member_id is not None else None
    if found is None:
        raise Forbidden(f"evaluation:{public_id}")
    return found


def answer_round(
    tx: Tx, actor: Actor, public_id: str, marks: Mapping[str, str], comments: Mapping[str, str]
) -> EvaluationKind:
    """Answer once, and give the kind; afterwards nobody, the answerer neither, can tell whose it was, but for a
    lecturer's own.

    Args:
        marks: question's key → what was chosen, as typed.
        comments: question's key → text; empty ones are left out.

    Raises:
        Forbidden: one was not there.
        Invalid: a mark is missing or none of the scale, or a text is too long.
        Conflict: one has answered, or the round is closed.
    """
    found = access_invitation(tx, actor, public_id)
    tx.refresh(found, with_for_update={"of": EvaluationInvitation})
    row = found.round
    # Its closing waits until this answer is in, or this waits and finds it closed: figures never change after.
    tx.refresh(row, with_for_update={"read": True, "of": EvaluationRound})
    if row.closed_at is not None or clock.today() > row.closes_on:
        raise Conflict(msg("这次评价已经结束。"))
    if found.is_answered:
        is_own = row.kind == EvaluationKind.SELF
        raise Conflict(OWN_ANSWERED if is_own else msg("您已经评过了。评价不记名，交了就不能再改。"))
    scores = _scores(row.form, marks)
    texts = _texts(row.form, comments)
    found.is_answered = True
    tx.add(EvaluationAnswer(round_id=row.id, group_id=found.group_id, scores=scores))
    # In an order of their own: two tables filled in one order could be laid side by side.
    for key in sorted(texts, key=lambda _key: secrets.randbits(32)):
        tx.add(EvaluationComment(round_id=row.id, question=key, body=texts[key]))
    tx.flush()
    record(tx, actor, "evaluation.answered", f"evaluation:{row.public_id}")
    return EvaluationKind(row.kind)


def _scores(form: EvaluationForm, marks: Mapping[str, str]) -> dict[str, int]:
    """Every question has a mark: if some were left out, fewer than five answers could stand behind a figure."""
    allowed = {str(mark): mark for mark in range(1, form.scale + 1)}
    found, missing = {}, {}
    for question in form.questions:
        if question["kind"] == QuestionKind.SCALE:
            mark = allowed.get(marks.get(question["key"], "").strip()[:3])
            if mark is None:
                missing[question["key"]] = msg("请选一个分数。")
            else:
                found[question["key"]] = mark
    if missing:
        raise Invalid(fields=missing)
    return found


def _texts(form: EvaluationForm, comments: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for question in form.questions:
        body = comments.get(question["key"], "")[: COMMENT_LENGTH + 1].strip()
        if question["kind"] == QuestionKind.TEXT and body:
            if len(body) > COMMENT_LENGTH:
                raise Invalid(fields={question["key"]: msg("不超过 %(most)s 个字。", most=COMMENT_LENGTH)})
            found[question["key"]] = body
    return found


def close_round(tx: Tx, row: EvaluationRound) -> None:
    """Close a round whose last day is over; what is shown from now on stays as it is."""
    tx.execute(
        update(EvaluationRound)
        .where(EvaluationRound.id == row.id, EvaluationRound.closed_at.is_(None))
        .values(closed_at=clock.now())
    )


def own_evaluations(tx: Tx, actor: Actor, number: int = 1) -> Page[EvaluationTask]:
    """What one is asked for, open ones first; of closed ones those of which one was part."""
    query = (
        select(EvaluationInvitation)
        .join(EvaluationRound, EvaluationRound.id == EvaluationInvitation.round_id)
        .where(EvaluationInvitation.member_id == actor.member_id)
        .options(joinedload(EvaluationInvitation.round).joinedload(EvaluationRound.lecture))
        .order_by(EvaluationRound.closed_at.is_not(None), EvaluationInvitation.is_answered, EvaluationRound.id.desc())
    )
    page = page_of(tx, query, number, SIZE)
    rows = [EvaluationTask(one.round, one.is_answered) for one in page.rows]
    return Page(rows, page.total, page.number, page.size)
