"""Reads about corrections: pending proposals, and the history of a member's completions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import not_, or_, select

from academy.accounts import api as accounts
from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.paging import Page, count_of, page_of
from academy.learning.models import Completion, Correction
from academy.library.models import Course
from academy.people import api as people
from academy.people.models import Member, Organisation

PAGE = 50


@dataclass(frozen=True)
class CorrectionSummary:
    """A correction with the people and the course that it is about."""

    correction: Correction
    course: Course
    member: Member
    organisation: Organisation
    proposer: str
    decider: str


def _lines() -> Any:
    return (
        select(Correction, Course, Member, Organisation)
        .join(Course, Course.id == Correction.course_id)
        .join(Member, Member.id == Correction.member_id)
        .join(Organisation, Organisation.id == Member.organisation_id)
    )


def _summaries(tx: Tx, rows: Iterable[Any]) -> list[CorrectionSummary]:
    found = [tuple(row) for row in rows]
    names = accounts.account_names(tx, [who for row in found for who in (row[0].proposed_by, row[0].decided_by)])
    return [
        CorrectionSummary(one, course, member, node, names.get(one.proposed_by, ""), names.get(one.decided_by, ""))
        for one, course, member, node in found
    ]


def waiting_corrections(
    tx: Tx, actor: Actor, paths: Sequence[str], page: int = 1, *, own: bool = False
) -> Page[CorrectionSummary]:
    """Undecided proposals inside the subtrees, oldest first: those that this officer may decide, or (`own`) those that
    another has to, because the officer made them or is their subject."""
    found = page_of(tx, _waiting(actor, paths, own=own), page, PAGE)
    return Page(_summaries(tx, found.rows), found.total, found.number, found.size)


def count_waiting_corrections(tx: Tx, actor: Actor, paths: Sequence[str], *, own: bool = False) -> int:
    """How many proposals `waiting_corrections` lists."""
    return count_of(tx, _waiting(actor, paths, own=own))


def _waiting(actor: Actor, paths: Sequence[str], *, own: bool) -> Any:
    mine = or_(Correction.proposed_by == actor.account_id, Correction.member_id == (actor.member_id or 0))
    query = _lines().where(people.subtrees(paths), Correction.decision.is_(None), mine if own else not_(mine))
    return query.order_by(Correction.id)


def corrections_of(tx: Tx, member_id: int) -> list[CorrectionSummary]:
    """Every correction proposed for a member, newest first."""
    query = _lines().where(Correction.member_id == member_id).order_by(Correction.id.desc())
    return _summaries(tx, tx.execute(query))


def completions_of(tx: Tx, member_id: int) -> list[tuple[Completion, Course]]:
    """A member's completions, newest first."""
    rows = tx.execute(
        select(Completion, Course)
        .join(Course, Course.id == Completion.course_id)
        .where(Completion.member_id == member_id)
        .order_by(Completion.completed_at.desc(), Course.id)
    )
    return [(completion, course) for completion, course in rows]
