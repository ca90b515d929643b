"""The dry run of a roster: every row compared with the register, which is not changed."""

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from academy.core import clock
from academy.core.i18n import Message, msg
from academy.core.months import Month, earliest
from academy.core.runtime import Runtime
from academy.people import api as people
from academy.people.models import Member, MemberTerm, Organisation
from academy.roster.compare import DETAILS, added, compared
from academy.roster.findings import RowFinding, RowFindings, Writer
from academy.roster.rows import RowReader
from academy.roster.sheet_table import BATCH, Batch, Row, SheetTable

ProgressCallback = Callable[[int], None]


@dataclass(frozen=True)
class CheckOutcome:
    """Result of a dry run: counts by kind, the roster's version, a digest of the plan."""

    counts: dict[str, int]
    version: int
    digest: str


@dataclass
class _Run:
    runtime: Runtime
    path: str
    places: dict[str, tuple[int, str]]
    """code → row id, and "" or why nobody may be assigned to it."""
    reader: RowReader
    writer: Writer
    digest: Any = field(default_factory=hashlib.sha256)
    first_line: dict[str, int] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    ended: dict[int, dt.date] = field(default_factory=dict)
    """Row id → end of the last former position; for the block's members with a day."""

    def keep(self, found: list[RowFinding]) -> None:
        """Write findings, and add their changes to the plan's digest."""
        self.writer.add(found)
        self.digest.update(repr([(*finding[:8], finding.details) for finding in found]).encode())


