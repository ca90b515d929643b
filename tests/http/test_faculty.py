"""Pages of the leaders' lecture programme: what the school's office enters, what a county reads, what is refused."""

import datetime as dt
import re

import pytest
from sqlalchemy import select

from academy.classes.models import Classroom, Holiday, TrainingClass
from academy.core.actor import Role
from academy.core.audit import AuditEntry
from academy.core.runtime import Runtime
from academy.faculty import hours, obligations, rule_changes
from academy.faculty.models import (
    LecturerConsent,
    LecturerPost,
    PoolMembership,
    PoolSpell,
)
from tests.http.faculty_city import TODAY, City, city

__all__ = ["city"]


@pytest.mark.thorough
def test_a_lecturer_is_invited_confirmed_rests_and_leaves(city: City, runtime: Runtime) -> None:
    assert city.office.get("/faculty/new").status_code == 200
    wrong = city.office.post("/faculty/new", data={"name": "周正", "office": "", "unit": "火星", "since": "2025-03-01"})
    assert wrong.status_code == 422 and "没有找到这个单位" in wrong.text and 'value="周正"' in wrong.text
    here = city.invite()
    again = {
        "name": "周正",
        "office": "周正的职务",
        "unit": "中共东山县委员会",
        "since": "2025-03-01",
        "level": "county",
    }
    assert "已经在师资库里" in city.office.post("/faculty/new", data=again).text
    shown = city.office.get(here).text
    assert "已邀请" in shown and "每 5 年至少讲 1 次" in shown
    change = city.office.post
    early = change(here, data={"verb": "state", "state": "confirmed", "since": "2026-05-20"})
    assert early.status_code == 422 and "之后的日期" in early.text
    assert change(here, data={"verb": "state", "state": "confirmed", "since": "2026-05-22"}).status_code == 303
    rest = {"verb": "state", "state": "resting", "since": "2026-05-23", "until": "2026-08-01", "note": "外出学习"}
    assert change(here, data=rest).status_code == 303
    assert change(here, data={"verb": "state", "state": "invited", "since": "2026-09-01"}).status_code == 409
    with runtime.db.read() as tx:
        spells = tx.scalars(select(PoolSpell).order_by(PoolSpell.valid_from)).all()
        assert [(one.state, one.valid_from.isoformat()) for one in spells] == [
            ("invited", "2026-05-20"),
            ("confirmed", "2026-05-22"),
            ("resting", "2026-05-23"),
            ("confirmed", "2026-08-01"),
        ]
    assert "已邀请 1" in city.office.get("/faculty").text, "what begins later is not so today"
    change(here, data={"verb": "undo_state"})
    change(here, data={"verb": "undo_state"})
    with runtime.db.read() as tx:
        assert tx.scalars(select(PoolSpell.state)).all() == ["invited"], "a rest and its end were one decision"
    assert "没有可以撤回" in change(here, data={"verb": "undo_state"}).text
    verbs = {"lecturer.invited", "lecturer.post_added", "lecturer.pool_state", "lecturer.pool_state_undone"}
    with runtime.db.read() as tx:
        assert verbs <= set(tx.scalars(select(AuditEntry.verb)))


