"""What a coverage figure costs to read, and what keeping it costs a completion.

    python -m benchmarks.coverage [--members 180000 --branches 8000 --trainings 14]
        [--database sqlite|postgresql|both] [--no-growth] [--quick] [--fresh]

Each reading is compared with a plain GROUP BY over completions in the same run. Prints one JSON
line last; on both databases the PostgreSQL figures carry the suffix _pg.
"""

import argparse
import datetime as dt
import json
import multiprocessing
import threading
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Text, func, select, text

from academy import components
from academy.core import clock
from academy.core.database import Tx
from academy.core.runtime import Runtime
from academy.core.settings import Settings
from academy.coverage import name_lists, table
from academy.jobs import events
from academy.learning import completions
from academy.learning.models import Completion
from academy.library.models import Course
from academy.people.models import Organisation
from academy.people.queries import subtree
from academy.trainings import coverage_cells, recount
from academy.trainings.models import Enrolment, Training, TrainingCourse
from benchmarks import city
from tests.support.shortcuts import settle_all

RATE, LOAD_SECONDS = 300, 10
PROCESSES, LANES = 2, 4


def milliseconds(call: Callable[[], Any], *, times: int = 25, budget_s: float = 6) -> float:
    """The quickest tenth of some runs, after one to warm up: other work on the machine only ever adds."""
    call()
    taken: list[float] = []
    end = time.perf_counter() + budget_s
    while len(taken) < times and (len(taken) < 3 or time.perf_counter() < end):
        begun = time.perf_counter()
        call()
        taken.append(1000 * (time.perf_counter() - begun))
    return quick(taken)


