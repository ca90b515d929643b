"""A lecture's whole life: every state renders, figures equal their lists, what a reader may not see is not there, and
lectures that make up for others are followed both ways."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from academy.classes.models import TeachingTerm
from academy.core import clock
from academy.core.database import Tx
from academy.faculty import make_ups
from academy.faculty.contest_kinds import ContestState, Eligibility
from academy.faculty.evaluation_kinds import EvaluationKind
from academy.faculty.evaluations import rounds
from academy.faculty.kinds import LectureState
from academy.faculty.models import (
    Contest,
    LectureAttendance,
    LectureMaterial,
    LecturerConsent,
    LectureRecording,
    LectureTeacher,
    MaterialVersion,
    Nomination,
    PersonnelNote,
    PoolMembership,
    ProgrammeLecture,
)
from academy.learning import api as learning
from academy.learning.models import Completion, CourseStart
from academy.library.models import Category
from tests.components.evaluated_lecture import GOOD, scene
from tests.http.planning_school import NEXT, NOW, School, school
from tests.support import factories as make
from tests.support import faculty as makers
from tests.support import shelf

__all__ = ["school"]
NOTHING = {
    "planned": ("没有经过配餐", "没有发过邀请", "还没有送审", "还没有到课名单", "还没有录像课程", "还没有人学"),
    "held": ("还没有评价", "还没有参加评比", "还没有录像课程", "签到表"),
    "cancelled": ("还没有安排补讲",),
    "no_show": ("还没有安排补讲",),
}
"""What the page of a lecture says of which nothing else is known, by state."""


def life(client: FlaskClient, public_id: str) -> str:
    answer = client.get(f"/faculty/lectures/{public_id}/life")
    assert answer.status_code == 200
    return " ".join(answer.text.split())


def text_of(page: str, part: str) -> str:
    """A section of the page, without its tags."""
    section = page.partition(f'id="{part}"')[2].partition("</section>")[0]
    return re.sub(r"<[^>]+>", " ", section)


@pytest.mark.parametrize("state", LectureState)
@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_every_state_has_its_life_and_says_what_has_not_happened(school: School, state: LectureState) -> None:
    pool = school.lecturer_of("周正", "village")
    with school.runtime.db.begin() as tx:
        person = tx.scalars(select(PoolMembership).where(PoolMembership.public_id == pool)).one().lecturer
        term = makers.term(tx, dt.date(2026, 5, 1), dt.date(2026, 5, 31))
        made = makers.lecture(tx, term, dt.date(2026, 5, 6), (person, 1000), state=state)
        made.reason = "防汛" if state in make_ups.LOST else ""
        public_id = made.public_id
    page = life(school.office, public_id)
    for sentence in NOTHING[state]:
        assert sentence in page, sentence
    assert ("防汛" in page) == (state in make_ups.LOST)
    address = f"/faculty/lectures/{public_id}/life"
    assert address in school.office.get(f"/faculty/lectures/{public_id}").text
    assert address in school.office.get("/faculty/lectures").text


def forum(school: School) -> str:
    """The public id of a lecture that was asked for, matched, moved to by invitation and accepted."""
    school.lecturer_of("周正", "village", "municipal")
    school.lecturer_of("吴敏", "village", "county")
    school.topic("把产业留在村里", "village")
    plan = school.begin()
    school.accepted(plan)
    assert school.act(plan, "confirm", "把产业留在村里").status_code == 303
    with school.runtime.db.read() as tx:
        public_id = tx.scalars(select(ProgrammeLecture.public_id)).one()
    assert f"/faculty/lectures/{public_id}/life" in school.board(plan)
    return public_id


def test_a_lecture_that_was_asked_for_says_by_how_many_why_and_who_was_invited(school: School) -> None:
    public_id = forum(school)
    page = life(school.office, public_id)
    assert "1 人点了这一题" in text_of(page, "asked")
    reasons = [str(one) for one in school.assignment("把产业留在村里").reasons]
    assert reasons and "没有留下理由" not in page and "没有经过配餐" not in page
    assert "电话答复，由办公室记下" in text_of(page, "invited") and "没有发过邀请" not in page
    county = school.client(school.county)
    seen = life(county, public_id)
    assert "配餐的理由只有学校能看" in seen and "/faculty/plans/" not in seen and "评价结果只有学校" in seen
    with school.runtime.db.begin() as tx:
        other = make.organisation(tx, tx.merge(school.top), level="county")
    assert school.client(other).get(f"/faculty/lectures/{public_id}/life").status_code == 404


def approved(tx: Tx, lecture: ProgrammeLecture, author: int, reviewer: int, state: str = "approved") -> None:
    """A syllabus that was returned once and then decided on, and a handout in work that nobody has submitted."""
    for kind, versions in (("syllabus", ("returned", state)), ("handout", ("draft",))):
        material = LectureMaterial(lecture_id=lecture.id, kind=kind)
        tx.add(material)
        tx.flush()
        for number, one in enumerate(versions, 1):
            row = MaterialVersion(material_id=material.id, number=number, state=one, passages=["一", "二"])
            row.author_id = author
            if one != "draft":
                row.submitted_at, row.submitted_by = clock.now() - dt.timedelta(days=9 - number), author
            if one in ("approved", "returned"):
                row.closed_at, row.reviewer_id, row.reason = clock.now() - dt.timedelta(days=5 - number), reviewer, "改"
            tx.add(row)
    tx.flush()


@pytest.mark.parametrize(("there", "answers"), [(0, 0), (4, 0), (4, 4), (6, 4), (6, 5), (6, 6)])
@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_figures_equal_their_lists(school: School, there: int, answers: int) -> None:
    with clock.frozen(dt.datetime(2026, 3, 5, 4, tzinfo=dt.UTC)), school.runtime.db.begin() as tx:
        made = scene(tx, (there,))
        if there:
            row = rounds.open_round(tx, made.office, made.lecture, EvaluationKind.PARTICIPANTS)
            assert row is not None
            for one in made.students[:answers]:
                rounds.answer_round(tx, one, row.public_id, GOOD, {})
            rounds.close_round(tx, row)
        public_id = made.lecture.public_id
    page = life(school.office, public_id)
    with school.runtime.db.read() as tx:
        here = len(tx.scalars(select(LectureAttendance)).all())
    assert (f"到课 {here} 人" in page) == (there > 0)
    if there:
        assert f"应评 {there} 人，已评 {answers} 人" in page
        assert ("不满 5 人，不公布结果" in page) == (answers < 5)
        assert bool(re.search(r"\b4\.0|\b5\.0", text_of(page, "judged"))) == (answers >= 5)


def test_reach_is_counted_by_county_and_once_a_member(school: School) -> None:
    """Figures equal the lists of starts and completions, for the office and within a county."""
    with school.runtime.db.begin() as tx:
        pool = makers.lecturer(tx, tx.merge(school.county), name="周正")
        term = makers.term(tx, dt.date(2026, 5, 1), dt.date(2026, 5, 31))
        lecture = makers.lecture(tx, term, dt.date(2026, 5, 6), (pool, 1000))
        author, reviewer = make.account(tx), make.account(tx)
        approved(tx, lecture, author.id, reviewer.id)
        category = tx.scalars(select(Category.id)).first()
        assert category is not None
        course = shelf.course(tx, organisation_id=school.top.id, category_id=category, created_by=author.id)
        tx.add(LectureRecording(lecture_id=lecture.id, course_id=course.id))
        tx.add(LecturerConsent(lecturer_id=pool.id, kind="publish", given_on=dt.date(2026, 1, 1), evidence="回函一号"))
        other = make.organisation(tx, tx.merge(school.top), level="county", name="中共西岭县委员会")
        homes = [make.organisation(tx, tx.merge(one)) for one in (school.county, school.county, other, school.top)]
        for number, home in enumerate(homes * 3):
            member = make.member(tx, home)
            tx.add(CourseStart(member_id=member.id, course_id=course.id))
            for version in range(1, number % 3 + 1):
                tx.add(Completion(member_id=member.id, course_id=course.id, course_version=version))
        tx.flush()
        begun = set(tx.scalars(select(CourseStart.member_id).where(CourseStart.course_id == course.id)))
        done = set(tx.scalars(select(Completion.member_id).where(Completion.course_id == course.id)))
        public_id, course_id = lecture.public_id, course.id
        county_path, top_path = school.county.path, school.top.path
    page = life(school.office, public_id)
    assert f"{len(begun)} 人开始学" in page and f"{len(done)} 人学完" in page and "录像上架了" in page
    assert "回函一号" in page and "第 1 版" in text_of(page, "reviewed") and "第 2 版" in text_of(page, "reviewed")
    assert "讲义还没有送审" in text_of(page, "reviewed"), "a draft is no round"
    with school.runtime.db.read() as tx:
        rows = learning.course_reach(tx, course_id, [top_path])
        assert {one.name: one.started for one in rows} == {school.county.name: 6, "中共西岭县委员会": 3, "": 3}
        assert sum(one.completed for one in rows) == len(done) and rows[-1].name == ""
        (mine,) = learning.course_reach(tx, course_id, [county_path])
        assert (mine.name, mine.started) == (school.county.name, 6)
        assert learning.course_reach(tx, course_id, []) == []
    seen = life(school.client(school.county), public_id)
    assert "6 人开始学" in seen and "西岭" not in seen and "回函一号" not in seen


@pytest.mark.parametrize("state", ContestState)
@pytest.mark.parametrize("eligibility", Eligibility)
@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_contest_is_others_to_see_once_it_is_announced_and_a_note_never(
    school: School, state: ContestState, eligibility: Eligibility
) -> None:
    with school.runtime.db.begin() as tx:
        person = makers.lecturer(tx, tx.merge(school.county), name="周正")
        term = makers.term(tx, dt.date(2026, 5, 1), dt.date(2026, 5, 31))
        lecture = makers.lecture(tx, term, dt.date(2026, 5, 6), (person, 1000))
        contest = Contest(term_id=term.id, title="优秀课程评比", state=state, criteria=[], places=1)
        tx.add(contest)
        tx.flush()
        row = Nomination(contest_id=contest.id, lecture_id=lecture.id, reason="好", eligibility=eligibility)
        is_in = eligibility == Eligibility.ELIGIBLE
        row.is_chosen, row.hundredths = is_in, 9000 if is_in else None
        tx.add(row)
        tx.flush()
        tx.add(PersonnelNote(nomination_id=row.id, lecturer_id=person.id, signed=b""))
        public_id, named = lecture.public_id, contest.public_id
    office, county = life(school.office, public_id), life(school.client(school.county), public_id)
    assert "优秀课程评比" in text_of(office, "chosen") and "周正的评比结果证明" in office
    # What did not take part, or was taken out after an objection, nobody outside the school reads, here or there.
    seen = "优秀课程评比" in text_of(county, "chosen")
    assert seen == (state in ("objecting", "published") and is_in)
    contest_page = school.client(school.county).get(f"/faculty/contests/{named}").text
    assert seen or row.public_id not in contest_page
    assert "评比结果证明" not in county


@pytest.mark.parametrize("same", [True, False])
@pytest.mark.parametrize("decided", ["approved", "submitted", "returned"])
def test_a_make_up_lecture_follows_and_begins_with_the_material(school: School, same: bool, decided: str) -> None:
    school.lecturer_of("周正", "village")
    school.lecturer_of("吴敏", "village")
    lost = NEXT[0]
    with school.runtime.db.begin() as tx:
        people = {one.lecturer.name: one.public_id for one in tx.scalars(select(PoolMembership))}
        ids = {one.lecturer.name: one.lecturer for one in tx.scalars(select(PoolMembership))}
        term = tx.scalars(select(TeachingTerm)).one()
        lecture = makers.lecture(tx, term, lost, (ids["周正"], 1000), state="cancelled")
        lecture.reason = "防汛"
        approved(tx, lecture, make.account(tx).id, make.account(tx).id, decided)
        first = lecture.public_id
    assert "还没有安排补讲" in life(school.office, first)
    sent = {"day": NEXT[1].isoformat(), "minute": "18:00", "lecturer": people["周正" if same else "吴敏"]}
    assert school.office.post(f"/faculty/lectures/{first}/make-up", data=sent).status_code == 303
    with school.runtime.db.read() as tx:
        made = tx.scalars(select(ProgrammeLecture).where(ProgrammeLecture.public_id != first)).one()
        carried = {
            row.material.kind: row
            for row in tx.scalars(select(MaterialVersion).join(LectureMaterial))
            if row.material.lecture_id == made.id
        }
        second, kinds = made.public_id, {kind: str(row.state) for kind, row in carried.items()}
        if "syllabus" in carried:
            assert carried["syllabus"].passages == ["一", "二"] and carried["syllabus"].number == 1
    whole = {"syllabus": "approved" if decided == "approved" else "draft", "handout": "draft"}
    assert kinds == (whole if same else {"syllabus": "draft"} if decided == "approved" else {})
    for one, other in ((first, second), (second, first)):
        page = school.office.get(f"/faculty/lectures/{one}").text
        assert f'"/faculty/lectures/{other}"' in page and f"{one}/make-up" not in page
    before, after = life(school.office, first), life(school.office, second)
    assert f"/faculty/lectures/{second}/life" in before and "还没有安排补讲" not in before
    assert f"/faculty/lectures/{first}/life" in after and "补讲的是" in after


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_queries_do_not_grow_with_what_happened(
    school: School, count_queries: Callable[[Callable[[], object]], int]
) -> None:
    with school.runtime.db.begin() as tx:
        person = makers.lecturer(tx, tx.merge(school.county), name="周正")
        term = makers.term(tx, dt.date(2026, 5, 1), dt.date(2026, 5, 31))
        lecture = makers.lecture(tx, term, dt.date(2026, 5, 6), (person, 1000))
        author, reviewer = make.account(tx), make.account(tx)
        approved(tx, lecture, author.id, reviewer.id)
        tx.add(LectureAttendance(lecture_id=lecture.id, member_id=make.member(tx, tx.merge(school.county)).id))
        public_id = lecture.public_id
    life(school.office, public_id)
    few = count_queries(lambda: life(school.office, public_id))
    with school.runtime.db.begin() as tx:
        row = tx.scalars(select(ProgrammeLecture)).one()
        for _ in range(5):
            tx.add(LectureAttendance(lecture_id=row.id, member_id=make.member(tx, tx.merge(school.county)).id))
            more = makers.lecturer(tx, tx.merge(school.county))
            tx.add(LectureTeacher(lecture_id=row.id, lecturer_id=more.id, share_permille=0, part="replaced"))
    assert count_queries(lambda: life(school.office, public_id)) == few <= 60
    assert clock.now() == NOW
