"""Delegation: asking branch secretaries to follow up the members missing there, instead of writing to everybody."""

import dataclasses
import datetime as dt

from sqlalchemy import func, select

from academy.accounts import api as accounts
from academy.accounts.models import Account, RoleGrant
from academy.core import clock
from academy.core.actor import Actor, Role
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Invalid
from academy.core.i18n import msg, nmsg
from academy.coverage import api as coverage
from academy.notifications import api as notifications
from academy.notifications.models import Notification
from academy.outreach.reminders import EFFECT_DAYS, hold_running
from academy.people import api as people
from academy.people.models import Organisation
from academy.trainings import api as trainings
from academy.trainings.api import Standing, Training
from academy.trainings.models import Enrolment, Reminder

KIND = "delegation"


@dataclasses.dataclass
class Branch:
    """A branch with missing members, and the accounts of its secretaries."""

    node: Organisation
    missing: int
    secretaries: list[int] = dataclasses.field(default_factory=list)
    """Account ids."""
    asked_lately: bool = False


@dataclasses.dataclass(frozen=True)
class DelegationPreview:
    """How many branches a delegation would reach."""

    branches: int
    missing: int
    reachable: int
    lately: int
    without: list[Branch]
    """Branches that have no secretary with an account."""


def branches(tx: Tx, training: Training, node: Organisation) -> list[Branch]:
    """Branches of the node with missing members, most first; four queries however many there are.

    Missing is defined as in coverage, so that the sum is the node's own figure and the length of its list.
    """
    own = trainings.own_figures_below(tx, training.id, node)
    missing = {place: figures.missing for place, figures in own.items() if figures.missing}
    nodes = tx.scalars(select(Organisation).where(people.subtree(node.path)).order_by(Organisation.path)).all()
    known = sorted((one for one in nodes if one.id in missing), key=lambda one: -missing[one.id])
    found = {branch.id: Branch(branch, missing[branch.id]) for branch in known}
    holders = (
        select(RoleGrant.organisation_id, RoleGrant.account_id)
        .join(Account, Account.id == RoleGrant.account_id)
        .join(Organisation, Organisation.id == RoleGrant.organisation_id)
        .where(
            RoleGrant.role == Role.BRANCH_SECRETARY,
            accounts.may_sign_in(),
            accounts.grant_holds_on(clock.today()),
            people.subtree(node.path),
        )
    )
    for branch, account in tx.execute(holders):
        if branch in found:
            found[branch].secretaries.append(account)
    since = clock.now() - dt.timedelta(days=coverage.REMIND_EVERY_DAYS)
    keys = tx.scalars(select(Notification.key).where(Notification.kind == KIND, Notification.created_at > since)).all()
    for key in keys:
        _, about, where, *_ = str(key).split(":")
        if about == str(training.id) and int(where) in found:
            found[int(where)].asked_lately = True
    return list(found.values())


def preview_delegation(tx: Tx, training: Training, node: Organisation) -> DelegationPreview:
    """Count without sending."""
    found = branches(tx, training, node)
    return DelegationPreview(
        branches=len(found),
        missing=sum(one.missing for one in found),
        reachable=sum(1 for one in found if one.secretaries and not one.asked_lately),
        lately=sum(1 for one in found if one.asked_lately),
        without=[one for one in found if not one.secretaries],
    )


def delegate(tx: Tx, actor: Actor, training: Training, node: Organisation, *, note: str = "") -> Reminder:
    """Notify the secretaries of branches with missing members, with a link to their list.

    Raises:
        Conflict: the training is not running.
        Invalid: the note is too long, or there are no recipients.
    """
    hold_running(tx, training)
    if len(note) > 120:
        raise Invalid(fields={"note": msg("附言最多 120 字。")})
    wanted = [one for one in branches(tx, training, node) if one.secretaries and not one.asked_lately]
    if not wanted:
        raise Invalid(msg("没有可以请的书记：有的支部没有书记账号，有的这几天刚请过。"))
    reminder = Reminder(
        training_id=training.id,
        organisation_id=node.id,
        note=note,
        kind="branches",
        sent_by=actor.account_id,
        recipients=len(wanted),
        missing=sum(one.missing for one in wanted),
    )
    tx.add(reminder)
    tx.flush()
    for one in wanted:
        _write(tx, training, reminder, one)
    tx.flush()
    notifications.announce_written(tx)
    record(
        tx,
        actor,
        "reminder.delegated",
        f"training:{training.public_id}",
        organisation=node.public_id,
        branches=len(wanted),
        missing=reminder.missing,
    )
    return reminder


def _write(tx: Tx, training: Training, reminder: Reminder, branch: Branch) -> None:
    body = nmsg(
        "“%(title)s”%(day)s 截止，%(branch)s还有 %(n)s 人没完成，请提醒或上门帮一帮。%(note)s",
        branch.missing,
        title=training.title,
        day=training.closes_on,
        branch=branch.node.name,
        note=reminder.note,
    )
    tx.add_all(
        Notification(
            key=f"{KIND}:{training.id}:{branch.node.id}:{account}:{reminder.id}",
            account_id=account,
            kind=KIND,
            body=body.to_json(),
            link=f"/coverage/{training.public_id}/{branch.node.public_id}/remind",
        )
        for account in branch.secretaries
    )


def delegation_effect(tx: Tx, training: Training, reminder: Reminder, node: Organisation) -> int:
    """How many completed in the node within a week of the delegation."""
    day = clock.to_city(reminder.sent_at).date()
    query = (
        select(func.count())
        .select_from(Enrolment)
        .join(Organisation, Organisation.id == Enrolment.organisation_id)
        .where(
            Enrolment.training_id == training.id,
            Enrolment.standing == Standing.DUE,
            Enrolment.completed_on >= day,
            Enrolment.completed_on <= day + dt.timedelta(days=EFFECT_DAYS),
            people.subtree(node.path),
        )
    )
    return min(reminder.missing, tx.scalar(query) or 0)
