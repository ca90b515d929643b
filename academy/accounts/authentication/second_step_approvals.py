"""Approval of the first second step: it enables roles only after a security officer has verified its owner.

A password alone is enough to enrol a phone, so a thief with a stolen password could enrol their own. The enrolment
enables no role before somebody who knows the person has verified, by another channel, the check number on their page.
"""

import dataclasses
import datetime as dt
import secrets
from collections.abc import Sequence
from typing import Any

from sqlalchemy import or_, select

from academy.accounts.authentication import second_step
from academy.accounts.events import AccountTouched
from academy.accounts.models import Account, RoleGrant, SecondFactor
from academy.accounts.queries import TWO_STEPS, may_sign_in, offices_of
from academy.core import clock
from academy.core.actor import Actor, Role
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Forbidden, Invalid
from academy.core.i18n import msg
from academy.core.paging import Page, count_of, page_of
from academy.core.text import tidy_text
from academy.jobs import api as jobs
from academy.people import api as people
from academy.people.models import Member, Organisation


@dataclasses.dataclass(frozen=True)
class SecondStepEnrolment:
    """An enrolled second step that waits for approval."""

    account: Account
    confirmed_at: dt.datetime


def waiting_second_steps(tx: Tx, paths: Sequence[str], page: int = 1) -> "Page[SecondStepEnrolment]":
    """Enrolments of accounts with present or future two-step roles inside the subtrees, oldest first."""
    found = page_of(tx, _unapproved(paths), page, 50)
    return dataclasses.replace(found, rows=[SecondStepEnrolment(row[0], row[1]) for row in found.rows])


def count_waiting_second_steps(tx: Tx, paths: Sequence[str]) -> int:
    """How many enrolments `waiting_second_steps` lists."""
    return count_of(tx, _unapproved(paths))


def _unapproved(paths: Sequence[str]) -> Any:
    held = (
        select(RoleGrant.account_id)
        .join(Organisation, Organisation.id == RoleGrant.organisation_id)
        .where(
            people.subtrees(paths),
            RoleGrant.role.in_(sorted(TWO_STEPS)),
            or_(RoleGrant.valid_to.is_(None), RoleGrant.valid_to > clock.today()),
        )
    )
    return (
        select(Account, SecondFactor.confirmed_at)
        .join(SecondFactor, SecondFactor.account_id == Account.id)
        .where(
            SecondFactor.confirmed_at.is_not(None),
            SecondFactor.approved_at.is_(None),
            Account.id.in_(held),
            may_sign_in(),
        )
        .order_by(SecondFactor.confirmed_at, Account.id)
    )


def approve_second_step(tx: Tx, actor: Actor, account: Account, number: str) -> None:
    """Enable roles for the enrolled second step: its owner named the check number shown on their page.

    Raises:
        Forbidden: a role or the organisation of the account is outside the security officer's scope.
        Invalid: the check number differs; perhaps the phone is somebody else's.
        Conflict: nothing waits, or it is the officer's own.
    """
    factor = _waiting(tx, actor, account)
    if not secrets.compare_digest(tidy_text(number, 20).replace(" ", "").encode(), factor.check_number.encode()):
        raise Invalid(fields={"number": msg("核对号不对。请向本人当面或打电话再问一次；本人没有设置过，就请作废。")})
    factor.approved_at, factor.approved_by = clock.now(), actor.account_id
    record(tx, actor, "second-step.approved", f"account:{account.public_id}")
    jobs.publish(tx, AccountTouched(account.id, "second-step-approved"))


def refuse_second_step(tx: Tx, actor: Actor, account: Account) -> None:
    """Void an enrolment that its owner did not make. All sessions of the account end; the owner is notified.

    Raises:
        Forbidden: a role or the organisation of the account is outside the security officer's scope.
        Conflict: nothing waits, or it is the officer's own.
    """
    _waiting(tx, actor, account)
    second_step.remove_second_factor(tx, actor, account)


def _waiting(tx: Tx, actor: Actor, account: Account) -> SecondFactor:
    if account.id == actor.account_id:
        raise Conflict(msg("自己的两步验证要由另一位安全管理员核对。"))
    paths = [node.path for _, node in offices_of(tx, account.id)]
    if account.member_id is not None:
        home = tx.get_one(Organisation, tx.get_one(Member, account.member_id).organisation_id)
        paths.append(home.path)
    if not actor.is_system and not (paths and all(actor.may(path, Role.SECURITY_OFFICER) for path in paths)):
        raise Forbidden(f"account:{account.public_id}")
    # Locked, so that the approved row is the verified one: another phone has another check number.
    factor = tx.get(SecondFactor, account.id, with_for_update=True, populate_existing=True)
    if factor is None or factor.confirmed_at is None or factor.approved_at is not None:
        raise Conflict(msg("没有等待核对的两步验证。"))
    return factor
