"""Plans of terms: begun, run by a job, ruled by people at a known price. `plan_decisions` decides them."""

import datetime as dt

from sqlalchemy import delete

from academy.classes.api import TeachingTerm
from academy.core import clock
from academy.core.actor import SYSTEM, Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict
from academy.core.i18n import Message, msg
from academy.core.unique import get_or_create, lock_row
from academy.faculty import access
from academy.faculty.plan_kinds import AssignmentState, PlanState, RulingState
from academy.faculty.plan_models import Assignment, Omission, PlanRuling, TermPlan
from academy.faculty.planning.explanations import Explainer
from academy.faculty.planning.prices import Price
from academy.faculty.planning.problem import PlanningProblem
from academy.faculty.planning.solve import Proposal
from academy.faculty.request_models import TopicRequest
from academy.jobs import api as jobs
from academy.library.models import Lecturer

PLAN, PRICE = "faculty.plan", "faculty.price"
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
    replan(tx, plan, actor)
    record(tx, actor, "plan.run", f"plan:{plan.public_id}")


def replan(tx: Tx, plan: TermPlan, actor: Actor = SYSTEM) -> None:
    """Have a plan run again that the caller has locked: evenings, topics or rulings are others than before."""
    plan.revision += 1
    jobs.enqueue(tx, PLAN, key=f"{PLAN}:{plan.id}:{plan.revision}", actor=actor, plan_id=plan.id)
    tx.flush()


def keep_proposal(tx: Tx, plan: TermPlan, revision: int, problem: PlanningProblem, proposal: Proposal) -> bool:
    """Replace what is a draft by a proposal with its reasons, invitations stay; False when people ruled, answered or
    decided meanwhile."""
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
    tx.execute(delete(Assignment).where(Assignment.plan_id == plan.id, Assignment.state == AssignmentState.DRAFT))
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
    if row is None:
        return
    lock_row(tx, row.plan)
    # It is withdrawn, or the lecturer answers otherwise, under that lock.
    row = tx.get(PlanRuling, ruling_id, populate_existing=True)
    if row is None or row.state != RulingState.ASKED:
        return
    row.price, row.is_possible = price.sentence.to_json(), price.proposal is not None
    row.slipping = [candidate.name for candidate, _ in price.slipping]
    row.state = RulingState.PRICED
    if row.answer_id is not None and row.plan.state == PlanState.DRAFT:
        # The lecturer does not come: nobody has to agree to that.
        row.state = RulingState.CONFIRMED
        replan(tx, row.plan)


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
        Conflict: the plan is decided, or the ruling is a lecturer's answer.
    """
    plan = row.plan
    if row.answer_id is not None:
        raise Conflict(msg("这是老师自己的答复，不能撤回；老师改了主意，请在邀请里记下。"))
    access.require_programme_office(actor, f"plan:{plan.public_id}")
    _lock(tx, plan)
    was_in_force = row.state == RulingState.CONFIRMED
    tx.delete(row)
    tx.flush()
    record(tx, actor, "plan.ruling_withdrawn", f"plan:{plan.public_id}", topic=row.request.public_id)
    if was_in_force:
        run_plan(tx, actor, plan)


def _lock(tx: Tx, plan: TermPlan) -> None:
    lock_row(tx, plan)
    if plan.state != PlanState.DRAFT:
        raise Conflict(DECIDED)
