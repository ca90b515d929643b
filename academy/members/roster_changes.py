"""Changes that the city's personnel system sends, some at a time: the roster's rules without a file."""

import functools
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.db import Tx
from academy.core.errors import Conflict, Invalid, TooLarge
from academy.core.house import House
from academy.core.i18n import Message, msg
from academy.members import columns, roster_lock
from academy.members.access import KEEPERS, allow
from academy.members.findings import Findings
from academy.members.models import Organisation
from academy.members.roster_apply import apply_members
from academy.members.roster_check import Outcome, check_members
from academy.members.sheet_table import LONGEST_CELL, Table

MOST = 1000
TRIES = 5
FIELDS = tuple(column.field for column in columns.MEMBERS)


@dataclass(frozen=True)
class Answer:
    """What was done, or why nothing was: `bad` names rows by their place, counted from 0."""

    counts: dict[str, int]
    bad: list[tuple[int, str, list[Message]]]


def accept_changes(
    house: House, actor: Actor, node: Organisation, rows: Sequence[Any], *, check: bool = False
) -> Answer:
    """Apply some members' particulars below a node: all of them, or none when one is bad, or when asked to `check`.

    Opens its own transactions: the comparison must not hold the writers' lock. Sending the same rows
    again changes nothing.

    Raises:
        Invalid: it is no list of objects with known fields.
        TooLarge: more than a thousand at once.
        Conflict: the roster kept changing meanwhile.
    """
    allow(actor, node.path, f"organisation:{node.public_id}", *KEEPERS)
    cells = _cells(rows)
    house.settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=house.settings.data_dir) as folder:
        plan = Findings(Path(folder) / "findings.db")
        for _ in range(TRIES):
            outcome = _look(house, node, cells, plan)
            if outcome.counts["bad"]:
                bad = [one for block in plan.all("bad") for one in block]
                return Answer(outcome.counts, [(one.line or 0, one.number, list(one.notes)) for one in bad])
            if check:
                return Answer(outcome.counts, [])
            write = functools.partial(_write, actor=actor, node=node, plan=plan, seen=outcome)
            if house.db.run_in_transaction(write):
                return Answer(outcome.counts, [])
    raise Conflict(msg("名册正在被频繁修改，请稍后再发。"))


def _write(tx: Tx, actor: Actor, node: Organisation, plan: Findings, seen: Outcome) -> bool:
    """Apply what was checked; False when the roster has changed since."""
    if roster_lock.version(tx) != seen.version or roster_lock.take(tx) != seen.version + 1:
        return False
    apply_members(tx, plan)
    record(tx, actor, "roster.changes", f"organisation:{node.public_id}", **seen.counts)
    return True


def _look(house: House, node: Organisation, cells: list[tuple[int, list[str]]], plan: Findings) -> Outcome:
    mapping = {field: place for place, field in enumerate(FIELDS)}
    table = Table(list(FIELDS), iter(cells), len(cells))
    return check_members(house, node.id, mapping, False, table, plan.path, lambda _permille: None)


def _cells(rows: Sequence[Any]) -> list[tuple[int, list[str]]]:
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise Invalid(msg("members 应是对象的列表。"))
    if len(rows) > MOST:
        raise TooLarge(msg("一次最多发 %(most)s 人。", most=MOST))
    for row in rows:
        unknown = sorted(set(row) - set(FIELDS))
        if unknown:
            raise Invalid(msg("不认识的字段：%(names)s。", names="、".join(map(str, unknown))[:100]))
        if not all(isinstance(value, str) or value is None for value in row.values()):
            raise Invalid(msg("字段的值应是文字。"))
    return [(place, [(row.get(field) or "")[: LONGEST_CELL + 1] for field in FIELDS]) for place, row in enumerate(rows)]
