"""Background jobs of the lecture programme: who asked for a topic is notified of every step; terms are planned, rulings
priced; evaluations follow the calendar."""

import datetime as dt

from sqlalchemy import or_, select, union

from academy.classes import api as classes
from academy.core import clock
from academy.core.database import Tx
from academy.core.i18n import Message, msg
from academy.faculty.evaluations import schedule
from academy.faculty.events import ClassLectureChanged, LectureChanged, TopicDecided
from academy.faculty.materials.reminders import remind_of_late_material
from academy.faculty.models import LectureRecording, ProgrammeLecture
from academy.faculty.plan_kinds import LectureChange, PlanState
from academy.faculty.plan_models import Assignment, PlanRuling, TermPlan
from academy.faculty.plan_problem import problem_of, ruling_of
from academy.faculty.plan_queries import lecture_of_topic
from academy.faculty.planning.prices import Price, price_of
from academy.faculty.planning.program import Infeasible
from academy.faculty.planning.solve import propose
from academy.faculty.plans import PLAN, PRICE, keep_failure, keep_price, keep_proposal
from academy.faculty.request_kinds import RequestState
from academy.faculty.request_models import TopicRequest, TopicVoice
from academy.jobs import api as jobs
from academy.jobs.api import JobContext
from academy.library.api import CoursePublished
from academy.library.models import Course
from academy.notifications import api as notifications


@jobs.handles(TopicDecided, lane=jobs.BRIEF)
def notify_askers(context: JobContext, event: TopicDecided) -> None:
    """The school decided on a topic: who proposed or supports it is notified, each once."""
    with context.db.read() as tx:
        row = tx.get(TopicRequest, event.request_id)
        if row is None or row.state != event.state:
            return  # the next decision has an event of its own
        body, link = _body(tx, row), f"/topics/{row.public_id}"
        askers = _askers(tx, row)
    _notify_all(context, f"topic.{event.state}:{event.request_id}:{event.decided_ms}", body, link, askers)


def _notify_all(context: JobContext, key: str, body: Message, link: str, askers: list[int]) -> None:
    notifications.notify_in_batches(context.db, key=key, body=body, link=link, accounts=askers, kind="topic.decided")


def _askers(tx: Tx, row: TopicRequest) -> list[int]:
    together = select(TopicRequest.id).where(or_(TopicRequest.id == row.id, TopicRequest.merged_into_id == row.id))
    proposers = select(TopicRequest.proposed_by).where(
        TopicRequest.id.in_(together), TopicRequest.proposed_by.is_not(None)
    )
    voices = select(TopicVoice.account_id).where(TopicVoice.request_id.in_(together))
    return sorted(tx.scalars(union(proposers, voices)))


def _body(tx: Tx, row: TopicRequest) -> Message:
    title = row.title
    if row.state == RequestState.MERGED and row.merged_into is not None:
        return msg("您点的“%(title)s”并入了“%(other)s”，人数合在一起算。", title=title, other=row.merged_into.title)
    return {
        RequestState.SHORTLISTED: msg("您点的“%(title)s”入选了，学校正在配老师。", title=title),
        RequestState.PLANNED: _planned(tx, row),
        RequestState.DECLINED: msg("您点的“%(title)s”这次不排，原因请点开看。", title=title),
    }.get(RequestState(row.state), msg("您点的“%(title)s”重新开始收集。", title=title))


def _planned(tx: Tx, row: TopicRequest) -> Message:
    found = lecture_of_topic(tx, row)
    if found is None:
        return msg("您点的“%(title)s”排上课了，请看时间。", title=row.title)
    day, names = found.lecture.day, found.names
    return msg("您点的“%(title)s”排上课了：%(day)s，%(names)s主讲。", title=row.title, day=day, names=names)


@jobs.handles(LectureChanged, lane=jobs.BRIEF)
def notify_of_change(context: JobContext, event: LectureChanged) -> None:
    """A lecture was moved, cancelled or missed: who proposed or supports its topic is notified, each once."""
    with context.db.read() as tx:
        lecture = tx.get(ProgrammeLecture, event.lecture_id)
        assigned = tx.scalar(select(Assignment).where(Assignment.lecture_id == event.lecture_id))
        if lecture is None or assigned is None:
            return
        row = assigned.request
        body = {
            LectureChange.MOVED: msg("您点的“%(title)s”改在%(day)s讲。", title=row.title, day=lecture.day),
            LectureChange.CANCELLED: msg("您点的“%(title)s”这次不讲了，学校会另外安排。", title=row.title),
            LectureChange.NO_SHOW: msg("您点的“%(title)s”没有讲成，学校会另外安排。", title=row.title),
        }[LectureChange(event.change)]
        askers, link = _askers(tx, row), f"/topics/{row.public_id}"
    _notify_all(context, f"lecture.{event.change}:{event.lecture_id}:{event.changed_ms}", body, link, askers)


