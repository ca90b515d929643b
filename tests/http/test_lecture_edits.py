"""Planned lectures are moved and given to others: what it does is read first, can be undone, obligations stay right."""

import datetime as dt
import re

import pytest
from sqlalchemy import select

from academy.classes.models import Holiday, TeachingTerm
from academy.core import clock
from academy.faculty import recount
from academy.faculty.models import (
    LectureEdit,
    LectureMaterial,
    LectureTeacher,
    PoolMembership,
    PoolSpell,
    ProgrammeLecture,
)
from academy.faculty.obligations import list_obligations
from academy.library.models import Category
from tests.http.lecture_edit_scene import edit, lecture_of, plan, pool_of, school
from tests.http.planning_school import NEXT, NOW, School
from tests.support import faculty as makers
from tests.support.shortcuts import drain

__all__ = ["plan", "school"]
pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])


def rests(school: School, name: str, since: dt.date, state: str = "left") -> None:
    with school.runtime.db.begin() as tx:
        person = tx.scalars(select(PoolMembership).where(PoolMembership.public_id == pool_of(school, name))).one()
        spell = tx.scalars(select(PoolSpell).where(PoolSpell.membership_id == person.id)).one()
        spell.valid_to = since
        tx.flush()
        tx.add(PoolSpell(membership_id=person.id, state=state, valid_from=since))


def test_a_move_is_looked_at_then_made_and_undone(school: School, plan: str) -> None:
    before = lecture_of(school)
    new = next(day for day in NEXT if day != before.day)
    page = school.office.get(f"/faculty/lectures/{before.public_id}/edit").text
    assert before.day.isoformat() in page and new.isoformat() in page, "what is, and which evenings are free"
    status, shown = edit(school, "look", day=new.isoformat(), title="新题目")
    assert (
        status == 200 and "题目：题 → 新题目" in shown and "周正答应的是" in shown and "1 人会收到改期的消息" in shown
    )
    assert lecture_of(school).day == before.day, "looking changes nothing"
    assert edit(school, "save", day=new.isoformat(), title="新题目")[0] == 303
    moved = lecture_of(school)
    assert (moved.day, moved.title) == (new, "新题目") and school.assignment().day == new
    assert any("改在" in one for one in school.notices())
    page = school.office.get(f"/faculty/lectures/{before.public_id}").text
    assert "撤回最近一次改动" in page
    assert edit(school, "undo")[0] == 303
    assert (lecture_of(school).day, lecture_of(school).title) == (before.day, "题")
    assert school.assignment().day == before.day
    with school.runtime.db.read() as tx:
        assert len(tx.scalars(select(LectureEdit)).all()) == 2
    assert edit(school, "save")[0] == 409, "nothing is changed"


@pytest.mark.parametrize(
    "changes",
    [
        {"day": "2026-05-28"},
        {"day": "2027-01-01"},
        {"day": ""},
        {"title": ""},
        {"hours": "0"},
        {"lecturer": []},
        {"lecturer": ["nobody"]},
        {"minute": ""},
    ],
)
def test_what_cannot_be_is_refused_before_and_keeps_what_was_typed(
    school: School, plan: str, changes: dict[str, object]
) -> None:
    before = lecture_of(school)
    for verb in ("look", "save"):
        status, shown = edit(school, verb, **({"title": "打好的题"} | changes))
        assert status in (200, 422) and "就这样改" not in shown
        assert "error" in shown and ("打好的题" in shown or "title" in changes)
    assert lecture_of(school).day == before.day


def test_a_lecture_is_given_to_another_and_obligations_say_so(school: School, plan: str) -> None:
    lecture = lecture_of(school)
    page = school.office.get(f"/faculty/lectures/{lecture.public_id}/edit").text
    assert "谁可以代课" in page and "吴敏" in page and "吴敏今年还没有讲过" in page
    new = pool_of(school, "吴敏")
    assert "教案、讲义是原来的讲师写的" not in edit(school, "look", lecturer=[new])[1]
    with school.runtime.db.begin() as tx:
        tx.add(LectureMaterial(lecture_id=lecture.id, kind="syllabus"))
    status, shown = edit(school, "look", lecturer=[new])
    assert status == 200 and "讲师：周正 → 吴敏" in shown
    assert "教案、讲义是原来的讲师写的" in shown
    assert "周正逾期没讲的课就没有着落了" in shown
    assert "吴敏逾期没讲的课由这一讲补上" in shown
    assert edit(school, "save", lecturer=[new])[0] == 303
    with school.runtime.db.read() as tx:
        assert [one.lecturer.name for one in tx.scalars(select(LectureTeacher))] == ["吴敏"]


def test_no_other_lecture_stands_on_an_evening_that_is_taken_or_promised(school: School, plan: str) -> None:
    school.lecturer_of("郑重", "law", "municipal", most=1)
    school.topic("法", "law")
    assert school.office.post(f"/faculty/plans/{plan}", data={"verb": "reopen"}).status_code == 303
    drain(school.runtime)
    school.invited(plan)
    promised = school.assignment("法").day
    status, shown = edit(school, "save", day=promised.isoformat())
    assert status == 422 and "已经请了郑重" in shown


