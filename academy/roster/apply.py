"""Applies a checked roster: bulk writes, in one transaction."""

import datetime as dt
from collections.abc import Iterable
from typing import Any, cast

from sqlalchemy import Table, bindparam, func, insert, literal, select, update

from academy.core import clock
from academy.core.database import Tx, attach
from academy.core.ids import new_ids
from academy.jobs import api as jobs
from academy.people import api as people
from academy.people.api import MembersChanged
from academy.people.models import Member, Membership
from academy.roster.findings import RowFinding, RowFindings

BLOCK = 5000
members, memberships = cast(Table, Member.__table__), cast(Table, Membership.__table__)


def apply_members(tx: Tx, plan: RowFindings) -> dict[str, int]:
    """Apply the findings. The caller holds the roster's lock and commits."""
    today = clock.today()
    touched: list[int] = []
    counts = {
        "added": _add(tx, plan, today, touched),
        "changed": _change(tx, plan.all("changed"), today, touched),
        "moved": _move(tx, plan, today, touched),
        "left": _leave(tx, plan, today, touched),
    }
    for start in range(0, len(touched), BLOCK):
        jobs.publish(tx, MembersChanged(touched[start : start + BLOCK]))
    return counts


def _values(entry: RowFinding) -> dict[str, Any]:
    values = dict(entry.details or {})
    if "new_name" in values:
        values["name"] = values.pop("new_name")
    for name in people.MEMBER_DATES:
        if name in values:
            values[name] = dt.date.fromisoformat(values[name])
    return values


_KEPT = ("number", "name", "organisation_id", "phone", "gender", "birth_date", "education", "joined_on", "phone_index")
_NEW = (*_KEPT[:3], "phone_sealed", *_KEPT[4:], "position", "status", "position_since", "month_only", "public_id")


def _add(tx: Tx, plan: RowFindings, today: dt.date, touched: list[int]) -> int:
    """Insert new members and their memberships."""
    newest = tx.scalar(select(func.max(Member.id))) or 0
    now = _inline(tx, clock.now())
    file = attach(tx, plan.path) if plan.path.exists() else None
    count = _insert(tx, plan, now) if file is None else _copy(tx, file, now)
    if count:
        # The roster is locked, so all newer rows were inserted by this function.
        tx.execute(
            insert(Membership).from_select(
                ["member_id", "organisation_id", "valid_from"],
                select(Member.id, Member.organisation_id, literal(today, Membership.valid_from.type)).where(
                    Member.id > newest, Member.status.in_(("active", "floating"))
                ),
            )
        )
        people.begin_terms(tx, newest, today)
        touched.extend(tx.scalars(select(Member.id).where(Member.id > newest).order_by(Member.id)))
    return count


def _insert(tx: Tx, plan: RowFindings, now: str) -> int:
    """Insert the plan's new members.

    The plan's columns are passed to the driver unchanged: through the ORM's types and parameters a city takes four
    times as long, and every other writer waits.
    """
    connection, count = tx.connection(), 0
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    columns = f"{', '.join(_NEW)}, created_at, updated_at"
    statement = f"INSERT INTO members ({columns}) VALUES ({', '.join([mark] * len(_NEW))}, {now}, {now})"  # noqa: S608
    for block in plan.columns("added", (*_KEPT, "position", "status", "position_since", "month_only")):
        rows = [
            (*row, position, status or "active", since if position else None, vague or "", public_id)
            for (*row, position, status, since, vague), public_id in zip(block, new_ids(len(block)), strict=True)
        ]
        connection.exec_driver_sql(statement, rows)
        count += len(rows)
    return count


def _copy(tx: Tx, file: str, now: str) -> int:
    """The same by SQLite alone, from the plan's file: half the time, in which every other writer waits."""
    connection = tx.connection()
    ready: list[str] = []

    def public_id() -> str:
        if not ready:
            ready.extend(new_ids(BLOCK))
        return ready.pop()

    driver: Any = connection.connection.driver_connection
    driver.create_function("new_public_id", 0, public_id)
    values = (
        *_KEPT,
        "position",
        "coalesce(status, 'active')",
        "CASE WHEN position IS NOT NULL THEN position_since END",
        "coalesce(month_only, '')",
        "new_public_id()",
    )
    return connection.exec_driver_sql(
        f"INSERT INTO members ({', '.join(_NEW)}, created_at, updated_at)"  # noqa: S608
        f" SELECT {', '.join(values)}, {now}, {now} FROM {file}.findings WHERE kind = 'added' ORDER BY id"
    ).rowcount


def _inline(tx: Tx, instant: dt.datetime) -> str:
    """One instant for every row, in the database's format."""
    zone = "" if tx.connection().dialect.name == "sqlite" else "+00"
    return f"'{instant.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S.%f}{zone}'"


