"""Random failures against random players: what was played is in the ledger, and what follows from it is written.

    python -m tests.faults.learning_never_lost --rounds 500 [--database postgresql] [--seed 1]

A round is a member with one or two devices, who watches, leaps, pauses, loses the network, keeps lectures and plays
them without it, changes lectures and devices for some hours, while requests and answers are lost, proxies answer with
pages of their own, statements fail, transactions collide and servers are killed, at any place of what they do. At its
end the network is back, the queues empty themselves, the repair runs, and everything is counted by hand. Prints one
JSON line.

`lost_s` was played and is neither held nor was its member told why; `invented_s` is held and was never claimed;
`unjust_s` was refused, as too fast or as longer than the time without a network, of somebody who never played faster
than twice; `over_clock_s` is more than the wall clock allows; `differences` are starts, completions, hours and coverage
that are not as the ledger implies.

`changes` are lives of `learning_changes`: courses and people change after they have studied, and everything is worked
out by hand.
"""

import argparse
import collections
import datetime as dt
import json
import random
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from academy.app import create_app
from academy.core import clock
from academy.core.actor import SYSTEM
from academy.core.database import Tx
from academy.core.runtime import Runtime
from academy.learning import repair, rules
from academy.learning.models import Completion, CourseStart, CreditHour, ItemCompletion, WatchLedger
from academy.library.models import CourseItem, ItemVersion
from academy.media.keeping.kept_files import MANIFEST
from academy.media.keeping.make_kept import KeptFile, KeptSet
from academy.media.models import Asset
from academy.media.storage.file_storage import local_storage, set_key
from academy.people.models import Member, Organisation
from academy.trainings import recount
from academy.trainings import service as trainings
from academy.trainings.models import Training
from tests.conftest import make_settings
from tests.faults import learning_changes
from tests.faults.learning_player import BEATS, HTML, PAGES, Device, Request, Seconds
from tests.faults.learning_server import KINDS, PLACES, Answer, Asked, Fault, Server
from tests.support import factories, shelf, templates
from tests.support.coverage_city import training
from tests.support.ledger_makers import learner, lecture

START = dt.datetime(2026, 3, 2, 1, tzinfo=dt.UTC)
SLACK_S = 10
LENGTHS = ((1, 1), (2, 2), (6, 1), (1, 2))
"""Minutes and items of each course; the last is a document."""
COUNTS = ("lost_s", "invented_s", "unjust_s", "over_clock_s", "differences")


@dataclass
class Lectures:
    """A course: the items' ids and lengths, and what completes each of them."""

    course_id: int
    items: list[int]
    public_ids: list[str]
    lengths: list[int]
    permille: list[int]
    forms: list[str]
    """In which each can be kept on a phone."""


def keepable(tx: Tx, runtime: Runtime, item: ItemVersion) -> str:
    """Have the item's file say that it can be kept on a phone; returns the form. No file is fetched here."""
    asset = tx.get_one(Asset, item.asset_id)
    form = "pages" if item.kind == "document" else "sound"
    one = KeptFile("kept/0.mp4", 1, "0" * 64)
    found = KeptSet(pages=(one,)) if form == "pages" else KeptSet(sound=one)
    asset.probe = {"kept": {"generation": asset.generation, "sizes": found.sizes()}}
    path = local_storage(runtime.settings).path(f"{set_key(asset.public_id, asset.generation)}/{MANIFEST}")
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(found.to_json()), encoding="utf-8")
    return form


class City:
    """Members, courses of one and two items, video and document, and a training that asks for all of them."""

    def __init__(self, runtime: Runtime, members: int) -> None:
        self.runtime = runtime
        with clock.frozen(START), runtime.db.begin() as tx:
            person, _, owner = learner(tx)
            node = tx.get_one(Organisation, tx.get_one(Member, person.id).organisation_id)
            people = [factories.member(tx, node) for _ in range(members)]
            self.people = [one.id for one in people]
            self.tokens = [factories.session_token(tx, factories.account(tx, one)) for one in people]
            courses = [lecture(tx, owner, minutes=m, items=n) for m, n in LENGTHS]
            for item in courses[3].shown.items:
                shelf.change_item(tx, item.item_id, kind="document")
            self.lectures = [
                Lectures(
                    course.id,
                    [item.item_id for item in course.shown.items],
                    [item.public_id for item in course.shown.items],
                    [60 * minutes] * len(course.shown.items),
                    [
                        1000 if item.kind == "document" else course.shown.threshold_permille
                        for item in course.shown.items
                    ],
                    [keepable(tx, runtime, item) for item in course.shown.items],
                )
                for course, (minutes, _) in zip(courses, LENGTHS, strict=True)
            ]
            plan = training(tx, node, courses, required_count=None)
            trainings.open_training(tx, SYSTEM, plan)
            self.training_id = plan.id


