"""A completion is registered or struck by two people, leaves a trail, and coverage moves with it."""

import random

import pytest
from sqlalchemy import func, select

from academy.core import clock
from academy.core.actor import SYSTEM, Actor, Role
from academy.core.audit import AuditEntry
from academy.core.database import Tx
from academy.core.errors import Conflict, Forbidden, Invalid
from academy.core.runtime import Runtime
from academy.learning import completions, corrections
from academy.learning import evidence as ledger_evidence
from academy.learning import service as service_
from academy.learning.models import Completion, CourseStart, CreditHour
from academy.library.models import Course, CourseItem
from academy.notifications.models import Notification
from academy.people.models import Member, Organisation
from academy.trainings import coverage_cells, recount, service
from academy.trainings.models import Training
from tests.components.corrected_city import OTHER, SYSTEM_ONE, SYSTEM_TWO, correct, officer, strike_and_register
from tests.support import factories as make
from tests.support.coverage_city import City, at, complete, transfer
from tests.support.ledger_makers import learner, lecture


def figures(tx: Tx, plan: Training, city: City) -> tuple[int, ...]:
    found = coverage_cells.figures_of(tx, [plan.id], [city.city.id])[plan.id, city.city.id]
    return found.due, found.started, found.completed


def test_registered_by_two_and_counted_at_once(runtime: Runtime, city: City, plan: Training) -> None:
    person, (one, two, _) = city.people[0], city.courses
    with clock.frozen(at(9)), runtime.db.begin() as tx:
        city.attach(tx)
        first = officer(city, SYSTEM_ONE)
        made = corrections.propose_correction(
            tx, first, person, one, kind="register", reason="签到表第 2 页", studied_on=at(3).date()
        )
        with pytest.raises(Conflict), tx.begin_nested():
            corrections.approve_correction(tx, first, made)
        with pytest.raises(Conflict), tx.begin_nested():
            corrections.propose_correction(
                tx, first, person, one, kind="register", reason="又一次", studied_on=at(3).date()
            )
        assert figures(tx, plan, city) == (20, 0, 0), "nothing moves before the second person"
        corrections.approve_correction(tx, officer(city, SYSTEM_TWO), made)
        correct(tx, city, person, two, "register", studied_on=at(4).date())
        assert figures(tx, plan, city) == (20, 1, 1)
        day = coverage_cells.figures_of(tx, [plan.id], [city.branches[0].id], at(3).date())[
            plan.id, city.branches[0].id
        ]
        assert (day.started, day.completed) == (1, 0), "it counts from the day of study"
        assert tx.scalar(select(func.sum(CreditHour.minutes))) == 90
        assert tx.scalar(select(Completion.evidence).limit(1)) == "corrected"
        assert recount.recount_differences(tx, plan) == []
        assert tx.scalars(select(AuditEntry.verb).where(AuditEntry.verb.startswith("correction."))).all() == [
            "correction.proposed", "correction.approved", "correction.proposed", "correction.approved",
        ]  # fmt: skip
        assert tx.scalar(select(func.count()).where(Notification.member_id == person.id)) == 2, "the member is told"
        with pytest.raises(Conflict):
            corrections.approve_correction(tx, officer(city, SYSTEM_TWO), made)


def test_struck_leaves_what_was_there_and_takes_the_hours(runtime: Runtime, city: City, plan: Training) -> None:
    person, (one, two, _) = city.people[0], city.courses
    with clock.frozen(at(5)), runtime.db.begin() as tx:
        city.attach(tx)
        for course, days in ((one, 1), (two, 2)):
            completions.finish_course(tx, person.id, course, int(at(days).timestamp() * 1000), "imported")
        transfer(tx, person, city.branches[3])
        assert figures(tx, plan, city) == (20, 1, 1)
    with clock.frozen(at(6)), runtime.db.begin() as tx:
        city.attach(tx)
        made = correct(tx, city, person, two, "strike")
        assert figures(tx, plan, city) == (20, 1, 0)
        old = coverage_cells.figures_of(tx, [plan.id], [city.branches[0].id], at(3).date())[
            plan.id, city.branches[0].id
        ]
        assert old.completed == 0, "it was never so, in the former branch neither"
        assert made.detail["struck"][0]["evidence"] == "imported"
        assert recount.recount_differences(tx, plan) == []
        correct(tx, city, person, one, "strike")
        assert figures(tx, plan, city) == (20, 0, 0)
        assert tx.scalar(select(func.count()).select_from(CourseStart)) == 0
        assert tx.scalar(select(func.sum(CreditHour.minutes))) == 0
        assert tx.scalar(select(func.count()).select_from(CreditHour)) == 4, "hours are only added to"
        correct(tx, city, person, one, "register", studied_on=at(6).date())
        assert tx.scalar(select(func.sum(CreditHour.minutes))) == 45, "given back with the completion"
        assert recount.recount_differences(tx, plan) == []