@pytest.mark.thorough
def test_posts_consent_subjects_and_hours_are_kept_with_their_days(city: City, runtime: Runtime) -> None:
    here = city.invite()
    change = city.office.post
    post = {"verb": "post", "title": "市委常委", "unit": city.top.code, "level": "municipal", "since": "2026-04-01"}
    assert change(here, data=post).status_code == 303
    assert "已经登记了" in change(here, data=post).text
    with runtime.db.read() as tx:
        first, second = tx.scalars(select(LecturerPost.public_id).order_by(LecturerPost.id)).all()
    assert change(here, data={"verb": "end_post", "post": first, "until": "2025-01-01"}).status_code == 422
    assert change(here, data={"verb": "end_post", "post": first, "until": "2026-04-01"}).status_code == 303
    assert change(here, data={"verb": "reopen_post", "post": first}).status_code == 303
    assert change(here, data={"verb": "remove_post", "post": second}).status_code == 303
    assert change(here, data={"verb": "remove_post", "post": second}).status_code == 404
    consent = {"verb": "consent", "kind": "record", "since": "2026-05-01", "note": "回函 3 号"}
    assert change(here, data=consent | {"note": ""}).status_code == 422
    assert change(here, data=consent).status_code == 303
    assert change(here, data=consent).status_code == 409
    assert "回函 3 号" in city.office.get(here).text
    assert change(here, data={"verb": "withdraw", "kind": "record"}).status_code == 303
    with runtime.db.read() as tx:
        assert [row.withdrawn_on for row in tx.scalars(select(LecturerConsent))] == [TODAY]
    window = {"verb": "window", "weekday": "2", "from_minute": "18:00", "to_minute": "20:00"}
    assert change(here, data=window).status_code == 303
    assert "重叠" in change(here, data=window | {"from_minute": "19:00", "to_minute": "21:00"}).text
    away = {"verb": "absence", "since": "2026-06-01", "until": "2026-06-10", "note": "出差"}
    assert change(here, data=away).status_code == 303
    assert change(here, data=away | {"until": "2026-05-01"}).status_code == 422
    assert change(here, data={"verb": "subjects", "subjects": ["village", "law"]}).status_code == 303
    assert change(here, data={"verb": "load", "most": "2"}).status_code == 303
    assert change(here, data={"verb": "link", "number": "没有"}).status_code == 422
    shown = city.office.get(here).text
    assert all(word in shown for word in ("乡村振兴、法律法规", "18:00 — 20:00", "出差"))
    rows = dict(re.findall(r'name="verb" value="(remove_\w+)"><input type="hidden" name="row" value="(\d+)"', shown))
    for verb, row in rows.items():
        assert change(here, data={"verb": verb, "row": row}).status_code == 303
    assert "出差" not in city.office.get(here).text and len(rows) == 2
    assert change(here, data={"verb": "explode"}).status_code == 422


@pytest.mark.thorough
def test_a_lecture_counts_once_it_is_confirmed_and_not_after_it_is_taken_back(city: City) -> None:
    one, two = city.confirmed("周正"), city.confirmed("吴远")
    city.term()
    assert city.office.get("/faculty/lectures/new").status_code == 200
    held = city.lecture(one, two)
    here = f"/faculty/lectures/{held}"
    assert "还没有登记" in city.office.get("/faculty/lectures").text
    assert city.states() == {one: "open", two: "open"}
    outcome = {"verb": "held", "teacher": [one, two], "share": ["100", "0"], "kind": "roll", "reference": "签到表 12"}
    assert "加起来要正好是 100%" in city.office.post(here, data=outcome | {"share": ["70", "50"]}).text
    blank = city.office.post(here, data=outcome | {"reference": " "})
    assert blank.status_code == 422 and "请写明依据" in blank.text
    assert city.office.post(here, data=outcome).status_code == 303
    assert city.states() == {one: "met", two: "open"}
    assert "签到表 12" in city.office.get(here).text
    assert city.office.post(here, data=outcome).status_code == 409
    assert city.office.post(here, data={"verb": "reopen"}).status_code == 303
    assert city.states() == {one: "open", two: "open"}
    assert city.office.post(here, data={"verb": "no_show", "reason": "临时有会"}).status_code == 303
    assert city.office.post(here, data={"verb": "reopen"}).status_code == 303
    assert city.office.post(here, data={"verb": "cancel", "reason": ""}).status_code == 422
    assert city.office.post(here, data={"verb": "cancel", "reason": "改期"}).status_code == 303
    other = city.lecture(two)
    assert city.office.post(here, data={"verb": "reopen"}).status_code == 409, "its evening was given away"
    substitute = {"verb": "held", "teacher": [two], "share": ["0"], "substitute": one, "replaced": two}
    answer = city.office.post(f"/faculty/lectures/{other}", data=substitute | {"kind": "sheet", "reference": "登记表"})
    assert answer.status_code == 303
    assert "代 吴远 授课" in city.office.get(f"/faculty/lectures/{other}").text
    assert city.states() == {one: "met", two: "open"}