class Round:
    """Some hours of one member."""

    def __init__(self, city: City, servers: list[Server], number: int, dice: random.Random) -> None:
        self.city, self.servers, self.dice, self.now = city, servers, dice, 0.0
        self.member, self.token = city.people[number], city.tokens[number]
        self.lectures = dice.choice(city.lectures)
        self.devices = [
            Device(name, dice, self.lectures.lengths) for name in ("phone", "desk")[: dice.choice([1, 1, 2])]
        ]
        self.weather = dice.choice([0.0, 0.1, 0.4])
        self.trouble = dice.choice([0.0, 0.2, 0.7])
        self.cheats = dice.random() < 0.15
        self.seen: collections.Counter[str] = collections.Counter()

    def run(self) -> None:
        """Watch through everything that goes wrong; then let the queues empty themselves."""
        for _ in range(self.dice.randint(5, 70)):
            wall_s = self.dice.choice([15, 15, 15, 15, 7, 1])
            self.now += wall_s
            for device in self.devices:
                device.watch(wall_s)
                self._act(device)
            self._deliver()
        self.weather = self.trouble = 0.0
        for device in self.devices:
            device.online = True
        for _ in range(200):
            if not any(device.queue for device in self.devices):
                return
            self.now += 60
            self._deliver()
        raise AssertionError("a queue does not empty itself")

    def _act(self, device: Device) -> None:
        """What a person does next, most often nothing."""
        act = self.dice.random()
        if not device.lease and device.online and act < 0.5:
            # Somebody watches on one device; the other one may go on where there is no network.
            others = [other for other in self.devices if other is not device]
            for other in others:
                if other.online or other.lease in other.kept.values():
                    other.playing = False
            [answer] = self._send([(device, device.opening(self.lectures.public_ids, take_over=act < 0.4))])
            device.opened(answer)
            device.speed = self.dice.choice([1, 1, 2])
        elif act < 0.06:
            device.online = not device.online
            if device.kept and not device.online and self.dice.random() < 0.7:
                device.playing, device.lease = False, ""  # its kept copy is opened instead
        elif act < 0.10:
            device.place = self.dice.randrange(device.lengths[device.item])
        elif act < 0.14:
            for farewell in device.close_page():
                self._send([(device, farewell)])
            device.item, device.place = self.dice.randrange(len(device.lengths)), 0
        elif act < 0.18:
            self.now += self.dice.choice([60, 2_400])  # a pause
        elif act < 0.22 and self.cheats:
            device.leap()
        elif act < 0.30 and device.online:
            item = device.item
            request = device.keeping(self.lectures.public_ids, self.lectures.forms[item])
            [answer] = self._send([(device, request)])
            self.seen["kept"] += answer is not None and answer.status == 201
            device.keeps(item, answer)
        elif device.kept and not device.online and not device.lease and not any(d.playing for d in self.devices):
            self.seen["played kept"] += 1
            device.play_kept()
        elif device.lease and not any(other.playing for other in self.devices):
            device.playing = True
            if device.place >= device.lengths[device.item]:
                device.place = 0

    def _deliver(self) -> None:
        """Every queue sends what it may; beats of two devices are on the way at the same time."""
        while waiting := [(d, beat) for d in self.devices if (beat := d.next_beat(self.now)) is not None]:
            for (device, beat), answer in zip(waiting, self._send(waiting), strict=True):
                device.answered(beat, answer, self.now)

    def _send(self, requests: list[tuple[Device, Request]]) -> list[Answer | None]:
        """Through the network and to a server each; None where nothing came back."""
        answers: list[Answer | None] = [None] * len(requests)
        sent = []
        for place, (_, request) in enumerate(requests):
            met = self.dice.random()
            if met < self.weather / 3:
                self.seen["request lost"] += 1
            elif met < self.weather * 2 / 3:
                self.seen["proxy page"] += 1
                answers[place] = self.dice.choice(PAGES)
            else:
                self.servers[place].send(self._asked(request))
                sent.append((place, met < self.weather, request))
        for place, unheard, request in sent:
            self.seen["requests"] += 1
            answer = self.servers[place].receive()
            self.seen["killed"] += answer is None
            if (
                answer is not None
                and request.path == BEATS
                and answer.status >= 400
                and answer.status not in (409, 500, 503)
            ):
                raise AssertionError(f"a beat was answered with {answer}")
            if unheard:
                self.seen["answer lost"] += 1
                answer = self.dice.choice([None, Answer(504, HTML)])
            answers[place] = answer if request.heard else None
        return answers

    def _asked(self, request: Request) -> Asked:
        fault = None
        if self.dice.random() < self.trouble:
            kind = self.dice.choice([*KINDS, "kill", "error", "error"])
            self.seen[kind] += 1
            fault = Fault(kind, self.dice.randint(1, PLACES), self.dice.choice([1, 1, 2, 1000]))
        at = START + dt.timedelta(seconds=self.now)
        return Asked(at, request.path, request.body, "" if request.path == BEATS else self.token, fault)

    def count(self) -> dict[str, int]:
        """What is not as it must be, counted by hand."""
        held = self._held()
        played: Seconds = set().union(*(device.played for device in self.devices))
        told: Seconds = set().union(*(some for device in self.devices for some in device.told.values()))
        beyond = ("too_fast", "offline")
        unjust: Seconds = set().union(*(d.told.get(why, set()) for d in self.devices for why in beyond))
        return {
            "lost_s": len(played - held - told),
            "invented_s": len(held - played),
            "unjust_s": 0 if self.cheats else len(unjust - held),
            "over_clock_s": max(0, len(held) - int(2 * self.now) - SLACK_S),
            "differences": self._differences(held),
        }

    def _held(self) -> Seconds:
        with self.city.runtime.db.read() as tx:
            rows = tx.execute(
                select(WatchLedger.item_id, WatchLedger.spans, WatchLedger.covered).where(
                    WatchLedger.member_id == self.member
                )
            ).all()
        held: Seconds = set()
        for item_id, packed, covered in rows:
            spans = rules.unpack_spans(packed)
            assert rules.length(spans) == covered
            item = self.lectures.items.index(item_id)
            held |= {(item, second) for start, end in spans for second in range(start // 1000, end // 1000)}
        return held

    def _differences(self, held: Seconds) -> int:
        """Starts, completions and hours, beside what the seconds held imply."""
        lectures = self.lectures
        reached = {
            item_id
            for place, item_id in enumerate(lectures.items)
            if 1000 * sum(item == place for item, _ in held) >= lectures.lengths[place] * lectures.permille[place]
        }
        whole = reached == set(lectures.items)
        with self.city.runtime.db.read() as tx:
            mine = {"member_id": self.member}
            starts = tx.scalars(select(CourseStart.course_id).filter_by(**mine)).all()
            items = dict(
                tx.execute(select(ItemCompletion.item_id, ItemCompletion.completed_at).filter_by(**mine)).all()
            )
            done = tx.scalars(select(Completion).filter_by(**mine)).all()
            hours = tx.scalars(select(CreditHour.minutes).filter_by(**mine)).all()
            dated = dict(tx.execute(select(WatchLedger.item_id, WatchLedger.completed_ms).filter_by(**mine)).all())
            marked = tx.scalar(select(func.count(WatchLedger.pending_since_ms)).filter_by(**mine))
        wrong = [
            starts != ([lectures.course_id] if held else []),
            set(items) != reached,
            [row.course_id for row in done] != ([lectures.course_id] if whole else []),
            list(hours) != ([45] if whole else []),
            any(int(at.timestamp() * 1000) != dated[item] for item, at in items.items()),
            whole and [row.completed_at for row in done] != [max(items.values(), default=None)],
            marked != 0,
        ]
        return sum(wrong)


def run(runtime: Runtime, rounds: int, seed: int) -> dict[str, object]:
    """All rounds; every one is counted before the next."""
    city, total = City(runtime, rounds), collections.Counter[str]()
    app = create_app(runtime)
    servers = [Server(app, runtime) for _ in range(2)]
    seen: collections.Counter[str] = collections.Counter()
    repaired = 0
    try:
        for number in range(rounds):
            one = Round(city, servers, number, random.Random(f"{seed}/{number}"))
            one.run()
            repaired += repair.repair_ledgers(runtime.db).done
            found = one.count()
            total.update(found)
            seen.update(one.seen)
            if any(found.values()):
                print(json.dumps({"seed": seed, "round": number, **found}), flush=True)
    finally:
        for server in servers:
            server.close()
    with runtime.db.read(snapshot=True) as tx:
        uncounted = [str(one) for one in recount.recount_differences(tx, tx.get_one(Training, city.training_id))]
        completions = tx.scalar(select(func.count()).select_from(Completion)) or 0
        credited = tx.scalar(select(func.sum(WatchLedger.covered)).join(CourseItem)) or 0
    uncounted += [str(one) for one in repair.ledger_differences(runtime.db)]
    total["differences"] += len(uncounted)
    for one in uncounted[:20]:
        print(one, flush=True)
    return {
        "rounds": rounds,
        **{name: total[name] for name in COUNTS},
        "credited_s": credited // 1000,
        "completions": completions,
        "repaired": repaired,
        **{name.replace(" ", "_"): count for name, count in sorted(seen.items())},
    }


def main() -> None:
    """Prints one JSON line last."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with _runtime(asked.database) as runtime:
        found = run(runtime, asked.rounds, asked.seed)
    with _runtime(asked.database) as runtime:
        found["changes"] = learning_changes.run_many(runtime, max(1, asked.rounds // 25), asked.seed)
    print(json.dumps({"check": "learning_never_lost", "database": asked.database, **found}))


@contextmanager
def _runtime(database: str) -> Iterator[Runtime]:
    """A new database of its own."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="academy-never-lost-")))
        url = stack.enter_context(templates.database(database, folder))
        runtime = Runtime.build(make_settings(folder, database_url=url, log_level="CRITICAL"))
        stack.callback(runtime.db.dispose)
        yield runtime


if __name__ == "__main__":
    main()
