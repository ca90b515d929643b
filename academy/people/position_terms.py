"""Positions and statuses through time: what a member held, from which day up to which."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Table, bindparam, case, delete, func, insert, literal, select, update

from academy.core.database import Tx
from academy.core.errors import Invalid
from academy.core.i18n import msg
from academy.core.months import Month
from academy.people.models import Member, MemberStatus, MemberTerm
from academy.people.position_names import post_of

POSITION_TERM, STATUS_TERM = "position", "status"
CHUNK = 2000
table = cast(Table, MemberTerm.__table__)


def precision_of(since: dt.date | None) -> str:
    """Precision of a date: day, month, or unknown."""
    return "unknown" if since is None else "month" if isinstance(since, Month) else "day"


def change_position(
    tx: Tx, member_id: int, what: str, value: str | None, day: dt.date, note: str = "", precision: str = "day"
) -> None:
    """Set a member's position (or none) or status from that day on.

    `precision` is that of the day; where it is unknown, `day` is the day of entry. A term that began on that very day
    is
    replaced: one term a day. The same value again corrects the day on which its term began.

    Raises:
        Invalid: the present term began later than that day.
    """
    term = _open(tx, member_id, what)
    if term is not None and value == term.value:
        _redate(tx, term, day, note, precision)
        return
    if term is not None and day < term.valid_from:
        raise Invalid(fields={"on": msg("日期不能早于上一次变动（%(day)s）。", day=term.valid_from)})
    _end(tx, [member_id], what, day)
    if value is not None:
        kind = post_of(value) if what == POSITION_TERM else value
        tx.add(
            MemberTerm(
                member_id=member_id, what=what, value=value, kind=kind, note=note, valid_from=day, precision=precision
            )
        )
    tx.flush()


def _redate(tx: Tx, term: MemberTerm, day: dt.date, note: str, precision: str) -> None:
    if precision == "unknown":
        term.note = note or term.note
        tx.flush()
        return
    before = tx.scalar(
        select(MemberTerm.valid_to)
        .where(MemberTerm.member_id == term.member_id, MemberTerm.what == term.what, MemberTerm.valid_to.is_not(None))
        .order_by(MemberTerm.valid_to.desc())
        .limit(1)
    )
    if before is not None and day < before:
        raise Invalid(fields={"on": msg("日期不能早于上一次变动（%(day)s）。", day=before)})
    term.valid_from, term.precision, term.note = day, precision, note or term.note
    tx.flush()


def status_term_of(status: str) -> str | None:
    """The status as a term; None for an active member."""
    return None if status == MemberStatus.ACTIVE else status


def change_terms(
    tx: Tx, what: str, values: Iterable[tuple[int, str | None]], day: dt.date, precision: str = "day"
) -> None:
    """The same for many members of an import; an unchanged value keeps its term."""
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
        rows = [
            _row(member, what, value, day) | {"precision": precision}
            for member in changed
            if (value := wanted[member]) is not None
        ]
        if rows:
            tx.execute(insert(MemberTerm), rows)


def redate_terms(tx: Tx, what: str, days: Mapping[int, tuple[dt.date, str]]) -> None:
    """Correct the start of the present terms of some members; never before an earlier term's end."""
    if days:
        held = (table.c.member_id == bindparam("m"), table.c.what == what, table.c.valid_to.is_(None))
        statement = update(table).where(*held).values(valid_from=bindparam("day"), precision=bindparam("known"))
        rows = [{"m": member, "day": day, "known": precision} for member, (day, precision) in days.items()]
        tx.connection().execute(statement, rows)


def _row(member: int, what: str, value: str, day: dt.date) -> dict[str, Any]:
    kind = post_of(value) if what == POSITION_TERM else value
    return {"member_id": member, "what": what, "value": value, "kind": kind, "note": "", "valid_from": day}


def begin_terms(tx: Tx, after: int, day: dt.date) -> None:
    """First terms of members that were just inserted in bulk: those whose row id is greater than `after`."""
    fresh = Member.id > after
    since = func.coalesce(Member.position_since, literal(day, MemberTerm.valid_from.type))
    held = tx.scalars(select(Member.position).where(fresh, Member.position.is_not(None)).distinct()).all()
    columns = ["member_id", "what", "value", "kind", "note", "valid_from", "precision"]
    if held:
        kind = case({p: post_of(p) for p in held if p}, value=Member.position, else_="other")
        by_month = Member.month_only.contains("position_since")
        known = case((Member.position_since.is_(None), "unknown"), (by_month, "month"), else_="day")
        begun = select(Member.id, literal(POSITION_TERM), Member.position, kind, literal(""), since, known)
        begun = begun.where(fresh, Member.position.is_not(None))
        tx.execute(insert(MemberTerm).from_select(columns, begun))
    away = select(
        Member.id,
        literal(STATUS_TERM),
        Member.status,
        Member.status,
        literal(""),
        literal(day, MemberTerm.valid_from.type),
        literal("day"),
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
    """End open terms; a term that began on that day or (by an import) later is deleted."""
    mine = (MemberTerm.member_id.in_(members), MemberTerm.what == what, MemberTerm.valid_to.is_(None))
    quiet = {"synchronize_session": "fetch"}
    tx.execute(delete(MemberTerm).where(*mine, MemberTerm.valid_from >= day).execution_options(**quiet))
    tx.execute(update(MemberTerm).where(*mine).values(valid_to=day).execution_options(**quiet))