def test_a_lecturer_who_leaves_or_rests_in_mid_term_is_listed_and_replaced(school: School, plan: str) -> None:
    lecture = lecture_of(school)
    assert "不能照原来的安排" not in school.office.get("/faculty/lectures").text
    rests(school, "周正", NEXT[0])
    for address in ("/faculty/lectures", f"/faculty/plans/{plan}", f"/faculty/lecturers/{pool_of(school, '周正')}"):
        page = school.office.get(address).text
        assert "周正那时已经出库" in page and f"/faculty/lectures/{lecture.public_id}/edit" in page, address
    assert edit(school, "save", lecturer=[pool_of(school, "吴敏")])[0] == 303
    assert "不能照原来的安排" not in school.office.get("/faculty/lectures").text
    assert "不能照原来的安排" not in school.board(plan)


def test_an_invited_lecturer_who_rests_is_listed_and_somebody_else_asked(school: School) -> None:
    school.lecturer_of("周正", "village", "municipal")
    school.lecturer_of("吴敏", "village", "county")
    school.topic("题", "village")
    found = school.begin()
    school.invited(found)
    rests(school, "周正", NEXT[0], "resting")
    assert "周正那时暂停授课" in school.board(found)
    assert school.act(found, "withdraw", reason="暂停授课").status_code == 303
    drain(school.runtime)
    assert school.planned_now()["题"][0] == "吴敏" and "不能照原来的安排" not in school.board(found)


@pytest.mark.thorough
def test_a_holiday_that_is_moved_lists_lectures_and_invitations_before_and_after(school: School, plan: str) -> None:
    school.lecturer_of("郑重", "law", "municipal", most=1)
    school.topic("法", "law")
    school.office.post(f"/faculty/plans/{plan}", data={"verb": "reopen"})
    drain(school.runtime)
    school.invited(plan)
    fixed, promised = lecture_of(school).day, school.assignment("法").day
    first, last = min(fixed, promised), max(fixed, promised)
    sent = {"name": "调休", "first": first.isoformat(), "last": last.isoformat(), "kind": "off"}
    looked = school.office.post("/faculty/holidays/new", data=sent | {"verb": "look"}).text
    assert "1 次已排定的讲课" in looked and "1 位老师请在不开讲的日子" in looked
    assert school.office.post("/faculty/holidays/new", data=sent | {"verb": "save"}).status_code == 303
    board = school.board(plan)
    assert board.count("这一天不开讲了") == 2
    free = re.findall(
        r'<option value="(2026-\d\d-\d\d)">',
        school.office.get(f"/faculty/plans/{plan}/assignments/{school.assignment('法').public_id}").text,
    )
    assert free and school.act(plan, "move", "法", day=free[0]).status_code == 303
    page = school.office.get(f"/faculty/lectures/{lecture_of(school).public_id}/edit").text
    offered = [day for day in re.findall(r'<option value="(2026-\d\d-\d\d)">', page) if day != free[0]]
    assert offered and edit(school, "save", day=offered[0])[0] == 303
    assert "这一天不开讲了" not in school.board(plan)


@pytest.fixture
def missed(school: School, plan: str) -> ProgrammeLecture:
    """The lecture, on the first evening that is left of the term: others come after it."""
    if lecture_of(school).day != NEXT[0]:
        assert edit(school, "save", day=NEXT[0].isoformat())[0] == 303
    return lecture_of(school)


def test_nobody_came_and_a_substitute_makes_up_for_it(school: School, missed: ProgrammeLecture) -> None:
    noon = dt.datetime.combine(missed.day, dt.time(4), dt.UTC) + dt.timedelta(days=1)
    with clock.frozen(noon):
        school.office = school.client(school.top)
        reason = {"verb": "no_show", "reason": "防汛"}
        assert school.office.post(f"/faculty/lectures/{missed.public_id}", data=reason).status_code == 303
        assert any("没有讲成" in one for one in school.notices()) and school.topic_state() == "shortlisted"
        page = school.office.get(f"/faculty/lectures/{missed.public_id}/make-up").text
        assert "吴敏" in page and "谁可以讲" in page and "这样改" in page, "who could, and the price"
        day = next(one for one in NEXT if one > clock.today())
        sent = {"day": day.isoformat(), "minute": "18:00", "lecturer": pool_of(school, "吴敏")}
        assert school.office.post(f"/faculty/lectures/{missed.public_id}/make-up", data=sent).status_code == 303
        made = lecture_of(school)
        assert made.id != missed.id and made.day == day and school.topic_state() == "planned"
        again = school.office.post(f"/faculty/lectures/{missed.public_id}/make-up", data=sent)
        assert again.status_code in (409, 422)
    with clock.frozen(dt.datetime.combine(day, dt.time(14), dt.UTC)):
        school.office = school.client(school.top)
        held = {
            "verb": "held",
            "kind": "roll",
            "reference": "第 1 号",
            "teacher": pool_of(school, "吴敏"),
            "share": "100",
        }
        assert school.office.post(f"/faculty/lectures/{made.public_id}", data=held).status_code == 303
        with school.runtime.db.read() as tx:
            names = {row.lecturer_id: row.lecturer.name for row in tx.scalars(select(PoolMembership))}
            states = {names[one.lecturer_id]: str(one.assessment.state) for one in list_obligations(tx, clock.today())}
            assert recount.recount_differences(tx, clock.today()) == []
        assert states["吴敏"] == "met" and states["周正"] != "met", "who missed it has met nothing"


