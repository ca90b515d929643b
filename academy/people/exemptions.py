"""Exemptions from study, with period and reason: requested by one person, approved by another."""

import datetime as dt

from academy.core import clock
from academy.core.actor import Actor, Role
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import msg
from academy.jobs import api as jobs
from academy.people import rules
from academy.people.access import ROSTER_KEEPERS, require_access
from academy.people.events import ExemptionChanged
from academy.people.models import Exemption, Member, Organisation

EXEMPTION_ASKERS = (*ROSTER_KEEPERS, Role.BRANCH_SECRETARY)
EXEMPTION_DECIDERS = (Role.NODE_ADMINISTRATOR,)


def request_exemption(
    tx: Tx,
    actor: Actor,
    member: Member,
    *,
    reason: str,
    valid_from: dt.date,
    valid_to: dt.date | None = None,
) -> Exemption:
    """Request that a member be exempt from one day up to (not including) another."""
    _allow(tx, actor, member, *EXEMPTION_ASKERS)
    exemption = _make(tx, member, reason, valid_from, valid_to)
    exemption.requested_by = actor.account_id
    tx.flush()
    record(tx, actor, "exemption.requested", f"exemption:{exemption.public_id}", member=member.public_id)
    return exemption


def approve_exemption(tx: Tx, actor: Actor, exemption: Exemption) -> Exemption:
    """Approve a request. Nobody approves their own, nor one about themselves.

    Raises:
        Conflict: it is the actor's own, or has been decided meanwhile.
    """
    member = tx.get_one(Member, exemption.member_id)
    _allow(tx, actor, member, *EXEMPTION_DECIDERS)
    tx.refresh(exemption, with_for_update=True)
    if exemption.approved_at is not None or exemption.revoked_at is not None:
        raise Conflict(msg("这份免训申请已经处理过了。"))
    if exemption.requested_by == actor.account_id or actor.member_id == member.id:
        raise Conflict(msg("不能批准自己提出的或本人的免训，请由另一位管理员批准。"))
    exemption.approved_by, exemption.approved_at = actor.account_id, clock.now()
    tx.flush()
    record(tx, actor, "exemption.approved", f"exemption:{exemption.public_id}", member=member.public_id)
    jobs.publish(tx, ExemptionChanged(member.id))
    return exemption


def revoke_exemption(tx: Tx, actor: Actor, exemption: Exemption) -> Exemption:
    """Revoke an exemption from today on, or decline a request. Earlier days stay exempt.

    Raises:
        Conflict: it was revoked or declined before.
    """
    member = tx.get_one(Member, exemption.member_id)
    _allow(tx, actor, member, *EXEMPTION_DECIDERS)
    tx.refresh(exemption, with_for_update=True)
    if exemption.revoked_at is not None:
        raise Conflict(msg("这份免训申请已经处理过了。"))
    exemption.revoked_at = clock.now()
    tx.flush()
    record(tx, actor, "exemption.revoked", f"exemption:{exemption.public_id}", member=member.public_id)
    jobs.publish(tx, ExemptionChanged(member.id))
    return exemption


def _make(tx: Tx, member: Member, reason: str, valid_from: dt.date, valid_to: dt.date | None) -> Exemption:
    text = rules.checked(reason=(lambda value: rules.read_text(value, longest=120), reason))["reason"]
    if not text:
        raise Invalid(fields={"reason": msg("请写明免训原因。")})
    if valid_to is not None and valid_to <= valid_from:
        raise Invalid(fields={"valid_to": msg("结束日期要晚于开始日期。")})
    exemption = Exemption(member_id=member.id, reason=str(text), valid_from=valid_from, valid_to=valid_to)
    tx.add(exemption)
    return exemption


def _allow(tx: Tx, actor: Actor, member: Member, *roles: Role) -> None:
    home = tx.get_one(Organisation, member.organisation_id)
    require_access(actor, home.path, f"member:{member.public_id}", *roles)
