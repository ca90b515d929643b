"""Many people want the places of one class in the same second, on real databases."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from academy.classes import applications, enrolment, groups, handlers, places, turns
from academy.classes.kinds import ClassState
from academy.classes.models import ClassApplication, ClassMember, DiscussionGroup, LecternTurn
from academy.core.database import Tx
from academy.core.errors import AcademyError, Conflict, Invalid
from academy.core.runtime import Runtime
from academy.people.api import MembersChanged
from tests.support.class_scene import ClassScene, class_scene

pytestmark = pytest.mark.faults
SEATS, PEOPLE = 5, 16


def at_once(runtime: Runtime, acts: list[Callable[[Tx], object]]) -> list[AcademyError]:
    """Do all in the same second, each in a thread and a transaction of its own; the errors that people were shown."""
    ready = threading.Barrier(len(acts))
    met: list[AcademyError] = []

    def do(act: Callable[[Tx], object]) -> None:
        ready.wait(20)
        try:
            runtime.db.run_in_transaction(act)
        except AcademyError as error:
            met.append(error)

    with ThreadPoolExecutor(len(acts)) as pool:
        for one in [pool.submit(do, act) for act in acts]:
            one.result(60)
    return met


@pytest.fixture
def made(real_runtime: Runtime) -> ClassScene:
    with real_runtime.db.begin() as tx:
        return class_scene(tx, seats=SEATS, members=PEOPLE)


def state(runtime: Runtime, made: ClassScene) -> tuple[set[int], list[int]]:
    with runtime.db.read() as tx:
        return made.here(tx), made.waiting(tx)


def test_places_are_never_taken_twice(real_runtime: Runtime, made: ClassScene) -> None:
    def enrol(number: int) -> Callable[[Tx], object]:
        return lambda tx: enrolment.enrol_members(tx, made.office, made.row(tx), [made.member(tx, number)])

    numbers = [*range(8), *range(8)]
    assert at_once(real_runtime, [enrol(number) for number in numbers]) == []
    here, waiting = state(real_runtime, made)
    assert len(here) == SEATS and len(waiting) == 8 - SEATS and not here & set(waiting)


def test_two_who_leave_at_once_let_two_move_up(real_runtime: Runtime, made: ClassScene) -> None:
    with real_runtime.db.begin() as tx:
        everybody = [made.member(tx, number) for number in range(PEOPLE)]
        enrolment.enrol_members(tx, made.office, made.row(tx), everybody)

    def leave(number: int) -> Callable[[Tx], object]:
        return lambda tx: enrolment.leave_class(tx, made.actor(number), made.row(tx), made.place(tx, number), "")

    assert at_once(real_runtime, [leave(number) for number in (0, 0, 1, 1, 2, 2)]) == []
    here, waiting = state(real_runtime, made)
    assert here == set(made.members[3:8]) and waiting == made.members[8:]
    with real_runtime.db.read() as tx:
        spells = tx.execute(
            select(ClassMember.member_id, func.count()).group_by(ClassMember.member_id).having(func.count() > 1)
        ).all()
    assert spells == []


def test_applying_withdrawing_and_closing_at_once(real_runtime: Runtime, made: ClassScene) -> None:
    with real_runtime.db.begin() as tx:
        places.change_class_state(tx, made.office, made.row(tx), ClassState.OPEN)
        mine = applications.apply_for_class(tx, made.actor(0), made.row(tx)).id

    def ask(number: int) -> Callable[[Tx], object]:
        return lambda tx: applications.apply_for_class(tx, made.actor(number), made.row(tx))

    def withdraw(tx: Tx) -> object:
        return applications.withdraw_application(tx, made.actor(0), tx.get_one(ClassApplication, mine))

    def close(tx: Tx) -> object:
        return places.close_class(tx, made.office, _locked(tx, made), {})

    acts = [ask(1), ask(1), ask(2), withdraw, withdraw, close]
    assert {type(error) for error in at_once(real_runtime, acts)} <= {Conflict}
    with real_runtime.db.read() as tx:
        states = set(tx.scalars(select(ClassApplication.state)))
        asked = tx.execute(select(ClassApplication.member_id, func.count()).group_by(ClassApplication.member_id)).all()
    assert states <= {"lapsed", "withdrawn"}, "nothing is pending in a class that is closed"
    assert all(count == 1 for _member, count in asked)


def _locked(tx: Tx, made: ClassScene):  # type: ignore[no-untyped-def]
    row = made.row(tx)
    enrolment.lock_running(tx, row)
    return row


def test_two_deals_two_leaders_and_two_confirmations_at_once(real_runtime: Runtime, made: ClassScene) -> None:
    with real_runtime.db.begin() as tx:
        row = made.row(tx)
        row.seats = None
        row.first_day = row.term.first_day
        enrolment.enrol_members(tx, made.office, row, [made.member(tx, number) for number in range(PEOPLE)])
        seen = {seed: groups.digest(groups.preview_deal(tx, row, 4, seed)) for seed in (1, 2)}
        plan = turns.TurnPlan(made.place(tx, 0).joined_on, "我的一天", 10)
        turn = turns.plan_turn(tx, made.office, row, made.place(tx, 0), plan).id

    def deal(seed: int) -> Callable[[Tx], object]:
        return lambda tx: groups.deal_groups(tx, made.office, made.row(tx), 4, seed, seen[seed])

    def confirm(tx: Tx) -> object:
        found = tx.get_one(LecternTurn, turn)
        return turns.confirm_turn(tx, made.office, made.row(tx), found, found.day, 12)

    assert at_once(real_runtime, [deal(1), deal(2), deal(1), confirm, confirm]) == []
    with real_runtime.db.begin() as tx:
        row, dealt = made.row(tx), groups.list_groups(tx, made.row(tx))
        assert [len(one.people) for one in dealt] == [4, 4, 4, 4]
        assert turns.turn_rate(tx, row).taken == 1
        first = tx.scalars(select(DiscussionGroup).order_by(DiscussionGroup.position)).first()
        assert first is not None
        people = [one.public_id for one in dealt[0].people]
        first_id = first.id

    def lead(who: str) -> Callable[[Tx], object]:
        return lambda tx: groups.edit_group(
            tx,
            made.office,
            made.row(tx),
            tx.get_one(DiscussionGroup, first_id),
            name="第一组",
            chosen=people,
            leader=who,
        )

    assert at_once(real_runtime, [lead(people[0]), lead(people[1])]) == []
    with real_runtime.db.read() as tx:
        assert groups.list_groups(tx, made.row(tx))[0].leader is not None


@pytest.mark.parametrize("turn", range(6))
@pytest.mark.parametrize("way", ["enrol", "approve", "move up"])
def test_who_leaves_the_register_while_a_place_is_given_has_none(real_runtime: Runtime, way: str, turn: int) -> None:
    """Whichever comes first: a place is ended by the departure, or not given after it."""
    with real_runtime.db.begin() as tx:
        made = class_scene(tx, seats=1, members=2)
        row = made.row(tx)
        asked = applications.apply_for_class(tx, made.actor(1), row).id if way == "approve" else 0
        if way == "move up":
            enrolment.enrol_members(tx, made.office, row, [made.member(tx, 0), made.member(tx, 1)])

    def enrol(tx: Tx) -> object:
        return enrolment.enrol_members(tx, made.office, made.row(tx), [made.member(tx, 1)])

    def approve(tx: Tx) -> object:
        mine = tx.get_one(ClassApplication, asked)
        return applications.decide_application(
            tx, made.office, made.row(tx), mine, approve=True, reason="", seen="applied"
        )

    def leave(tx: Tx) -> object:
        return enrolment.leave_class(tx, made.actor(0), made.row(tx), made.place(tx, 0), "")

    def depart(tx: Tx) -> None:
        made.member(tx, 1).status = "left"
        tx.flush()
        handlers.end_places_of_departed(tx, MembersChanged([made.members[1]]))

    acts = [{"enrol": enrol, "approve": approve, "move up": leave}[way], depart]
    met = at_once(real_runtime, acts if turn % 2 else acts[::-1])
    assert {type(error) for error in met} <= {Conflict, Invalid}
    here, waiting = state(real_runtime, made)
    assert made.members[1] not in here and waiting == []
