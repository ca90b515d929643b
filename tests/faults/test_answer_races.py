"""Lecturers, the planner and the school in the same second: one evening has one lecturer, on both databases."""

import datetime as dt
import threading
from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from academy.core import clock
from academy.core.actor import SYSTEM
from academy.core.database import Tx
from academy.core.errors import AcademyError, Conflict
from academy.core.runtime import Runtime
from academy.faculty import answers, invitations, lectures, plan_decisions, plans
from academy.faculty.answers import LecturerAnswer
from academy.faculty.evenings import EveningTaken, evenings_for
from academy.faculty.lectures import NewLecture
from academy.faculty.models import (
    Assignment,
    LecturerConsent,
    LecturerSubject,
    ProgrammeLecture,
    TermPlan,
    TopicRequest,
)
from academy.faculty.plan_kinds import AssignmentState
from academy.library import api as library
from tests.support import factories as make
from tests.support import faculty as makers
from tests.support.shortcuts import drain
from tests.support.together import together

pytestmark = pytest.mark.faults
ROUNDS = 6


def planned(runtime: Runtime, number: int = 2) -> int:
    """Row id of the plan of a term to come, whose lecturers are invited."""
    with runtime.db.begin() as tx:
        library.seed_categories(tx)
        city = make.organisation(tx, level="city")
        county = make.organisation(tx, city, level="county")
        categories = library.list_categories(tx)
        first = clock.today() + dt.timedelta(days=30)
        term = makers.term(tx, first, first + dt.timedelta(weeks=8))
        who = make.account(tx)
        for place in range(number):
            lecturer = makers.lecturer(tx, county, name=f"讲师{place}")
            tx.add(LecturerSubject(lecturer_id=lecturer.id, category_id=categories[place].id))
            tx.add(LecturerConsent(lecturer_id=lecturer.id, kind="teach", given_on=clock.today()))
            fields = {"title": f"题{place}", "category_id": categories[place].id, "proposed_by": who.id}
            tx.add(TopicRequest(key=f"k{place}", state="shortlisted", **fields))
        tx.flush()
        plan_id = plans.begin_plan(tx, SYSTEM, term).id
    drain(runtime)
    with runtime.db.begin() as tx:
        rows = tx.scalars(select(Assignment).where(Assignment.plan_id == plan_id)).all()
        assert len(rows) == number
        invitations.invite_lecturers(
            tx, SYSTEM, runtime.settings, tx.get_one(TermPlan, plan_id), [row.public_id for row in rows]
        )
    return plan_id


def answering(row_id: int, state: str, day: dt.date | None = None) -> Callable[[Tx], object]:
    given = LecturerAnswer(AssignmentState(state), day)
    return lambda tx: answers.answer_by_link(tx, "", tx.get_one(Assignment, row_id), given)


def rows_of(runtime: Runtime, plan_id: int) -> list[Assignment]:
    with runtime.db.read() as tx:
        return list(tx.scalars(select(Assignment).where(Assignment.plan_id == plan_id).order_by(Assignment.id)))


def test_two_accept_one_evening_and_the_second_reads_which_are_free(real_runtime: Runtime) -> None:
    plan_id = planned(real_runtime)
    first, second = rows_of(real_runtime, plan_id)
    for _ in range(ROUNDS):
        with real_runtime.db.read() as tx:
            free = evenings_for(tx, tx.get_one(Assignment, first.id))
        wanted = next(day for day in free if day not in {row.day for row in rows_of(real_runtime, plan_id)})
        wrong = together(
            real_runtime, answering(first.id, "other_day", wanted), answering(second.id, "other_day", wanted)
        )
        assert [type(error) for error in wrong] == [EveningTaken] and "还空着" in str(wrong[0])
        assert isinstance(wrong[0], EveningTaken) and wrong[0].free and wanted not in wrong[0].free
        days = [row.day for row in rows_of(real_runtime, plan_id) if row.state != "declined"]
        assert sorted(days) == sorted(set(days)) and wanted in days
        for row in (first, second):
            with real_runtime.db.begin() as tx:
                tx.execute(update(Assignment).where(Assignment.id == row.id).values(state="proposed", day=row.day))
                tx.execute(update(Assignment).where(Assignment.id == row.id).values(asked_day=None))


def test_a_lecture_by_hand_on_the_evening_that_a_lecturer_chooses_in_that_second(real_runtime: Runtime) -> None:
    plan_id = planned(real_runtime)
    invited, other = rows_of(real_runtime, plan_id)
    for _ in range(ROUNDS):
        with real_runtime.db.read() as tx:
            wanted = evenings_for(tx, tx.get_one(Assignment, invited.id))[-1]

        def by_hand(tx: Tx, day: dt.date = wanted) -> object:
            minute = tx.get_one(TermPlan, plan_id).term.forum_minute
            plan = NewLecture("手排", day, minute, 20, [(other.lecturer_id, 1000)])
            return lectures.plan_lecture(tx, SYSTEM, plan)

        wrong = together(real_runtime, answering(invited.id, "other_day", wanted), by_hand)
        assert len(wrong) == 1 and isinstance(wrong[0], AcademyError)
        with real_runtime.db.begin() as tx:
            days = set(tx.scalars(select(ProgrammeLecture.day)))
            row = tx.get_one(Assignment, invited.id)
            assert (row.day == wanted) != (wanted in days)
            row.state, row.day, row.asked_day = "proposed", invited.day, None


def test_an_answer_changed_in_the_second_in_which_the_school_confirms(real_runtime: Runtime) -> None:
    plan_id = planned(real_runtime, 3)
    for row in rows_of(real_runtime, plan_id):
        with real_runtime.db.begin() as tx:
            answering(row.id, "accepted")(tx)

        def confirm(tx: Tx, row_id: int = row.id) -> object:
            return plan_decisions.confirm_assignment(tx, SYSTEM, tx.get_one(Assignment, row_id))

        wrong = together(real_runtime, answering(row.id, "declined"), confirm)
        assert len(wrong) == 1 and isinstance(wrong[0], Conflict)
        with real_runtime.db.read() as tx:
            after = tx.get_one(Assignment, row.id)
            lectures = tx.scalars(select(ProgrammeLecture).where(ProgrammeLecture.title == after.request.title)).all()
            assert len(lectures) == (after.state == "confirmed")


def test_answers_that_come_in_while_the_planner_runs(real_runtime: Runtime) -> None:
    plan_id = planned(real_runtime, 4)
    rows = rows_of(real_runtime, plan_id)
    with real_runtime.db.begin() as tx:
        plans.run_plan(tx, SYSTEM, tx.get_one(TermPlan, plan_id))

    planner = threading.Thread(target=drain, args=(real_runtime,))
    planner.start()
    sent = [answering(row.id, "declined" if n % 2 else "accepted") for n, row in enumerate(rows)]
    assert together(real_runtime, *sent) == []
    planner.join(60)
    drain(real_runtime)
    found = rows_of(real_runtime, plan_id)
    assert [row.state for row in found][:4] == ["accepted", "declined", "accepted", "declined"]
    with real_runtime.db.read() as tx:
        plan = tx.get_one(TermPlan, plan_id)
        assert plan.revision == plan.planned_revision
