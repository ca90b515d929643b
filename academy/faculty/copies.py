"""What the lecture programme holds of a person, for the copy of their own data."""

from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from academy.core.actor import Actor
from academy.core.database import Tx
from academy.faculty.models import (
    Assignment,
    EvaluationInvitation,
    EvaluationRound,
    LectureAttendance,
    LectureMaterial,
    MaterialComment,
    MaterialVersion,
    Objection,
    PoolMembership,
    ProgrammeLecture,
)
from academy.faculty.request_models import TopicRequest, TopicVoice

MOST = 20_000
MOST_VERSIONS = 500


def _invited(actor: Actor) -> Select[Assignment]:
    """Invitations that were sent to the person as a lecturer."""
    return (
        select(Assignment)
        .join(PoolMembership, PoolMembership.lecturer_id == Assignment.lecturer_id)
        .where(PoolMembership.member_id == (actor.member_id or 0), Assignment.link > 0)
        .options(joinedload(Assignment.request))
        .order_by(Assignment.id)
        .limit(MOST)
    )


def copy_programme(tx: Tx, actor: Actor) -> dict[str, Any]:
    """Invitations to teach, lectures attended, evaluations asked for, topics proposed and supported, material written
    and commented, objections raised, as JSON values.

    What somebody answered in an evaluation is not among them: nothing leads from an answer to a person.
    """
    attended = tx.execute(
        select(ProgrammeLecture.title, LectureAttendance)
        .join(LectureAttendance, LectureAttendance.lecture_id == ProgrammeLecture.id)
        .where(LectureAttendance.member_id == actor.member_id)
        .order_by(ProgrammeLecture.day, ProgrammeLecture.id)
        .limit(MOST)
    )
    asked = tx.scalars(
        select(EvaluationInvitation)
        .where(EvaluationInvitation.member_id == actor.member_id)
        .options(joinedload(EvaluationInvitation.round).joinedload(EvaluationRound.lecture))
        .order_by(EvaluationInvitation.round_id)
        .limit(MOST)
    )
    proposed = select(TopicRequest).where(TopicRequest.proposed_by == actor.account_id).order_by(TopicRequest.id)
    supported = (
        select(TopicRequest.title)
        .join(TopicVoice, TopicVoice.request_id == TopicRequest.id)
        .where(TopicVoice.account_id == actor.account_id)
        .order_by(TopicRequest.id)
    )
    raised = select(Objection).where(Objection.raised_by == actor.account_id).order_by(Objection.id)
    return {
        "invitations_to_teach": [
            {"topic": row.request.title, "day": row.day.isoformat(), "state": row.state, "words": row.reason}
            for row in tx.scalars(_invited(actor))
        ],
        "lectures_attended": [
            {"lecture": title, "as": row.part, "by": row.way, "entered": row.recorded_at.isoformat()}
            for title, row in attended
        ],
        "evaluations": [
            {"lecture": row.round.lecture.title, "kind": row.round.kind, "answered": row.is_answered} for row in asked
        ],
        "topics_proposed": [
            {"title": row.title, "text": row.body, "state": row.state, "at": row.created_at.isoformat()}
            for row in tx.scalars(proposed.limit(MOST))
        ],
        "topics_supported": list(tx.scalars(supported.limit(MOST))),
        "materials": [
            {
                "lecture": title,
                "kind": kind,
                "version": row.number,
                "state": row.state,
                "text": row.passages,
                "saved": row.saved_at.isoformat(),
            }
            for title, kind, row in tx.execute(_written(actor))
        ],
        "material_comments": [
            {"text": row.body, "answer": row.answer, "at": row.at.isoformat()} for row in tx.scalars(_remarks(actor))
        ],
        "objections": [
            {"text": row.body, "state": row.state, "answer": row.answer, "at": row.raised_at.isoformat()}
            for row in tx.scalars(raised.limit(MOST))
        ],
    }


def _written(actor: Actor) -> Select[str, str, MaterialVersion]:
    """Syllabuses and handouts that somebody wrote; of a file the texts of its pages."""
    return (
        select(ProgrammeLecture.title, LectureMaterial.kind, MaterialVersion)
        .join(LectureMaterial, LectureMaterial.lecture_id == ProgrammeLecture.id)
        .join(MaterialVersion, MaterialVersion.material_id == LectureMaterial.id)
        .where(MaterialVersion.author_id == actor.account_id)
        .order_by(MaterialVersion.id)
        .limit(MOST_VERSIONS)
    )


def _remarks(actor: Actor) -> Select[MaterialComment]:
    query = select(MaterialComment).where(MaterialComment.reviewer_id == actor.account_id)
    return query.order_by(MaterialComment.id).limit(MOST)
