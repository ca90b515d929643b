"""Spreadsheets that mean harm, and readers that come to an end: each in words, nothing half done, nothing seen."""

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from academy import components
from academy.core.errors import Invalid
from academy.core.i18n import Message
from academy.core.runtime import Runtime
from academy.people.models import Member, RosterImport
from academy.roster import columns, imports, jobs, sheet_process
from academy.roster.sheet_process import ReaderLimits, SheetProcess
from academy.roster.sheet_table import HeadingQuery
from academy.roster.sheets import open_table
from tests.components.roster_office import Town, plant, send
from tests.conftest import make_settings
from tests.faults import hostile_sheets as sheets
from tests.support import templates

pytestmark = pytest.mark.faults

components.import_all()
WANTED = HeadingQuery(columns.MEMBERS)
TOO_MUCH, DAMAGED = "内存或时间超出了限制", "已损坏"


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    """A runtime whose transactions are real."""
    with templates.database("sqlite", tmp_path) as url:
        runtime = Runtime.build(make_settings(tmp_path, database_url=url, max_form_mb=64))
        yield runtime
        runtime.db.dispose()


@pytest.fixture
def town(runtime: Runtime) -> Town:
    return plant(runtime)


def people(count: int) -> bytes:
    rows = (f"A{number},赵小满,001-1" for number in range(count))
    return "\n".join(["编号,姓名,组织代码", *rows]).encode()


def said(made: RosterImport) -> str:
    return str(Message.from_json(made.problem or {"text": ""}))


def nothing_is_left(runtime: Runtime, made: RosterImport) -> bool:
    """No plan to be applied, no half of one, nobody in the register."""
    place = imports.folder(runtime.settings, made)
    with runtime.db.read() as tx:
        return {one.name for one in place.iterdir()} == {"source"} and tx.scalar(select(func.count(Member.id))) == 0


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (sheets.rows_bomb, "解压后过大"),
        (sheets.strings_bomb, "解压后过大"),
        (sheets.one_long_string, "解压后过大"),
        (sheets.far_cell, TOO_MUCH),
    ],
)
def test_a_workbook_that_would_eat_the_machine_is_refused_in_words(
    runtime: Runtime, town: Town, tmp_path: Path, make: Callable[[Path], Path], words: str
) -> None:
    made = send(runtime, town.east, make(tmp_path / "a.xlsx").read_bytes())
    assert made.state == "refused"
    assert words in said(made)
    assert nothing_is_left(runtime, made)


def test_what_a_sheet_says_of_its_size_is_not_believed(runtime: Runtime, town: Town, tmp_path: Path) -> None:
    made = send(runtime, town.east, sheets.wide_claim(tmp_path / "a.xlsx").read_bytes())
    assert (made.state, made.summary["added"]) == ("checked", 3)


@pytest.mark.parametrize("part", [sheets.SHEET, sheets.STRINGS, "xl/workbook.xml", "xl/styles.xml"])
def test_entities_are_neither_fetched_nor_unfolded(tmp_path: Path, part: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("TOPSECRET")
    path = sheets.entities(tmp_path / "a.xlsx", part, secret)
    try:
        with open_table(path, WANTED) as table:
            cells = "".join("".join(row) for _, row in table.rows)
    except Invalid as error:
        cells = str(error)
    assert "TOPSECRET" not in cells
    assert len(cells) < 5000


def reader_of_mine() -> int | None:
    """The process that reads a sheet for this one."""
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0") if entry.name.isdecimal() else []
        except OSError:
            continue
        if any(word.endswith(b"sheet_reader.py") for word in words) and str(os.getpid()).encode() in words:
            return int(entry.name)
    return None


def test_a_reader_that_is_killed_half_way_leaves_nothing_half_done(runtime: Runtime, town: Town) -> None:
    """As the kernel kills it when memory ends; its rows have been compared with the register by then."""
    over = threading.Event()

    def kill() -> None:
        while not over.is_set():
            drafts = list((runtime.settings.data_dir / "rosters").glob("*/findings.draft"))
            reader = reader_of_mine()
            if reader is not None and drafts and drafts[0].stat().st_size > 100_000:
                os.kill(reader, signal.SIGKILL)
                return
            time.sleep(0.005)

    killer = threading.Thread(target=kill)
    killer.start()
    made = send(runtime, town.east, people(400_000))
    over.set()
    killer.join()
    assert made.state == "refused"
    assert TOO_MUCH in said(made)
    assert nothing_is_left(runtime, made)
    again = send(runtime, town.east, people(20))
    assert (again.state, again.summary["added"]) == ("checked", 20)


def first_rows_then(path: Path, limits: ReaderLimits, then: Callable[[int], None]) -> int:
    """How many rows came in all, when something happens to the reader after the first ones."""
    with SheetProcess(path, WANTED, limits) as process:
        count = 0
        for batch in process.table().batches():
            if not count:
                then(process._process.pid)
            count += len(batch.lines)
        return count


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGTERM, signal.SIGSTOP])
def test_a_reader_that_ends_or_hangs_is_an_error_in_words(tmp_path: Path, how: signal.Signals) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(people(400_000))
    seen: list[int] = []

    def then(reader: int) -> None:
        seen.append(reader)
        os.kill(reader, how)

    with pytest.raises(Invalid, match=TOO_MUCH):
        first_rows_then(path, ReaderLimits(wait_s=3), then)
    with pytest.raises(ProcessLookupError):
        os.kill(seen[0], 0)