@pytest.mark.thorough
def test_a_lecture_has_a_term_an_evening_and_a_classroom_of_its_own(city: City, runtime: Runtime) -> None:
    one = city.confirmed()
    term = city.term()
    place = {"verb": "classroom", "name": "第一报告厅", "seats": "120", "address": "党校主楼"}
    assert city.office.post("/faculty/terms", data=place).status_code == 303
    assert "已经有这个教室" in city.office.post("/faculty/terms", data=place).text
    lesson = {"verb": "class", "name": "新任书记班", "unit": city.top.code, "is_main": "1", "seats": "84"}
    here = f"/faculty/terms/{term}"
    assert "学期之内" in city.office.post(here, data=lesson | {"first": "2026-01-01", "last": "2026-05-30"}).text
    assert city.office.post(here, data=lesson | {"first": "2026-05-11", "last": "2026-05-30"}).status_code == 303
    with runtime.db.read() as tx:
        hall, made = tx.scalars(select(Classroom)).one(), tx.scalars(select(TrainingClass)).one()
    state = f"/faculty/classes/{made.public_id}/state"
    assert city.office.post(state, data={"state": "open"}).status_code == 303
    assert city.office.post(state, data={"state": "planned"}).status_code == 409
    fields = {"title": "课", "day": "2026-05-14", "minute": "09:00", "hours": "2", "lecturer": one}
    for change, sentence in (
        ({"day": "2026-05-14"}, "讲坛这一天不开讲"),
        ({"day": "2026-08-05"}, "不在任何学期里"),
        ({"hours": "0"}, "课时请填写"),
        ({"lecturer": [one, one], "share": ["50", "50"]}, "不同的讲师"),
        ({"lecturer": [one], "share": ["半"]}, "份额请填写百分数"),
        ({"title": ""}, "题目请写"),
        ({"lecturer": ["nobody"]}, "请从师资库里选"),
    ):
        refused = city.office.post("/faculty/lectures/new", data=fields | change)
        assert refused.status_code == 422 and sentence in refused.text, sentence
    inside = {"lecture_class": made.public_id, "classroom": hall.public_id, "category": "law"}
    first = city.lecture(one, day="2026-05-14", minute="09:00", **inside)
    twice = city.office.post("/faculty/lectures/new", data=fields | inside)
    assert (
        twice.status_code == 422 and "这间教室这个时间已经有课了" in twice.text and "周正这个时间有别的课" in twice.text
    )
    later = fields | inside | {"minute": "10:29", "classroom": ""}
    assert "周正这个时间有别的课" in city.office.post("/faculty/lectures/new", data=later).text
    away = {"verb": "absence", "since": "2026-05-15", "until": "2026-05-18", "note": "出差"}
    assert city.office.post(f"/faculty/lecturers/{one}", data=away).status_code == 303
    absent = city.office.post("/faculty/lectures/new", data=fields | inside | {"day": "2026-05-18"})
    assert absent.status_code == 422 and "周正这一天不能授课" in absent.text
    assert city.lecture(one, day="2026-05-14", minute="10:30", **inside)
    outcome = {"verb": "held", "teacher": [one], "share": ["100"], "kind": "roll", "reference": "签到表"}
    assert city.office.post(f"/faculty/lectures/{first}", data=outcome).status_code == 303
    city.office.post("/faculty/terms", data={"verb": "retire", "classroom": hall.public_id})
    assert "第一报告厅" not in city.office.get("/faculty/lectures/new").text
    whole = city.office.get("/faculty/hours").text
    assert "100.0%" in whole and "达到" in whole
    page = city.office.get(f"/faculty/hours/{term}").text
    links = re.findall(rf'href="(/faculty/hours/{term}/lectures[^"]*)"', page)
    assert len(set(links)) >= 5
    for address in links:
        listed = city.office.get(address.replace("&amp;", "&")).text
        assert "1 行，合计 2 课时" in listed and "乡村振兴怎么干" in listed
    assert city.office.get(f"/faculty/hours/{term}/lectures?level=strange").status_code == 404
    assert "新任书记班" in city.office.get(f"/faculty/lectures?class={made.public_id}").text


