"""Obligations and class hours from rows: what is counted, that a recount finds the same and names what is wrong."""

import datetime as dt
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select, update

from academy.accounts.events import PersonErased
from academy.classes.models import TeachingTerm
from academy.core import clock
from academy.core.actor import SYSTEM
from academy.core.database import Tx
from academy.core.runtime import Runtime
from academy.faculty import (
    hours,
    lecture_queries,
    ledger,
    obligations,
    queries,
    recount,
    rule_changes,
    simulation,
)
from academy.faculty.handlers import unlink_lecturer
from academy.faculty.kinds import LecturerLevel
from academy.faculty.models import (
    LecturerPost,
    LectureTeacher,
    ObligationRule,
    PoolMembership,
    PoolSpell,
    ProgrammeLecture,
    ShareRule,
)
from tests.support import factories as make
from tests.support import faculty as school

NOW = dt.datetime(2026, 5, 20, 4, tzinfo=dt.UTC)
TODAY = dt.date(2026, 5, 20)
SPRING = dt.date(2026, 3, 1), dt.date(2026, 7, 10)


@pytest.fixture
def on_a_day_in_may() -> object:
    with clock.frozen(NOW):
        yield


pytestmark = pytest.mark.usefixtures("on_a_day_in_may")


def test_the_first_rules_are_made_once(runtime: Runtime) -> None:
    for _ in range(2):
        with runtime.db.begin() as tx:
            rule_changes.seed_rules(tx)
    with runtime.db.read() as tx:
        demands = obligations.demands_on(tx, TODAY)
        assert {level: (one.lectures, one.years, one.tenths_each) for level, one in demands.items()} == {
            "municipal": (1, 1, 20),
            "county_first": (1, 5, 20),
        }
        share = hours.share_rule_on(tx, TODAY)
        assert share is not None and share.floor_permille == 200
        assert obligations.demands_on(tx, dt.date(2025, 12, 31)) == {}


