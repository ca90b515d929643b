"""Lectures of the programme: planned, held with evidence, cancelled, missed; each entry can be taken back."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import delete, select

from academy.classes import api as classes
from academy.classes.api import Classroom, TeachingTerm, TrainingClass
from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import msg
from academy.core.text import tidy_text
from academy.core.unique import lock_row, unique_or
from academy.faculty import access, lecture_topics, lecturer_messages, rules
from academy.faculty.collisions import STANDING, LectureSlot, find_collisions, find_promise
from academy.faculty.kinds import LectureEvidenceKind, LectureKind, LectureState, TeachingPart
from academy.faculty.make_up_pairs import require_one_standing
from academy.faculty.materials.clearance import forget_taught, take_taught
from academy.faculty.models import LectureEvidence, LectureTeacher, PoolMembership, ProgrammeLecture
from academy.faculty.plan_kinds import LectureChange
from academy.faculty.recordings import take_down_lecture
from academy.faculty.words import LECTURE_STATE_NAMES

TITLE_LENGTH, REASON_LENGTH, REFERENCE_LENGTH = 120, 200, 200
MOST_TENTHS = 160
MOST_TEACHERS = 6
SHARES = msg("几位讲师的份额加起来要正好是 100%%，每位都大于 0。")


@dataclass(frozen=True)
class NewLecture:
    """What is planned: who teaches with which shares (permille), when and where, for a class or for the forum."""

    title: str
    day: dt.date
    minute: int
    tenths: int
    teachers: Sequence[tuple[int, int]]
    """Row ids of lecturers, with their shares."""
    training_class: TrainingClass | None = None
    classroom: Classroom | None = None
    category_id: int | None = None
    assignment_id: int | None = None
    """Row id of the assignment that it comes from."""
    instead_of_id: int | None = None
    """Row id of the lecture that it makes up for (`make_up_pairs`)."""


@dataclass(frozen=True)
class TeachingReport:
    """How a lecture went: who taught with which share, who was replaced by whom, and what shows it."""

    taught: Mapping[int, int]
    """Row id of a lecturer → share in permille."""
    evidence: Sequence[tuple[LectureEvidenceKind, str]]
    replaced: Mapping[int, int] = field(default_factory=dict)
    """Row id of a substitute → of the lecturer who was planned."""
    unreviewed: str = ""
    """Why it was taught although its syllabus or handout is not approved."""


def plan_lecture(tx: Tx, actor: Actor, plan: NewLecture) -> ProgrammeLecture:
    """Put a lecture on the timetable; lecturers in the register are notified.

    Raises:
        Invalid: a field is missing or out of range; no term on that day; the forum does not meet on it; the evening,
            the classroom or a lecturer is taken; a lecturer cannot teach on that day; shares that are no whole.
        Forbidden: the actor does not run the programme.
    """
    access.require_programme_office(actor, "lectures:all")
    term = check_lecture(tx, plan)
    lock_row(tx, term)
    place = plan.classroom.id if plan.classroom else None
    slot = LectureSlot(plan.day, plan.minute, plan.tenths, place, [lecturer for lecturer, _share in plan.teachers])
    collisions = find_collisions(tx, slot)
    if plan.training_class is None:
        collisions |= find_promise(tx, term, plan.day, plan.assignment_id)
    if collisions:
        raise Invalid(fields=collisions)
    made = ProgrammeLecture(
        term_id=term.id,
        kind=LectureKind.CLASS if plan.training_class else LectureKind.FORUM,
        class_id=plan.training_class.id if plan.training_class else None,
        day=plan.day,
        minute=plan.minute,
        title=tidy_text(plan.title, TITLE_LENGTH),
        category_id=plan.category_id,
        classroom_id=plan.classroom.id if plan.classroom else None,
        class_hour_tenths=plan.tenths,
        instead_of_id=plan.instead_of_id,
        created_by=actor.account_id,
    )
    with unique_or(tx, Invalid(fields={"day": msg("这个时间的讲坛或教室已经有课了，请换一个。")})):
        tx.add(made)
    tx.add_all(
        LectureTeacher(lecture_id=made.id, lecturer_id=lecturer, share_permille=share)
        for lecturer, share in plan.teachers
    )
    tx.flush()
    lecturer_messages.notify_planned(tx, made, [lecturer for lecturer, _share in plan.teachers])
    record(tx, actor, "lecture.planned", f"lecture:{made.public_id}", day=plan.day.isoformat())
    return made


def check_lecture(tx: Tx, plan: NewLecture) -> TeachingTerm:
    """The term of a lecture that may be planned as it is, but for what else is at that time.

    Raises:
        Invalid: as `plan_lecture`.
    """
    wrong = {}
    if not 1 <= len(tidy_text(plan.title, TITLE_LENGTH + 1)) <= TITLE_LENGTH:
        wrong["title"] = msg("题目请写 1 到 %(most)s 个字。", most=TITLE_LENGTH)
    if not 1 <= plan.tenths <= MOST_TENTHS:
        wrong["hours"] = msg("课时请填写 0.1 到 %(most)s 之间的数。", most=MOST_TENTHS // 10)
    if not (plan.teachers and len({one for one, _ in plan.teachers}) == len(plan.teachers) <= MOST_TEACHERS):
        wrong["lecturer"] = msg("请选 1 到 %(most)s 位不同的讲师。", most=MOST_TEACHERS)
    elif not rules.is_whole([share for _, share in plan.teachers]):
        wrong["lecturer"] = SHARES
    term = classes.term_of_day(tx, plan.day)
    if term is None:
        wrong["day"] = msg("这一天不在任何学期里。")
    elif plan.training_class is not None and plan.training_class.term_id != term.id:
        wrong["day"] = msg("这一天不在这个班的学期里。")
    elif plan.training_class is None and plan.day not in [one.day for one in classes.term_evenings(tx, term)]:
        wrong["day"] = msg("讲坛这一天不开讲：不是讲坛日，或者放假。")
    if wrong or term is None:
        raise Invalid(fields=wrong)
    return term


def confirm_lecture(tx: Tx, actor: Actor, lecture: ProgrammeLecture, report: TeachingReport) -> None:
    """Enter that a lecture was held: from now on it counts.

    Planned lecturers who are not in `report.taught` are entered as absent, or as replaced where a substitute is named.

    Raises:
        Conflict: it is not planned any more.
        Invalid: it lies ahead, shares are no whole, nothing shows that it was held, a substitute for somebody who was
            not planned, or neither its material is approved nor a reason given (docs/decisions/0065).
        Forbidden: the actor does not run the programme.
    """
    _lock(tx, actor, lecture, LectureState.HELD)
    rows = {row.lecturer_id: row for row in _teachers(tx, lecture)}
    _check_report(lecture, report, set(rows))
    unreviewed = take_taught(tx, lecture, report.unreviewed)
    for lecturer, row in rows.items():
        is_replaced = lecturer in report.replaced.values()
        row.part = TeachingPart.REPLACED if is_replaced else TeachingPart.ABSENT
        if lecturer in report.taught:
            row.part, row.share_permille = TeachingPart.TAUGHT, report.taught[lecturer]
    for lecturer in report.taught.keys() - rows.keys():
        tx.add(
            LectureTeacher(
                lecture_id=lecture.id,
                lecturer_id=lecturer,
                share_permille=report.taught[lecturer],
                part=TeachingPart.TAUGHT,
                substitute_for_id=report.replaced[lecturer],
            )
        )
    tx.add_all(
        LectureEvidence(
            lecture_id=lecture.id,
            kind=kind,
            reference=tidy_text(reference, REFERENCE_LENGTH),
            entered_by=actor.account_id,
        )
        for kind, reference in report.evidence
    )
    lecture.state, lecture.confirmed_by, lecture.confirmed_at = LectureState.HELD, actor.account_id, clock.now()
    tx.flush()
    about: dict[str, list[str]] = {"unreviewed": [str(kind) for kind in unreviewed]} if unreviewed else {}
    record(tx, actor, "lecture.held", f"lecture:{lecture.public_id}", lecturers=len(report.taught), **about)


def _check_report(lecture: ProgrammeLecture, report: TeachingReport, planned: set[int]) -> None:
    wrong = {}
    if lecture.day > clock.today():
        wrong["evidence"] = msg("还没有到讲课的日子。")
    if not rules.is_whole(list(report.taught.values())):
        wrong["share"] = SHARES
    if not report.evidence or not all(1 <= len(text.strip()) <= REFERENCE_LENGTH for _, text in report.evidence):
        wrong["evidence"] = msg("请写明依据在哪里，例如签到表编号，不超过 %(most)s 个字。", most=REFERENCE_LENGTH)
    new = report.taught.keys() - planned
    if new != report.replaced.keys() or not set(report.replaced.values()) <= planned - report.taught.keys():
        wrong["substitute"] = msg("代课讲师请注明代哪一位，被代的讲师不能同时算授课。")
    if len(report.unreviewed.strip()) > REASON_LENGTH:
        wrong["unreviewed"] = msg("请写明原因，不超过 %(most)s 个字。", most=REASON_LENGTH)
    if wrong:
        raise Invalid(fields=wrong)


def cancel_lecture(tx: Tx, actor: Actor, lecture: ProgrammeLecture, reason: str) -> None:
    """Enter that a planned lecture will not take place; its lecturers in the register are notified.

    Raises:
        Conflict: it is not planned any more.
        Invalid: no reason, or too long.
        Forbidden: the actor does not run the programme.
    """
    _lock(tx, actor, lecture, LectureState.CANCELLED)
    lecture.state, lecture.reason = LectureState.CANCELLED, _reason(reason)
    tx.flush()
    lecture_topics.lose_lecture(tx, actor, lecture, LectureChange.CANCELLED)
    lecture_topics.announce_to_class(tx, lecture, LectureChange.CANCELLED)
    lecturer_messages.notify_cancelled(tx, lecture)
    record(tx, actor, "lecture.cancelled", f"lecture:{lecture.public_id}")


def report_no_show(tx: Tx, actor: Actor, lecture: ProgrammeLecture, reason: str) -> None:
    """Enter that nobody came to teach. Raises as `cancel_lecture`; Invalid too while the day lies ahead."""
    _lock(tx, actor, lecture, LectureState.NO_SHOW)
    if lecture.day > clock.today():
        raise Invalid(fields={"reason": msg("还没有到讲课的日子。")})
    lecture.state, lecture.reason = LectureState.NO_SHOW, _reason(reason)
    for row in _teachers(tx, lecture):
        row.part = TeachingPart.ABSENT
    tx.flush()
    lecture_topics.lose_lecture(tx, actor, lecture, LectureChange.NO_SHOW)
    record(tx, actor, "lecture.no_show", f"lecture:{lecture.public_id}")


def reopen_lecture(tx: Tx, actor: Actor, lecture: ProgrammeLecture) -> None:
    """Take back what was entered about a lecture: it is planned again, without substitutes and evidence; its recording
    goes from the shelf.

    Raises:
        Conflict: it is planned, or its evening, classroom or lecturer was taken or promised meanwhile, or it is made up
            for.
        Forbidden: the actor does not run the programme.
    """
    _lock(tx, actor, lecture, LectureState.PLANNED)
    before = lecture.state
    if before not in STANDING:
        require_one_standing(tx, lecture)
    forget_taught(tx, lecture)
    take_down_lecture(tx, actor, lecture)
    tx.execute(delete(LectureEvidence).where(LectureEvidence.lecture_id == lecture.id))
    for row in _teachers(tx, lecture):
        if row.substitute_for_id is not None:
            tx.delete(row)
        row.part = TeachingPart.PLANNED
    tx.flush()
    _share_evenly_unless_whole(tx, lecture)
    own = lecture_topics.assignment_of(tx, lecture)
    if own is not None:
        lock_row(tx, own.plan)  # before the term, as where an invitation is confirmed
    lock_row(tx, lecture.term)
    teachers = [row.lecturer_id for row in _teachers(tx, lecture)]
    slot = LectureSlot(
        lecture.day, lecture.minute, lecture.class_hour_tenths, lecture.classroom_id, teachers, own_id=lecture.id
    )
    collisions = find_collisions(tx, slot) if before not in STANDING else {}
    if before not in STANDING and lecture.kind == LectureKind.FORUM:
        collisions |= find_promise(tx, lecture.term, lecture.day)
    if collisions:
        raise Conflict(next(iter(collisions.values())))
    with unique_or(tx, Conflict(msg("这个时间的讲坛或教室已经安排了别的课，不能恢复。"))):
        lecture.state, lecture.reason = LectureState.PLANNED, ""
        lecture.confirmed_by = lecture.confirmed_at = None
    if before in (LectureState.CANCELLED, LectureState.NO_SHOW):
        lecture_topics.regain_lecture(tx, actor, lecture)
        lecture_topics.announce_to_class(tx, lecture, LectureChange.RESTORED)
        lecturer_messages.notify_planned(tx, lecture, teachers)
    record(tx, actor, "lecture.reopened", f"lecture:{lecture.public_id}", was=before)


def _share_evenly_unless_whole(tx: Tx, lecture: ProgrammeLecture) -> None:
    rows = _teachers(tx, lecture)
    if not rules.is_whole([row.share_permille for row in rows]):
        for row, share in zip(rows, rules.even_shares(len(rows)), strict=True):
            row.share_permille = share


def _reason(text: str) -> str:
    kept = tidy_text(text, REASON_LENGTH + 1)
    if not 1 <= len(kept) <= REASON_LENGTH:
        raise Invalid(fields={"reason": msg("请写明原因，不超过 %(most)s 个字。", most=REASON_LENGTH)})
    return kept


def _lock(tx: Tx, actor: Actor, lecture: ProgrammeLecture, after: LectureState) -> None:
    access.require_programme_office(actor, f"lecture:{lecture.public_id}")
    lock_row(tx, lecture)
    if after not in rules.LECTURE_MOVES[LectureState(lecture.state)]:
        shown = LECTURE_STATE_NAMES[LectureState(lecture.state)]
        raise Conflict(msg("这次课现在是“%(state)s”，不能这样改。请刷新页面。", state=shown))


def _teachers(tx: Tx, lecture: ProgrammeLecture) -> Sequence[LectureTeacher]:
    query = select(LectureTeacher).where(LectureTeacher.lecture_id == lecture.id).order_by(LectureTeacher.id)
    return tx.scalars(query).all()


def lecturer_ids(tx: Tx, public_ids: Sequence[str]) -> list[int]:
    """Row ids of lecturers of the pool, in the order of the pool ids that a form names.

    Raises:
        Invalid: one of them is not in the pool.
    """
    query = select(PoolMembership.public_id, PoolMembership.lecturer_id).where(PoolMembership.public_id.in_(public_ids))
    known = dict(tx.execute(query).all())
    if not set(public_ids) <= known.keys():
        raise Invalid(fields={"lecturer": msg("请从师资库里选。")})
    return [known[one] for one in public_ids]
