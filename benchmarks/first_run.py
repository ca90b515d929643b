"""Seconds from a warm package cache to the first page, and to the sixth playable lecture.

    python -m benchmarks.first_run [--quick] [--fresh]

Clones this repository (as committed) into an empty folder, types `make run` there and watches from
outside. `--quick` makes a town of 3,000 members, counts to the first playable lecture and gives up
after 50 seconds, so it ends within a minute. The films are made anew each time: that is what is
measured. What pip and npm keep in their own caches is the warmth; `--fresh` is therefore the same.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import closing, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLAYABLE = "SELECT count(*) FROM assets WHERE kind = 'video' AND state = 'ready'"


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--quick", action="store_true")
    words.add_argument("--fresh", action="store_true", help="nothing is kept between runs, so this changes nothing")
    words.add_argument("--keep", action="store_true", help="leave the clone, and say where it is")
    given = words.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="academy-first-run-"))
    try:
        found = measure(folder / "academy", 3_000 if given.quick else 20_000, 1 if given.quick else 6, given.quick)
    finally:
        if given.keep:
            print(folder, file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps({"benchmark": "first_run", "quick": given.quick} | found))
    return 0 if found["first_page_s"] is not None and found["clean_stop"] else 1


def measure(clone: Path, members: int, lectures: int, quick: bool) -> dict[str, object]:
    """Clone, run, watch, stop, start again, stop."""
    subprocess.run(["git", "clone", "-q", "--no-hardlinks", str(ROOT), str(clone)], check=True)
    port = _free_port()
    patience = 45.0 if quick else 1200.0
    run = Run(clone, port, members)
    page = run.until(lambda: _answers(port), patience)
    lecture = run.until(lambda: _playable(clone) >= lectures, max(1.0, patience - run.elapsed()))
    stop = run.stop()
    second, clean = None, stop is not None
    if page is not None:
        again = Run(clone, port, members)
        second = again.until(lambda: _answers(port), 20.0)
        clean = again.stop() is not None and clean
    return {
        "members": members,
        "lectures": lectures,
        "first_page_s": page,
        "lectures_playable_s": lecture,
        "second_start_s": second,
        "stop_s": stop,
        "clean_stop": clean and not _left_behind(clone),
        "target_second_start_s": 5,
        "cores": os.cpu_count(),
    }


class Run:
    """One `make run` in the clone."""

    def __init__(self, clone: Path, port: int, members: int) -> None:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("ACADEMY_")}
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            ["make", "run", f"MEMBERS={members}"],
            cwd=clone,
            env=kept | {"ACADEMY_PORT": str(port)},
            stdout=subprocess.DEVNULL,
            stderr=sys.stderr,
            start_new_session=True,
        )

    def elapsed(self) -> float:
        return time.monotonic() - self.began

    def until(self, condition: object, patience: float) -> float | None:
        """Seconds since the start at which the condition held; None if it did not in time."""
        end = time.monotonic() + patience
        while time.monotonic() < end and self.process.poll() is None:
            if callable(condition) and condition():
                return round(self.elapsed(), 1)
            time.sleep(0.1)
        return None

    def stop(self) -> float | None:
        """Ctrl-C; seconds it took, None if it had to be killed."""
        began = time.monotonic()
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGINT)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            return None
        return round(time.monotonic() - began, 1)


def _answers(port: int) -> bool:
    address = f"http://127.0.0.1:{port}/sign-in"
    with suppress(OSError), urllib.request.urlopen(address, timeout=5) as page:
        return int(page.status) == 200
    return False


def _playable(clone: Path) -> int:
    file = clone / "var" / "academy.db"
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as rows:
        return int(rows.execute(PLAYABLE).fetchone()[0])
    return 0


def _left_behind(clone: Path) -> list[str]:
    """Processes that still run out of the clone."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            command = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if str(clone) in command:
                found.append(command)
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
