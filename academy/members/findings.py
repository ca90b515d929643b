"""What a dry run found, row by row, in a file beside the source: a city's roster is 180,000 rows.

One SQLite file an import, readable only by the academy's user. It is also the plan that is applied:
what the officer saw is what is done. Phones in it are sealed; the cells of bad rows are there as sent,
so that the sheet to mend can be made, and go when the file is applied or discarded.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from academy.core.i18n import Message
from academy.core.pages import Page

KINDS = ("bad", "added", "moved", "changed", "left", "unchanged")
PAGE = 50


class Finding(NamedTuple):
    """One row of the file, or one member who is not in it. `details` are the columns to write."""

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


_COLUMNS = ", ".join(Finding._fields)


class Findings:
    """The findings of one import."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def begin(self) -> "Writer":
        """Start over; nothing is replaced before `Writer.finish`."""
        return Writer(self.path)

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)

    def page(self, kind: str, number: int) -> Page[Finding]:
        """Findings of one kind, in the order of the file."""
        if not self.path.exists():
            return Page([], 0, 1, PAGE)
        with closing(self._open()) as db:
            total = db.execute("SELECT count(*) FROM findings WHERE kind = ?", (kind,)).fetchone()[0]
            number = min(max(1, number), max(1, -(-total // PAGE)))
            rows = db.execute(
                "SELECT * FROM findings WHERE kind = ? ORDER BY id LIMIT ? OFFSET ?",
                (kind, PAGE, (number - 1) * PAGE),
            )
            return Page([_read(row) for row in rows], total, number, PAGE)

    def all(self, kind: str, size: int = 5000) -> Iterator[list[Finding]]:
        """Every finding of a kind, some thousands at a time."""
        if not self.path.exists():
            return
        with closing(self._open()) as db:
            rows = db.execute("SELECT * FROM findings WHERE kind = ? ORDER BY id", (kind,))
            while block := rows.fetchmany(size):
                yield [_read(row) for row in block]

    def discard(self) -> None:
        """Remove the file."""
        self.path.unlink(missing_ok=True)


class Writer:
    """Writes findings aside and puts them in place at the end, so that a killed check leaves none half."""

    def __init__(self, path: Path) -> None:
        self.path, self.draft = path, path.with_suffix(".draft")
        self.draft.unlink(missing_ok=True)
        self.draft.touch(mode=0o600)
        self.db = sqlite3.connect(self.draft, isolation_level=None)
        # The file is made anew whenever it is lost, so nothing is gained by waiting for the disk.
        self.db.execute("PRAGMA synchronous = OFF")
        self.db.execute("PRAGMA journal_mode = OFF")
        self.db.execute(f"CREATE TABLE findings (id INTEGER PRIMARY KEY, {_COLUMNS})")
        self.db.execute("BEGIN")
        self.counts = dict.fromkeys(KINDS, 0)

    def add(self, found: Sequence[Finding]) -> None:
        """Add some."""
        marks = ", ".join("?" * len(Finding._fields))
        self.db.executemany(f"INSERT INTO findings ({_COLUMNS}) VALUES ({marks})", map(_row, found))  # noqa: S608
        for finding in found:
            self.counts[finding.kind] += 1

    def finish(self) -> dict[str, int]:
        """Put them in place; returns how many there are of each kind."""
        self.db.execute("COMMIT")
        self.db.execute("CREATE INDEX ix_kind ON findings (kind, id)")
        self.db.close()
        self.draft.replace(self.path)
        return self.counts

    def abandon(self) -> None:
        """Forget what was written."""
        self.db.close()
        self.draft.unlink(missing_ok=True)


def _row(finding: Finding) -> tuple[Any, ...]:
    return (
        *finding[:7],
        json.dumps(finding.details, ensure_ascii=False) if finding.details is not None else None,
        finding.phone,
        json.dumps([note.to_json() for note in finding.notes], ensure_ascii=False) if finding.notes else None,
        json.dumps(finding.cells, ensure_ascii=False) if finding.cells is not None else None,
    )


def _read(row: tuple[Any, ...]) -> Finding:
    plain = Finding(*row[1:])
    return plain._replace(
        details=json.loads(row[8]) if row[8] else None,
        notes=[Message.from_json(note) for note in json.loads(row[10])] if row[10] else (),
        cells=json.loads(row[11]) if row[11] else None,
    )