@pytest.mark.thorough
def test_obligations_are_listed_by_unit_and_each_figure_is_the_length_of_its_list(city: City, runtime: Runtime) -> None:
    late, early = city.confirmed("周正", "municipal"), city.confirmed("吴远", "county_first")
    page = city.office.get("/faculty/obligations").text
    assert page.index("周正") < page.index("吴远")
    for address, number in re.findall(r'<a href="(/faculty/obligations\?[^"]+)">(\d+)</a>', page):
        listed = city.office.get(address.replace("&amp;", "&")).text
        assert listed.count("data-owes=") == int(number)
    assert "已逾期" in city.office.get(f"/faculty/lecturers/{late}").text
    assert city.states() == {late: "overdue", early: "open"}
    pool = city.office.get("/faculty?owes=overdue").text
    assert "周正" in pool and "吴远" not in pool
    assert "吴远" in city.office.get(f"/faculty?unit={city.county.public_id}&level=county_first&state=confirmed").text
    assert "没有符合条件" in city.office.get("/faculty?q=没有这个人&subject=law").text
    assert "尚未授课" in city.office.get("/faculty/obligations?on=2024-06-01").text
    county, other = city.client(city.county), city.client(city.other)
    assert "周正" in county.get("/faculty/obligations").text and "周正" not in other.get("/faculty/obligations").text
    assert "周正" in county.get("/faculty").text and "周正" not in other.get("/faculty").text
    assert county.get(f"/faculty/lecturers/{late}").status_code == 200
    assert other.get(f"/faculty/lecturers/{late}").status_code == 404


def test_a_county_reads_and_changes_nothing(city: City) -> None:
    one = city.confirmed()
    term = city.term()
    held = city.lecture(one)
    county, other = city.client(city.county), city.client(city.other)
    assert county.get("/faculty/lectures").status_code == 200
    assert county.get(f"/faculty/lectures/{held}").status_code == 200
    assert other.get(f"/faculty/lectures/{held}").status_code == 404
    assert "乡村振兴怎么干" not in other.get("/faculty/lectures").text
    assert county.get("/faculty/terms").status_code == 200
    for address, fields in (
        (f"/faculty/lecturers/{one}", {"verb": "undo_state"}),
        (f"/faculty/lectures/{held}", {"verb": "cancel", "reason": "x"}),
        ("/faculty/lectures/new", {"title": "x"}),
        (
            "/faculty/new",
            {"name": "x", "office": "x", "unit": city.county.code, "level": "county", "since": "2025-01-01"},
        ),
        ("/faculty/terms", {"verb": "classroom", "name": "x", "seats": "3"}),
        (
            f"/faculty/terms/{term}",
            {"verb": "save", "name": "x", "first": "2026-03-02", "last": "2026-07-01", "minute": "18:00"},
        ),
        ("/faculty/holidays/new", {"verb": "save", "name": "x", "first": "2026-06-01", "last": "2026-06-01"}),
        ("/faculty/obligations/rules", {"verb": "floor", "floor": "1", "valid_from": "2026-09-01"}),
    ):
        assert county.post(address, data=fields).status_code == 404, address
    for address in (
        "/faculty/new",
        "/faculty/lectures/new",
        "/faculty/holidays/new",
        "/faculty/obligations/rules",
        "/faculty/hours",
    ):
        assert county.get(address).status_code == 404, address
    member = city.client(city.top, Role.BRANCH_SECRETARY)
    assert member.get("/faculty").status_code == 404


