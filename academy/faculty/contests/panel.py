"""The panel: who judges, who is barred from what, and the scores."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Forbidden, Invalid
from academy.core.i18n import Message, msg
from academy.core.unique import lock_row
from academy.faculty import access
from academy.faculty.contest_kinds import ContestState, Eligibility
from academy.faculty.contest_models import Contest, Nomination, PanelScore, PanelSeat
from academy.faculty.contests import rules
from academy.faculty.contests.rules import Bar
from academy.faculty.models import LecturerPost, LectureTeacher, PoolMembership, ProgrammeLecture
from academy.people.models import Member, Organisation

BARS: dict[Bar, Message] = {
    Bar.TAUGHT: msg("这是您自己讲的课，请回避。"),
    Bar.NOMINATED: msg("这是您推荐的课，请回避。"),
    Bar.SAME_UNIT: msg("讲课人是您单位的，请回避。"),
}


def seats_of(tx: Tx, contest: Contest) -> list[PanelSeat]:
    """The judges of a contest."""
    return list(tx.scalars(select(PanelSeat).where(PanelSeat.contest_id == contest.id).order_by(PanelSeat.id)))


def seat_of(tx: Tx, actor: Actor, contest: Contest) -> PanelSeat | None:
    """The actor's seat; None if the actor is no judge."""
    if actor.member_id is None:
        return None
    query = select(PanelSeat).where(PanelSeat.contest_id == contest.id, PanelSeat.member_id == actor.member_id)
    return tx.scalar(query)


def appoint_judge(tx: Tx, actor: Actor, contest: Contest, member: Member) -> PanelSeat:
    """Appoint a judge before scoring begins; twice is once.

    Raises:
        Forbidden: the actor does not run the programme.
        Conflict: scoring has begun.
    """
    access.require_programme_office(actor, f"contest:{contest.public_id}")
    tx.refresh(contest, with_for_update={"of": Contest})
    if contest.state != ContestState.NOMINATING:
        raise Conflict(msg("已经开始打分，不能再换评委。"))
    known = tx.scalar(select(PanelSeat).where(PanelSeat.contest_id == contest.id, PanelSeat.member_id == member.id))
    if known is not None:
        return known
    made = PanelSeat(contest_id=contest.id, member_id=member.id, appointed_by=actor.account_id)
    tx.add(made)
    tx.flush()
    record(tx, actor, "contest.judge_appointed", f"contest:{contest.public_id}", member=member.public_id)
    return made


def bars(
    tx: Tx, contest: Contest, nominations: Sequence[Nomination], seats: Sequence[PanelSeat] | None = None
) -> dict[tuple[int, int], Bar | None]:
    """Why judges are barred: (nomination's row id, seat's row id) → reason or None. Five queries, however many."""
    judges = seats_of(tx, contest) if seats is None else list(seats)
    members = {
        row.id: row
        for row in tx.scalars(
            select(Member)
            .where(Member.id.in_([seat.member_id for seat in judges]))
            .options(joinedload(Member.organisation))
        )
    }
    lectures = [row.lecture_id for row in nominations]
    teachers = tx.execute(
        select(LectureTeacher.lecture_id, PoolMembership.member_id, LectureTeacher.lecturer_id)
        .join(PoolMembership, PoolMembership.lecturer_id == LectureTeacher.lecturer_id, isouter=True)
        .where(LectureTeacher.lecture_id.in_(lectures))
    ).all()
    units = tx.execute(
        select(LectureTeacher.lecture_id, Organisation.path)
        .join(ProgrammeLecture, ProgrammeLecture.id == LectureTeacher.lecture_id)
        .join(LecturerPost, LecturerPost.lecturer_id == LectureTeacher.lecturer_id)
        .join(Organisation, Organisation.id == LecturerPost.organisation_id)
        .where(
            LectureTeacher.lecture_id.in_(lectures),
            LecturerPost.valid_to.is_(None) | (LecturerPost.valid_to > ProgrammeLecture.day),
        )
    ).all()
    found: dict[tuple[int, int], Bar | None] = {}
    for row in nominations:
        for seat in judges:
            path = members[seat.member_id].organisation.path
            found[row.id, seat.id] = rules.bar_of(
                judge_path=path,
                unit_paths=[unit for lecture_id, unit in units if lecture_id == row.lecture_id],
                root_path="/" + path.split("/")[1] + "/",
                taught=any(one[0] == row.lecture_id and one[1] == seat.member_id for one in teachers),
                nominated=row.nominator_id == seat.member_id,
            )
    return found


def give_score(tx: Tx, actor: Actor, nomination: Nomination, typed: Mapping[str, str]) -> PanelScore:
    """Score a nomination as a judge, or replace one's score, while scoring is open.

    Args:
        typed: criterion's key → points from 0 to 100, as typed.

    Raises:
        Forbidden: the actor is no judge of its contest.
        Conflict: scoring is not open, the lecture takes no part, or the judge has to abstain.
        Invalid: points that are missing or out of their bounds.
    """
    contest = nomination.contest
    seat = seat_of(tx, actor, contest)
    if seat is None:
        raise Forbidden(f"nomination:{nomination.public_id}")
    # The end of scoring waits until this score is in, or this waits and finds it ended.
    tx.refresh(contest, with_for_update={"read": True, "of": Contest})
    if contest.state != ContestState.SCORING or nomination.eligibility != Eligibility.ELIGIBLE:
        raise Conflict(msg("现在不能打分。"))
    bar = bars(tx, contest, [nomination], [seat])[nomination.id, seat.id]
    if bar is not None:
        raise Conflict(BARS[bar])
    scores = _points(contest, typed)
    lock_row(tx, seat)
    row = tx.get(PanelScore, (nomination.id, seat.id))
    if row is None:
        row = PanelScore(nomination_id=nomination.id, seat_id=seat.id, scores=scores)
        tx.add(row)
    else:
        row.scores, row.scored_at = scores, clock.now()
    tx.flush()
    record(tx, actor, "contest.scored", f"nomination:{nomination.public_id}")
    return row


def _points(contest: Contest, typed: Mapping[str, str]) -> dict[str, int]:
    found, wrong = {}, {}
    for criterion in contest.criteria:
        text = typed.get(criterion["key"], "").strip()[:4]
        if text.isascii() and text.isdigit() and int(text) <= rules.HIGHEST:
            found[criterion["key"]] = int(text)
        else:
            wrong[criterion["key"]] = msg("请填 0 到 100 的整数。")
    if wrong:
        raise Invalid(fields=wrong)
    return found
