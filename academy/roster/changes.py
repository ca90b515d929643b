"""Changes sent by the city's personnel system, some at a time: the roster's rules without a file."""

import functools
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid, TooLarge
from academy.core.i18n import Message, msg
from academy.core.runtime import Runtime
from academy.people import api as people
from academy.people.api import Organisation
from academy.roster import columns
from academy.roster.apply import apply_members
from academy.roster.check import CheckOutcome, check_members
from academy.roster.findings import RowFindings
from academy.roster.sheet_table import LONGEST_CELL, SheetTable

MOST_CHANGES = 1000
TRIES = 5
CHANGE_FIELDS = tuple(column.field for column in columns.MEMBERS)


@dataclass(frozen=True)
class ChangeResult:
    """Counts of changes, or the reasons of a refusal: `bad` names rows by their index, from 0."""

    counts: dict[str, int]
    bad: list[tuple[int, str, list[Message]]]


def accept_changes(
    runtime: Runtime, actor: Actor, node: Organisation, rows: Sequence[Any], *, check: bool = False
) -> ChangeResult:
    """Apply data of some members below a node: all of them, or none when one is bad, or with `check`.

    Opens its own transactions: the comparison must not hold the write lock. Idempotent.

    Raises:
        Invalid: not a list of objects with known fields.
        TooLarge: more than a thousand at once.
        Conflict: the roster kept changing meanwhile.
    """
    people.require_access(actor, node.path, f"organisation:{node.public_id}", *people.ROSTER_KEEPERS)
    cells = _cells(rows)
    runtime.settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=runtime.settings.data_dir) as folder:
        plan = RowFindings(Path(folder) / "findings.db")
        for _ in range(TRIES):
            outcome = _look(runtime, node, cells, plan)
            if outcome.counts["bad"]:
                bad = [one for block in plan.all("bad") for one in block]
                return ChangeResult(outcome.counts, [(one.line or 0, one.number, list(one.notes)) for one in bad])
            if check:
                return ChangeResult(outcome.counts, [])
            write = functools.partial(_write, actor=actor, node=node, plan=plan, seen=outcome)
            if runtime.db.run_in_transaction(write):
                return ChangeResult(outcome.counts, [])
    raise Conflict(msg("名册正在被频繁修改，请稍后再发。"))


def _write(tx: Tx, actor: Actor, node: Organisation, plan: RowFindings, seen: CheckOutcome) -> bool:
    """Apply the checked rows; False when the roster has changed since."""
    if people.roster_version(tx) != seen.version or people.take_roster_lock(tx) != seen.version + 1:
        return False
    apply_members(tx, plan)
    record(tx, actor, "roster.changes", f"organisation:{node.public_id}", **seen.counts)
    return True


def _look(runtime: Runtime, node: Organisation, cells: list[tuple[int, list[str]]], plan: RowFindings) -> CheckOutcome:
    mapping = {field: place for place, field in enumerate(CHANGE_FIELDS)}
    table = SheetTable(list(CHANGE_FIELDS), iter(cells), len(cells))
    return check_members(runtime, node.id, mapping, False, table, plan.path, lambda _permille: None)


def _cells(rows: Sequence[Any]) -> list[tuple[int, list[str]]]:
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise Invalid(msg("members 应是对象的列表。"))
    if len(rows) > MOST_CHANGES:
        raise TooLarge(msg("一次最多发 %(most)s 人。", most=MOST_CHANGES))
    for row in rows:
        unknown = sorted(set(row) - set(CHANGE_FIELDS))
        if unknown:
            raise Invalid(msg("不认识的字段：%(names)s。", names="、".join(map(str, unknown))[:100]))
        if not all(isinstance(value, str) or value is None for value in row.values()):
            raise Invalid(msg("字段的值应是文字。"))
    return [
        (place, [(row.get(field) or "")[: LONGEST_CELL + 1] for field in CHANGE_FIELDS])
        for place, row in enumerate(rows)
    ]
