"""The dry run of a roster: every row compared with who is known, nothing written to the roster."""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from academy.core import clock
from academy.core.house import House
from academy.core.i18n import Message, msg
from academy.members import columns, rules, terms
from academy.members.findings import Finding, Findings, Writer
from academy.members.models import Member, MemberTerm, Organisation
from academy.members.people import PHONE
from academy.members.queries import members_under, present
from academy.members.roster_lock import version
from academy.members.roster_rows import DATES, RowReader
from academy.members.sheets import Row, Table

BLOCK = 4000
DETAILS = ("name", "gender", "birth_date", "education", "joined_on", "position", "position_since", "status")
_WRITTEN = frozenset(DETAILS) - {"name"}
Tell = Callable[[int], None]


@dataclass(frozen=True)
class Outcome:
    """What a dry run found: counts by kind, the roster's version, a digest of the plan."""

    counts: dict[str, int]
    version: int
    digest: str


@dataclass
class _Run:
    house: House
    path: str
    places: dict[str, tuple[int, str]]
    """code → row id, and "" or why nobody may be put there."""
    reader: RowReader
    first_line: dict[str, int] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    ended: dict[int, dt.date] = field(default_factory=dict)
    """Row id → when the last position that is no longer held ended; of the block's members with a day."""


def check_members(
    house: House, node_id: int, mapping: dict[str, int], complete: bool, table: Table, target: Path, tell: Tell
) -> Outcome:
    """Compare a table with the roster below a node and write what was found to `target`."""
    with house.db.read() as tx:
        began_at = version(tx)
        path = tx.get_one(Organisation, node_id).path
        places = _places(
            tx.execute(select(Organisation.code, Organisation.id, Organisation.path, Organisation.closed_on)), path
        )
    run = _Run(house, path, places, RowReader(mapping, clock.today(), table.formulas))
    writer = Findings(target).begin()
    digest = hashlib.sha256()
    try:
        done = 0
        while block := list(islice(table.rows, BLOCK)):
            _keep(writer, digest, _check_block(run, block))
            done += len(block)
            tell(min(950, done * 950 // max(1, table.total)))
        if complete:
            for gone in _missing(run):
                _keep(writer, digest, gone)
        counts = writer.finish()
    except BaseException:
        writer.abandon()
        raise
    return Outcome(counts, began_at, digest.hexdigest())


def _keep(writer: Writer, digest: Any, found: list[Finding]) -> None:
    writer.add(found)
    digest.update(repr([finding[:8] for finding in found]).encode())


def _places(rows: Any, path: str) -> dict[str, tuple[int, str]]:
    places = {}
    for code, row_id, place, closed_on in rows:
        inside = place.startswith(path)
        places[code] = (row_id, "" if inside and closed_on is None else "closed" if inside else "outside")
    return places


def _check_block(run: _Run, block: Sequence[tuple[int, Row]]) -> list[Finding]:
    rows = [(line, cells, *run.reader.read(line, cells)) for line, cells in block]
    known = _known(run, [values["number"] for _, _, values, _ in rows if "number" in values])
    dated = [values["number"] for _, _, values, _ in rows if values.get("position_since") and "number" in values]
    run.ended = _ended(run, [known[number].id for number in dated if number in known])
    return [_judge(run, line, cells, values, wrong, known) for line, cells, values, wrong in rows]


def _known(run: _Run, numbers: list[str]) -> dict[str, Any]:
    columns_ = (Member.id, Member.number, Member.organisation_id, Member.phone_index, Organisation.path)
    details = tuple(getattr(Member, name) for name in DETAILS)
    with run.house.db.read() as tx:
        rows = tx.execute(
            select(*columns_, *details)
            .join(Organisation, Organisation.id == Member.organisation_id)
            .where(Member.number.in_(numbers))
        ).all()
    return {row.number: row for row in rows}


def _ended(run: _Run, ids: list[int]) -> dict[int, dt.date]:
    if not ids:
        return {}
    past = (MemberTerm.what == terms.POSITION, MemberTerm.valid_to.is_not(None), MemberTerm.member_id.in_(ids))
    with run.house.db.read() as tx:
        last = select(MemberTerm.member_id, func.max(MemberTerm.valid_to)).where(*past)
        return {member: day for member, day in tx.execute(last.group_by(MemberTerm.member_id)) if day is not None}


def _misdated(run: _Run, values: dict[str, Any], old: Any) -> Message | None:
    """Why the position can't be held since the day that the row says; None where it can, or says none."""
    since, position = values.get("position_since"), values.get("position") or (old and old.position)
    if since is None:
        return None
    if not position:
        return msg("填了任职日期，没有填职务。")
    replaced = old is not None and old.position not in (None, position)
    earliest = (old.position_since if replaced else run.ended.get(old.id)) if old is not None else None
    if earliest is not None and since < earliest:
        return msg("任职日期早于上一次变动（%(day)s）。", day=earliest.isoformat())
    return None


def _judge(
    run: _Run, line: int, cells: Row, values: dict[str, Any], wrong: list[Message], known: dict[str, Any]
) -> Finding:
    number, code = values.get("number", ""), values.get("organisation", "")
    if number:
        first = run.first_line.setdefault(number, line)
        if first != line:
            wrong.append(msg("编号 %(number)s 与第 %(line)s 行重复。", number=number, line=first))
    place_id, refused = run.places.get(code, (None, "unknown"))
    if code and refused:
        wrong.append(_REFUSED[refused](code))
    old = known.get(number)
    if old is not None and not old.path.startswith(run.path) and not wrong:
        wrong.append(msg("此人现在属于您管理范围以外的组织，请先由上级办理转接。"))
    if not wrong and (misdated := _misdated(run, values, old)):
        wrong.append(misdated)
    if wrong:
        return Finding(line, "bad", number, str(values.get("name") or ""), code, notes=wrong, cells=cells)
    if old is None:
        return _added(run, line, values, place_id)
    return _compared(run, line, values, place_id, old)


_REFUSED: dict[str, Callable[[str], Message]] = {
    "unknown": lambda code: msg("没有组织代码 %(code)s。", code=code),
    "outside": lambda code: msg("组织代码 %(code)s 不在您的管理范围内。", code=code),
    "closed": lambda code: msg("组织 %(code)s 已经撤销。", code=code),
}


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    written = {name: value for name, value in values.items() if name in _WRITTEN and value is not None}
    for name in DATES:
        if name in written:
            written[name] = written[name].isoformat()
    return written


def _added(run: _Run, line: int, values: dict[str, Any], place_id: int | None) -> Finding:
    written, phone = _plain(values), values.get("phone")
    sealed = None
    if phone:
        sealed = run.house.sealer.seal(phone, context=PHONE)
        written["phone_index"] = run.house.sealer.blind_index(phone, context=PHONE)
    return Finding(
        line, "added", values["number"], values["name"], values["organisation"], None, place_id, written, sealed
    )


def _compared(run: _Run, line: int, values: dict[str, Any], place_id: int | None, old: Any) -> Finding:
    """A blank cell changes nothing; only a value that differs does."""
    run.seen.add(old.id)
    changes = {
        name: values[name] for name in DETAILS if values.get(name) is not None and values[name] != getattr(old, name)
    }
    if "position" in changes and values.get("position_since") is not None:
        changes["position_since"] = values["position_since"]  # another position from the same day is another
    if old.status not in rules.HERE and values.get("status") is None:
        changes["status"] = "active"  # whoever is in the roster again is here again
    notes = [
        msg(
            "%(label)s：%(old)s → %(new)s",
            label=_LABELS[name],
            old=_say(name, getattr(old, name)),
            new=_say(name, new),
        )
        for name, new in changes.items()
    ]
    written, sealed, phone = _plain(changes), None, values.get("phone")
    if "name" in changes:
        written["new_name"] = changes["name"]
    if phone:
        index = run.house.sealer.blind_index(phone, context=PHONE)
        if index != old.phone_index:
            written["phone_index"] = index
            sealed = run.house.sealer.seal(phone, context=PHONE)
            notes.append(msg("手机改为 %(phone)s", phone=rules.masked(phone)))
    moved = place_id != old.organisation_id
    kind = "moved" if moved else "changed" if written else "unchanged"
    return Finding(
        line, kind, values["number"], values["name"], values["organisation"], old.id, place_id, written, sealed, notes
    )


_LABELS = {column.field: column.label for column in columns.MEMBERS}


def _say(name: str, value: Any) -> Message | str:
    if value is None:
        return msg("（空）")
    words = {"gender": rules.GENDERS, "status": rules.STATUSES}.get(name, {})
    return words.get(value) or str(value)


def _missing(run: _Run) -> Iterator[list[Finding]]:
    with run.house.db.read() as tx:
        rows = tx.execute(
            select(Member.id, Member.number, Member.name, Organisation.code, Member.organisation_id)
            .join(Organisation, Organisation.id == Member.organisation_id)
            .where(members_under(run.path), present())
            .order_by(Member.id)
            .execution_options(yield_per=BLOCK)
        )
        for part in rows.partitions():
            yield [
                Finding(None, "left", number, name, code, row_id, place, {"status": "left"})
                for row_id, number, name, code, place in part
                if row_id not in run.seen
            ]