@jobs.handles(ClassLectureChanged, lane=jobs.BRIEF)
def notify_class_of_change(context: JobContext, event: ClassLectureChanged) -> None:
    """A class's lecture was moved, cancelled or restored: who has a place in the class now is notified, each once."""
    with context.db.read() as tx:
        lecture = tx.get(ProgrammeLecture, event.lecture_id)
        if lecture is None or lecture.training_class is None:
            return
        row, body = lecture.training_class, _class_news(lecture, LectureChange(event.change))
        members, link = sorted(classes.present_members(tx, row)), classes.class_link(row)
    key = f"class.lecture.{event.change}:{event.lecture_id}:{event.changed_ms}"
    notifications.notify_in_batches(context.db, key=key, body=body, link=link, members=members, kind="class.lecture")


def _class_news(lecture: ProgrammeLecture, change: LectureChange) -> Message:
    names = {"name": lecture.training_class.name if lecture.training_class else "", "title": lecture.title}
    when = {"day": lecture.day, "time": clock.minute_text(lecture.minute)}
    if change == LectureChange.CANCELLED:
        return msg("“%(name)s”%(day)s的“%(title)s”不上了：%(reason)s", **names, day=lecture.day, reason=lecture.reason)
    if change == LectureChange.RESTORED:
        return msg("“%(name)s”的“%(title)s”照常上：%(day)s %(time)s。", **names, **when)
    if lecture.classroom is None:
        return msg("“%(name)s”的“%(title)s”改在%(day)s %(time)s。", **names, **when)
    return msg("“%(name)s”的“%(title)s”改在%(day)s %(time)s，%(room)s。", **names, **when, room=lecture.classroom.name)


@jobs.handles(CoursePublished, lane=jobs.BRIEF)
def notify_of_recording(context: JobContext, event: CoursePublished) -> None:
    """The recording of a lecture is on the shelf: who proposed or supports its topic is notified, once, whatever is
    edited later."""
    with context.db.read() as tx:
        assigned = tx.scalar(
            select(Assignment)
            .join(LectureRecording, LectureRecording.lecture_id == Assignment.lecture_id)
            .where(LectureRecording.course_id == event.course_id)
        )
        course = tx.get(Course, event.course_id)
        if assigned is None or course is None or not course.is_published:
            return
        row = assigned.request
        body = msg("您点的“%(title)s”讲过了，录像在课程里，可以看了。", title=row.title)
        askers, link = _askers(tx, row), f"/library/{course.public_id}"
    _notify_all(context, f"lecture.published:{assigned.lecture_id}", body, link, askers)


@jobs.nightly("faculty.evaluations", at=dt.time(6, 30))
def run_evaluations(context: JobContext) -> None:
    """Ask those who were at a lecture, ask again months later, and close evaluations whose last day is over."""
    schedule.run_schedule(context.db)


@jobs.nightly("faculty.material_reminders", at=dt.time(6, 45))
def remind_of_material(context: JobContext) -> None:
    """Remind lecturers of material that is late, and reviewers of what waits too long; each once."""
    remind_of_late_material(context.db)


@jobs.job(PLAN, max_attempts=2, lane=jobs.BRIEF)
def plan_term(context: JobContext, plan_id: int) -> None:
    """Plan a draft; nothing is written where people ruled meanwhile: another job plans that."""
    with context.db.read(snapshot=True) as tx:
        plan = tx.get(TermPlan, plan_id)
        if plan is None or plan.state != PlanState.DRAFT:
            return
        revision, problem = plan.revision, problem_of(tx, plan, clock.today())
    context.progress(100)
    try:
        proposal = propose(problem)
    except Infeasible:
        why = msg("已经确认的几项要求互相矛盾，排不出来。请撤回其中一项。")
        context.db.run_in_transaction(lambda tx: keep_failure(tx, tx.get_one(TermPlan, plan_id), revision, why))
        return
    context.progress(800)
    context.db.run_in_transaction(
        lambda tx: keep_proposal(tx, tx.get_one(TermPlan, plan_id), revision, problem, proposal)
    )


@jobs.job(PRICE, max_attempts=2, lane=jobs.BRIEF)
def price_ruling(context: JobContext, ruling_id: int) -> None:
    """Work out what a ruling costs: the best plan without it against the best plan with it."""
    with context.db.read(snapshot=True) as tx:
        row = tx.get(PlanRuling, ruling_id)
        if row is None:
            return
        problem, ruling = problem_of(tx, row.plan, clock.today()), ruling_of(row)
    context.progress(100)
    try:
        price = price_of(problem, propose(problem), ruling)
    except (Infeasible, ValueError):
        why = msg("题目或者老师已经不在可排的范围里")
        price = Price(None, (why,), (), (), ())
    context.db.run_in_transaction(lambda tx: keep_price(tx, ruling_id, price))
