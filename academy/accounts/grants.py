"""Grants of roles: to whom, for which node, from when to when, by whom."""

import datetime as dt

from sqlalchemy import select, update

from academy.accounts.models import Account, ActivationCode, RoleGrant
from academy.accounts.queries import is_usable
from academy.accounts.sessions import end_sessions
from academy.core import clock
from academy.core.actor import SYSTEM, Actor, Role
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Forbidden, Invalid, NotFound
from academy.core.i18n import Message, msg
from academy.people import api as people
from academy.people.models import Member, Organisation

ROLE_NAMES: dict[Role, Message] = {
    Role.MEMBER: msg("党员"),
    Role.BRANCH_SECRETARY: msg("支部书记"),
    Role.TRAINER: msg("培训教师"),
    Role.REVIEWER: msg("审阅人"),
    Role.NODE_ADMINISTRATOR: msg("组织管理员"),
    Role.ROSTER_OFFICER: msg("党籍管理员"),
    Role.SECURITY_OFFICER: msg("安全管理员"),
    Role.AUDITOR: msg("审计员"),
    Role.SYSTEM_ADMINISTRATOR: msg("系统管理员"),
}

OFFICES = frozenset({Role.SYSTEM_ADMINISTRATOR, Role.SECURITY_OFFICER, Role.AUDITOR})
"""Separation of duties: no account holds two of system, security and audit administration."""

LOCAL_ROLES = frozenset({Role.BRANCH_SECRETARY})
"""Roles that a node's administrator may grant below the node; all others are the security officer's to grant."""


def may_grant(actor: Actor, role: Role, organisation: Organisation) -> bool:
    """Whether the actor may grant this role for this node."""
    if actor.is_system or actor.may(organisation.path, Role.SECURITY_OFFICER):
        return True
    return role in LOCAL_ROLES and actor.may(organisation.path, Role.NODE_ADMINISTRATOR)


def grant_role(
    tx: Tx,
    actor: Actor,
    account: Account,
    role: Role,
    organisation: Organisation,
    *,
    valid_from: dt.date | None = None,
    valid_to: dt.date | None = None,
) -> RoleGrant:
    """Grant a role for a node and its subtree from one day up to (not including) another; sessions end.

    Raises:
        Forbidden: outside the actor's rights.
        Conflict: to oneself; to an account whose member left; or the account would hold two of the three offices.
    """
    if not may_grant(actor, role, organisation):
        raise Forbidden(f"organisation:{organisation.public_id}")
    if not is_usable(tx, account.id):
        raise Conflict(msg("这个账号已停用，或本人已不在册，不能授权。"))
    if account.id == actor.account_id:
        raise Conflict(msg("不能给自己授权，请由另一位管理员办理。"))
    begin = valid_from or clock.today()
    if begin < clock.today():
        raise Invalid(fields={"valid_from": msg("开始日期不能早于今天。")})
    if valid_to is not None and valid_to <= begin:
        raise Invalid(fields={"valid_to": msg("结束日期要晚于开始日期。")})
    # The account's row is the lock: two officers granting two roles at once must see each other.
    tx.refresh(account, with_for_update=True)
    held = tx.scalars(
        select(RoleGrant).where(
            RoleGrant.account_id == account.id,
            (RoleGrant.valid_to.is_(None)) | (RoleGrant.valid_to > min(begin, clock.today())),
        )
    ).all()
    others = {Role(grant.role) for grant in held} & OFFICES - {role}
    if role in OFFICES and others:
        raise Conflict(
            msg("系统、安全、审计三员不能由一人兼任：此人已是%(role)s。", role=ROLE_NAMES[sorted(others)[0]])
        )
    for grant in held:
        if (grant.role, grant.organisation_id, grant.valid_to) == (role, organisation.id, None):
            raise Conflict(msg("此人已有这个角色。"))
    made = RoleGrant(
        account_id=account.id,
        role=role,
        organisation_id=organisation.id,
        valid_from=begin,
        valid_to=valid_to,
        granted_by=actor.account_id,
    )
    tx.add(made)
    # A code issued for an account without this role must not open it.
    now = clock.now()
    tx.execute(
        update(ActivationCode)
        .where(ActivationCode.member_id == account.member_id, ActivationCode.expires_at > now)
        .values(expires_at=now)
        .execution_options(synchronize_session=False)
    )
    # More rights need a new sign-in: an existing session, perhaps a stolen one, must not gain them.
    end_sessions(tx, [account.id])
    tx.flush()
    record(
        tx,
        actor,
        "role.granted",
        f"account:{account.public_id}",
        role=role,
        organisation=organisation.public_id,
        until=valid_to.isoformat() if valid_to else None,
    )
    return made


