"""Two people at once, and an import whose worker is killed in the middle: on real databases."""

import datetime as dt
import io
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from academy import components
from academy.core import clock
from academy.core.actor import SYSTEM
from academy.core.database import Tx
from academy.core.errors import AcademyError, Conflict, Invalid
from academy.core.runtime import Runtime
from academy.jobs import queue
from academy.people.api import move_organisation, transfer_member
from academy.people.models import Member, Membership, Organisation, RosterImport
from academy.roster import apply, imports
from academy.roster.findings import RowFindings
from tests.conftest import make_settings
from tests.support import factories as make
from tests.support import templates
from tests.support.shortcuts import drain

pytestmark = pytest.mark.faults

components.import_all()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Runtime]:
    """A runtime whose transactions are real."""
    with templates.database(request.param, tmp_path) as url:
        runtime = Runtime.build(make_settings(tmp_path, database_url=url))
        yield runtime
        runtime.db.dispose()


def at_once(runtime: Runtime, *acts: Callable[[Tx], object]) -> list[AcademyError | None]:
    """Do each in a transaction of its own, all begun together; what each was told."""
    gate, told = threading.Barrier(len(acts)), [None] * len(acts)  # type: list[AcademyError | None]

    def run(number: int, act: Callable[[Tx], object]) -> None:
        gate.wait()
        try:
            with runtime.db.begin() as tx:
                act(tx)
        except AcademyError as error:
            told[number] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return told


def moving(node: int, target: int, seen: int) -> Callable[[Tx], object]:
    def act(tx: Tx) -> None:
        one, other = tx.get_one(Organisation, node), tx.get_one(Organisation, target)
        move_organisation(tx, SYSTEM, one, other, seen_parent_id=seen)

    return act


def whole(runtime: Runtime) -> None:
    """Every path is its parent's path and its own id."""
    with runtime.db.read() as tx:
        nodes = {node.id: node for node in tx.scalars(select(Organisation))}
        for node in nodes.values():
            above = nodes[node.parent_id].path if node.parent_id else "/"
            assert node.path == f"{above}{node.id}/"


def test_two_administrators_moving_one_node_and_two_moves_that_would_make_a_ring(place: Runtime) -> None:
    with place.db.begin() as tx:
        top = make.organisation(tx, level="city")
        one, two, branch = (make.organisation(tx, top, level="town") for _ in range(3))
        ids = top.id, one.id, two.id, branch.id
    for _ in range(5):
        told = at_once(place, moving(ids[3], ids[1], ids[0]), moving(ids[3], ids[2], ids[0]))
        assert sorted(type(error) for error in told if error) == [Conflict]
        told = at_once(place, moving(ids[1], ids[2], ids[0]), moving(ids[2], ids[1], ids[0]))
        assert [type(error) for error in told if error] == [Invalid], "the second would have hung below itself"
        whole(place)
        with place.db.begin() as tx:
            for row_id in ids[1:]:
                move_organisation(tx, SYSTEM, tx.get_one(Organisation, row_id), tx.get_one(Organisation, ids[0]))


def test_two_transfers_of_one_member_leave_one_open_membership(place: Runtime) -> None:
    with place.db.begin() as tx:
        top = make.organisation(tx, level="city")
        home, one, two = (make.organisation(tx, top).id for _ in range(3))
        person = make.member(tx, tx.get_one(Organisation, home)).id

    def to(target: int) -> Callable[[Tx], object]:
        return lambda tx: transfer_member(tx, SYSTEM, tx.get_one(Member, person), tx.get_one(Organisation, target))

    for error in at_once(place, to(one), to(two)):
        assert error is None or isinstance(error, Conflict)
    with place.db.read() as tx:
        spells = tx.scalars(select(Membership).where(Membership.member_id == person)).all()
        (last,) = [spell for spell in spells if spell.valid_to is None]
        assert last.organisation_id == tx.get_one(Member, person).organisation_id in (one, two)


def city(runtime: Runtime) -> int:
    """The id of a city whose code is C."""
    with runtime.db.begin() as tx:
        top = make.organisation(tx, level="city")
        top.code = "C"
        tx.flush()
        return top.id


def confirmed(runtime: Runtime, top: int, text: str) -> int:
    """The id of an import of a CSV text that was checked and confirmed; its job waits."""
    received = imports.receive_file(runtime.settings, io.BytesIO(text.encode()))
    with runtime.db.begin() as tx:
        made = imports.begin_import(tx, SYSTEM, tx.get_one(Organisation, top), received=received, filename="x.csv").id
    drain(runtime)
    with runtime.db.begin() as tx:
        imports.confirm_import(tx, SYSTEM, tx.get_one(RosterImport, made))
    return made


def _apply_slowly(url: str, folder: Path, said: "multiprocessing.Queue[str]") -> None:
    components.import_all()
    runtime = Runtime.build(make_settings(folder, database_url=url))
    real = apply._leave

    def stop_before_the_end(tx: Tx, plan: RowFindings, *rest: object) -> int:
        said.put("everything is written but the commit")
        time.sleep(60)
        return real(tx, plan, *rest)  # type: ignore[arg-type]

    apply._leave = stop_before_the_end  # type: ignore[assignment]
    drain(runtime)


def test_an_import_killed_half_way_leaves_nothing_and_is_done_by_the_next_worker(
    place: Runtime, tmp_path: Path
) -> None:
    top = city(place)
    made = confirmed(place, top, "编号,姓名,组织代码\n" + "".join(f"A{number},赵小满,C\n" for number in range(3000)))
    context = multiprocessing.get_context("spawn")
    said = context.Queue()
    worker = context.Process(target=_apply_slowly, args=(place.db.url.render_as_string(False), tmp_path, said))
    worker.start()
    said.get(timeout=60)
    os.kill(worker.pid or 0, signal.SIGKILL)
    worker.join(10)
    with place.db.read() as tx:
        assert tx.scalar(select(func.count(Member.id))) == 0
        assert tx.get_one(RosterImport, made).state == "applying"
    with clock.frozen(clock.now() + queue.STALE * 2):
        with place.db.begin() as tx:
            queue.release_lost(tx)
        drain(place)
    with place.db.read() as tx:
        assert tx.scalar(select(func.count(Member.id))) == 3000
        assert tx.get_one(RosterImport, made).state == "applied"


@pytest.mark.parametrize("step", ["_change", "_move", "_leave"])
def test_the_plans_of_many_imports_are_at_hand_one_after_the_other(
    place: Runtime, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """SQLite holds ten files at once; an import that fails lets go of its own as one that is done does."""
    top = city(place)
    for turn in range(14):
        made = confirmed(place, top, f"编号,姓名,组织代码,职务,状态\nA{turn},赵小满,C,书记,流动\nB{turn},钱谷雨,C,,")
        if turn % 3 == 1:
            with monkeypatch.context() as patch:
                patch.setattr(apply, step, _fails)
                drain(place)
            with place.db.read() as tx:
                assert tx.scalar(select(func.count(Member.id))) == 2 * turn, "all or nothing"
        with clock.frozen(clock.now() + dt.timedelta(hours=1)):
            drain(place)
        with place.db.read() as tx:
            assert tx.get_one(RosterImport, made).state == "applied"
            people = {row.number: row for row in tx.scalars(select(Member))}
            one, other = people[f"A{turn}"], people[f"B{turn}"]
            assert (one.position, one.status, one.month_only) == ("书记", "floating", "")
            assert (other.position, other.status, other.position_since) == (None, "active", None)
            assert len({person.public_id for person in people.values()}) == 2 * turn + 2


def _fails(*_what: object) -> int:
    raise OSError("the disk is gone")
