"""The sample city: whole, uneven, and without a figure that its rows do not confirm."""

import re
from collections import Counter

import pytest
from flask import Flask
from sqlalchemy import func, select

from academy.accounts import queries as account_queries
from academy.accounts import service as account_service
from academy.accounts.models import Account
from academy.classes import class_queries, groups, turns
from academy.classes.queries import list_terms
from academy.cli import sample
from academy.cli.sample import accounts, names, statutes
from academy.core import clock
from academy.core.actor import Role
from academy.core.runtime import Runtime
from academy.faculty import hours, obligations
from academy.faculty import recount as faculty_recount
from academy.faculty.models import Assignment, PoolMembership, TermPlan
from academy.jobs.api import Job
from academy.learning.models import Completion, WatchLedger
from academy.library.comment_models import ReviewComment
from academy.library.models import Course, CourseVersion
from academy.media.models import Asset
from academy.people.models import Exemption, Member, Membership, Organisation
from academy.people.rules import read_phone
from academy.people.sectors import sector_names
from academy.trainings import recount
from academy.trainings.models import Enrolment, Training, TrainingState
from tests.support.shortcuts import drain

MEMBERS = 1_500


@pytest.mark.thorough
def test_the_city_that_make_run_shows(runtime: Runtime) -> None:
    """One city for all these questions: making it costs seconds."""
    assert sample.is_empty(runtime)
    sample.create_city(runtime, MEMBERS, echo=lambda _: None)
    assert not sample.is_empty(runtime)
    for question in (
        a_whole_city_stands_there,
        every_figure_equals_its_recount,
        coverage_is_uneven_and_believable,
        the_ledger_agrees_with_the_completions,
        one_account_of_each_role_can_sign_in,
        a_dozen_courses_and_their_files_are_asked_for,
        phones_are_nobodys_and_exemptions_had_two_pairs_of_eyes,
        names_are_made_up_of_common_parts,
        the_lecture_programme_is_whole,
        classes_have_people,
        invitations_stand_in_every_state,
    ):
        question(runtime)


def invitations_stand_in_every_state(city: Runtime) -> None:
    """The present term's plan is decided, the next one's a draft; answers came in every way there is."""
    drain(city, only=("faculty.plan", "faculty.price"))
    with city.db.read() as tx:
        # Of two decided ones, that of the present term: the earlier term's has the one lecture with its whole life.
        rows = tx.scalars(select(TermPlan).order_by(TermPlan.id.desc())).all()
        plans = {row.state: row.id for row in rows}
        found = {state: Counter[str]() for state in plans}
        for state, plan_id in plans.items():
            found[state].update(tx.scalars(select(Assignment.state).where(Assignment.plan_id == plan_id)))
        plan = tx.get_one(TermPlan, plans["draft"])
        assert plan.revision == plan.planned_revision and plan.failure is None
        days = tx.scalars(select(Assignment.day).where(Assignment.plan_id == plan.id, Assignment.state != "declined"))
        assert max(Counter(days).values()) == 1
    assert found["decided"].keys() == {"confirmed", "declined", "withdrawn"}
    assert found["draft"].keys() == {"draft", "proposed", "accepted", "other_day", "declined"}


def a_whole_city_stands_there(city: Runtime) -> None:
    with city.db.read() as tx:
        counted = tx.execute(select(Organisation.level, func.count()).group_by(Organisation.level))
        levels = {row[0]: row[1] for row in counted}
        assert (levels["city"], levels["county"], levels["town"]) == (1, 12, 150)
        assert levels["branch"] == 150
        assert set(tx.scalars(select(Organisation.sector).distinct().where(Organisation.level == "branch"))) == set(
            sector_names(tx)
        )
        assert tx.scalar(select(func.count()).select_from(Member)) == MEMBERS
        assert tx.scalar(select(func.count()).where(Membership.valid_to.is_(None))) == MEMBERS


def every_figure_equals_its_recount(city: Runtime) -> None:
    with city.db.begin() as tx:
        trainings = tx.scalars(select(Training).order_by(Training.opens_on)).all()
        assert [t.state for t in trainings] == [TrainingState.ARCHIVED, TrainingState.OPEN, TrainingState.OPEN]
        for training in trainings:
            assert recount.recount_differences(tx, training) == []


def coverage_is_uneven_and_believable(city: Runtime) -> None:
    with city.db.read() as tx:
        shares = []
        for training in tx.scalars(select(Training).order_by(Training.opens_on)):
            due = select(func.count()).where(Enrolment.training_id == training.id, Enrolment.standing == "due")
            done = tx.scalar(due.where(Enrolment.completed_on.is_not(None))) or 0
            shares.append(done / (tx.scalar(due) or 1))
        assert 0.7 < shares[0] < 0.97
        assert 0.5 < shares[1] < 0.9
        assert 0.2 < shares[2] < 0.6
        late = select(func.count()).where(Completion.completed_at > clock.now())
        assert tx.scalar(late) == 0, "nobody has studied in the future"


