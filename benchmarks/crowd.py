"""A tenth of the city watching at once, each viewer beating on a clock of their own.

    python -m benchmarks.crowd --viewers 18000 --seconds 60

Every viewer keeps a connection of their own and sends a beat every 15 seconds, beginning at a random
moment; the answer is timed from the moment the beat was due, so a slow server cannot hide behind a
slow client. A 503 is sent again after its Retry-After, as the player does. The driver is a small C
program on epoll: 18,000 connections are not Python's trade. Prints one JSON line last.
"""

import argparse
import json
import os
import resource
import signal
import subprocess
import threading
import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks import drive
from benchmarks import ledger_scene as scene
from tests.support.services import postgres

SOURCE = Path(__file__).with_name("crowd.c")


def main() -> None:
    """Prints one JSON line last."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--viewers", type=int, default=18_000)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--rows", type=int, default=2_520_000)
    parser.add_argument("--database", default="sqlite", choices=("sqlite", "postgresql"))
    parser.add_argument("--quick", action="store_true", help="2,000 viewers, 42,000 rows, 16 seconds")
    parser.add_argument("--fresh", action="store_true", help="make the rows again")
    asked = parser.parse_args()
    if asked.quick:
        asked.viewers, asked.rows, asked.seconds = 2_000, 42_000, 16
    _room_for(asked.viewers)
    scene.CACHE.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        url = f"sqlite:///{scene.CACHE / f'ledger-{asked.rows}.db'}"
        if asked.database == "postgresql":
            url = stack.enter_context(postgres(scene.CACHE / "postgresql", durable=True, keep=True))
        scene.prepare(url, asked.rows, fresh=asked.fresh)
        print(json.dumps(measure(url, asked)))


def _room_for(viewers: int) -> None:
    """Allow as many open connections as there are viewers, here and in the server."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = viewers + 2_000
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise SystemExit(f"{viewers} viewers need {wanted} open files; this shell allows {hard} (ulimit -n)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def measure(url: str, asked: argparse.Namespace) -> dict[str, object]:
    """Let the crowd watch, and look afterwards whether every answered beat is in the ledger."""
    settings = scene.settings_for(url, scene.CACHE)
    path = scene.CACHE / "crowd.txt"
    chosen = scene.watchers(url, asked.viewers)
    path.write_text("".join(f"{one.token} {one.covered} {one.seq}\n" for one in chosen))
    with drive.server(settings) as process:
        before = scene.credited_ms(url)
        memory = _Memory(process.pid)
        said = json.loads(
            subprocess.run(
                [_driver(), str(settings.port), str(path), str(asked.seconds), str(scene.BEAT_MS)],
                check=True,
                timeout=asked.seconds + 120,
                capture_output=True,
                text=True,
            ).stdout
        )
        memory.stop()
        credited = (scene.credited_ms(url) - before) // scene.BEAT_MS
    return {
        "benchmark": "crowd",
        "database": asked.database,
        "viewers": len(chosen),
        **said,
        "found": credited,
        "lost": max(0, said["acknowledged"] - credited),
        "memory_mb_first": memory.seen[len(memory.seen) // 3],
        "memory_mb_last": memory.seen[-1],
    }


def _driver() -> str:
    built = scene.CACHE / "crowd"
    if not built.exists() or built.stat().st_mtime < SOURCE.stat().st_mtime:
        subprocess.run(["gcc", "-O2", "-o", built, SOURCE, "-lm"], check=True)
    return str(built)


class _Memory:
    """The server's resident memory, looked at every second."""

    def __init__(self, group: int) -> None:
        self.group, self.seen = group, [0.0]
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def _look(self) -> None:
        while not self._end.wait(1):
            self.seen.append(round(sum(_resident_mb(pid) for pid in _members(self.group)), 1))

    def stop(self) -> None:
        self._end.set()
        self._thread.join()


def _members(group: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if os.getpgid(int(entry.name)) == group:
                    found.append(int(entry.name))
            except ProcessLookupError:
                continue
    return found


def _resident_mb(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    started = time.monotonic()
    main()