def quick(taken: list[float]) -> float:
    """The value that a tenth of them stays below."""
    return sorted(taken)[len(taken) // 10]


def plain(tx: Tx, trainings: list[int], node: Organisation | None = None, day: dt.date | None = None) -> Any:
    """What one would write without cells: due members' completions, joined and grouped."""
    query = (
        select(TrainingCourse.training_id, TrainingCourse.course_id, func.count())
        .join(Completion, Completion.course_id == TrainingCourse.course_id)
        .join(
            Enrolment,
            (Enrolment.training_id == TrainingCourse.training_id) & (Enrolment.member_id == Completion.member_id),
        )
        .where(TrainingCourse.training_id.in_(trainings), Enrolment.standing == "due")
        .group_by(TrainingCourse.training_id, TrainingCourse.course_id)
    )
    if day is not None:
        query = query.where(Completion.completed_at < clock.day_bounds(day)[1])
    if node is not None:
        query = query.join(Organisation, Organisation.id == Enrolment.organisation_id).where(subtree(node.path))
        query = query.group_by(func.substr(Organisation.path, 1, len(node.path) + 4).cast(Text))
    return tx.execute(query).all()


def readings(runtime: Runtime, made: dict[str, Any]) -> dict[str, float]:
    """How long each page's figures take, and the plain way beside it."""
    ids: list[int] = made["trainings"]
    past = clock.today() - dt.timedelta(days=30)
    with runtime.db.begin() as tx:
        settle_all(tx)
    with runtime.db.read(snapshot=True) as tx:
        whole = tx.scalars(select(Organisation).where(Organisation.parent_id.is_(None))).one()
        county = tx.scalars(select(Organisation).where(Organisation.level == "county").limit(1)).one()
        branch = tx.scalars(select(Organisation).where(Organisation.level == "branch").limit(1)).one()
        training = tx.get_one(Training, ids[0])
        found = {
            "one_ms": milliseconds(lambda: coverage_cells.figures_of(tx, ids[:1], [whole.id]), times=300),
            "names_ms": milliseconds(lambda: name_lists.list_names(tx, name_lists.NameFilter(training, whole), 1)),
            "plain_one_ms": milliseconds(lambda: plain(tx, ids[:1])),
            "all_ms": milliseconds(lambda: coverage_cells.figures_of(tx, ids, [whole.id]), times=300),
            "plain_all_ms": milliseconds(lambda: plain(tx, ids), times=5, budget_s=20),
            "county_ms": milliseconds(lambda: table.coverage_of(tx, training, county), times=100),
            "plain_county_ms": milliseconds(lambda: plain(tx, ids[:1], county)),
            "asof_ms": milliseconds(lambda: coverage_cells.figures_of(tx, ids[:1], [whole.id], past), times=300),
            "plain_asof_ms": milliseconds(lambda: plain(tx, ids[:1], day=past)),
            "branch_names_ms": milliseconds(
                lambda: name_lists.list_names(tx, name_lists.NameFilter(training, branch), 1)
            ),
        }
        _check_equal(tx, ids, whole, past)
    found["ratio_one"] = found["plain_one_ms"] / found["one_ms"]
    found["ratio_all"] = found["plain_all_ms"] / found["all_ms"]
    found["ratio_county"] = found["plain_county_ms"] / found["county_ms"]
    found["asof_over_now"] = found["asof_ms"] / found["one_ms"]
    return found


def _check_equal(tx: Tx, ids: list[int], whole: Organisation, past: dt.date) -> None:
    """The quick way and the plain way must say the same."""
    for day in (None, past):
        quick = coverage_cells.figures_of(tx, ids, [whole.id], day)
        for training, course, number in plain(tx, ids, day=day):
            if quick[training, whole.id].courses[course] != number:
                raise SystemExit(f"training {training} course {course} day {day}: the two ways differ")


def cell_cost(runtime: Runtime, made: dict[str, Any], times: int) -> dict[str, float]:
    """A single completion's transaction with and without counting, turn by turn."""
    waiting = _unfinished(runtime, made, 2 * times)
    with runtime.db.begin() as tx:  # somebody who completes a course has begun it some time before
        for member, course in waiting:
            completions.record_start(tx, member, course, clock.now_ms())
    handlers = {kind: list(found) for kind, found in events._in_transaction.items()}
    taken: dict[bool, list[float]] = {True: [], False: []}
    without: list[tuple[int, int]] = []
    for number, (member, course) in enumerate(waiting):
        counting = number % 2 == 0
        kept = handlers["CourseFinished"]
        others = [h for h in kept if "academy.trainings" not in h.__module__]
        events._in_transaction["CourseFinished"] = kept if counting else others
        begun = time.perf_counter()
        complete(runtime, member, course)
        taken[counting].append(1_000_000 * (time.perf_counter() - begun))
        if not counting:
            without.append((member, course))
    events._in_transaction |= handlers
    with runtime.db.begin() as tx:  # what was not counted is taken back, so that the recount stays equal
        for member, course in without:
            tx.execute(
                text("DELETE FROM completions WHERE member_id = :m AND course_id = :c"), {"m": member, "c": course}
            )
    full, bare = quick(taken[True]), quick(taken[False])
    return {"completion_us": full, "completion_bare_us": bare, "cell_cost": max(0.0, full - bare) / full}


def _unfinished(runtime: Runtime, made: dict[str, Any], number: int) -> list[tuple[int, int]]:
    """Members and courses of one training each that are still to be completed."""
    with runtime.db.read() as tx:
        course = made["courses"][0]
        done = select(Completion.member_id).where(Completion.course_id == course)
        query = (
            select(Enrolment.member_id)
            .where(Enrolment.training_id == made["trainings"][0], Enrolment.member_id.not_in(done))
            .order_by(Enrolment.member_id * 7919 % 10007)
            .limit(number)
        )
        return [(member, course) for member in tx.scalars(query)]


def complete(runtime: Runtime, member: int, course_id: int) -> None:
    """What the ledger does at the threshold, in one transaction."""
    at = clock.now_ms()
    with runtime.db.begin() as tx:
        course = tx.get_one(Course, course_id)
        completions.record_start(tx, member, course_id, at)
        completions.finish_course(tx, member, course, at, "watched")


def _one_process(
    settings: Settings, begun: float, pairs: list[tuple[int, int, float]], lanes: int
) -> tuple[list[float], list[float]]:
    """Complete each at its moment, from several threads; milliseconds each took, and seconds each was late."""
    components.import_all()
    runtime = Runtime.build(settings)
    taken: list[float] = []
    late: list[float] = []

    def work(lane: int) -> None:
        with runtime.db.read() as tx:  # a running process has its connections
            tx.scalar(select(func.count()).select_from(Course))
        for member, course, moment in pairs[lane::lanes]:
            time.sleep(max(0.0, begun + moment - time.monotonic()))
            started = time.monotonic()
            complete(runtime, member, course)
            ended = time.monotonic()
            taken.append(1000 * (ended - started))
            late.append(ended - begun - moment)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(lanes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    runtime.db.dispose()
    return taken, late


def under_load(runtime: Runtime, made: dict[str, Any], seconds: float) -> dict[str, float]:
    """Completions at a steady rate, from two processes as the web has them, while figures are settled and read."""
    waiting = _unfinished(runtime, made, int(RATE * seconds))
    stop = threading.Event()
    waits = [0, 0]

    def watch() -> None:
        query = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        while not stop.wait(0.02):
            if not runtime.db.is_sqlite:
                with runtime.db.read() as tx:
                    waits[0] += tx.scalar(query) or 0
                waits[1] += 1

    def settle() -> None:
        while not stop.wait(0.5):
            with runtime.db.begin() as tx:
                coverage_cells.settle_cells(tx, 500)
            with runtime.db.read() as tx:
                coverage_cells.figures_of(tx, made["trainings"], [1])

    timed = [(member, course, number / RATE) for number, (member, course) in enumerate(waiting)]
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        pool.starmap(_one_process, [(runtime.settings, 0.0, [], 1)] * PROCESSES, chunksize=1)  # imports
        aside = [threading.Thread(target=watch), threading.Thread(target=settle)]
        for thread in aside:
            thread.start()
        begun = time.monotonic() + 1
        shares = [(runtime.settings, begun, timed[n::PROCESSES], LANES) for n in range(PROCESSES)]
        results = pool.starmap(_one_process, shares, chunksize=1)
        whole = time.monotonic() - begun
        stop.set()
        for thread in aside:
            thread.join()
    taken = sorted(ms for result in results for ms in result[0])
    late = max(s for result in results for s in result[1])
    found = {"load_per_s": len(taken) / whole, "load_p99_ms": taken[int(0.99 * len(taken))], "load_late_s": late}
    if not runtime.db.is_sqlite:
        found["lock_waits_seen"], found["lock_samples"] = float(waits[0]), float(waits[1])
    return found


def measure(kind: str, given: argparse.Namespace) -> dict[str, Any]:
    """Everything for one database."""
    name = f"{given.members}-{given.branches}-{given.trainings}"
    with city.open_runtime(kind, name, fresh=given.fresh) as (runtime, folder):
        made = city.prepare(runtime, folder, given.members, given.branches, given.trainings)
        found: dict[str, Any] = {"open_s": made["open_s"], **readings(runtime, made)}
        found |= cell_cost(runtime, made, 60 if given.quick else 250)
        found |= under_load(runtime, made, 2 if given.quick else LOAD_SECONDS)
        # The recount of a whole city takes minutes: say what is known, should it be broken off.
        print(kind, json.dumps({name: round(value, 3) for name, value in found.items()}), flush=True)
        with runtime.db.read(snapshot=True) as tx:
            begun = time.perf_counter()
            differences = [
                d for t in made["trainings"] for d in recount.recount_differences(tx, tx.get_one(Training, t))
            ]
            found["verify_s"] = time.perf_counter() - begun
        for difference in differences[:5]:
            print(difference)
        found["equal_to_recount"] = not differences
    if given.growth:
        found["growth_10x"], found["one_10x_ms"] = growth(kind, given)
    return found


def growth(kind: str, given: argparse.Namespace) -> tuple[float, float]:
    """The city overview of one training in a city ten times as large, over that of this one."""
    taken = []
    for factor in (1, 10):
        members, branches = given.members * factor, given.branches * factor
        with city.open_runtime(kind, f"{members}-{branches}-1", fresh=given.fresh) as (runtime, folder):
            made = city.prepare(runtime, folder, members, branches, 1)
            with runtime.db.read() as tx:
                taken.append(
                    milliseconds(
                        lambda tx=tx, made=made: coverage_cells.figures_of(tx, made["trainings"], [1]), times=300
                    )
                )
    return taken[1] / taken[0], taken[1]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=180_000)
    parser.add_argument("--branches", type=int, default=8_000)
    parser.add_argument("--trainings", type=int, default=14)
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--growth", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--fresh", action="store_true")
    given = parser.parse_args()
    if given.quick:
        given.members, given.branches, given.trainings = 6_000, 300, 4
    result: dict[str, Any] = {
        "benchmark": "coverage",
        "members": given.members,
        "branches": given.branches,
        "trainings": given.trainings,
    }
    for kind, suffix in (("sqlite", ""), ("postgresql", "_pg")):
        if given.database in (kind, "both"):
            for name, value in measure(kind, given).items():
                result[name + suffix] = round(value, 3) if isinstance(value, float) else value
    print(json.dumps(result))


if __name__ == "__main__":
    main()
