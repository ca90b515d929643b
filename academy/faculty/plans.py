"""Plans of terms: begun, run by a job, ruled by people at a known price, decided."""

import datetime as dt

from sqlalchemy import delete, select

from academy.classes.api import TeachingTerm
from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import Message, msg
from academy.core.unique import get_or_create, lock_row
from academy.faculty import access
from academy.faculty.lectures import NewLecture, plan_lecture
from academy.faculty.plan_kinds import PlanState, RulingState
from academy.faculty.plan_models import Assignment, Omission, PlanRuling, TermPlan
from academy.faculty.planning.explanations import Explainer
from academy.faculty.planning.prices import Price
from academy.faculty.planning.problem import PlanningProblem
from academy.faculty.planning.solve import Proposal
from academy.faculty.request_decisions import plan_topic
from academy.faculty.request_models import TopicRequest
from academy.jobs import api as jobs
from academy.library.models import Lecturer

PLAN, PRICE = "faculty.plan", "faculty.price"
TENTHS = 20
"""Tenths of a class hour of an evening of the forum: two class hours."""
DECIDED = msg("这份计划已经定了，不能再改。")


def begin_plan(tx: Tx, actor: Actor, term: TeachingTerm) -> TermPlan:
    """The plan of a term, begun where there was none; it is run at once.

    Raises:
        Forbidden: the actor does not run the programme.
    """
    access.require_programme_office(actor, "plans:all")
    plan, is_new = get_or_create(tx, TermPlan, {"term_id": term.id}, created_by=actor.account_id)
    if is_new:
        record(tx, actor, "plan.begun", f"plan:{plan.public_id}", term=term.public_id)
        run_plan(tx, actor, plan)
    return plan


def run_plan(tx: Tx, actor: Actor, plan: TermPlan) -> None:
    """Have a draft planned again, from what there is now: topics, lecturers, holidays, rulings.

    Raises:
        Conflict: it is decided.
    """
    access.require_programme_office(actor, f"plan:{plan.public_id}")
    _lock(tx, plan)
    plan.revision += 1
    jobs.enqueue(tx, PLAN, key=f"{PLAN}:{plan.id}:{plan.revision}", actor=actor, plan_id=plan.id)
    tx.flush()
    record(tx, actor, "plan.run", f"plan:{plan.public_id}")


def keep_proposal(tx: Tx, plan: TermPlan, revision: int, problem: PlanningProblem, proposal: Proposal) -> bool:
    """Replace the draft by a proposal with its reasons; False when people ruled or decided meanwhile."""
    lock_row(tx, plan)
    if plan.revision != revision or plan.state != PlanState.DRAFT:
        return False
    _clear(tx, plan)
    explainer = Explainer(problem, proposal)
    for lecture in proposal.lectures:
        reasons = [one.to_json() for one in explainer.choice(lecture)]
        (lecturer,) = lecture.lecturers
        ids = {"plan_id": plan.id, "request_id": int(lecture.topic), "lecturer_id": int(lecturer)}
        tx.add(Assignment(**ids, day=lecture.evening, reasons=reasons))
    taught = {one.topic for one in proposal.lectures}
    for topic in problem.topics:
        if topic.key not in taught:
            reason = explainer.omission(topic).to_json()
            tx.add(Omission(plan_id=plan.id, request_id=int(topic.key), reason=reason))
    plan.planned_revision, plan.planned_at, plan.failure = revision, clock.now(), None
    return True


def keep_failure(tx: Tx, plan: TermPlan, revision: int, why: Message) -> None:
    """Say why there is no plan; the draft before stays."""
    lock_row(tx, plan)
    if plan.revision == revision:
        plan.planned_revision, plan.failure = revision, why.to_json()


def _clear(tx: Tx, plan: TermPlan) -> None:
    tx.execute(delete(Assignment).where(Assignment.plan_id == plan.id))
    tx.execute(delete(Omission).where(Omission.plan_id == plan.id))


