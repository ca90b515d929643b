"""A lecturer's own page: the next lecture, what is owed, invitations, results; and that it is nobody else's."""

import datetime as dt
import itertools
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from academy.core import clock
from academy.faculty import obligations
from academy.faculty.evaluation_kinds import EvaluationKind
from academy.faculty.evaluations import rounds
from academy.faculty.kinds import LectureState, TeachingPart
from academy.faculty.models import (
    Contest,
    LectureTeacher,
    Nomination,
    ObligationRule,
    PersonnelNote,
    PoolMembership,
    ProgrammeLecture,
)
from academy.faculty.words import OBLIGATION_NAMES
from academy.library.models import Lecturer
from tests.components.evaluated_lecture import GOOD, scene
from tests.conftest import sign_in
from tests.http.planning_school import NOW, School, school
from tests.support import factories as make
from tests.support import faculty as makers

__all__ = ["school"]
TODAY = dt.date(2026, 5, 20)
LEVELS = ("municipal", "county_first", "county")


def signed_in(school: School, pool: str) -> FlaskClient:
    """A lecturer of the pool as a member with an account."""
    client = school.app.test_client()
    with school.runtime.db.begin() as tx:
        member = make.member(tx, make.organisation(tx, tx.merge(school.county)))
        tx.execute(update(PoolMembership).where(PoolMembership.public_id == pool).values(member_id=member.id))
        sign_in(client, make.session_token(tx, make.account(tx, member)))
    return client


def lecturer_id(school: School, pool: str) -> int:
    with school.runtime.db.read() as tx:
        return tx.scalars(select(PoolMembership.lecturer_id).where(PoolMembership.public_id == pool)).one()


def lecture(school: School, pool: str, day: dt.date, state: str = "planned", part: str = "") -> str:
    """The title of a lecture of theirs."""
    with school.runtime.db.begin() as tx:
        person = tx.get_one(Lecturer, lecturer_id(school, pool))
        term = makers.term(tx, day, day)
        lesson_of = makers.training_class(tx, term, tx.merge(school.county))
        made = makers.lecture(tx, term, day, (person, 1000), state=state, lesson_of=lesson_of)
        if part:
            tx.execute(update(LectureTeacher).where(LectureTeacher.lecture_id == made.id).values(part=part))
        return made.title


@pytest.mark.thorough
@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_the_next_lecture_is_one_that_is_planned_with_oneself_and_not_over(school: School) -> None:
    kinds = itertools.product(LectureState, TeachingPart, (-1, 0, 1))
    for number, (state, part, days) in enumerate(kinds):
        pool = school.lecturer_of(f"讲师{number}", "village")
        title = lecture(school, pool, TODAY + dt.timedelta(days=days), state, part)
        page, home = [signed_in(school, pool).get(path).text for path in ("/teaching", "/")]
        first = page.partition('id="next"')[2].partition("</section>")[0]
        first = first.partition("应讲")[0]
        is_next = state == LectureState.PLANNED and part == TeachingPart.PLANNED and days >= 0
        assert (title in first) == is_next == (title in home), (state, part, days)
        assert ("还没有排" in first) == (not is_next)


def test_what_is_owed_is_what_the_obligations_say_with_their_evidence(school: School) -> None:
    with school.runtime.db.begin() as tx:
        tx.execute(update(ObligationRule).values(lectures=2))
    for level, given in itertools.product(LEVELS, range(3)):
        pool = school.lecturer_of(f"{level}{given}", "village", level)
        titles = [lecture(school, pool, TODAY - dt.timedelta(days=n + 1), "held") for n in range(given)]
        page = signed_in(school, pool).get("/teaching").text
        first = page.partition('id="next"')[2].partition("</section>")[0]
        with school.runtime.db.read() as tx:
            found = obligations.list_obligations(tx, TODAY, [lecturer_id(school, pool)])
        assert ("您现在没有授课任务" in first) == (not found)
        for one in found:
            a = one.assessment
            assert f"应讲 {a.demand.lectures} 次，已讲 {a.done} 次" in " ".join(first.split())
            assert str(OBLIGATION_NAMES[a.state]) in first
            assert [title in first for title in titles] == [True] * given