def revoke_role(tx: Tx, actor: Actor, public_id: str) -> RoleGrant:
    """Revoke a role from today on; the account's sessions end.

    Raises:
        NotFound: there is no such grant.
        Forbidden: the actor may not grant this role for this node.
    """
    row = tx.execute(
        select(RoleGrant, Organisation, Account)
        .join(Organisation, Organisation.id == RoleGrant.organisation_id)
        .join(Account, Account.id == RoleGrant.account_id)
        .where(RoleGrant.public_id == public_id, (RoleGrant.valid_to.is_(None)) | (RoleGrant.valid_to > clock.today()))
    ).first()
    if row is None:
        raise NotFound
    grant, organisation, account = row
    if not may_grant(actor, Role(grant.role), organisation):
        raise Forbidden(f"grant:{public_id}")
    # A grant that has not begun never does; one in force ends today.
    grant.valid_to = max(grant.valid_from, clock.today())
    end_sessions(tx, [account.id])
    tx.flush()
    record(
        tx, actor, "role.revoked", f"account:{account.public_id}", role=grant.role, organisation=organisation.public_id
    )
    found: RoleGrant = grant
    return found


def end_grants(tx: Tx, account_ids: list[int]) -> None:
    """Revoke every present and future grant of these accounts: their members left."""
    today = clock.today()
    ending = tx.execute(
        select(RoleGrant, Account.public_id, Organisation.public_id)
        .join(Account, Account.id == RoleGrant.account_id)
        .join(Organisation, Organisation.id == RoleGrant.organisation_id)
        .where(
            RoleGrant.account_id.in_(account_ids),
            (RoleGrant.valid_to.is_(None)) | (RoleGrant.valid_to > today),
        )
        .order_by(RoleGrant.id)
    ).all()
    for grant, account, organisation in ending:
        grant.valid_to = max(grant.valid_from, today)
        record(tx, SYSTEM, "role.revoked", f"account:{account}", role=grant.role, organisation=organisation, why="left")
    tx.flush()


def access_account(tx: Tx, actor: Actor, public_id: str) -> Account:
    """An account whose grants the actor may change.

    Raises:
        NotFound: there is none.
        Forbidden: the actor is no security officer, or the account's member is out of scope.
    """
    row = tx.execute(
        select(Account, Organisation.path)
        .outerjoin(Member, Member.id == Account.member_id)
        .outerjoin(Organisation, Organisation.id == Member.organisation_id)
        .where(Account.public_id == public_id)
    ).first()
    if row is None:
        raise NotFound
    if row.path is not None:
        people.require_access(actor, row.path, f"account:{public_id}", Role.SECURITY_OFFICER, Role.NODE_ADMINISTRATOR)
    elif not actor.is_system and not actor.has(Role.SECURITY_OFFICER):
        raise Forbidden(f"account:{public_id}")
    found: Account = row[0]
    return found


def sign_out_everywhere(tx: Tx, actor: Actor, account: Account) -> None:
    """End every session of an account loaded by `access_account`; its password and roles stay."""
    end_sessions(tx, [account.id])
    record(tx, actor, "sessions.ended", f"account:{account.public_id}")