def test_whoever_stops_reading_leaves_no_reader_behind(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(people(400_000))
    with SheetProcess(path, WANTED, ReaderLimits()) as process:
        next(process.table().batches())
        reader = process._process.pid
    with pytest.raises(ProcessLookupError):
        os.kill(reader, 0)


@pytest.mark.parametrize(
    ("make", "limits"),
    [
        (lambda: people(480_000).replace(b"\n", b",1" * 30 + b"\n"), ReaderLimits(cpu_s=1)),  # some two seconds
        (lambda: people(3) + b"\nA9," + "赵".encode() * (20 << 20), ReaderLimits(memory_mib=96)),
    ],
)
def test_the_limits_hold(tmp_path: Path, make: Callable[[], bytes], limits: ReaderLimits) -> None:
    path = tmp_path / "a"
    path.write_bytes(make())
    with pytest.raises(Invalid, match=TOO_MUCH), open_table(path, WANTED, limits) as table:
        for _ in table.batches():
            pass


TAKEN_OVER = """
import json, os, socket, sys
from academy.core.errors import Invalid
from academy.core.i18n import msg
secret, folder = {secret!r}, {folder!r}
def tried(what):
    try:
        what()
        return "yes"
    except BaseException as error:
        return type(error).__name__
def send():
    with socket.create_connection(("127.0.0.1", {port}), 2):
        pass
def write(path):
    with open(path, "w") as target:
        target.write("x" * (2 << 20))
        target.flush()
raise Invalid(msg(json.dumps({{
    "read": tried(lambda: open(secret).read()),
    "list": tried(lambda: os.listdir(folder)),
    "environ": tried(lambda: open("/proc/%d/environ" % os.getppid()).read()),
    "write beside": tried(lambda: write(folder + "/new")),
    "write much": tried(lambda: write("new")),
    "connect": tried(send),
    "settings": str(sorted(set(os.environ) - {{"PATH", "LANG", "HOME", "TMPDIR", "LC_CTYPE"}})),
}}).replace("%", "")))
"""


def test_a_reader_that_is_taken_over_sees_nothing_and_reaches_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library that reads workbooks is another one here: what an attacker's code would do, done in its place."""
    listening = socket.create_server(("127.0.0.1", 0))
    secret = tmp_path / "secret"
    secret.write_text("TOPSECRET")
    library = tmp_path / "library" / "python_calamine"
    library.mkdir(parents=True)
    port = listening.getsockname()[1]
    library.joinpath("__init__.py").write_text(
        TAKEN_OVER.format(secret=str(secret), folder=str(tmp_path), port=port), encoding="utf-8"
    )
    monkeypatch.setattr(sheet_process, "_folders", lambda: [str(library.parent)])
    monkeypatch.setenv("ACADEMY_SECRET_KEY", "TOPSECRET")
    path = tmp_path / "a.xlsx"
    path.write_bytes(sheets.workbook())
    with pytest.raises(Invalid) as refused, open_table(path, WANTED):
        pass
    listening.close()
    found = json.loads(str(refused.value))
    assert found.pop("settings") == "[]"
    assert "yes" not in found.values(), found
    assert set(found) == {"read", "list", "environ", "write beside", "write much", "connect"}
    assert not (tmp_path / "new").exists()


def pack(*what: object) -> bytes:
    body = json.dumps(what).encode()
    return struct.pack(">I", len(body)) + body


TABLE = pack("table", ["编号", "姓名"], 2, [], [])
LIES = {
    "no frame": b"\xff" * 100,
    "more than is taken": struct.pack(">I", 1 << 31) + b"x" * 1000,
    "no JSON": struct.pack(">I", 3) + b"abc",
    "deep": struct.pack(">I", 200_000) + b"[" * 200_000,
    "many digits": struct.pack(">I", 9002) + b"[" + b"9" * 9000 + b"]",
    "rows first": pack("rows", [2], ["A1"], {}),
    "a width that is a bomb": pack("invalid", {"text": "%(n)999999999s", "params": {"n": "x"}}),
    "a place that is not given": pack("invalid", {"text": "%(n)s", "params": {}}),
    "attributes": pack("invalid", {"text": "%(n)s", "params": {"n": [1]}}),
    "lines backwards": TABLE + pack("rows", [3, 2], ["A\x7fB", "C\x7fD"], {}),
    "a line twice": TABLE + pack("rows", [2], ["A"], {}) + pack("rows", [2], ["A"], {}),
    "cells amiss": TABLE + pack("rows", [2, 3], ["A\x7fB", "C"], {}),
    "a cell too long": TABLE + pack("rows", [2], ["A" * 600], {}),
    "numbers for text": TABLE + pack("rows", [2], [7], {}),
    "a line past the last": TABLE + pack("rows", [10**9], ["A"], {}),
    "no rows for ever": TABLE + pack("rows", [], [], {}) * 1000,
    "rows left out": TABLE + pack("rows", [2], ["A"], {}) + pack("end", 0, 2, 0, 0),
    "less than nothing": TABLE + pack("end", -1, 0, 0, 0),
    "half a character": TABLE + pack("rows", [2], ["\ud800"], {}),
    "half a character said": pack("invalid", {"text": "\udc00", "params": {}}),
    "true for one": TABLE + pack("rows", [True], ["A"], {}),
}


@pytest.mark.parametrize("lie", LIES)
def test_what_a_reader_that_is_taken_over_says_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lie: str
) -> None:
    script, frames = tmp_path / "sheet_reader.py", tmp_path / "frames"
    frames.write_bytes(LIES[lie])
    script.write_text(f"import os\nos.write(1, open({str(frames)!r}, 'rb').read())\n")
    monkeypatch.setattr(sheet_process, "_SCRIPT", script)
    with pytest.raises(Invalid, match=DAMAGED), open_table(script, WANTED) as table:
        for _ in table.batches():
            pass