def test_what_cannot_be_corrected_is_refused(runtime: Runtime, city: City, plan: Training) -> None:
    person, course = city.people[0], city.courses[0]
    first = officer(city, SYSTEM_ONE)
    with clock.frozen(at(5)), runtime.db.begin() as tx:
        city.attach(tx)
        course = tx.merge(course)
        course.published_at = at(1)
        for bad in (
            {"kind": "register", "reason": "", "studied_on": at(2).date()},
            {"kind": "register", "reason": "x", "studied_on": None},
            {"kind": "register", "reason": "x", "studied_on": at(9).date()},
            {"kind": "register", "reason": "x", "studied_on": at(-9).date()},
            {"kind": "else", "reason": "x"},
        ):
            with pytest.raises(Invalid), tx.begin_nested():
                corrections.propose_correction(tx, first, person, course, **bad)  # type: ignore[arg-type]
        with pytest.raises(Conflict):
            corrections.propose_correction(tx, first, person, course, kind="strike", reason="x")
        own = Actor(account_id=OTHER, member_id=person.id, scopes=first.scopes)
        with pytest.raises(Conflict):
            corrections.propose_correction(tx, own, person, course, kind="strike", reason="x")
        with pytest.raises(Forbidden):
            reader = officer(city, OTHER, Role.AUDITOR)
            corrections.propose_correction(tx, reader, person, course, kind="strike", reason="x")
        made = corrections.propose_correction(
            tx, first, person, course, kind="register", reason="x", studied_on=at(2).date()
        )
        corrections.decline_correction(tx, first, made)
        assert made.decision == "withdrawn"
        with pytest.raises(Conflict):
            corrections.approve_correction(tx, officer(city, SYSTEM_TWO), made)


def test_what_is_archived_stands(runtime: Runtime, city: City, plan: Training) -> None:
    person, course = city.people[0], city.courses[0]
    with clock.frozen(at(5)), runtime.db.begin() as tx:
        city.attach(tx)
        plan = tx.get_one(Training, plan.id)
        complete(tx, person.id, course.id, at(2))
        service.close_training(tx, officer(city, SYSTEM_ONE), plan)
        service.archive_training(tx, officer(city, SYSTEM_ONE), plan)
    with clock.frozen(at(6)), runtime.db.begin() as tx:
        with pytest.raises(Conflict), tx.begin_nested():
            correct(tx, city, person, course, "strike")
        with pytest.raises(Conflict), tx.begin_nested():
            correct(tx, city, city.people[1], course, "register", studied_on=at(3).date())
        assert tx.scalar(select(func.count()).select_from(Completion)) == 1
        correct(tx, city, city.people[1], course, "register", studied_on=at(6).date())


@pytest.mark.thorough
@pytest.mark.parametrize("seed", [1])  # tests/faults/test_coverage_walks.py goes on, for two weeks each
def test_cells_equal_a_recount_whatever_is_struck(runtime: Runtime, city: City, plan: Training, seed: int) -> None:
    strike_and_register(runtime, city, plan, seed, days=7)


@pytest.mark.parametrize("seed", range(3))
def test_evidence_adds_up_to_what_is_held_whatever_was_corrected(runtime: Runtime, seed: int) -> None:
    lot = random.Random(seed)
    with clock.frozen(at()), runtime.db.begin() as tx:
        person, _, account = learner(tx)
        course, other = lecture(tx, account), lecture(tx, account)
        node = tx.get_one(Organisation, person.organisation_id)
        one, two = (make.actor_of(tx, make.account(tx, None, (Role.NODE_ADMINISTRATOR, node))) for _ in range(2))
        for each in (course, other):
            service_.record_completion(tx, SYSTEM, person.id, each, at(), "watched")
    done = True
    for day in range(1, 6):
        with clock.frozen(at(day)), runtime.db.begin() as tx:
            if lot.random() < 0.8:
                kind = "strike" if done else "register"
                studied = None if done else at(day).date()
                row = corrections.propose_correction(
                    tx, one, tx.get_one(Member, person.id), tx.get_one(Course, course.id),
                    kind=kind, reason="代看", studied_on=studied,
                )  # fmt: skip
                corrections.approve_correction(tx, two, row)
                done = not done
            item = tx.get_one(CourseItem, course.shown.items[0].item_id)
            told = ledger_evidence.collect_evidence(tx, one, tx.get_one(Member, person.id), item)
            minutes = [int(x["what"].split()[0]) for x in told["completions"] if "minutes" in x["what"]]
            held = course.shown.credit_minutes if done else 0
            assert sum(minutes) == told["minutes_held"] == held
            courses = [x for x in told["completions"] if x["what"].startswith("course")]
            assert len(courses) == (1 if done else 0)
            struck = [x for x in told["corrections"] if x["kind"] == "strike"]
            assert all(x["struck"] and x["reason"] == "代看" for x in struck)
            assert len(struck) == sum(1 for m in minutes if m < 0)
            assert ledger_evidence.evidence_csv(told).count("\r\nstrike") == 0
            assert f"{held} minutes" in ledger_evidence.evidence_csv(told)
