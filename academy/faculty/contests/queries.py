"""What the pages of contests show."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import joinedload

from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.errors import Invalid, NotFound
from academy.core.i18n import msg
from academy.core.paging import Page, page_of
from academy.faculty import access
from academy.faculty.contest_kinds import ANNOUNCED, ContestState, Eligibility, ObjectionState
from academy.faculty.contest_models import Contest, Nomination, Objection, PanelScore, PanelSeat
from academy.faculty.contests import panel, service
from academy.faculty.contests.rules import Bar
from academy.faculty.kinds import LectureState, TeachingPart
from academy.faculty.models import LectureTeacher, ProgrammeLecture
from academy.library.models import Lecturer
from academy.people.models import Member

SIZE, OFFERED = 20, 300


@dataclass(frozen=True)
class ContestLine:
    """A nomination as somebody sees it."""

    nomination: Nomination
    lecturers: Sequence[Lecturer]
    bar: Bar | None
    """Why the actor, a judge, does not score it."""
    score: PanelScore | None
    """The actor's own score."""
    scored: int
    """How many judges have scored it; 0 for whoever may not know."""


@dataclass(frozen=True)
class JudgeLine:
    """A judge, and how many nominations are scored of those that are not barred."""

    member: Member
    scored: int
    due: int


def list_contests(tx: Tx, number: int = 1) -> Page[Contest]:
    """Contests, the newest first."""
    query = select(Contest).options(joinedload(Contest.term)).order_by(Contest.id.desc())
    return page_of(tx, query, number, SIZE)


def terms_with_contest(tx: Tx) -> set[int]:
    """Row ids of terms that have a contest."""
    return set(tx.scalars(select(Contest.term_id)))


def access_nomination(tx: Tx, contest: Contest, public_id: str) -> Nomination:
    """A nomination of a contest that the actor may see.

    Raises:
        NotFound: there is none of that id in it.
    """
    row = tx.scalar(
        select(Nomination)
        .where(Nomination.public_id == public_id, Nomination.contest_id == contest.id)
        .options(joinedload(Nomination.lecture), joinedload(Nomination.contest).joinedload(Contest.term))
    )
    if row is None:
        raise NotFound
    return row


def announced() -> ColumnElement[bool]:
    """Condition on nominations joined with their contest: those that everybody may know of. What did not take part,
    or was taken out after an objection, is the office's to know."""
    return and_(Contest.state.in_(ANNOUNCED), Nomination.eligibility == Eligibility.ELIGIBLE)


def contest_lines(tx: Tx, actor: Actor, contest: Contest) -> list[ContestLine]:
    """Nominations of a contest: of a published one the chosen first, else in the order of the lectures."""
    rows = service.nominations_of(tx, contest)
    seat = panel.seat_of(tx, actor, contest)
    is_office = access.is_programme_office(actor)
    if not is_office and contest.state in ANNOUNCED:
        rows = [row for row in rows if row.eligibility == Eligibility.ELIGIBLE]
    bars = panel.bars(tx, contest, rows, [seat]) if seat is not None else {}
    scores: dict[int, list[PanelScore]] = {row.id: [] for row in rows}
    for score in tx.scalars(select(PanelScore).where(PanelScore.nomination_id.in_(list(scores)))):
        scores[score.nomination_id].append(score)
    taught: dict[int, list[Lecturer]] = {}
    for teacher in tx.scalars(
        select(LectureTeacher)
        .where(
            LectureTeacher.lecture_id.in_([row.lecture_id for row in rows]),
            LectureTeacher.part == TeachingPart.TAUGHT,
        )
        .options(joinedload(LectureTeacher.lecturer))
        .order_by(LectureTeacher.id)
    ):
        taught.setdefault(teacher.lecture_id, []).append(teacher.lecturer)
    lines = [
        ContestLine(
            row,
            taught.get(row.lecture_id, []),
            bars.get((row.id, seat.id)) if seat is not None else None,
            next((one for one in scores[row.id] if seat is not None and one.seat_id == seat.id), None),
            len(scores[row.id]) if is_office else 0,
        )
        for row in rows
    ]
    return sorted(lines, key=lambda line: not line.nomination.is_chosen)


def judges_of(tx: Tx, contest: Contest) -> list[JudgeLine]:
    """The judges with how far they are; what they gave is nobody's to see."""
    rows = [row for row in service.nominations_of(tx, contest) if row.eligibility != Eligibility.INELIGIBLE]
    seats = panel.seats_of(tx, contest)
    bars = panel.bars(tx, contest, rows, seats)
    scored = tx.scalars(select(PanelScore.seat_id).where(PanelScore.seat_id.in_([seat.id for seat in seats]))).all()
    members = {
        row.id: row for row in tx.scalars(select(Member).where(Member.id.in_([seat.member_id for seat in seats])))
    }
    return [
        JudgeLine(members[seat.member_id], scored.count(seat.id), sum(bars[row.id, seat.id] is None for row in rows))
        for seat in seats
    ]


def appoint_judge_by_number(tx: Tx, actor: Actor, contest: Contest, number: str) -> PanelSeat:
    """Appoint a judge by the register's member number.

    Raises:
        Forbidden: the actor does not run the programme.
        Invalid: nobody has that number.
        Conflict: scoring has begun.
    """
    access.require_programme_office(actor, f"contest:{contest.public_id}")
    member = tx.scalar(select(Member).where(Member.number == number.strip()[:40]))
    if member is None:
        raise Invalid(fields={"number": msg("没有这个党员编号。")})
    return panel.appoint_judge(tx, actor, contest, member)


def objections_of(tx: Tx, contest: Contest) -> list[Objection]:
    """Objections to a contest, open ones first."""
    order = (Objection.state != ObjectionState.OPEN, Objection.id)
    return list(tx.scalars(select(Objection).where(Objection.contest_id == contest.id).order_by(*order)))


def lectures_to_nominate(tx: Tx, contest: Contest) -> list[ProgrammeLecture]:
    """Held lectures of a contest's term that nobody has nominated, by day."""
    if contest.state != ContestState.NOMINATING:
        return []
    known = select(Nomination.lecture_id).where(Nomination.contest_id == contest.id)
    return list(
        tx.scalars(
            select(ProgrammeLecture)
            .where(
                ProgrammeLecture.term_id == contest.term_id,
                ProgrammeLecture.state == LectureState.HELD,
                ProgrammeLecture.id.not_in(known),
            )
            .order_by(ProgrammeLecture.day, ProgrammeLecture.minute, ProgrammeLecture.id)
            .limit(OFFERED)
        )
    )
