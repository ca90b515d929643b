"""Answers of lecturers to invitations: by the link, or entered by the office for one who telephoned.

Whoever answers, the plan is locked first: answers, runs of the planner and decisions come one after the other.
"""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import delete, select

from academy.core import clock
from academy.core.actor import SYSTEM, Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import Message, msg
from academy.core.text import tidy_text
from academy.core.unique import lock_row, unique_or
from academy.faculty import access, plan_rules
from academy.faculty.answer_links import LinkEnded
from academy.faculty.evenings import EveningTaken, evenings_for, is_free_evening
from academy.faculty.plan_kinds import AnswerWay, AssignmentState, PlanState
from academy.faculty.plan_models import Assignment, PlanRuling, TermPlan
from academy.faculty.plans import DECIDED, PRICE, replan
from academy.jobs import api as jobs


@dataclass(frozen=True)
class LecturerAnswer:
    """What a lecturer answers: yes, no, or yes on another evening; with a few words."""

    state: AssignmentState
    """One of `plan_rules.ANSWERS`."""
    day: dt.date | None = None
    words: str = ""


def answer_by_link(tx: Tx, network: str, row: Assignment, answer: LecturerAnswer) -> None:
    """Enter what a lecturer answered behind the link; the caller has read it (`read_answer_link`). Until the school
    confirms, an answer may be changed.

    Raises:
        LinkEnded: it was revoked, or a newer one was made, since the caller read it.
        Conflict: confirmed, withdrawn, decided or past the last day.
        EveningTaken: the evening was given to another.
        Invalid: an unknown answer, or no free evening chosen.
    """
    who, link = Actor(label="answer link", network=network), row.link
    lock_draft(tx, row.plan, msg("这份计划已经定了。要改请打电话给学校。"))
    lock_row(tx, row)
    if row.link != link or not row.link_is_on:
        raise LinkEnded
    if row.answer_by is None or clock.today() > row.answer_by:
        raise Conflict(msg("答复的日子已经过了。请打电话给学校。"))
    _answer(tx, who, row, answer)
    row.answer_way, row.answered_by = AnswerWay.LINK, None
    tx.flush()


def enter_answer(tx: Tx, actor: Actor, row: Assignment, answer: LecturerAnswer) -> None:
    """Enter what a lecturer answered by telephone. Raises as `answer_by_link`, but neither link nor last day bind."""
    access.require_programme_office(actor, f"assignment:{row.public_id}")
    lock_draft(tx, row.plan)
    lock_row(tx, row)
    _answer(tx, actor, row, answer)
    row.answer_way, row.answered_by = AnswerWay.OFFICE, actor.account_id
    tx.flush()


def _answer(tx: Tx, actor: Actor, row: Assignment, answer: LecturerAnswer) -> None:
    if row.state not in plan_rules.OPEN:
        raise Conflict(ended(row, by_lecturer=actor.account_id is None))
    words = tidy_text(answer.words, plan_rules.REASON_LENGTH + 1)
    if len(words) > plan_rules.REASON_LENGTH:
        raise Invalid(fields={"words": msg("请不超过 %(most)s 个字。", most=plan_rules.REASON_LENGTH)})
    if answer.state not in plan_rules.ANSWERS:
        raise Invalid(fields={"answer": msg("请选一种答复。")})
    before = row.state, row.day
    end_release(tx, row)
    if answer.state == AssignmentState.DECLINED:
        row.state, row.reason = AssignmentState.DECLINED, words
        row.day, row.asked_day = row.asked_day or row.day, None
        release(tx, row, actor.account_id)
    else:
        _take_evening(tx, actor, row, answer, words)
    row.answered_at = clock.now()
    record(tx, actor, "invitation.answered", f"assignment:{row.public_id}", answer=str(row.state))
    if before != (row.state, row.day) and (row.day != before[1] or before[0] == AssignmentState.DECLINED):
        # Other evenings are free now than the planner knows of.
        replan(tx, row.plan)