def test_only_a_lecture_that_was_held_and_long_enough_counts(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        tx.add(ObligationRule(level="municipal", counts_from=school.SINCE, valid_from=school.SINCE))
        city = make.organisation(tx, level="city")
        people = [school.lecturer(tx, city) for _ in range(6)]
        full, shared, short, absent, planned, rests = people
        spring = school.term(tx, *SPRING)
        school.lecture(tx, spring, dt.date(2026, 3, 4), (full, 1000))
        school.lecture(tx, spring, dt.date(2026, 3, 11), (shared, 500), (short, 500), tenths=30)
        school.lecture(tx, spring, dt.date(2026, 3, 18), (shared, 667), (short, 333), tenths=30)
        school.lecture(tx, spring, dt.date(2026, 3, 25), (absent, 1000), state="no_show")
        school.lecture(tx, spring, dt.date(2026, 6, 3), (planned, 1000), state="planned")
        tx.execute(update(PoolSpell).where(PoolSpell.membership_id == rests.id).values(valid_to=dt.date(2024, 3, 1)))
        tx.add(PoolSpell(membership_id=rests.id, state="resting", valid_from=dt.date(2024, 3, 1)))
        found = {one.lecturer_id: one.assessment for one in obligations.list_obligations(tx, TODAY)}
        states = [str(found[person.id].state) for person in people]
        assert states == ["met", "met", "overdue", "overdue", "overdue", "suspended"]
        assert found[full.id].due_on == dt.date(2027, 12, 31)
        assert [one.day for one in found[shared.id].counted] == [dt.date(2026, 3, 18)]
        assert found[absent.id].due_on == dt.date(2025, 12, 31)


def test_a_post_that_ended_owes_nothing_and_another_unit_goes_on(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        tx.add(
            ObligationRule(
                level="county_first", years=5, soon_days=365, counts_from=school.SINCE, valid_from=school.SINCE
            )
        )
        east, west = make.organisation(tx, level="county"), make.organisation(tx, level="county")
        mover = school.lecturer(tx, east, "county_first", since=dt.date(2020, 2, 29))
        leaver = school.lecturer(tx, east, "county_first")
        for post in tx.scalars(select(LecturerPost)):
            post.valid_to = dt.date(2026, 5, 1)
        school.post(tx, mover, west, "county_first", dt.date(2026, 5, 1))
        tx.flush()
        (one,) = obligations.list_obligations(tx, TODAY)
        assert (one.lecturer_id, one.post.organisation_id, one.assessment.since) == (mover.id, west.id, school.SINCE)
        before = obligations.list_obligations(tx, dt.date(2026, 4, 30))
        assert {(old.lecturer_id, old.post.organisation_id) for old in before} == {
            (mover.id, east.id),
            (leaver.id, east.id),
        }


def test_hours_count_once_and_the_share_is_that_of_main_classes(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        tx.add(ShareRule(floor_permille=200, levels=["municipal", "county_first"], valid_from=dt.date(2020, 1, 1)))
        city = make.organisation(tx, level="city")
        leader, other = school.lecturer(tx, city), school.lecturer(tx, city, "other")
        spring, autumn = school.term(tx, *SPRING), school.term(tx, dt.date(2026, 9, 1), dt.date(2027, 1, 15))
        main, side = school.training_class(tx, spring, city), school.training_class(tx, spring, city, main=False)
        school.lecture(tx, spring, dt.date(2026, 3, 2), (leader, 333), (other, 667), lesson_of=main, tenths=30)
        school.lecture(tx, spring, dt.date(2026, 3, 3), (other, 1000), lesson_of=main, tenths=20)
        school.lecture(tx, spring, dt.date(2026, 3, 4), (leader, 1000))
        school.lecture(tx, spring, dt.date(2026, 3, 5), (leader, 1000), lesson_of=side, tenths=80)
        first, second = hours.term_shares(tx, [spring, autumn])
        assert (first.leaders, first.whole, first.permille, first.is_reached) == (9_990, 50_000, 199, False)
        assert (second.leaders, second.whole, second.permille, second.is_reached) == (0, 0, None, True)
        rows = hours.ledger_rows(tx, [spring.id])
        assert sum(row.parts for row in rows) == (30 + 20 + 20 + 80) * 1000
        assert [row.level for row in rows if row.lecturer_id == other.id] == ["other", "other"]
        assert hours.ledger_rows(tx, [spring.id], leader.id) == [row for row in rows if row.lecturer_id == leader.id]


def test_a_recount_agrees_and_names_what_is_wrong(runtime: Runtime, app: Flask) -> None:
    with runtime.db.begin() as tx:
        rule_changes.seed_rules(tx)
        city = make.organisation(tx, level="city")
        person, guest = school.lecturer(tx, city), school.lecturer(tx, city, "other")
        spring = school.term(tx, *SPRING)
        main = school.training_class(tx, spring, city)
        made = school.lecture(tx, spring, dt.date(2026, 3, 4), (person, 600), (guest, 400), lesson_of=main)
        assert recount.recount_differences(tx, TODAY) == []
    run = app.test_cli_runner().invoke
    fine = run(args=["faculty", "verify"])
    assert (fine.exit_code, fine.output) == (0, "2026-05-20\t0 differences\n")
    with runtime.db.begin() as tx:
        tx.execute(update(LectureTeacher).where(LectureTeacher.lecturer_id == guest.id).values(share_permille=300))
        tx.execute(update(ProgrammeLecture).values(day=dt.date(2026, 8, 1)))
        tx.execute(update(PoolSpell).where(PoolSpell.membership_id == 1).values(state="resting"))
        kinds = {one.kind for one in recount.recount_differences(tx, TODAY)}
        assert {"day", "hours", "shares"} <= kinds
    broken = run(args=["faculty", "verify", "--on", "2026-05-20", "--on", "2026-12-31"])
    assert broken.exit_code == 1 and f"lecture {made.public_id}" in broken.output


def test_obligations_and_hours_take_as_many_queries_for_many_as_for_few(
    runtime: Runtime, count_queries: Callable[[Callable[[], object]], int]
) -> None:
    def make_lecturers(number: int) -> None:
        with runtime.db.begin() as tx:
            rule_changes.seed_rules(tx)
            city = make.organisation(tx, level="city")
            spring = school.term(tx, *SPRING)
            main = school.training_class(tx, spring, city)
            for _ in range(number):
                person = school.lecturer(tx, city)
                school.lecture(tx, spring, dt.date(2026, 3, 4), (person, 1000), lesson_of=main)

    def read() -> None:
        with runtime.db.read() as tx:
            terms = tx.scalars(select(TeachingTerm)).all()
            obligations.list_obligations(tx, TODAY)
            hours.term_shares(tx, terms)

    make_lecturers(2)
    few = count_queries(read)
    make_lecturers(40)
    assert count_queries(read) == few <= 10


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.thorough
def test_a_simulated_school_differs_nowhere(app: Flask) -> None:
    result = simulation.simulate(years=3, lecturers=25, seed=7, first=dt.date(2023, 1, 1))
    assert result.differences == [] and result.checks > 250
    assert {"leap_days", "no_shows", "substitutes", "changes_of_post", "moved_holidays"} <= {
        name for name, number in result.counts.items() if number
    }
    printed = app.test_cli_runner().invoke(args=["faculty", "simulate", "--years", "1", "--lecturers", "5"])
    assert printed.exit_code == 0 and '"differences": 0' in printed.output
    with pytest.raises(ValueError, match="years"):
        simulation.simulate(years=0, lecturers=5)


def test_a_lecturer_whose_data_as_a_member_is_erased_stays_a_lecturer(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        city = make.organisation(tx, level="city")
        person, member = school.lecturer(tx, city), make.member(tx, city)
        row = tx.scalars(select(PoolMembership).where(PoolMembership.lecturer_id == person.id)).one()
        row.member_id = member.id
        tx.flush()
        unlink_lecturer(tx, PersonErased(member_id=member.id, account_id=make.account(tx, member).id))
        tx.refresh(row)
        assert (row.member_id, row.state) == (None, "confirmed")


def test_lists_take_as_many_queries_for_many_lecturers_as_for_few(
    runtime: Runtime, count_queries: Callable[[Callable[[], object]], int]
) -> None:
    """The pool, obligations by unit, a lecturer's file, lectures, the lines of the ledger, the effect of a rule."""
    with runtime.db.begin() as tx:
        rule_changes.seed_rules(tx)
        city = make.organisation(tx, level="city")
        spring = school.term(tx, *SPRING)
        main = school.training_class(tx, spring, city)

    def make_lecturers(number: int) -> None:
        with runtime.db.begin() as tx:
            for _ in range(number):
                person = school.lecturer(tx, tx.merge(city))
                for day in (4, 5):
                    lesson = {"lesson_of": tx.merge(main)}
                    school.lecture(tx, tx.merge(spring), dt.date(2026, 3, day), (person, 1000), **lesson)

    def read(look: Callable[[Tx], object]) -> int:
        def call() -> None:
            with runtime.db.read() as tx:
                look(tx)

        return count_queries(call)

    def file_of_the_first(tx: Tx) -> object:
        return queries.lecturer_file(tx, tx.scalars(select(PoolMembership).order_by(PoolMembership.id)).first(), TODAY)  # type: ignore[arg-type]

    terms = rule_changes.RuleTerms(LecturerLevel.MUNICIPAL, 3, 1, 20, 90, school.SINCE, TODAY)
    looks: dict[str, Callable[[Tx], object]] = {
        "pool": lambda tx: queries.list_pool(tx, SYSTEM, queries.PoolFilter(owes="met"), TODAY, size=200),
        "units": lambda tx: queries.obligations_by_unit(tx, SYSTEM, TODAY),
        "file": file_of_the_first,
        "lectures": lambda tx: lecture_queries.list_lectures(tx, SYSTEM, lecture_queries.LectureFilter(), size=200),
        "lines": lambda tx: ledger.hour_lines(tx, tx.merge(spring), ledger.HoursFilter(), size=200),
        "sums": lambda tx: ledger.term_sums(tx, tx.merge(spring)),
        "rule": lambda tx: rule_changes.preview_rule(tx, terms),
    }
    make_lecturers(2)
    few = {name: read(look) for name, look in looks.items()}
    make_lecturers(38)
    assert {name: read(look) for name, look in looks.items()} == few
    assert max(few.values()) <= 18
    with runtime.db.read() as tx:
        assert queries.list_pool(tx, SYSTEM, queries.PoolFilter(owes="met"), TODAY, size=200).total == 40
        assert ledger.hour_lines(tx, tx.merge(spring), ledger.HoursFilter()).page.total == 80
