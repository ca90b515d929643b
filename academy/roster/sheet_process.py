"""The jailed process that reads an uploaded sheet: start, communication, end."""

import contextlib
import fcntl
import importlib.util
import logging
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from academy.core.errors import Invalid
from academy.core.i18n import msg
from academy.core.logging import log_event
from academy.roster import sheet_frames
from academy.roster.sheet_frames import HEAD, MOST_FRAME, Untrue
from academy.roster.sheet_table import Batch, HeadingQuery, SheetTable

log = logging.getLogger(__name__)

_SCRIPT = Path(__file__).with_name("sheet_reader.py")
_PIPE = 1 << 20
"""Pipe size in bytes: the reader works ahead while rows are compared with the register."""
_END_TIMEOUT_S = 10
_LOG_TAIL = 2000
_TOO_MUCH = msg(
    "读这份表格用的内存或时间超出了限制，没有读完，也没有改动任何数据。请只保留名册一张表，删去多余的行和列，重新另存后再上传。"
)
_DAMAGED = msg("表格文件已损坏，读不出来，没有改动任何数据。请重新另存为 .xlsx 或 CSV 再上传。")


@dataclass(frozen=True)
class ReaderLimits:
    """Limits of reading one file."""

    wait_s: float = 600
    """Total seconds spent waiting for the reader."""
    cpu_s: int = 300
    memory_mib: int = 3072
    """Address space: a workbook of 700 MB of XML takes about two thirds of it."""
    frames_mib: int = 1024
    """Maximum bytes of output."""


READER = ReaderLimits()


class SheetProcess:
    """The jailed reader of one file. Its output is not trusted: the file may have compromised it."""

    def __init__(self, path: Path, wanted: HeadingQuery, limits: ReaderLimits) -> None:
        self._path, self._wanted, self._limits = path.absolute(), wanted, limits
        self._waited, self._taken = 0.0, 0
        self._open = contextlib.ExitStack()

    def __enter__(self) -> "SheetProcess":
        folder = self._open.enter_context(tempfile.TemporaryDirectory())
        given = self._open.enter_context(tempfile.TemporaryFile())
        self._log = self._open.enter_context(tempfile.TemporaryFile())
        given.write(sheet_frames.packed_wanted(self._wanted))
        given.seek(0)
        self._process = _start(self._path, self._limits, Path(folder), given, self._log)
        return self

    def __exit__(self, *_error: object) -> None:
        with self._open:
            _kill(self._process)
            if self._process.stdout is not None:
                self._process.stdout.close()

    def table(self) -> SheetTable:
        """The headings of the table, and its rows as they arrive.

        Raises:
            Invalid: the file is no table, or the reader failed. Also while the rows are read.
        """
        kind, what = self._next()
        try:
            if kind != "table":
                raise Untrue
            table = sheet_frames.unpacked_table(what)
        except Untrue:
            raise self._untrue() from None
        table.arriving = self._batches(table)
        table.rows = (row for batch in table.arriving for row in batch.rows())
        return table

    def _batches(self, table: SheetTable) -> Iterator[Batch]:
        line = count = 0
        try:
            while True:
                kind, what = self._next()
                if kind != "rows":
                    break
                batch, faults = sheet_frames.unpacked_rows(what, line)
                line = batch.lines[-1]
                count += len(batch.lines)
                table.faults.update(faults)
                yield batch
            above, rows, blank, continued = sheet_frames.unpacked_lines(what)
            if kind != "end" or rows != count:
                raise Untrue
        except Untrue:
            raise self._untrue() from None
        # Added, not set: corrected rows have been counted meanwhile.
        table.lines.above += above
        table.lines.rows += rows
        table.lines.blank += blank
        table.lines.continued += continued

    def _next(self) -> tuple[str, list[Any]]:
        size = HEAD.unpack(self._bytes(HEAD.size))[0]
        self._taken += size
        if size > MOST_FRAME or self._taken > self._limits.frames_mib << 20:
            raise self._untrue()
        try:
            kind, what = sheet_frames.unpacked(self._bytes(size))
            if kind == "invalid" and len(what) == 1:
                raise Invalid(sheet_frames.unpacked_message(what[0]))
        except Untrue:
            raise self._untrue() from None
        return kind, what

    def _bytes(self, count: int) -> bytes:
        """So many bytes of the reader's output.

        Raises:
            Invalid: it ended before, or its time is over.
        """
        assert self._process.stdout is not None
        source, parts = self._process.stdout.fileno(), []
        ready = select.poll()
        ready.register(source, select.POLLIN)
        while count:
            began = time.monotonic()
            there = ready.poll(max(0, self._limits.wait_s - self._waited) * 1000)
            self._waited += time.monotonic() - began
            if not there:
                _kill(self._process)
                raise self._gave_up("late")
            part = os.read(source, min(count, _PIPE))
            if not part:
                raise self._ended()
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def _ended(self) -> Exception:
        """The error for a reader that ended before the sheet did."""
        try:
            code = self._process.wait(_END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            _kill(self._process)
            return self._untrue()
        if code < 0:
            return self._gave_up(signal.Signals(-code).name)
        if code == sheet_frames.OUT_OF_MEMORY:
            return self._gave_up("memory")
        self._log.seek(max(0, self._log.seek(0, os.SEEK_END) - _LOG_TAIL))
        log_text = self._log.read().decode("utf-8", "replace")
        if code == sheet_frames.UNREADABLE:
            log_event(log, "members.sheet_unreadable", why=log_text.rpartition(sheet_frames.FAILED)[2][:200])
            return Invalid(_DAMAGED)
        return RuntimeError(f"the reader of sheets ended with {code}: {log_text[-500:]}")

    def _gave_up(self, why: str) -> Invalid:
        log_event(log, "members.sheet_reader_stopped", why=why)
        return Invalid(_TOO_MUCH)

    def _untrue(self) -> Invalid:
        log_event(log, "members.sheet_reader_invalid")
        return Invalid(_DAMAGED)


def _start(
    path: Path, limits: ReaderLimits, folder: Path, given: IO[bytes], log_text: IO[bytes]
) -> "subprocess.Popen[bytes]":
    bounds = [str(os.getpid()), str(limits.cpu_s), str(limits.memory_mib)]
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", str(_SCRIPT), *bounds, str(path), *_folders()],
        cwd=folder,
        env={"PATH": os.defpath, "LANG": "C.UTF-8", "HOME": str(folder), "TMPDIR": str(folder)},
        stdin=given,
        stdout=subprocess.PIPE,
        stderr=log_text,
        bufsize=0,
        start_new_session=True,
    )
    assert process.stdout is not None
    with contextlib.suppress(OSError):  # the user has too many large pipes: continue with a small one
        fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, _PIPE)
    return process


def _folders() -> list[str]:
    """Folders of the packages that the reader needs."""
    found = []
    for name in ("python_calamine", "tzdata"):
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            found.append(str(Path(spec.origin).parent.parent))
    return sorted(set(found))


def _kill(process: "subprocess.Popen[bytes]") -> None:
    # The whole group, as with every jailed command.
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