@pytest.mark.thorough
def test_a_holiday_is_looked_at_before_it_moves_evenings(city: City, runtime: Runtime) -> None:
    one = city.confirmed()
    term = city.term()
    planned = city.lecture(one, day="2026-06-17")
    before = city.office.get(f"/faculty/terms/{term}").text
    assert "2026年6月17日" in before
    days = {"name": "端午节", "first": "2026-06-16", "last": "2026-06-18", "kind": "off"}
    assert city.office.get("/faculty/holidays/new").status_code == 200
    look = city.office.post("/faculty/holidays/new", data=days | {"verb": "look"})
    assert "2026年6月17日" in look.text and planned in look.text and "要另行安排" in look.text
    with runtime.db.read() as tx:
        assert tx.scalars(select(Holiday)).all() == [], "nothing was written"
    wrong = city.office.post("/faculty/holidays/new", data=days | {"verb": "look", "last": "2026-06-01"})
    assert wrong.status_code == 200 and "最后一天请填写" in wrong.text
    assert city.office.post("/faculty/holidays/new", data=days | {"verb": "save"}).status_code == 303
    assert "不在讲坛日" in city.office.get(f"/faculty/terms/{term}").text
    with runtime.db.read() as tx:
        made = tx.scalars(select(Holiday.public_id)).one()
    here = f"/faculty/holidays/{made}"
    assert "端午节" in city.office.get("/faculty/terms").text
    assert "新增开讲：2026年6月17日" in city.office.get(here).text, "what removing it would do"
    moved = city.office.post(here, data=days | {"first": "2026-06-19", "last": "2026-06-21", "verb": "look"})
    assert "新增开讲：2026年6月17日" in moved.text
    assert (
        city.office.post(here, data=days | {"first": "2026-06-19", "last": "2026-06-21", "verb": "save"}).status_code
        == 303
    )
    assert "不在讲坛日" not in city.office.get(f"/faculty/terms/{term}").text
    assert city.office.post(here, data={"verb": "remove"}).status_code == 303
    assert city.office.get(here).status_code == 404
    change = {"name": "春季", "first": "2026-03-09", "last": "2026-07-10", "weekday": "3", "minute": "19:00"}
    seen = city.office.post(f"/faculty/terms/{term}", data=change | {"verb": "look"}).text
    assert "不再开讲" in seen and "新增开讲" in seen and planned in seen
    assert city.office.post(f"/faculty/terms/{term}", data=change | {"verb": "save"}).status_code == 303
    twice = {"verb": "term", "name": "夏季", "first": "2026-07-01", "last": "2026-08-10", "minute": "18:00"}
    assert "重叠" in city.office.post("/faculty/terms", data=twice).text


def test_a_rule_is_looked_at_before_it_changes_what_is_owed(city: City, runtime: Runtime) -> None:
    one = city.confirmed("周正", "county_first")
    assert "每 5 年至少讲 1 次" in city.office.get("/faculty/obligations/rules").text
    rule = {"level": "county_first", "years": "1", "lectures": "1", "hours": "2", "soon_days": "30"}
    days = {"valid_from": "2026-05-21", "counts_from": "2024-01-01"}
    look = city.office.post("/faculty/obligations/rules", data=rule | days | {"verb": "look"})
    assert "周正" in look.text and "已逾期" in look.text and city.states() == {one: "open"}
    for change in ({"lectures": "0"}, {"hours": ""}, {"valid_from": "2020-01-01"}, {"counts_from": "2026-06-01"}):
        assert (
            city.office.post("/faculty/obligations/rules", data=rule | days | change | {"verb": "apply"}).status_code
            == 422
        )
    assert city.office.post("/faculty/obligations/rules", data=rule | days | {"verb": "apply"}).status_code == 303
    with runtime.db.read() as tx:
        found = {day: obligations.demands_on(tx, day)["county_first"].years for day in (TODAY, TODAY + dt.timedelta(1))}  # type: ignore[index]
        assert list(found.values()) == [5, 1]
        assert len(rule_changes.list_rules(tx)) == 3
    assert (
        city.office.post(
            "/faculty/obligations/rules", data={"verb": "floor", "floor": "25", "valid_from": "2026-09-01"}
        ).status_code
        == 303
    )
    assert (
        city.office.post(
            "/faculty/obligations/rules", data={"verb": "floor", "floor": "250", "valid_from": "2027-09-01"}
        ).status_code
        == 422
    )
    with runtime.db.read() as tx:
        old, new = hours.share_rule_on(tx, TODAY), hours.share_rule_on(tx, dt.date(2026, 9, 1))
        assert old and new and (old.floor_permille, new.floor_permille) == (200, 250)


def test_the_public_page_shows_evenings_of_the_forum_and_nothing_that_is_owed(city: City, runtime: Runtime) -> None:
    one = city.confirmed()
    city.term()
    city.lecture(one, day="2026-06-03")
    with runtime.db.read() as tx:
        public_id = tx.scalars(select(PoolMembership)).one().lecturer.public_id
    shown = city.office.get(f"/lecturers/{public_id}").text
    assert "乡村振兴怎么干" in shown and "2026年6月3日" in shown
    assert "已逾期" not in shown and "授课任务" not in shown.split("<main", 1)[1]
