"""Three hundred completions a second while coverage is settled, read and verified, and a kill among them."""

import itertools
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from academy import components
from academy.core import clock
from academy.core.actor import SYSTEM
from academy.core.database import Tx
from academy.core.runtime import Runtime
from academy.coverage import table
from academy.learning import completions as completing
from academy.learning.models import Completion
from academy.library.models import Course
from academy.people.models import Member
from academy.trainings import coverage_cells, recount, service
from academy.trainings.models import Training
from tests.conftest import make_settings
from tests.support import templates
from tests.support.coverage_city import City, training
from tests.support.waiting import until

pytestmark = pytest.mark.faults

RATE, SECONDS, LANES = 300, 3, 6


@pytest.fixture(params=["sqlite", "postgresql"])
def crowd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Runtime, City, Training, str]]:
    """A city of some hundred people with one running training, on a database with real transactions."""
    with templates.database(request.param, tmp_path) as url:
        runtime = Runtime.build(make_settings(tmp_path, database_url=url))
        with runtime.db.begin() as tx:
            city = City(tx)
            places = itertools.cycle([branch.id for branch in city.branches])
            tx.execute(
                insert(Member),
                [
                    {"public_id": f"c{n:015d}", "number": f"C{n}", "name": f"党员{n}", "organisation_id": next(places)}
                    for n in range(RATE * SECONDS // 2)
                ],
            )
            today = clock.today()
            plan = training(tx, city.city, city.courses, opens_on=today, closes_on=today)
            service.open_training(tx, SYSTEM, plan)
        yield runtime, city, plan, url
        runtime.db.dispose()


def deeds(runtime: Runtime) -> list[tuple[int, int]]:
    """Every member with every course, in a disorder that is the same each time."""
    with runtime.db.read() as tx:
        people = tx.scalars(select(Member.id).order_by(Member.id)).all()
        courses = tx.scalars(select(Course.id).order_by(Course.id)).all()
    every = [(member, course) for member in people for course in courses]
    random.Random(7).shuffle(every)
    return every


def complete(runtime: Runtime, member: int, course: int) -> None:
    """What the ledger does at the threshold."""
    with runtime.db.begin() as tx:
        completing.record_start(tx, member, course, clock.now_ms())
        completing.finish_course(tx, member, tx.get_one(Course, course), clock.now_ms(), "watched")


def settle_for_ever(runtime: Runtime, stop: threading.Event) -> None:
    """The settling job's work, a few changes at a time."""
    while not stop.is_set():
        with runtime.db.begin() as tx:
            coverage_cells.settle_cells(tx, 40)
        stop.wait(0.02)


def by_hand(tx: Tx) -> tuple[int, int]:
    """How many of the three courses were completed, and by how many people, from the rows alone."""
    mine = select(Completion.member_id, func.count().label("courses")).group_by(Completion.member_id).subquery()
    return tx.scalar(select(func.count(Completion.member_id))) or 0, tx.scalar(select(func.count(mine.c.courses))) or 0


def test_figures_are_exact_at_every_instant_of_a_rush(crowd: tuple[Runtime, City, Training, str]) -> None:
    runtime, city, plan, _ = crowd
    waiting, errors, stop = deeds(runtime)[: RATE * SECONDS], list[BaseException](), threading.Event()
    begun = time.perf_counter()

    def work(lane: int) -> None:
        try:
            for number in range(lane, len(waiting), LANES):
                time.sleep(max(0.0, begun + number / RATE - time.perf_counter()))
                complete(runtime, *waiting[number])
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(lane,)) for lane in range(LANES)]
    settler = threading.Thread(target=settle_for_ever, args=(runtime, stop))
    for thread in (*threads, settler):
        thread.start()
    seen: list[int] = []
    while any(thread.is_alive() for thread in threads):
        with runtime.db.read(snapshot=True) as tx:
            found = table.coverage_of(tx, plan, city.city)
            completions, people = by_hand(tx)
            assert (sum(found.figures.courses.values()), found.figures.started) == (completions, people)
            assert found.reconciles
            assert [str(d) for d in recount.recount_differences(tx, tx.get_one(Training, plan.id))] == []
            seen.append(completions)
    for thread in threads:
        thread.join()
    stop.set()
    settler.join()
    assert errors == []
    assert seen == sorted(seen) and len(set(seen)) > 3, "it was read in the middle of the rush"
    with runtime.db.read(snapshot=True) as tx:
        assert by_hand(tx)[0] == len(waiting)


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def test_a_kill_in_the_rush_loses_and_invents_nothing(
    crowd: tuple[Runtime, City, Training, str], tmp_path: Path
) -> None:
    runtime, city, plan, url = crowd
    told = tmp_path / "told"
    for _ in range(3):
        child = subprocess.Popen([sys.executable, "-m", "tests.faults.test_coverage_crowd", url, str(tmp_path)])
        before = _size(told)
        until(
            lambda wanted=before + 400, child=child: child.poll() is not None or _size(told) >= wanted,
            60,
            "the child's next completions",
            every=0.01,
        )
        assert child.poll() is None, "the child does not get on"
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        lines = [line.split() for line in told.read_text().splitlines()]
        acknowledged = {(int(line[0]), int(line[1])) for line in lines if len(line) == 3}
        with runtime.db.read(snapshot=True) as tx:
            kept = {(row[0], row[1]) for row in tx.execute(select(Completion.member_id, Completion.course_id))}
            assert acknowledged <= kept
            assert [str(d) for d in recount.recount_differences(tx, tx.get_one(Training, plan.id))] == []
            assert sum(table.coverage_of(tx, plan, city.city).figures.courses.values()) == len(kept)


def _child(url: str, folder: Path) -> None:
    """Complete and settle until killed; says each completion once its commit has returned."""
    components.import_all()
    runtime = Runtime.build(make_settings(folder, database_url=url))
    with runtime.db.read() as tx:
        done = {(row[0], row[1]) for row in tx.execute(select(Completion.member_id, Completion.course_id))}
    waiting = [one for one in deeds(runtime) if one not in done]
    lock, told = threading.Lock(), os.open(folder / "told", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def work(lane: int) -> None:
        for member, course in waiting[lane::LANES]:
            complete(runtime, member, course)
            with lock:
                os.write(told, f"{member} {course} .\n".encode())

    for lane in range(LANES):
        threading.Thread(target=work, args=(lane,)).start()
    settle_for_ever(runtime, threading.Event())


if __name__ == "__main__":
    _child(sys.argv[1], Path(sys.argv[2]))
