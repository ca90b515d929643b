"""The roll of a lecture: who was there, entered by name or by a code that is shown in the classroom and changes."""

import hashlib
import hmac
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select

from academy.classes.models import ClassMember
from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Forbidden, Invalid, NotFound
from academy.core.i18n import msg
from academy.core.unique import lock_row
from academy.faculty import access
from academy.faculty.evaluation_kinds import AttendancePart, AttendanceWay
from academy.faculty.evaluation_models import EvaluationRound, LectureAttendance
from academy.faculty.evaluations import rounds
from academy.faculty.kinds import LectureState
from academy.faculty.models import ProgrammeLecture
from academy.people.models import Member

STEP_S, LATE_STEPS = 20, 2
"""Seconds that a code is shown, and for how many codes more it is taken: people type slowly."""
CODE_LENGTH = 6
TEXT_LENGTH = 100_000
MOST = 2_000
"""People in one roll."""


@dataclass(frozen=True)
class RollLine:
    """Somebody who may have been at a lecture."""

    member: Member
    attendance: LectureAttendance | None
    is_of_class: bool


def roll(tx: Tx, lecture: ProgrammeLecture) -> list[RollLine]:
    """Those who were there and, of a class's lecture, all who belonged to the class on its day; by name."""
    here = {
        row.member_id: row
        for row in tx.scalars(select(LectureAttendance).where(LectureAttendance.lecture_id == lecture.id))
    }
    of_class = set(_class_members(tx, lecture))
    members = tx.scalars(select(Member).where(Member.id.in_(here.keys() | of_class)).order_by(Member.name, Member.id))
    return [RollLine(member, here.get(member.id), member.id in of_class) for member in members]


def _class_members(tx: Tx, lecture: ProgrammeLecture) -> list[int]:
    if lecture.class_id is None:
        return []
    return list(
        tx.scalars(
            select(ClassMember.member_id).where(
                ClassMember.class_id == lecture.class_id, ClassMember.held_on(lecture.day)
            )
        )
    )


def enter_roll(
    tx: Tx, actor: Actor, lecture: ProgrammeLecture, students: Collection[int], peers: Collection[int] = ()
) -> None:
    """Replace the roll of a lecture by these members, given by row ids; who came by the code keeps that way.

    Raises:
        Forbidden: the actor does not run the programme.
        Invalid: too many people, one of them twice, or the lecture was not held.
        Conflict: its evaluation has begun, and someone who was asked would not have been there.
    """
    access.require_programme_office(actor, f"lecture:{lecture.public_id}")
    wanted = dict.fromkeys(students, AttendancePart.STUDENT) | dict.fromkeys(peers, AttendancePart.PEER)
    if len(wanted) > MOST or set(students) & set(peers):
        raise Invalid(fields={"roll": msg("一次最多登记 %(most)s 人，每人只登记一次。", most=MOST)})
    _require_held(lecture)
    lock_row(tx, lecture)
    before = {
        row.member_id: row
        for row in tx.scalars(select(LectureAttendance).where(LectureAttendance.lecture_id == lecture.id))
    }
    gone = before.keys() - wanted.keys()
    if gone and tx.scalar(select(EvaluationRound.id).where(EvaluationRound.lecture_id == lecture.id).limit(1)):
        raise Conflict(msg("这次课已经开始评价，不能从名单上去掉人，只能补登。"))
    if gone:
        tx.execute(
            delete(LectureAttendance).where(
                LectureAttendance.lecture_id == lecture.id, LectureAttendance.member_id.in_(gone)
            )
        )
    for member_id, part in wanted.items():
        if (row := before.get(member_id)) is not None:
            row.part = part
        else:
            tx.add(
                LectureAttendance(lecture_id=lecture.id, member_id=member_id, part=part, recorded_by=actor.account_id)
            )
    tx.flush()
    rounds.invite_newcomers(tx, lecture)
    added = len(wanted.keys() - before.keys())
    record(tx, actor, "roll.entered", f"lecture:{lecture.public_id}", added=added, removed=len(gone))


def _require_held(lecture: ProgrammeLecture) -> None:
    if lecture.state != LectureState.HELD:
        raise Invalid(fields={"roll": msg("讲过以后才能登记到课名单。")})


def roll_code(key: bytes, lecture: ProgrammeLecture, now_s: float) -> tuple[str, float]:
    """The code to be shown at an instant (seconds since the epoch), and for how many seconds more."""
    step, passed = divmod(now_s, STEP_S)
    return _code(key, lecture, int(step)), STEP_S - passed