def _take_evening(tx: Tx, actor: Actor, row: Assignment, answer: LecturerAnswer, words: str) -> None:
    """Accept the evening that was asked for, or another that is free."""
    asked = row.asked_day or row.day
    day = answer.day if answer.state == AssignmentState.OTHER_DAY else asked
    if day is None or (answer.state == AssignmentState.OTHER_DAY and day == asked):
        raise Invalid(fields={"day": msg("请选另外一个晚上。")})
    require_topic(tx, row, by_lecturer=actor.account_id is None)
    if not is_free_evening(tx, row, day):
        raise EveningTaken(day, evenings_for(tx, row))
    error = EveningTaken(day, [one for one in evenings_for(tx, row) if one != day])
    with unique_or(tx, error):
        row.state, row.day, row.reason = answer.state, day, words
        row.asked_day = asked if day != asked else None


def require_topic(tx: Tx, row: Assignment, *, by_lecturer: bool = False) -> None:
    """Raises Conflict where the topic was offered to somebody else after this lecturer had declined."""
    other = select(Assignment).where(
        Assignment.plan_id == row.plan_id,
        Assignment.request_id == row.request_id,
        Assignment.id != row.id,
        Assignment.state.not_in([AssignmentState.DECLINED, AssignmentState.WITHDRAWN]),
    )
    found = tx.scalars(other).first()
    if found is not None and found.state != AssignmentState.DRAFT:
        if by_lecturer:
            raise Conflict(msg("您来不了以后，这一题已经请了别的老师。要改请打电话给学校。"))
        raise Conflict(msg("这一题已经请了别的老师。要改，请先不再请那一位。"))
    if found is not None:
        tx.delete(found)  # a proposal that nobody was asked about
        tx.flush()


def release(tx: Tx, row: Assignment, ruled_by: int | None) -> None:
    """Look for somebody else: a ruling that this lecturer does not teach this topic, whose price is worked out at once.
    Rulings of the office for exactly this pair end."""
    tx.execute(
        delete(PlanRuling).where(
            PlanRuling.plan_id == row.plan_id,
            PlanRuling.request_id == row.request_id,
            PlanRuling.lecturer_id == row.lecturer_id,
            PlanRuling.is_wanted,
        )
    )
    ruling = PlanRuling(
        plan_id=row.plan_id,
        request_id=row.request_id,
        lecturer_id=row.lecturer_id,
        is_wanted=False,
        answer_id=row.id,
        ruled_by=ruled_by,
    )
    tx.add(ruling)
    tx.flush()
    jobs.enqueue(tx, PRICE, actor=SYSTEM, ruling_id=ruling.id)


def end_release(tx: Tx, row: Assignment) -> None:
    """End the ruling that an earlier no left behind."""
    tx.execute(delete(PlanRuling).where(PlanRuling.answer_id == row.id))
    tx.flush()


def lock_draft(tx: Tx, plan: TermPlan, refusal: Message = DECIDED) -> None:
    """Lock a plan that is a draft, and its term: lectures that are planned by hand on an evening and invitations to it
    see each other.

    Raises:
        Conflict: it is decided; `refusal` says so to whoever asks.
    """
    lock_row(tx, plan)
    if plan.state != PlanState.DRAFT:
        raise Conflict(refusal)
    lock_row(tx, plan.term)


def ended(row: Assignment, *, by_lecturer: bool = False) -> Message:
    """Why an invitation takes no answer in its state, for its lecturer or for the office."""
    if row.state == AssignmentState.CONFIRMED and by_lecturer:
        return msg("学校已经把这一讲排定了。要改请打电话给学校。")
    if row.state == AssignmentState.CONFIRMED:
        return msg("这一讲已经排定了。要改，请在“授课安排”里改期、换人或者取消。")
    state = plan_rules.ASSIGNMENT_STATE_NAMES[AssignmentState(row.state)]
    return msg("现在是“%(state)s”，不能这样改。请刷新查看。", state=state)
