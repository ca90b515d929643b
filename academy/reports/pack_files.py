"""Files inside evidence packs: written with their checksum, read back with a limit, compared row by row."""

import codecs
import csv
import hashlib
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from academy.core.archives import BROKEN_ARCHIVE
from academy.reports.spreadsheets import defuse_cell

LARGEST = 200 * 2**20
"""Maximum unpacked bytes of a file inside a pack: packs are read back, and may come from anywhere."""
UNREADABLE: tuple[type[Exception], ...] = (*BROKEN_ARCHIVE, TypeError)


class CheckedLines:
    """Writes CSV lines to a file and computes their SHA-256."""

    def __init__(self, raw: Any) -> None:
        self._raw, self._sum = raw, hashlib.sha256()
        # Without a byte order mark a common spreadsheet misreads Chinese.
        self._write(codecs.BOM_UTF8)

    def line(self, values: tuple[str, ...]) -> None:
        """Write one row; cells that a spreadsheet would execute are defused."""
        text = io.StringIO()
        csv.writer(text).writerow([defuse_cell(v) for v in values])
        self._write(text.getvalue().encode())

    def _write(self, data: bytes) -> None:
        self._sum.update(data)
        self._raw.write(data)

    def hexdigest(self) -> str:
        """The checksum of what was written."""
        return self._sum.hexdigest()


def write_member(pack: zipfile.ZipFile, name: str, rows: Iterator[tuple[str, ...]]) -> str:
    """Write rows as a file of a pack; returns its checksum."""
    with pack.open(name, "w", force_zip64=True) as raw:
        lines = CheckedLines(raw)
        for row in rows:
            lines.line(row)
        return lines.hexdigest()


def read_member(pack: zipfile.ZipFile, name: str) -> bytes:
    """A file of a pack.

    Raises:
        ValueError: it is too large.
    """
    if pack.getinfo(name).file_size > LARGEST:
        raise ValueError("too large")
    return pack.read(name)


def alterations(contents: Mapping[str, bytes], sums: Mapping[str, Any], present: Iterable[str]) -> list[str]:
    """What was done to a pack's files: which differ from the manifest's checksums, are not of it, or were taken out.

    Args:
        contents: the files that belong to such a pack, without the manifest.
        sums: the checksums of the manifest.
        present: names of all files but the manifest.
    """
    names = set(present)
    changed = (name for name, data in contents.items() if hashlib.sha256(data).hexdigest() != sums.get(name))
    found = [f"{name}: checksum differs, the file was changed" for name in changed]
    found += [f"{name}: not of this pack" for name in sorted(names - contents.keys())]
    return found + [f"{name}: missing, the file was taken out" for name in sorted(sums.keys() - names)]


def compare_rows(kept: bytes, now: Iterable[tuple[str, ...]]) -> list[str]:
    """Rows added, removed or changed since, by their first cell. A file that is no table any more has none."""
    try:
        text = kept.decode("utf-8-sig")
        before = {row[0]: tuple(row[1:]) for row in csv.reader(io.StringIO(text, newline="")) if row}
    except (UnicodeDecodeError, csv.Error):
        before = {}
    after = {str(defuse_cell(row[0])): tuple(str(defuse_cell(v)) for v in row[1:]) for row in now}
    found = [f"{key}: not in the pack, now {after[key]}" for key in after.keys() - before.keys()]
    found += [f"{key}: in the pack {before[key]}, not now" for key in before.keys() - after.keys()]
    found += [
        f"{key}: pack {before[key]}, now {after[key]}"
        for key in before.keys() & after.keys()
        if before[key] != after[key]
    ]
    return sorted(found)
