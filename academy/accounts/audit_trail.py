"""Search and export of the audit trail: who did what to whom, and when."""

import dataclasses
import datetime as dt
import json
from collections.abc import Iterator

from sqlalchemy import ColumnElement, Select, String, cast, or_, select

from academy.accounts.models import NUMBER_LENGTH, Account
from academy.accounts.queries import find_account
from academy.core import clock
from academy.core.audit import AuditEntry
from academy.core.database import Database, Tx
from academy.core.paging import Page, page_of
from academy.core.text import tidy_text
from academy.people.models import Member

SIZE = 50
CHUNK = 1_000


@dataclasses.dataclass(frozen=True)
class AuditQuery:
    """Search conditions; an empty field is no condition.

    `verb` is a prefix of the verb, `target` the complete ``kind:public_id``, `who` the acting account, `whom` the
    number or account of the person concerned; both days are inclusive.
    """

    verb: str = ""
    target: str = ""
    who: str = ""
    whom: str = ""
    since: dt.date | None = None
    until: dt.date | None = None

    @property
    def is_empty(self) -> bool:
        return self == AuditQuery()

    def to_json(self) -> dict[str, str]:
        """The conditions as recorded in the trail itself: people by number, as the auditor typed it."""
        return {name: str(value) for name, value in dataclasses.asdict(self).items() if value}


Line = tuple[AuditEntry, Account | None]


def search_audit_trail(tx: Tx, asked: AuditQuery, page: int = 1) -> Page[Line]:
    """Matching entries, newest first."""
    return page_of(tx, _query(tx, asked).order_by(AuditEntry.id.desc()), page, SIZE)


def stream_audit_trail(db: Database, asked: AuditQuery) -> Iterator[Line]:
    """All matching entries, oldest first.

    Reads a thousand at a time, each batch in its own transaction, so that a slow client holds no transaction open.
    The trail is append-only: no entry is skipped or repeated.
    """
    last = 0
    while True:
        with db.read() as tx:
            found = _query(tx, asked).where(AuditEntry.id > last).order_by(AuditEntry.id).limit(CHUNK)
            rows: list[Line] = [(entry, account) for entry, account in tx.execute(found)]
        yield from rows
        if len(rows) < CHUNK:
            return
        last = rows[-1][0].id


def audit_row(line: Line) -> list[str | int | None]:
    """An entry as a spreadsheet row, in the order of the export's headings."""
    entry, account = line
    return [
        entry.seq,
        f"{clock.to_city(entry.at):%Y-%m-%d %H:%M:%S}",
        account.username if account else entry.label,
        entry.verb,
        entry.target,
        json.dumps(entry.detail, ensure_ascii=False) if entry.detail else "",
        entry.network,
        entry.chain,
    ]


def _query(tx: Tx, asked: AuditQuery) -> Select[AuditEntry, Account]:
    query = select(AuditEntry, Account).outerjoin(Account, Account.id == AuditEntry.account_id)
    if asked.verb:
        query = query.where(AuditEntry.verb.startswith(asked.verb, autoescape=True))
    if asked.target:
        query = query.where(AuditEntry.target == asked.target)
    if asked.who:
        account = find_account(tx, asked.who, also_gone=True)
        query = query.where(AuditEntry.account_id == (account.id if account else -1))
    if asked.whom:
        query = query.where(_about(tx, asked.whom))
    if asked.since:
        query = query.where(AuditEntry.at >= clock.day_bounds(asked.since)[0])
    if asked.until:
        query = query.where(AuditEntry.at < clock.day_bounds(asked.until)[1])
    return query


def _about(tx: Tx, typed: str) -> ColumnElement[bool]:
    """Condition: entries about a person, that is about the member, the account, or an object that names the member."""
    member = tx.scalar(select(Member).where(Member.number == tidy_text(typed, NUMBER_LENGTH)))
    account = find_account(tx, typed, also_gone=True)
    if member is None and account is not None and account.member_id is not None:
        member = tx.get(Member, account.member_id)
    if account is None and member is not None:
        account = tx.scalar(select(Account).where(Account.member_id == member.id))
    names = [f"member:{member.public_id}"] if member else []
    names += [f"account:{account.public_id}"] if account else []
    named: list[ColumnElement[bool]] = [AuditEntry.target.in_(names)] if names else [AuditEntry.id.is_(None)]
    if member is not None:
        named.append(cast(AuditEntry.detail, String).contains(f'"{member.public_id}"', autoescape=True))
    return or_(*named)