def _code(key: bytes, lecture: ProgrammeLecture, step: int) -> str:
    digest = hmac.new(key, f"roll:{lecture.public_id}:{step}".encode(), hashlib.sha256).digest()
    return str(int.from_bytes(digest[:8], "big") % 10**CODE_LENGTH).zfill(CODE_LENGTH)


def sign_roll(tx: Tx, actor: Actor, lecture: ProgrammeLecture, code: str, key: bytes, now_s: float) -> None:
    """Enter oneself by the code that is shown in the classroom; twice is once.

    Raises:
        Forbidden: the actor is no member.
        Invalid: the code is not shown any more, or the lecture is not today.
    """
    if actor.member_id is None:
        raise Forbidden(f"lecture:{lecture.public_id}")
    step = int(now_s // STEP_S)
    given = code.strip()[:CODE_LENGTH]
    shown = [_code(key, lecture, step - late) for late in range(LATE_STEPS + 1)]
    if not any(hmac.compare_digest(given.encode("utf-8", "replace"), one.encode()) for one in shown):
        raise Invalid(fields={"code": msg("签到码已经换了，请看着屏幕上的再输一次。")})
    if lecture.day != clock.today() or lecture.state not in (LectureState.PLANNED, LectureState.HELD):
        raise Invalid(fields={"code": msg("这次课不在今天，不能签到。")})
    lock_row(tx, lecture)
    if tx.get(LectureAttendance, (lecture.id, actor.member_id)) is not None:
        return
    tx.add(
        LectureAttendance(
            lecture_id=lecture.id,
            member_id=actor.member_id,
            way=AttendanceWay.CODE,
            recorded_by=actor.account_id,
        )
    )
    tx.flush()
    rounds.invite_newcomers(tx, lecture)
    record(tx, actor, "roll.signed", f"lecture:{lecture.public_id}")


def lecture_of_today(tx: Tx, public_id: str) -> ProgrammeLecture:
    """A lecture of today: whoever is in its classroom may know its title.

    Raises:
        NotFound: there is none of that id today.
    """
    row = tx.scalar(select(ProgrammeLecture).where(ProgrammeLecture.public_id == public_id))
    if row is None or row.day != clock.today():
        raise NotFound
    return row


def was_there(tx: Tx, actor: Actor, lecture: ProgrammeLecture) -> bool:
    """Whether the actor stands in a lecture's roll."""
    if actor.member_id is None:
        return False
    return tx.get(LectureAttendance, (lecture.id, actor.member_id)) is not None


def enter_roll_by_numbers(
    tx: Tx, actor: Actor, lecture: ProgrammeLecture, here: Sequence[str], students: str, peers: str
) -> int:
    """Replace the roll, as typed; returns how many were there.

    Args:
        here: public ids of members of the class, or of those who stand in the roll already.
        students: register numbers of others, a line each.
        peers: likewise of colleagues who sat in.

    Raises:
        Forbidden: the actor does not run the programme.
        Invalid: numbers that nobody has, by name of the field, or what `enter_roll` raises.
        Conflict: see `enter_roll`.
    """
    lines = roll(tx, lecture)
    known = {line.member.public_id: line for line in lines}
    kept = [known[one] for one in here if one in known]
    as_peer = {line.member.id for line in kept if line.attendance and line.attendance.part == AttendancePart.PEER}
    more = _by_numbers(tx, "students", students)
    colleagues = _by_numbers(tx, "peers", peers) | as_peer
    all_students = ({line.member.id for line in kept} | more) - colleagues
    enter_roll(tx, actor, lecture, sorted(all_students), sorted(colleagues))
    return len(all_students) + len(colleagues)


def _by_numbers(tx: Tx, field: str, text: str) -> set[int]:
    numbers = list(dict.fromkeys(line.strip()[:40] for line in text[:TEXT_LENGTH].splitlines() if line.strip()))
    found = {row[1]: row[0] for row in tx.execute(select(Member.id, Member.number).where(Member.number.in_(numbers)))}
    missing = [number for number in numbers if number not in found]
    if missing:
        raise Invalid(fields={field: msg("没有这些党员编号：%(numbers)s", numbers="、".join(missing[:5]))})
    return set(found.values())


def count_attendance(tx: Tx, lecture: ProgrammeLecture) -> int:
    """How many people were at a lecture."""
    query = select(func.count()).where(LectureAttendance.lecture_id == lecture.id)
    return tx.scalar(query) or 0