def ask_price(
    tx: Tx,
    actor: Actor,
    plan: TermPlan,
    topic: TopicRequest,
    *,
    lecturer: Lecturer | None = None,
    day: dt.date | None = None,
    wanted: bool = True,
) -> PlanRuling:
    """Ask what a ruling would cost; a job works it out. Nothing changes before it is confirmed.

    Raises:
        Conflict: the plan is decided.
    """
    access.require_programme_office(actor, f"plan:{plan.public_id}")
    _lock(tx, plan)
    row = PlanRuling(
        plan_id=plan.id,
        request_id=topic.id,
        lecturer_id=lecturer.id if lecturer else None,
        day=day,
        is_wanted=wanted,
        ruled_by=actor.account_id,
    )
    tx.add(row)
    tx.flush()
    jobs.enqueue(tx, PRICE, actor=actor, ruling_id=row.id)
    record(tx, actor, "plan.price_asked", f"plan:{plan.public_id}", topic=topic.public_id)
    return row


def keep_price(tx: Tx, ruling_id: int, price: Price) -> None:
    """Keep the price of a ruling that was not withdrawn meanwhile."""
    row = tx.get(PlanRuling, ruling_id)
    if row is not None and row.state == RulingState.ASKED:
        row.price, row.is_possible = price.sentence.to_json(), price.proposal is not None
        row.slipping = [candidate.name for candidate, _ in price.slipping]
        row.state = RulingState.PRICED


def confirm_ruling(tx: Tx, actor: Actor, row: PlanRuling) -> None:
    """Confirm a ruling whose price is known: the plan keeps to it from its next run, which follows at once.

    Raises:
        Conflict: its price is not known yet, it is impossible, or the plan is decided.
    """
    access.require_programme_office(actor, f"plan:{row.plan.public_id}")
    _lock(tx, row.plan)
    lock_row(tx, row)
    if row.state != RulingState.PRICED:
        raise Conflict(msg("代价还没有算出来，或者已经确认过了，请刷新查看。"))
    if not row.is_possible:
        raise Conflict(msg("这样排不成，不能确认。"))
    row.state = RulingState.CONFIRMED
    record(tx, actor, "plan.ruled", f"plan:{row.plan.public_id}", topic=row.request.public_id)
    run_plan(tx, actor, row.plan)


def withdraw_ruling(tx: Tx, actor: Actor, row: PlanRuling) -> None:
    """Take a ruling back; the plan is run again without it where it was in force.

    Raises:
        Conflict: the plan is decided.
    """
    plan = row.plan
    access.require_programme_office(actor, f"plan:{plan.public_id}")
    _lock(tx, plan)
    was_in_force = row.state == RulingState.CONFIRMED
    tx.delete(row)
    tx.flush()
    record(tx, actor, "plan.ruling_withdrawn", f"plan:{plan.public_id}", topic=row.request.public_id)
    if was_in_force:
        run_plan(tx, actor, plan)


def decide_plan(tx: Tx, actor: Actor, plan: TermPlan) -> int:
    """Put every lecture of the plan on the timetable, and notify who asked; gives their number. People decide: this is
    called by nobody but the programme office.

    Raises:
        Conflict: it is decided, it is being planned again, or an evening was taken meanwhile.
    """
    access.require_programme_office(actor, f"plan:{plan.public_id}")
    _lock(tx, plan)
    if plan.revision != plan.planned_revision:
        raise Conflict(msg("正在重新排，请等排好了再定。"))
    rows = tx.scalars(select(Assignment).where(Assignment.plan_id == plan.id).order_by(Assignment.day)).all()
    for row in rows:
        try:
            plan_lecture(tx, actor, _lecture_of(plan, row))
        except Invalid as error:
            raise Conflict(msg("%(day)s的课排不上：%(why)s请重新排一次。", day=row.day, why=error.message)) from error
        plan_topic(tx, actor, row.request)
    plan.state, plan.decided_by, plan.decided_at = PlanState.DECIDED, actor.account_id, clock.now()
    tx.flush()
    record(tx, actor, "plan.decided", f"plan:{plan.public_id}", lectures=len(rows))
    return len(rows)


def _lecture_of(plan: TermPlan, row: Assignment) -> NewLecture:
    return NewLecture(
        title=row.request.title,
        day=row.day,
        minute=plan.term.forum_minute,
        tenths=TENTHS,
        teachers=[(row.lecturer_id, 1000)],
        category_id=row.request.category_id,
    )


def _lock(tx: Tx, plan: TermPlan) -> None:
    lock_row(tx, plan)
    if plan.state != PlanState.DRAFT:
        raise Conflict(DECIDED)
