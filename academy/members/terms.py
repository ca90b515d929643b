"""Positions and statuses through time: which a member has held, from which day up to which."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Table, bindparam, case, delete, func, insert, literal, select, update

from academy.core.db import Tx
from academy.core.errors import Invalid
from academy.core.i18n import msg
from academy.members import rules
from academy.members.models import Member, MemberStatus, MemberTerm

POSITION, STATUS = "position", "status"
CHUNK = 2000
table = cast(Table, MemberTerm.__table__)


def turn(tx: Tx, member_id: int, what: str, value: str | None, day: dt.date, note: str = "") -> None:
    """From that day on the member holds this position (or none), or has this status.

    A term that began that very day is replaced: a day has one answer. The same value again corrects
    the day on which its term began.

    Raises:
        Invalid: the present term began later than that day.
    """
    term = _open(tx, member_id, what)
    if term is not None and value == term.value:
        _redate(tx, term, day, note)
        return
    if term is not None and day < term.valid_from:
        raise Invalid(fields={"on": msg("日期不能早于上一次变动（%(day)s）。", day=term.valid_from.isoformat())})
    _end(tx, [member_id], what, day)
    if value is not None:
        kind = rules.post_of(value) if what == POSITION else value
        tx.add(MemberTerm(member_id=member_id, what=what, value=value, kind=kind, note=note, valid_from=day))
    tx.flush()


def _redate(tx: Tx, term: MemberTerm, day: dt.date, note: str) -> None:
    before = tx.scalar(
        select(MemberTerm.valid_to)
        .where(MemberTerm.member_id == term.member_id, MemberTerm.what == term.what, MemberTerm.valid_to.is_not(None))
        .order_by(MemberTerm.valid_to.desc())
        .limit(1)
    )
    if before is not None and day < before:
        raise Invalid(fields={"on": msg("日期不能早于上一次变动（%(day)s）。", day=before.isoformat())})
    term.valid_from, term.note = day, note or term.note
    tx.flush()


def kept_status(status: str) -> str | None:
    """The status as a term: being here is none."""
    return None if status == MemberStatus.ACTIVE else status


def turn_many(tx: Tx, what: str, values: Iterable[tuple[int, str | None]], day: dt.date) -> None:
    """The same for many members of an import; whose value stays keeps the term as it is."""
    wanted = dict(values)
    ids = list(wanted)
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        held = dict(
            tx.execute(
                select(MemberTerm.member_id, MemberTerm.value).where(
                    MemberTerm.member_id.in_(part), MemberTerm.what == what, MemberTerm.valid_to.is_(None)
                )
            ).all()
        )
        changed = [member for member in part if held.get(member) != wanted[member]]
        _end(tx, [member for member in changed if member in held], what, day)
        rows = [_row(member, what, value, day) for member in changed if (value := wanted[member]) is not None]
        if rows:
            tx.execute(insert(MemberTerm), rows)


def redate_many(tx: Tx, what: str, days: Mapping[int, dt.date]) -> None:
    """Correct since when some members hold what they hold; nobody's day may be before an earlier term's end."""
    if days:
        held = (table.c.member_id == bindparam("m"), table.c.what == what, table.c.valid_to.is_(None))
        statement = update(table).where(*held).values(valid_from=bindparam("day"))
        tx.connection().execute(statement, [{"m": member, "day": day} for member, day in days.items()])


def _row(member: int, what: str, value: str, day: dt.date) -> dict[str, Any]:
    kind = rules.post_of(value) if what == POSITION else value
    return {"member_id": member, "what": what, "value": value, "kind": kind, "note": "", "valid_from": day}


def begin_all(tx: Tx, after: int, day: dt.date) -> None:
    """First terms of members that were just inserted in bulk: those whose row id is greater than `after`."""
    fresh = Member.id > after
    since = func.coalesce(Member.position_since, literal(day, MemberTerm.valid_from.type))
    held = tx.scalars(select(Member.position).where(fresh, Member.position.is_not(None)).distinct()).all()
    columns = ["member_id", "what", "value", "kind", "note", "valid_from"]
    if held:
        kind = case({p: rules.post_of(p) for p in held if p}, value=Member.position, else_="other")
        begun = select(Member.id, literal(POSITION), Member.position, kind, literal(""), since)
        begun = begun.where(fresh, Member.position.is_not(None))
        tx.execute(insert(MemberTerm).from_select(columns, begun))
    away = select(
        Member.id, literal(STATUS), Member.status, Member.status, literal(""), literal(day, MemberTerm.valid_from.type)
    ).where(fresh, Member.status != MemberStatus.ACTIVE)
    tx.execute(insert(MemberTerm).from_select(columns, away))


def terms_of(tx: Tx, member_id: int) -> Sequence[MemberTerm]:
    """All of a member's terms, newest first."""
    return tx.scalars(
        select(MemberTerm)
        .where(MemberTerm.member_id == member_id)
        .order_by(MemberTerm.valid_from.desc(), MemberTerm.id.desc())
    ).all()


def _open(tx: Tx, member_id: int, what: str) -> MemberTerm | None:
    return tx.scalar(
        select(MemberTerm).where(
            MemberTerm.member_id == member_id, MemberTerm.what == what, MemberTerm.valid_to.is_(None)
        )
    )


def _end(tx: Tx, members: Sequence[int], what: str, day: dt.date) -> None:
    """End open terms; one that began that day or, by an import, later has no day of its own."""
    mine = (MemberTerm.member_id.in_(members), MemberTerm.what == what, MemberTerm.valid_to.is_(None))
    quiet = {"synchronize_session": "fetch"}
    tx.execute(delete(MemberTerm).where(*mine, MemberTerm.valid_from >= day).execution_options(**quiet))
    tx.execute(update(MemberTerm).where(*mine).values(valid_to=day).execution_options(**quiet))
