"""One account for each role, with one published password: for demonstrations only."""

import dataclasses
import datetime as dt
import random

from argon2 import PasswordHasher
from sqlalchemy import insert, select

from academy.accounts import api as accounts
from academy.accounts.models import Account, Consent, RoleGrant
from academy.cli.sample.people import City, table_of
from academy.core import clock
from academy.core.actor import Role
from academy.core.database import Tx
from academy.core.ids import new_id
from academy.learning.models import CourseStart
from academy.people.models import Member

PASSWORD = "yunxi-2026-demo"
LEARNER_WITH_ACCOUNT = 0.94
"""Share of those who have studied that have an account still: phones are lost, accounts closed."""
IDLE_WITH_ACCOUNT = 0.3
"""Share of those who have not studied that have an account all the same."""


@dataclasses.dataclass(frozen=True)
class Sample:
    """A sample account: user name, display name, role and node."""

    username: str
    title: str
    roles: tuple[Role, ...]
    level: str
    is_member: bool = False


SAMPLES = (
    Sample("city", "市级管理员", (Role.NODE_ADMINISTRATOR, Role.ROSTER_OFFICER), "city"),
    Sample("county", "县级管理员", (Role.NODE_ADMINISTRATOR, Role.ROSTER_OFFICER), "county"),
    Sample("town", "乡镇管理员", (Role.NODE_ADMINISTRATOR,), "town"),
    Sample("secretary", "党支部书记", (Role.BRANCH_SECRETARY,), "branch", is_member=True),
    Sample("trainer", "培训教师", (Role.TRAINER,), "city"),
    Sample("reviewer", "审阅人", (Role.REVIEWER,), "city"),
    Sample("auditor", "审计员", (Role.AUDITOR,), "city"),
    Sample("security", "安全管理员", (Role.SECURITY_OFFICER,), "city"),
    Sample("system", "系统管理员", (Role.SYSTEM_ADMINISTRATOR,), "city"),
    Sample("member", "党员", (), "branch", is_member=True),
    Sample("elder", "党员（长辈版）", (), "branch", is_member=True),
)


@dataclasses.dataclass
class MadeAccounts:
    """Row ids of the accounts by user name, and of the members with something left to study."""

    accounts: dict[str, int]
    rested: set[int]


def make_accounts(tx: Tx, city: City) -> MadeAccounts:
    """Insert the accounts."""
    # One hash for all: the password is printed anyway, and a hash costs 25 ms.
    hashed = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1).hash(PASSWORD)
    branch = next(b for b in city.branches if b.sector == "rural" and b.size > 12)
    town = next(t for t in city.towns if branch.path.startswith(t.path))
    county = next(c for c in city.counties if town.path.startswith(c.path))
    node = {"city": city.root.id, "county": county.id, "town": town.id, "branch": branch.id}
    people = _people(tx, branch.id)
    ids = {}
    for sample in SAMPLES:
        person = people.get(sample.username)
        account = Account(
            username=sample.username,
            display_name=person.name if person else sample.title,
            member_id=person.id if person else None,
            password_hash=hashed,
            elder_mode=sample.username == "elder",
            consent_version=accounts.CONSENT_VERSION,
        )
        tx.add(account)
        tx.flush()
        tx.add(Consent(account_id=account.id, version=accounts.CONSENT_VERSION, language="zh"))
        ids[sample.username] = account.id
        for role in sample.roles:
            tx.add(
                RoleGrant(
                    account_id=account.id,
                    role=role,
                    organisation_id=node[sample.level],
                    valid_from=clock.today() - dt.timedelta(days=30),
                )
            )
    tx.flush()
    return MadeAccounts(ids, {person.id for person in people.values()})


def activate_learners(tx: Tx, lot: random.Random, secretary: int) -> int:
    """Insert accounts of most of those who have studied and of some who have not; nobody knows a password of theirs.

    In the branch of `secretary` (an account's row id) two of them have none, for the branch's desk to show.
    """
    begun = set(tx.scalars(select(CourseStart.member_id).distinct()))
    held = set(tx.scalars(select(Account.member_id).where(Account.member_id.is_not(None))))
    home = select(Member.organisation_id).join(Account, Account.member_id == Member.id).where(Account.id == secretary)
    near = select(Member.id).where(Member.organisation_id == home.scalar_subquery(), Member.id.not_in(held))
    free_of = held | set(tx.scalars(near.order_by(Member.id.desc()).limit(2)))
    rows = [
        {"public_id": new_id(), "username": number, "member_id": id_, "display_name": name, "created_at": clock.now()}
        for id_, number, name in tx.execute(select(Member.id, Member.number, Member.name).order_by(Member.id))
        if id_ not in free_of and lot.random() < (LEARNER_WITH_ACCOUNT if id_ in begun else IDLE_WITH_ACCOUNT)
    ]
    defaults = {"state": "active", "elder_mode": False}
    for start in range(0, len(rows), 20_000):
        tx.execute(insert(table_of(Account)), [row | defaults for row in rows[start : start + 20_000]])
    return len(rows)


def _people(tx: Tx, branch_id: int) -> dict[str, Member]:
    """The members of the branch who get an account: its secretary, one of middle age, the oldest."""
    found = list(tx.scalars(select(Member).where(Member.organisation_id == branch_id).order_by(Member.birth_date)))
    secretary = next(m for m in found if m.position == "党支部书记")
    plain = [m for m in found if m.position is None]
    return {"secretary": secretary, "member": plain[len(plain) * 2 // 3], "elder": plain[0]}


def usernames(tx: Tx) -> set[str]:
    """The names of all accounts."""
    return set(tx.scalars(select(Account.username)))
