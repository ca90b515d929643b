"""Invitations of a plan's lecturers: sent, answered, taken back, and confirmed as lectures (docs/decisions/0066).

Every function locks the plan first and then looks again: answers, runs of the planner and decisions of the office come
one after the other, whoever they are from.
"""

import datetime as dt
from collections.abc import Collection

from sqlalchemy import select

from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import Message, msg
from academy.core.settings import Settings
from academy.core.text import tidy_text
from academy.core.unique import lock_row, unique_or
from academy.faculty import access, plan_rules
from academy.faculty.answer_links import answer_path
from academy.faculty.answers import end_release, ended, lock_draft, release, require_topic
from academy.faculty.evenings import EveningTaken, evenings_for, is_free_evening
from academy.faculty.models import PoolMembership
from academy.faculty.plan_kinds import AssignmentState
from academy.faculty.plan_models import Assignment, TermPlan
from academy.faculty.plan_queries import access_drafts
from academy.faculty.plans import replan
from academy.notifications import api as notifications


def invite_lecturers(tx: Tx, actor: Actor, settings: Settings, plan: TermPlan, chosen: Collection[str]) -> int:
    """Invite the lecturers of drafts, by their public ids; those who are in the register get a message. Gives their
    number.

    Raises:
        Invalid: none is chosen.
        Conflict: the plan is decided, or is being planned again; one of them is no draft of it any more.
        Forbidden: the actor does not run the programme.
    """
    access.require_programme_office(actor, f"plan:{plan.public_id}")
    lock_draft(tx, plan)
    if plan.revision != plan.planned_revision:
        raise Conflict(msg("正在重新排，请等排好了再请老师。"))
    rows = access_drafts(tx, actor, plan, chosen)
    for row in rows:
        if not is_free_evening(tx, row, row.day):
            raise Conflict(msg("%(day)s晚上已经有课或者放假了，请先重新排一次。", day=row.day))
        row.state, row.invited_at = AssignmentState.PROPOSED, clock.now()
        with unique_or(tx, Conflict(msg("%(day)s晚上已经请了别的老师，请先重新排一次。", day=row.day))):
            tx.add(row)
        make_link(tx, actor, settings, row)
    return len(rows)


def make_link(tx: Tx, actor: Actor, settings: Settings, row: Assignment) -> None:
    """A new link for an invitation, good for two weeks; earlier ones are void.

    Raises:
        Conflict: nobody was invited, the plan is decided, or too many links were made.
    """
    access.require_programme_office(actor, f"assignment:{row.public_id}")
    lock_draft(tx, row.plan)
    lock_row(tx, row)
    if row.state not in plan_rules.OPEN:
        raise Conflict(ended(row))
    if row.link >= plan_rules.LINKS:
        raise Conflict(msg("这份邀请换过太多次链接了，请直接打电话，把答复记在下面。"))
    row.link, row.link_is_on = row.link + 1, True
    row.answer_by = plan_rules.answer_by(clock.today(), row.day)
    tx.flush()
    record(tx, actor, "invitation.sent", f"assignment:{row.public_id}", link=row.link)
    text = msg("请您在%(day)s晚上讲“%(title)s”，请点开答复。", day=row.day, title=row.request.title)
    notify_lecturer(tx, settings, row, text, f"invited:{row.link}")


def notify_lecturer(tx: Tx, settings: Settings, row: Assignment, text: Message, occasion: str) -> None:
    """A message to the lecturer of an invitation, with its link; only where the pool knows who that is in the
    register."""
    query = select(PoolMembership.member_id).where(PoolMembership.lecturer_id == row.lecturer_id)
    member_id = tx.scalar(query)
    if member_id is not None:
        notifications.notify(
            tx,
            key=f"invitation:{row.public_id}:{occasion}",
            body=text,
            link=answer_path(settings, row),
            member_id=member_id,
            kind="topic.invited",
        )


def revoke_link(tx: Tx, actor: Actor, row: Assignment) -> None:
    """Make an invitation's link void; the invitation stands, and the office enters the answer. A new link can be
    made."""
    access.require_programme_office(actor, f"assignment:{row.public_id}")
    lock_row(tx, row)
    row.link_is_on = False
    tx.flush()
    record(tx, actor, "invitation.link_revoked", f"assignment:{row.public_id}", link=row.link)


def withdraw_invitation(tx: Tx, actor: Actor, row: Assignment, reason: str) -> None:
    """Ask this lecturer no more, and look for somebody else. `offer_again` takes it back.

    Raises:
        Conflict: it is confirmed, or was not sent.
        Invalid: no reason, or too long.
    """
    access.require_programme_office(actor, f"assignment:{row.public_id}")
    lock_draft(tx, row.plan)
    lock_row(tx, row)
    if row.state not in plan_rules.HOLDING:
        raise Conflict(ended(row))
    words = tidy_text(reason, plan_rules.REASON_LENGTH + 1)
    if not 1 <= len(words) <= plan_rules.REASON_LENGTH:
        raise Invalid(fields={"reason": msg("请写明原因，不超过 %(most)s 个字。", most=plan_rules.REASON_LENGTH)})
    row.state, row.reason, row.link_is_on = AssignmentState.WITHDRAWN, words, False
    row.day, row.asked_day = row.asked_day or row.day, None
    tx.flush()
    release(tx, row, actor.account_id)
    record(tx, actor, "invitation.withdrawn", f"assignment:{row.public_id}")


def offer_again(tx: Tx, actor: Actor, settings: Settings, row: Assignment) -> None:
    """Invite a lecturer again who was withdrawn from, with a new link.

    Raises:
        Conflict: the evening or the topic was given to somebody else.
    """
    access.require_programme_office(actor, f"assignment:{row.public_id}")
    lock_draft(tx, row.plan)
    lock_row(tx, row)
    if row.state != AssignmentState.WITHDRAWN or row.lecture_id is not None:
        raise Conflict(ended(row))
    require_topic(tx, row)
    end_release(tx, row)
    if not is_free_evening(tx, row, row.day):
        raise EveningTaken(row.day, evenings_for(tx, row))
    with unique_or(tx, EveningTaken(row.day, [])):
        row.state, row.reason = AssignmentState.PROPOSED, ""
    make_link(tx, actor, settings, row)
    replan(tx, row.plan)


def move_invitation(tx: Tx, actor: Actor, settings: Settings, row: Assignment, day: dt.date | None) -> None:
    """Ask for another evening, such as after a holiday was moved: the lecturer is asked again, by a new link.

    Raises:
        Conflict: it is not open, or the evening is taken (`EveningTaken`).
        Invalid: no day.
    """
    access.require_programme_office(actor, f"assignment:{row.public_id}")
    lock_draft(tx, row.plan)
    lock_row(tx, row)
    if row.state not in plan_rules.HOLDING:
        raise Conflict(ended(row))
    if day is None or day == row.day:
        raise Invalid(fields={"day": msg("请选另外一个晚上。")})
    if not is_free_evening(tx, row, day):
        raise EveningTaken(day, evenings_for(tx, row))
    was = row.day
    with unique_or(tx, EveningTaken(day, [])):
        row.state, row.day, row.asked_day, row.reason = AssignmentState.PROPOSED, day, None, ""
        row.answered_at = row.answer_way = row.answered_by = None
    record(tx, actor, "invitation.moved", f"assignment:{row.public_id}", was=was.isoformat(), day=day.isoformat())
    make_link(tx, actor, settings, row)
    replan(tx, row.plan)
