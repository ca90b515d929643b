"""Two people do the same in the same second, on real databases: one row comes of it, and nobody sees a crash page."""

import datetime as dt
import threading
import time

import pytest
from sqlalchemy import func, select, text

from academy.core import clock
from academy.core.actor import SYSTEM, Role
from academy.core.database import Base
from academy.core.errors import AcademyError, Busy, Invalid
from academy.core.runtime import Runtime
from academy.coverage import published_figures
from academy.library import complaints
from academy.library.api import withdraw_course
from academy.library.models import Complaint, Course
from academy.outreach import delegation, reminders
from academy.people.models import Organisation
from academy.trainings import service
from academy.trainings.models import PublishedFigure, ReminderRecipient, Training, TrainingState
from tests.support import factories as make
from tests.support.coverage_city import City, training
from tests.support.same_second import Act, acts, world

pytestmark = pytest.mark.faults


def one_behind_the_other(runtime: Runtime, first: Act, second: Act) -> BaseException | None:
    """The second begins when the first has written everything but its commit; what the second met with."""
    met: list[BaseException] = []

    def follow() -> None:
        try:
            with runtime.db.begin() as tx:
                second(tx)
        except BaseException as error:
            met.append(error)

    thread = threading.Thread(target=follow)
    with runtime.db.begin() as tx:
        first(tx)
        tx.flush()
        thread.start()
        _wait_until_it_waits(runtime, thread)
    thread.join(30)
    assert not thread.is_alive()
    return met[0] if met else None


def _wait_until_it_waits(runtime: Runtime, thread: threading.Thread) -> None:
    if runtime.db.is_sqlite:
        return  # it waits for the only writer before it looks at anything
    end = time.monotonic() + 10
    while thread.is_alive() and time.monotonic() < end:
        with runtime.db.read() as tx:
            if tx.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
                return
        time.sleep(0.02)


def test_every_unique_key_that_two_people_can_insert(real_runtime: Runtime) -> None:
    for key, act in acts(world(real_runtime)).items():
        met = one_behind_the_other(real_runtime, act, act)
        assert met is None or isinstance(met, AcademyError), (key, met)
        name, columns = key.removesuffix(")").split("(")
        table = Base.metadata.tables[name]
        parts = [table.c[column] for column in columns.split(", ")]
        with real_runtime.db.read() as tx:
            twice = tx.execute(
                select(*parts).where(*(part.is_not(None) for part in parts)).group_by(*parts).having(func.count() > 1)
            ).all()
        assert twice == [], key


@pytest.fixture
def running(real_runtime: Runtime) -> tuple[City, Training]:
    with real_runtime.db.begin() as tx:
        city, today = City(tx), clock.today()
        for person in city.people:
            make.account(tx, person)
        for branch in city.branches:
            make.account(tx, None, (Role.BRANCH_SECRETARY, branch))
        plan = training(tx, city.city, city.courses, opens_on=today, closes_on=today)
        service.open_training(tx, SYSTEM, plan)
        return city, plan


@pytest.mark.parametrize("verb", [reminders.send_reminder, delegation.delegate])
def test_two_clicks_reach_everybody_once(real_runtime: Runtime, running: tuple[City, Training], verb: object) -> None:
    city, plan = running
    act: Act = lambda tx: verb(  # type: ignore[operator]  # noqa: E731
        tx, SYSTEM, tx.get_one(Training, plan.id), tx.get_one(Organisation, city.city.id)
    )
    assert isinstance(one_behind_the_other(real_runtime, act, act), Invalid)
    with real_runtime.db.read() as tx:
        kind = "reminder" if verb is reminders.send_reminder else delegation.KIND
        notices = Base.metadata.tables["notifications"]
        told = tx.execute(
            select(notices.c.member_id, notices.c.account_id, func.count())
            .where(notices.c.kind == kind)
            .group_by(notices.c.member_id, notices.c.account_id)
        ).all()
        assert len(told) == (20 if kind == "reminder" else 4)
        assert {number for *_, number in told} == {1}
        assert tx.scalar(select(func.count()).select_from(ReminderRecipient)) == (20 if kind == "reminder" else 0)


@pytest.mark.parametrize("first", ["opening", "withdrawal"])
def test_a_withdrawal_in_the_second_of_an_opening(real_runtime: Runtime, first: str) -> None:
    with real_runtime.db.begin() as tx:
        city, today = City(tx), clock.today()
        plan = training(tx, city.city, city.courses, opens_on=today, closes_on=today)
        reviewer = make.actor_of(tx, make.account(tx, None, (Role.REVIEWER, city.city)))
    opening: Act = lambda tx: service.begin_opening(tx, SYSTEM, tx.get_one(Training, plan.id))  # noqa: E731
    withdrawal: Act = lambda tx: withdraw_course(tx, reviewer, tx.get_one(Course, city.courses[0].id))  # noqa: E731
    order = (opening, withdrawal) if first == "opening" else (withdrawal, opening)
    met = one_behind_the_other(real_runtime, *order)
    with real_runtime.db.read() as tx:
        state = tx.get_one(Training, plan.id).state
    if first == "opening":
        assert (met, state) == (None, TrainingState.OPEN)
    else:
        assert isinstance(met, Invalid) and "courses" in met.fields
        assert state == TrainingState.DRAFT


def test_two_words_at_once_keep_to_the_limit_of_open_ones(real_runtime: Runtime) -> None:
    with real_runtime.db.begin() as tx:
        city = City(tx)
        account = make.account(tx, city.people[0])
        writer = make.actor_of(tx, account)
        for number in range(complaints.OPEN_MOST - 1):
            complaints.file_complaint(tx, writer, subject="other", body=f"意见 {number}")
    act: Act = lambda tx: complaints.file_complaint(tx, writer, subject="other", body="同一秒的意见")  # type: ignore[assignment]  # noqa: E731
    assert isinstance(one_behind_the_other(real_runtime, act, act), Busy)
    with real_runtime.db.read() as tx:
        waiting = select(func.count()).where(Complaint.account_id == account.id, Complaint.state == "open")
        assert tx.scalar(waiting) == complaints.OPEN_MOST


def test_figures_of_a_day_are_published_once_whoever_looks_at_once(
    real_runtime: Runtime,
    running: tuple[City, Training],
) -> None:
    city, plan = running
    name, day = published_figures.cell_of({"gender": "female"}), clock.today() - dt.timedelta(days=1)

    def publishing(women: int) -> Act:
        cells = {name: published_figures.Vector(women, 0, 0, 0)}
        return lambda tx: published_figures.publish(tx, plan, city.city, "gender", day, cells)

    assert one_behind_the_other(real_runtime, publishing(10), publishing(15)) is None
    with real_runtime.db.read() as tx:
        assert [*tx.scalars(select(PublishedFigure.due))] == [10]