def test_wednesday_at_six_across_a_change_of_year(school: School) -> None:
    with school.runtime.db.begin() as tx:
        autumn = makers.term(tx, dt.date(2026, 9, 1), dt.date(2027, 1, 20))
        school.term_id = autumn.public_id
        tx.add(Holiday(name="元旦", first_day=dt.date(2027, 1, 1), last_day=dt.date(2027, 1, 3)))
        category = tx.scalars(select(Category).where(Category.slug == "village")).one().id
    pool = school.lecturer_of("周正", "village", "municipal")
    with school.runtime.db.begin() as tx:
        person = tx.scalars(select(PoolMembership)).one().lecturer
        makers.lecture(
            tx, makers.term(tx, dt.date(2025, 3, 1), dt.date(2025, 7, 1)), dt.date(2025, 4, 2), (person, 1000)
        )
    with clock.frozen(dt.datetime(2026, 12, 28, 4, tzinfo=dt.UTC)):
        school.office = school.client(school.top)
        sent = {"title": "年末一课", "day": "2026-12-30", "minute": "18:00", "hours": "2", "category": "village"}
        assert school.office.post("/faculty/lectures/new", data=sent | {"lecturer": pool}).status_code == 303
        page = school.office.get(f"/faculty/lectures/{lecture_of(school).public_id}/edit").text
        offered = re.findall(r'<option value="(\d{4}-\d\d-\d\d)">', page)
        assert offered == ["2027-01-06", "2027-01-13", "2027-01-20"]
        status, shown = edit(school, "look", day="2027-01-06")
        assert status == 200 and "周正在2026年12月31日前要讲的课就没有着落了" in shown
        assert edit(school, "save", day="2027-01-06")[0] == 303
        assert lecture_of(school).day == dt.date(2027, 1, 6) and lecture_of(school).category_id == category
        assert edit(school, "undo")[0] == 303 and lecture_of(school).day == dt.date(2026, 12, 30)
    assert clock.now() == NOW


def test_a_county_changes_nothing(school: School, plan: str) -> None:
    county = school.client(school.county)
    address = f"/faculty/lectures/{lecture_of(school).public_id}"
    assert edit(school, "save", county, title="x")[0] == 404
    for path in ("edit", "make-up"):
        assert county.get(f"{address}/{path}").status_code == 404
    assert school.office.post(f"{address}/make-up", data={"day": NEXT[0].isoformat()}).status_code in (409, 422)


def test_a_lesson_is_moved_within_the_working_days_of_its_class(school: School) -> None:
    pool = school.lecturer_of("周正", "village", "county")
    with school.runtime.db.begin() as tx:
        term = tx.scalars(select(TeachingTerm)).one()
        lesson_of = makers.training_class(tx, term, tx.merge(school.county))
        lesson_of.last_day = dt.date(2026, 6, 6)
        public_id = lesson_of.public_id
        tx.add(Holiday(name="节", first_day=dt.date(2026, 5, 28), last_day=dt.date(2026, 5, 30)))
        tx.add(Holiday(name="调休", first_day=dt.date(2026, 5, 31), last_day=dt.date(2026, 5, 31), kind="working"))
    sent = {"title": "一课", "day": "2026-05-25", "minute": "09:00", "hours": "2", "category": "village"}
    made = school.office.post("/faculty/lectures/new", data=sent | {"lecturer": pool, "lecture_class": public_id})
    assert made.status_code == 303
    page = school.office.get(f"{made.location}/edit").text
    offered = re.findall(r'<option value="(\d{4}-\d\d-\d\d)">', page)
    expected = ["21", "22", "26", "27", "31"], ["01", "02", "03", "04", "05"]
    assert offered == [f"2026-05-{day}" for day in expected[0]] + [f"2026-06-{day}" for day in expected[1]]
    moved = sent | {"verb": "save", "day": offered[-1], "lecturer": pool, "lecture_class": public_id}
    assert school.office.post(f"{made.location}/edit", data=moved).status_code == 303
    assert lecture_of(school).day == dt.date(2026, 6, 5) and lecture_of(school).class_id is not None