def test_a_reader_that_never_stops_sending_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "sheet_reader.py"
    script.write_text(
        "import json, os, struct\n"
        "def put(*what):\n"
        "    body = json.dumps(what).encode()\n"
        "    os.write(1, struct.pack('>I', len(body)) + body)\n"
        "put('table', ['a'], 1, [], [])\n"
        "line = 0\n"
        "while True:\n"
        "    line += 1\n"
        "    put('rows', [line], ['x' * 500] * 100, {})\n"
    )
    monkeypatch.setattr(sheet_process, "_SCRIPT", script)
    with pytest.raises(Invalid, match=DAMAGED), open_table(script, WANTED, ReaderLimits(frames_mib=8)) as table:
        for _ in table.batches():
            pass


@pytest.mark.parametrize(("which", "words"), [("all", "read 3"), ("restrict", "Landlock is there and does not hold")])
def test_without_landlock_the_limits_stay_and_a_broken_one_reads_nothing(
    tmp_path: Path, which: str, words: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(people(3))
    code = (
        "from pathlib import Path\n"
        "from academy.roster.sheets import open_table\n"
        f"with open_table(Path({str(path)!r})) as table:\n"
        "    print('read', len(list(table.rows)))\n"
    )
    command = [sys.executable, "-m", "tests.faults.without_landlock", which, code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert words in done.stdout + done.stderr


def test_a_bad_file_among_good_ones_changes_no_limit(runtime: Runtime, town: Town) -> None:
    """What is mended is read by the same process: a bomb sent back as mended rows is refused, and the rows stay."""
    made = send(runtime, town.east, b"\n".join([people(3), b"A9,,001-1"]))
    assert (made.state, made.summary["bad"]) == ("refused", 1)
    mended = imports.folder(runtime.settings, made) / "mended"
    sheets.far_cell(mended)
    seen = jobs.look(runtime, made, lambda _permille: None)
    assert seen is not None and seen.counts["bad"] == 1
    assert TOO_MUCH in said(made)
    assert not mended.exists()