def check_members(
    runtime: Runtime,
    node_id: int,
    mapping: dict[str, int],
    complete: bool,
    table: SheetTable,
    target: Path,
    on_progress: ProgressCallback,
) -> CheckOutcome:
    """Compare a table with the roster below a node and write findings to `target`."""
    with runtime.db.read() as tx:
        began_at = people.roster_version(tx)
        path = tx.get_one(Organisation, node_id).path
        places = _places(
            tx.execute(select(Organisation.code, Organisation.id, Organisation.path, Organisation.closed_on)), path
        )
    writer = RowFindings(target).begin()
    run = _Run(runtime, path, places, RowReader(mapping, clock.today(), table), writer)
    try:
        done = 0
        for batch in table.batches():
            _check_batch(run, batch)
            done += len(batch.lines)
            on_progress(min(950, done * 950 // max(1, table.total)))
        if sum(writer.counts.values()) != done:
            raise RuntimeError(f"{done} rows were read and {sum(writer.counts.values())} judged")
        if complete:
            for gone in _missing(run):
                run.keep(gone)
        counts = writer.finish()
    except BaseException:
        writer.abandon()
        raise
    return CheckOutcome(counts, began_at, run.digest.hexdigest())


def _places(rows: Any, path: str) -> dict[str, tuple[int, str]]:
    places = {}
    for code, row_id, place, closed_on in rows:
        inside = place.startswith(path)
        places[code] = (row_id, "" if inside and closed_on is None else "closed" if inside else "outside")
    return places


def _check_batch(run: _Run, batch: Batch) -> None:
    values, wrong = run.reader.read(batch)
    numbers, codes = values["number"], values["organisation"]
    known = _known(run, [number for number in numbers if number])
    since, held = values.get("position_since"), values.get("position")
    dated = [] if since is None else [number for number, day in zip(numbers, since, strict=True) if day and number]
    run.ended = _ended(run, [known[number].id for number in dated if number in known])
    fresh: list[int] = []
    found: list[RowFinding] = []
    fields = list(values)
    for i, line in enumerate(batch.lines):
        number = numbers[i]
        # Nearly every row of a first import is complete and new: those are written a column at a time.
        if (
            number not in known
            and i not in wrong
            and number not in run.first_line
            and run.places.get(codes[i], _UNKNOWN)[1] == ""
            and (since is None or since[i] is None or (held is not None and held[i]))
        ):
            run.first_line[number] = line
            fresh.append(i)
            continue
        row = {name: values[name][i] for name in fields}
        found.append(_judge(run, line, batch.row(i), row, wrong.get(i, []), known))
    if fresh:
        _keep_fresh(run, batch, values, fresh)
    if found:
        run.keep(found)


_UNKNOWN = (None, "unknown")
_FRESH = (
    "line", "number", "name", "place", "organisation_id", "phone", "gender", "birth_date", "education", "joined_on",
    "position", "position_since", "status", "phone_index", "month_only",
)  # fmt: skip


def _keep_fresh(run: _Run, batch: Batch, values: dict[str, Sequence[Any]], fresh: list[int]) -> None:
    """Write the findings of new members in bulk."""

    whole = len(fresh) == len(batch.lines)

    def column(name: str) -> Sequence[Any]:
        cells = values.get(name)
        return [None] * len(fresh) if cells is None else cells if whole else [cells[i] for i in fresh]

    codes, phones = column("organisation"), column("phone")
    dates = [column(name) for name in people.MEMBER_DATES]
    vague: list[str | None] = [None] * len(fresh)
    if any(day.__class__ is Month for days in dates for day in days):
        vague = [
            " ".join(name for name, day in zip(people.MEMBER_DATES, days, strict=True) if isinstance(day, Month))
            or None
            for days in zip(*dates, strict=True)
        ]
    born, joined, since = (list(map(_DAYS.__getitem__, days)) for days in dates)
    plan = [
        list(batch.lines) if whole else [batch.lines[i] for i in fresh],
        column("number"),
        column("name"),
        codes,
        [run.places[code][0] for code in codes],
        column("gender"),
        born,
        column("education"),
        joined,
        column("position"),
        since,
        column("status"),
        run.runtime.sealer.blind_indexes(phones, context=people.PHONE_FIELD),
        vague,
    ]
    run.digest.update(json.dumps(plan).encode())
    sealed = run.runtime.sealer.seal_all(phones, context=people.PHONE_FIELD)
    rows = zip(["added"] * len(fresh), *plan[:5], sealed, *plan[5:], strict=True)
    run.writer.add_rows("added", _FRESH, list(rows))


class _Days(dict[Any, Any]):
    """Days in the database's format; the first day of a month. Cached, because the same days recur."""

    def __missing__(self, day: dt.date | None) -> str | None:
        if day is None:
            return None
        text = earliest(day).isoformat()
        if len(self) < 100_000:
            self[day] = text
        return text


_DAYS = _Days()


def _known(run: _Run, numbers: list[str]) -> dict[str, Any]:
    columns_ = (
        Member.id, Member.number, Member.organisation_id, Member.phone_index, Member.month_only, Organisation.path
    )  # fmt: skip
    details = tuple(getattr(Member, name) for name in DETAILS)
    with run.runtime.db.read() as tx:
        rows = tx.execute(
            select(*columns_, *details)
            .join(Organisation, Organisation.id == Member.organisation_id)
            .where(people.among(tx, Member.number, numbers))
        ).all()
    return {row.number: row for row in rows}


def _ended(run: _Run, ids: list[int]) -> dict[int, dt.date]:
    if not ids:
        return {}
    with run.runtime.db.read() as tx:
        past = (
            MemberTerm.what == people.POSITION_TERM,
            MemberTerm.valid_to.is_not(None),
            people.among(tx, MemberTerm.member_id, ids),
        )
        last = select(MemberTerm.member_id, func.max(MemberTerm.valid_to)).where(*past)
        return {member: day for member, day in tx.execute(last.group_by(MemberTerm.member_id)) if day is not None}


def _misdated(run: _Run, values: dict[str, Any], old: Any) -> Message | None:
    """Why the position can't be held since the row's day; None where it can, or there is none."""
    since, position = values.get("position_since"), values.get("position") or (old and old.position)
    if since is None:
        return None
    if not position:
        return msg("填了任职日期，没有填职务。")
    replaced = old is not None and old.position not in (None, position)
    earliest = (old.position_since if replaced else run.ended.get(old.id)) if old is not None else None
    if earliest is not None and since < earliest:
        return msg("任职日期早于上一次变动（%(day)s）。", day=earliest)
    return None


def _judge(
    run: _Run, line: int, cells: Row, values: dict[str, Any], wrong: list[Message], known: dict[str, Any]
) -> RowFinding:
    number, code = values["number"] or "", values["organisation"] or ""
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
        return RowFinding(line, "bad", number, str(values.get("name") or ""), code, notes=wrong, cells=cells)
    if old is None:
        return added(run.runtime.sealer, line, values, place_id)
    run.seen.add(old.id)
    return compared(run.runtime.sealer, line, values, place_id, old)


_REFUSED: dict[str, Callable[[str], Message]] = {
    "unknown": lambda code: msg("没有组织代码 %(code)s。", code=code),
    "outside": lambda code: msg("组织代码 %(code)s 不在您的管理范围内。", code=code),
    "closed": lambda code: msg("组织 %(code)s 已经撤销。", code=code),
}


def _missing(run: _Run) -> Iterator[list[RowFinding]]:
    with run.runtime.db.read() as tx:
        rows = tx.execute(
            select(Member.id, Member.number, Member.name, Organisation.code, Member.organisation_id)
            .join(Organisation, Organisation.id == Member.organisation_id)
            .where(people.members_under(run.path), people.is_present())
            .order_by(Member.id)
            .execution_options(yield_per=BATCH)
        )
        for part in rows.partitions():
            yield [
                RowFinding(None, "left", number, name, code, row_id, place, {"status": "left"})
                for row_id, number, name, code, place in part
                if row_id not in run.seen
            ]
