"""Kills the web server at random instants under load and looks for every beat it acknowledged.

    python -m tests.faults.kill_server --rounds 200 [--database postgresql]

Each viewer claims the next second of their lecture; a beat answered with 204 must be in the ledger
after the kill, and nothing may be in it that was never claimed. An unanswered beat is sent again to
the next server, as the player does. Prints one JSON line.
"""

import argparse
import http.client
import json
import os
import random
import shutil
import signal
import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select

from academy.core.database import Database
from academy.learning import rules
from academy.learning.models import WatchLedger
from benchmarks import ledger_scene as scene
from tests.faults.nursery import Nursery
from tests.support.services import postgres

STEP_MS = 1_000
GAP_MS = 1_000  # claims do not touch, so each is seen by itself in the ledger


@dataclass
class Viewer:
    """One member's playback, and what the server said about it."""

    watching: scene.Watching
    place: int = 0
    seq: int = 0
    acknowledged: list[tuple[int, int]] = field(default_factory=list)
    sent: list[tuple[int, int]] = field(default_factory=list)
    pending: tuple[int, int] | None = None

    def beat(self, connection: http.client.HTTPConnection) -> None:
        """Send the pending claim, or the next one; raises when the server is gone."""
        if self.pending is None:
            start = self.watching.covered + 5_000 + self.place * (STEP_MS + GAP_MS)
            self.pending, self.place, self.seq = (start, start + STEP_MS), self.place + 1, self.seq + 1
            self.sent.append(self.pending)
        body = {"lease": self.watching.token, "seq": self.seq, "spans": [list(self.pending)]}
        connection.request("POST", "/api/v1/progress/heartbeats", json.dumps(body))
        answer = connection.getresponse()
        answer.read()
        if answer.status == 204:
            self.acknowledged.append(self.pending)
            self.pending = None
        elif answer.status != 503:
            raise AssertionError(f"a beat was answered with {answer.status}")


def watch(port: int, viewers: list[Viewer], stop: threading.Event) -> None:
    """Send beats for these viewers, one after the other, until the server dies."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        while not stop.is_set():
            for viewer in viewers:
                viewer.beat(connection)
    except (OSError, http.client.HTTPException):
        return
    finally:
        connection.close()


def one_round(
    nursery: Nursery, url: str, folder: Path, viewers: list[Viewer], threads: int, dice: random.Random
) -> None:
    """Start a server, load it, and kill every process of it at a random instant."""
    settings = scene.settings_for(url, folder)
    stop = threading.Event()
    group = nursery.start(settings)
    share = [viewers[n::threads] for n in range(threads)]
    drivers = [threading.Thread(target=watch, args=(settings.port, some, stop)) for some in share]
    for driver in drivers:
        driver.start()
    time.sleep(dice.uniform(0.05, 0.8))
    os.killpg(group, signal.SIGKILL)
    for driver in drivers:
        driver.join(30)
    stop.set()


def missing(url: str, viewers: list[Viewer]) -> tuple[int, int, int]:
    """How many acknowledged beats are found, how many are not, how many milliseconds nobody claimed."""
    db = Database(url)
    found = lost = invented = 0
    with db.read() as tx:
        for viewer in viewers:
            one = viewer.watching
            packed = tx.scalar(
                select(WatchLedger.spans).where(
                    WatchLedger.member_id == one.member_id, WatchLedger.item_id == one.item_id
                )
            )
            held = rules.unpack_spans(packed or b"")
            for claim in viewer.acknowledged:
                whole = not rules.subtract([claim], held)
                found, lost = found + whole, lost + (not whole)
            begun = [(0, one.covered), (scene.DURATION_MS - 600_000, scene.DURATION_MS - 540_000)]
            invented += rules.length(rules.subtract(rules.subtract(held, begun), rules.merge(viewer.sent)))
    db.dispose()
    return found, lost, invented


def run(url: str, folder: Path, rounds: int, *, viewers: int = 64, threads: int = 16, seed: int = 1) -> dict[str, int]:
    """All rounds; every one is checked against the ledger before the next."""
    dice = random.Random(seed)
    scene.prepare(url, 200 * scene.ITEMS)
    watching = [Viewer(one) for one in scene.watchers(url, viewers, seed=seed)]
    lost = invented = found = 0
    nursery = Nursery()
    try:
        for _ in range(rounds):
            one_round(nursery, url, folder, watching, threads, dice)
            found, lost, invented = missing(url, watching)
            if lost or invented:
                break
    finally:
        nursery.close()
    acknowledged = sum(len(viewer.acknowledged) for viewer in watching)
    return {
        "rounds": rounds,
        "acknowledged": acknowledged,
        "found": found,
        "missing": lost,
        "invented_ms": invented,
    }


def main() -> None:
    """Prints one JSON line last."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="academy-kill-"))
    try:
        with ExitStack() as stack:
            url = f"sqlite:///{folder / 'ledger.db'}"
            if asked.database == "postgresql":
                url = stack.enter_context(postgres(folder / "pg", durable=True))
            print(json.dumps({"database": asked.database, **run(url, folder, asked.rounds, seed=asked.seed)}))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
