"""Findings of a dry run, row by row, in a file beside the source: a city's roster is 180,000 rows.

One SQLite file an import, readable only by the academy's user. It is also the plan that is applied: exactly what the
officer saw. Phones in it are sealed; the cells of bad rows are kept as sent, for the sheet of rejected rows, and are
deleted when the file is applied or discarded.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from academy.core.i18n import Message
from academy.core.paging import Page

FINDING_KINDS = ("bad", "added", "moved", "changed", "left", "unchanged")
PAGE = 50


class RowFinding(NamedTuple):
    """One row of the file, or one member who is not in it. `details` are the values to write, by `DETAILS`."""

    line: int | None
    kind: str
    number: str = ""
    name: str = ""
    place: str = ""
    target_id: int | None = None
    organisation_id: int | None = None
    details: dict[str, Any] | None = None
    phone: bytes | None = None
    notes: Sequence[Message] = ()
    cells: Sequence[str] | None = None


# Values to write, each in a column of its own: parsing a city's details from JSON would take seconds.
DETAILS = (
    "gender", "birth_date", "education", "joined_on", "position", "position_since", "status", "phone_index",
    "month_only", "new_name", "org_kind", "org_sector", "org_parent",
)  # fmt: skip
_PLAIN = RowFinding._fields[: RowFinding._fields.index("details")]
_COLUMNS = ", ".join((*_PLAIN, "phone", "notes", "cells", *DETAILS))
_MARKS = ", ".join("?" * (len(_PLAIN) + 3 + len(DETAILS)))
_encode = json.JSONEncoder(ensure_ascii=False).encode


class RowFindings:
    """The findings of one import."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def begin(self) -> "Writer":
        """Start over; nothing is replaced before `Writer.finish`."""
        return Writer(self.path)

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)

    def page(self, kind: str, number: int) -> Page[RowFinding]:
        """Findings of one kind, in the order of the file."""
        if not self.path.exists():
            return Page([], 0, 1, PAGE)
        with closing(self._open()) as db:
            total = db.execute("SELECT count(*) FROM findings WHERE kind = ?", (kind,)).fetchone()[0]
            number = min(max(1, number), max(1, -(-total // PAGE)))
            rows = db.execute(f"{_SELECT} LIMIT ? OFFSET ?", (kind, PAGE, (number - 1) * PAGE))
            return Page([_read(row) for row in rows], total, number, PAGE)

    def all(self, kind: str, size: int = 5000) -> Iterator[list[RowFinding]]:
        """Every finding of a kind, in batches of some thousands."""
        if not self.path.exists():
            return
        with closing(self._open()) as db:
            rows = db.execute(_SELECT, (kind,))
            while block := rows.fetchmany(size):
                yield [_read(row) for row in block]

    def columns(self, kind: str, names: Sequence[str], size: int = 5000) -> Iterator[list[tuple[Any, ...]]]:
        """Some columns of every finding of a kind, in their stored form, in batches of some thousands."""
        if not self.path.exists():
            return
        if unknown := set(names) - {*RowFinding._fields, *DETAILS}:
            raise ValueError(f"no such columns: {unknown}")
        with closing(self._open()) as db:
            rows = db.execute(f"SELECT {', '.join(names)} FROM findings WHERE kind = ? ORDER BY id", (kind,))  # noqa: S608
            while block := rows.fetchmany(size):
                yield block

    def discard(self) -> None:
        """Remove the file."""
        self.path.unlink(missing_ok=True)


class Writer:
    """Writes findings to a temporary file and renames it at the end, so that a killed check leaves none incomplete."""

    def __init__(self, path: Path) -> None:
        self.path, self.draft = path, path.with_suffix(".draft")
        self.draft.unlink(missing_ok=True)
        self.draft.touch(mode=0o600)
        self.db = sqlite3.connect(self.draft, isolation_level=None)
        # The file can be made anew, so syncing it gains nothing.
        self.db.execute("PRAGMA synchronous = OFF")
        self.db.execute("PRAGMA journal_mode = OFF")
        self.db.execute(f"CREATE TABLE findings (id INTEGER PRIMARY KEY, {_COLUMNS})")
        self.db.execute("BEGIN")
        self.counts = dict.fromkeys(FINDING_KINDS, 0)

    def add(self, found: Sequence[RowFinding]) -> None:
        """Add findings."""
        self.db.executemany(f"INSERT INTO findings ({_COLUMNS}) VALUES ({_MARKS})", map(_row, found))  # noqa: S608
        for finding in found:
            self.counts[finding.kind] += 1

    def add_rows(self, kind: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        """Add many findings of one kind by some of their columns, in the order of the file."""
        marks = ", ".join("?" * (len(columns) + 1))
        self.db.executemany(f"INSERT INTO findings (kind, {', '.join(columns)}) VALUES ({marks})", rows)  # noqa: S608
        self.counts[kind] += len(rows)

    def finish(self) -> dict[str, int]:
        """Rename the file into place; returns how many findings there are of each kind."""
        self.db.execute("COMMIT")
        self.db.execute("CREATE INDEX ix_kind ON findings (kind, id)")
        self.db.close()
        self.draft.replace(self.path)
        return self.counts

    def abandon(self) -> None:
        """Delete the temporary file."""
        self.db.close()
        self.draft.unlink(missing_ok=True)


_SELECT = f"SELECT {_COLUMNS} FROM findings WHERE kind = ? ORDER BY id"  # noqa: S608
_NOTHING: dict[str, Any] = {}


def _row(finding: RowFinding) -> tuple[Any, ...]:
    get = (finding.details or _NOTHING).get
    return (
        *finding[: len(_PLAIN)],
        finding.phone,
        _encode([note.to_json() for note in finding.notes]) if finding.notes else None,
        _encode(finding.cells) if finding.cells is not None else None,
        *map(get, DETAILS),
    )


def _read(row: tuple[Any, ...]) -> RowFinding:
    plain, (phone, notes, cells), kept = row[: len(_PLAIN)], row[len(_PLAIN) : -len(DETAILS)], row[-len(DETAILS) :]
    return RowFinding(*plain)._replace(
        details={name: value for name, value in zip(DETAILS, kept, strict=True) if value is not None},
        phone=phone,
        notes=[Message.from_json(note) for note in json.loads(notes)] if notes else (),
        cells=json.loads(cells) if cells else None,
    )