@pytest.mark.thorough
@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_an_invitation_leads_to_its_answer_until_it_is_settled(school: School) -> None:
    pool = school.lecturer_of("周正", "village", "municipal")
    other = school.lecturer_of("吴敏", "economy", "county")
    school.topic("题", "village")
    plan = school.begin()
    teacher, colleague = signed_in(school, pool), signed_in(school, other)
    assert "请您讲课" not in teacher.get("/teaching").text, "nobody was asked yet"
    school.invited(plan)
    link = school.link_of("周正")
    assert link in teacher.get("/teaching").text and teacher.get(link).status_code == 200
    assert link not in colleague.get("/teaching").text and "请您讲课" not in colleague.get("/teaching").text
    school.act(plan, "revoke")
    assert link not in teacher.get("/teaching").text and "请打电话给学校" in teacher.get("/teaching").text
    school.telephoned(plan, "accepted")
    assert "老师答应了" in teacher.get("/teaching").text
    school.act(plan, "confirm")
    page = teacher.get("/teaching").text
    assert "请您讲课" not in page and "题" in page.partition('id="next"')[2].partition("</section>")[0]


@pytest.mark.parametrize("answers", [0, 4, 5])
@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_results_are_shown_from_five_answers_on(school: School, answers: int) -> None:
    with clock.frozen(dt.datetime(2026, 3, 5, 4, tzinfo=dt.UTC)), school.runtime.db.begin() as tx:
        made = scene(tx, (6,))
        row = rounds.open_round(tx, made.office, made.lecture, EvaluationKind.PARTICIPANTS)
        assert row is not None
        for one in made.students[:answers]:
            rounds.answer_round(tx, one, row.public_id, GOOD, {})
        rounds.close_round(tx, row)
        pool = tx.scalars(select(PoolMembership.public_id).where(PoolMembership.lecturer_id == made.lecturer.id)).one()
    page = signed_in(school, pool).get("/teaching").text
    assert ("平均 4.25 分" in page) == (answers >= 5)
    assert ("不满 5 人" in page) == (answers < 5)


@pytest.mark.parametrize("state", ["nominating", "scoring", "objecting", "published"])
@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_contest_and_its_note_are_shown_once_the_result_is_announced(school: School, state: str) -> None:
    pool = school.lecturer_of("周正", "village")
    lecture(school, pool, TODAY - dt.timedelta(days=7), "held")
    with school.runtime.db.begin() as tx:
        given = tx.scalars(select(ProgrammeLecture)).one()
        contest = Contest(term_id=given.term_id, title="优秀课程评比", state=state, criteria=[], places=1)
        tx.add(contest)
        tx.flush()
        row = Nomination(contest_id=contest.id, lecture_id=given.id, reason="好", eligibility="eligible")
        row.is_chosen, row.hundredths = True, 9000
        tx.add(row)
        tx.flush()
        if state == "published":
            tx.add(PersonnelNote(nomination_id=row.id, lecturer_id=lecturer_id(school, pool), signed=b""))
    page = signed_in(school, pool).get("/teaching").text
    assert ("优秀课程评比" in page) == (state in ("objecting", "published")) == ("入选" in page)
    assert ("评比结果证明" in page) == (state == "published")


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_it_is_nobody_elses_and_its_queries_do_not_grow(
    school: School, count_queries: Callable[[Callable[[], object]], int]
) -> None:
    pool = school.lecturer_of("周正", "village", "municipal")
    counts = []
    teacher = signed_in(school, pool)
    for days in (3, 9):
        lecture(school, pool, TODAY - dt.timedelta(days=days), "held")
        lecture(school, pool, TODAY + dt.timedelta(days=days))
        teacher.get("/teaching")
        counts.append(count_queries(lambda: teacher.get("/teaching")))
    assert counts[0] == counts[1]
    outsider = school.app.test_client()
    with school.runtime.db.begin() as tx:
        sign_in(outsider, make.session_token(tx, make.account(tx, make.member(tx, tx.merge(school.county)))))
    page = outsider.get("/teaching").text
    assert "您不在师资库里" in page and 'id="next"' not in page and "您下一次讲课" not in outsider.get("/").text
    assert clock.now() == NOW
