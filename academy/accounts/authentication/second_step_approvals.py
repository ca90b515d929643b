"""A first second step counts for an office only once a security officer has asked its owner.

A password alone enrols a telephone. Whoever has stolen one would enrol theirs, so what was enrolled opens no office
before somebody who knows the person has asked them, by another way, for the number that their page shows.
"""

import dataclasses
import datetime as dt
import secrets
from collections.abc import Sequence

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
from academy.core.paging import Page, page_of
from academy.core.text import tidy_text
from academy.jobs import publish
from academy.people.models import Member, Organisation
from academy.people.queries import subtrees


@dataclasses.dataclass(frozen=True)
class SecondStepEnrolment:
    """A second step that waits for its approval."""

    account: Account
    confirmed_at: dt.datetime


def waiting(tx: Tx, paths: Sequence[str], page: int = 1) -> "Page[SecondStepEnrolment]":
    """Enrolments of who holds an office of two steps inside the subtrees, or will; the oldest first."""
    held = (
        select(RoleGrant.account_id)
        .join(Organisation, Organisation.id == RoleGrant.organisation_id)
        .where(
            subtrees(paths),
            RoleGrant.role.in_(sorted(TWO_STEPS)),
            or_(RoleGrant.valid_to.is_(None), RoleGrant.valid_to > clock.today()),
        )
    )
    query = (
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
    found = page_of(tx, query, page, 50)
    return dataclasses.replace(found, rows=[SecondStepEnrolment(row[0], row[1]) for row in found.rows])


def approve(tx: Tx, actor: Actor, account: Account, number: str) -> None:
    """Let the enrolled second step count for offices: its owner named the check number that their page shows.

    Raises:
        Forbidden: an office or the home of the account is not under the security officer.
        Invalid: the number is another; perhaps the telephone is somebody else's.
        Conflict: nothing waits; or it is one's own.
    """
    factor = _waiting(tx, actor, account)
    if not secrets.compare_digest(tidy_text(number, 20).replace(" ", "").encode(), factor.check_number.encode()):
        raise Invalid(fields={"number": msg("核对号不对。请向本人当面或打电话再问一次；本人没有设置过，就请作废。")})
    factor.approved_at, factor.approved_by = clock.now(), actor.account_id
    record(tx, actor, "second-step.approved", f"account:{account.public_id}")
    publish(tx, AccountTouched(account.id, "second-step-approved"))


def refuse(tx: Tx, actor: Actor, account: Account) -> None:
    """Void the enrolment: the owner has set up nothing. Whoever did is signed out; the owner is told.

    Raises:
        Forbidden: an office or the home of the account is not under the security officer.
        Conflict: nothing waits; or it is one's own.
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
    # Locked, so that what is approved is what was asked about: another telephone has another number.
    factor = tx.get(SecondFactor, account.id, with_for_update=True, populate_existing=True)
    if factor is None or factor.confirmed_at is None or factor.approved_at is not None:
        raise Conflict(msg("没有等待核对的两步验证。"))
    return factor