def the_ledger_agrees_with_the_completions(city: Runtime) -> None:
    with city.db.read() as tx:
        watched = tx.scalar(select(func.count()).where(WatchLedger.completed_ms.is_not(None)))
        assert watched == tx.scalar(select(func.count()).select_from(Completion))


def one_account_of_each_role_can_sign_in(city: Runtime) -> None:
    with city.db.read() as tx:
        held = {scope.role for id_ in tx.scalars(select(Account.id)) for scope in account_queries.scopes_of(tx, id_)}
        assert held == set(Role) - {Role.MEMBER}
    for one in accounts.SAMPLES:
        assert account_service.sign_in(city, one.username, accounts.PASSWORD)


def a_dozen_courses_and_their_files_are_asked_for(city: Runtime) -> None:
    with city.db.read() as tx:
        shown = tx.scalar(select(func.count()).where(Course.is_published))
        assert shown == 12
        job = tx.scalars(select(Job).where(Job.name == "sample.make_file")).one()
        kinds = [plan["kind"] for _asset, plan in job.args["files"]]
        assert kinds.count("video") == 7
        states = dict(
            tx.execute(
                select(CourseVersion.state, func.count(ReviewComment.id))
                .outerjoin(ReviewComment, ReviewComment.course_version_id == CourseVersion.id)
                .group_by(CourseVersion.state)
            ).all()
        )
        assert states["submitted"] >= 2 and states["returned"] >= 3
        assert tx.scalar(select(func.count()).where(Asset.state == "failed")) == 1


def phones_are_nobodys_and_exemptions_had_two_pairs_of_eyes(city: Runtime) -> None:
    with city.db.read() as tx:
        sealed = tx.scalars(select(Member.phone_sealed).where(Member.phone_sealed.is_not(None)).limit(20)).all()
        for phone in (city.sealer.open(value, context="member.phone") for value in sealed if value):
            assert read_phone(phone) == phone
            assert phone.startswith("1400"), "a range that is given to no person"
        rows = tx.scalars(select(Exemption)).all()
        assert rows and all(row.requested_by != row.approved_by for row in rows)


def names_are_made_up_of_common_parts(city: Runtime) -> None:
    with city.db.read() as tx:
        found = tx.scalars(select(Member.name).order_by(Member.number).limit(50)).all()
    assert len(set(found)) > 40
    assert all(2 <= len(name) <= 3 and name[0] in names.SURNAMES for name in found)


def classes_have_people(city: Runtime) -> None:
    """A class of 84 in which everybody took the lectern, one under way, one that takes applications."""
    with city.db.read() as tx:
        lines = class_queries.list_classes(tx, class_queries.ClassFilter()).rows
        rates = {line.training_class.id: turns.turn_rate(tx, line.training_class) for line in lines if line.members}
        closed = [line for line in lines if line.training_class.closing_report]
        assert any(line.members == 84 and rates[line.training_class.id].permille == 1000 for line in closed)
        waited = [line for line in lines if line.waiting]
        assert all(line.members == line.training_class.seats for line in waited), "nobody waits beside a free seat"
        for line in waited:
            dealt = groups.list_groups(tx, line.training_class)
            assert len(dealt) == 6 and all(one.leader is not None for one in dealt)
        assert any(line.applied and class_queries.is_open_today(line.training_class) for line in lines)


def the_lecture_programme_is_whole(city: Runtime) -> None:
    """Every state of an obligation, a share about what a city reached; and a recount finds nothing."""
    with city.db.read() as tx:
        today = clock.today()
        assert faculty_recount.recount_differences(tx, today) == []
        assert tx.scalar(select(func.count()).select_from(PoolMembership)) == 150
        states = Counter(one.assessment.state for one in obligations.list_obligations(tx, today))
        assert {"overdue", "met"} <= set(states) and states["overdue"] < sum(states.values()) / 3
        shares = [one.permille for one in hours.term_shares(tx, list_terms(tx)) if one.whole > 500_000]
        assert shares and all(share is not None and 180 <= share <= 280 for share in shares)


def test_statutes_are_cut_where_a_reader_breathes() -> None:
    pages = statutes.articles("乡村振兴促进法", count=20)
    assert pages[0].heading == "第一条"
    pieces = [sentence for page in pages for sentence in page.sentences]
    assert all(0 < len(piece) <= statutes.LONGEST for piece in pieces)
    assert all(re.search(r"[。；！？，、：]$", piece) or len(piece) == statutes.LONGEST for piece in pieces)


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_real_academy_gets_no_accounts_that_everybody_knows(app: Flask, runtime: Runtime) -> None:
    answer = app.test_cli_runner().invoke(args=["sample", "create", "--members", "1500"])
    assert answer.exit_code != 0 and "ACADEMY_DEMO" in answer.output
    assert sample.is_empty(runtime)