def _change(tx: Tx, blocks: Iterable[list[RowFinding]], today: dt.date, touched: list[int]) -> int:
    """Write differences; rows with the same set of columns use one statement."""
    now, count = clock.now(), 0
    for block in blocks:
        groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        for entry in block:
            row = _values(entry)
            if entry.phone is not None:
                row["phone_sealed"] = entry.phone
            if "position" in row:
                row.setdefault("position_since", None)  # unknown start
            if row:
                row |= {"updated_at": now, "b_id": entry.target_id}
                groups.setdefault(tuple(sorted(row)), []).append(row)
        for rows in groups.values():
            tx.connection().execute(update(members).where(members.c.id == bindparam("b_id")), rows)
        _belong_by_status(tx, block, today)
        _date_terms(tx, block, today)
        touched.extend(entry.target_id or 0 for entry in block)
        count += len(block)
    return count


def _date_terms(tx: Tx, block: list[RowFinding], today: dt.date) -> None:
    """A changed position is held since the day in the file, else since an unknown day; a status since today.

    A term whose beginning is unknown is dated with the day of entry.
    """
    found = [(entry.target_id or 0, entry.details or {}) for entry in block]
    since = {i: _since(d) for i, d in found if "position_since" in d}
    by_day: dict[tuple[dt.date, str], list[tuple[int, str]]] = {}
    for i, d in found:
        if "position" in d:
            by_day.setdefault(since.pop(i, (today, "unknown")), []).append((i, d["position"]))
    for (day, precision), positions in by_day.items():
        people.change_terms(tx, people.POSITION_TERM, positions, day, precision)
    people.redate_terms(tx, people.POSITION_TERM, since)
    statuses = [(i, people.status_term_of(d["status"])) for i, d in found if "status" in d]
    people.change_terms(tx, people.STATUS_TERM, statuses, today)


def _since(details: dict[str, Any]) -> tuple[dt.date, str]:
    by_month = "position_since" in (details.get("month_only") or "").split()
    return dt.date.fromisoformat(details["position_since"]), "month" if by_month else "day"


def _belong_by_status(tx: Tx, block: list[RowFinding], today: dt.date) -> None:
    """Membership by status: returning members rejoin an organisation; those who left or died leave it."""
    back, gone = [], []
    for entry in block:
        status = (entry.details or {}).get("status")
        if status in ("left", "deceased"):
            gone.append(entry.target_id or 0)
        elif status is not None:
            back.append({"member_id": entry.target_id, "organisation_id": entry.organisation_id, "valid_from": today})
    if gone:
        _end(tx, gone, today)
    if back:
        ids = [row["member_id"] for row in back]
        open_ids = set(
            tx.scalars(select(Membership.member_id).where(Membership.member_id.in_(ids), Membership.valid_to.is_(None)))
        )
        fresh = [row for row in back if row["member_id"] not in open_ids]
        if fresh:
            tx.connection().execute(insert(memberships), fresh)


def _end(tx: Tx, ids: list[int], today: dt.date) -> None:
    tx.execute(
        update(Membership)
        .where(Membership.member_id.in_(ids), Membership.valid_to.is_(None))
        .values(valid_to=today)
        .execution_options(synchronize_session=False)
    )


def _move(tx: Tx, plan: RowFindings, today: dt.date, touched: list[int]) -> int:
    count, now = 0, clock.now()
    for block in plan.all("moved"):
        ids = [entry.target_id or 0 for entry in block]
        # A membership that began today is corrected in place: one membership a day.
        fresh = set(
            tx.scalars(
                select(Membership.member_id).where(
                    Membership.member_id.in_(ids), Membership.valid_to.is_(None), Membership.valid_from == today
                )
            )
        )
        rows = [{"m": entry.target_id, "o": entry.organisation_id} for entry in block]
        in_place = [row for row in rows if row["m"] in fresh]
        if in_place:
            tx.connection().execute(
                update(memberships)
                .where(memberships.c.member_id == bindparam("m"), memberships.c.valid_to.is_(None))
                .values(organisation_id=bindparam("o")),
                in_place,
            )
        anew = [row for row in rows if row["m"] not in fresh]
        if anew:
            _end(tx, [row["m"] or 0 for row in anew], today)
            tx.connection().execute(
                insert(memberships),
                [{"member_id": row["m"], "organisation_id": row["o"], "valid_from": today} for row in anew],
            )
        tx.connection().execute(
            update(members)
            .where(members.c.id == bindparam("m"))
            .values(organisation_id=bindparam("o"), updated_at=now),
            rows,
        )
        count += len(block)
    _change(tx, plan.all("moved"), today, touched)
    return count


def _leave(tx: Tx, plan: RowFindings, today: dt.date, touched: list[int]) -> int:
    count = 0
    for block in plan.all("left"):
        ids = [entry.target_id or 0 for entry in block]
        tx.execute(
            update(Member)
            .where(Member.id.in_(ids))
            .values(status="left", updated_at=clock.now())
            .execution_options(synchronize_session=False)
        )
        _end(tx, ids, today)
        people.change_terms(tx, people.STATUS_TERM, [(i, "left") for i in ids], today)
        touched.extend(ids)
        count += len(ids)
    return count
