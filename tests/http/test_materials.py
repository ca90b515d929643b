"""Pages of syllabus and handout: a lecturer writes, a reviewer returns or approves, the office confirms what is."""

import datetime as dt
import io
import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from academy.core import clock
from academy.core.actor import Role
from academy.core.runtime import Runtime
from academy.faculty.models import (
    LectureMaterial,
    LectureTeacher,
    MaterialComment,
    MaterialRule,
    MaterialVersion,
    PoolMembership,
    ProgrammeLecture,
)
from academy.library.models import Lecturer
from academy.media.models import Asset
from tests.conftest import sign_in
from tests.http.faculty_city import City, city
from tests.support import factories as make
from tests.support import faculty as school

__all__ = ["city"]

FIRST = "导入：从一本账说起。\n正课：公开什么、贴在哪里。\n作业：回去贴一张。"
SECOND = "导入：从一本账说起。\n正课：公开什么、贴在哪里、贴多久。\n小结。"


class Desk:
    """A lecture of last Wednesday, its lecturer signed in, two reviewers."""

    def __init__(self, city: City, runtime: Runtime) -> None:
        self.city, self.runtime = city, runtime
        pool = city.confirmed()
        city.term()
        with runtime.db.begin() as tx:
            kinds = ["syllabus", "handout"]
            tx.add(MaterialRule(kinds=kinds, due_days=7, decide_days=5, valid_from=school.SINCE))
            member = make.member(tx, make.organisation(tx, tx.merge(city.county)))
            tx.execute(update(PoolMembership).where(PoolMembership.public_id == pool).values(member_id=member.id))
            self.teacher = city.app.test_client()
            sign_in(self.teacher, make.session_token(tx, make.account(tx, member)))
        self.lecture = city.lecture(pool)
        self.pool = pool
        self.reviewer: FlaskClient = city.client(city.top, Role.REVIEWER)
        self.other: FlaskClient = city.client(city.top, Role.REVIEWER)
        self.handout = f"/teaching/{self.lecture}/handout"

    def submit(self, text: str, kind: str = "handout") -> str:
        """Submit a text; the address of its review."""
        answer = self.teacher.post(f"/teaching/{self.lecture}/{kind}", data={"verb": "submit", "text": text})
        assert answer.status_code == 303, answer.text
        with self.runtime.db.read() as tx:
            newest = tx.scalars(select(MaterialVersion.public_id).order_by(MaterialVersion.id.desc())).first()
        return f"/faculty/material/{newest}"


@pytest.fixture
def desk(city: City, runtime: Runtime) -> Desk:
    return Desk(city, runtime)


@pytest.mark.thorough
def test_a_handout_is_returned_once_approved_and_taught(desk: Desk) -> None:
    teacher, reviewer, office = desk.teacher, desk.reviewer, desk.city.office
    assert "我的授课" in teacher.get("/my/record").text
    assert desk.handout in teacher.get("/teaching?past=1").text
    assert "近期没有安排" in teacher.get("/teaching").text
    assert "还没有写" in teacher.get(desk.handout).text
    assert teacher.post(desk.handout, data={"verb": "save", "text": FIRST}).status_code == 303
    assert "没有等着审的" in reviewer.get("/faculty/material").text, "a draft is nobody else's"
    here = desk.submit(FIRST)
    listed = reviewer.get("/faculty/material")
    assert here in listed.text and 'data-total="1"' in listed.text
    page = reviewer.get(here).text
    assert "正课：公开什么、贴在哪里。" in page and 'at=2#pin"' in page
    assert 'name="body"' not in page and 'name="body"' in reviewer.get(f"{here}?at=2").text
    assert reviewer.post(f"{here}/comments", data={"place": "2", "body": "贴多久？"}).status_code == 303
    assert reviewer.post(f"{here}/comments", data={"place": "3", "body": "不用作业"}).status_code == 303
    wrong = reviewer.post(f"{here}/comments", data={"place": "9", "body": "这一段没有"})
    assert wrong.status_code == 422 and "1 到 3" in wrong.text
    assert reviewer.post(here, data={"verb": "return", "reason": " "}).status_code == 422
    assert reviewer.post(here, data={"verb": "return", "reason": "请按批注改"}).status_code == 303
    late = desk.other.post(here, data={"verb": "approve", "reason": "我写的意见"})
    assert late.status_code == 409 and "已经有人处理过" in late.text
    shown = teacher.get(desk.handout).text
    assert "请按批注改" in shown and "贴多久？" in shown and FIRST.splitlines()[0] in shown
    answer = re.search(r"/teaching/comments/\w+", shown)
    assert answer is not None
    settled = teacher.post(answer[0], data={"verb": "settle", "answer": "写上了"})
    assert settled.status_code == 303 and "写上了" in teacher.get(desk.handout).text
    assert teacher.post(answer[0], data={"verb": "settle", "answer": "长" * 1001}).status_code == 422
    assert teacher.post(answer[0], data={"verb": "reopen"}).status_code == 303
    again = desk.submit(SECOND)
    page = reviewer.get(again).text
    assert "<ins>" in page and "<del>作业：回去贴一张。</del>" in page and "说的是删去的段落" in page
    report = {"verb": "held", "teacher": [desk.pool], "share": ["100"], "kind": "roll", "reference": "签到表"}
    held = f"/faculty/lectures/{desk.lecture}"
    refused = office.post(held, data=report)
    assert (
        refused.status_code == 422 and "教案和讲义都没有审阅通过" in refused.text and 'value="签到表"' in refused.text
    )
    assert reviewer.post(again, data={"verb": "approve"}).status_code == 303
    plan = desk.submit("第一步\n第二步", "syllabus")
    assert reviewer.post(plan, data={"verb": "approve", "reason": "很好"}).status_code == 303
    assert "很好" in teacher.get(f"/teaching/{desk.lecture}/syllabus").text
    decided = reviewer.get("/faculty/material?show=decided").text
    assert 'data-total="3"' in decided and "审了 0 天" in decided
    assert office.post(held, data=report).status_code == 303
    assert "讲的是第 2 版" in office.get(held).text
    older = re.search(r"\?version=\w+", teacher.get(desk.handout).text)
    assert older is not None
    assert "只能看" in teacher.get(desk.handout + re.findall(r"\?version=\w+", shown)[-1]).text


def test_a_lecture_without_approval_is_confirmed_with_a_reason_on_its_page(desk: Desk) -> None:
    office, held = desk.city.office, f"/faculty/lectures/{desk.lecture}"
    report = {"verb": "held", "teacher": [desk.pool], "share": ["100"], "kind": "roll", "reference": "签到表"}
    assert 'name="unreviewed"' in office.get(held).text
    long = office.post(held, data=report | {"unreviewed": "长" * 201})
    assert long.status_code == 422 and "长" * 200 in long.text
    assert office.post(held, data=report | {"unreviewed": "防汛值班，当晚换人"}).status_code == 303
    assert "没有审过就讲了：防汛值班，当晚换人" in office.get(held).text


@pytest.mark.thorough
def test_what_was_typed_survives_and_two_lecturers_do_not_overwrite_each_other(desk: Desk) -> None:
    teacher, office = desk.teacher, desk.city.office
    long = teacher.post(desk.handout, data={"verb": "submit", "text": "字" * 60_001})
    assert long.status_code == 422 and "字" * 60_001 in long.text and "最多 60000" in long.text
    huge = teacher.post(desk.handout, data={"verb": "submit", "text": "字" * 9_000_000})
    assert huge.status_code == 413
    odd = "<b>粗</b> %(name)s {{ 7*7 }} %d 100%\n\u202e反"
    assert teacher.post(desk.handout, data={"verb": "save", "text": odd}).status_code == 303
    shown = teacher.get(desk.handout).text
    assert "&lt;b&gt;粗&lt;/b&gt; %(name)s {{ 7*7 }}" in shown and "49" not in re.findall(r"粗.{30}", shown)[0]
    version = re.search(r'name="version" value="(\w+)"', shown)
    assert version is not None
    mine = {"verb": "save", "text": "讲师的", "version": version[1]}
    assert teacher.post(desk.handout, data=mine).status_code == 303
    theirs = office.post(desk.handout, data=mine | {"text": "办公室的"})
    assert theirs.status_code == 409 and "办公室的" in theirs.text and "讲师的" in theirs.text
    with desk.runtime.db.read() as tx:
        assert tx.scalars(select(MaterialVersion)).one().passages == ["讲师的"]


def test_a_file_is_sent_by_a_plain_form_and_only_by_those_who_write(desk: Desk) -> None:
    def file(name: str = "讲义.docx", body: bytes = b"PK\3\4") -> dict[str, object]:
        return {"verb": "save", "text": "", "file": (io.BytesIO(body), name)}

    stranger = desk.city.app.test_client()
    with desk.runtime.db.begin() as tx:
        sign_in(stranger, make.session_token(tx, make.account(tx, make.member(tx, make.organisation(tx)))))
    for client in (stranger, desk.reviewer):
        assert client.post(desk.handout, data=file()).status_code == 404
        assert client.get(desk.handout).status_code == 404
    assert "您不在师资库里" in stranger.get("/teaching").text
    empty = desk.teacher.post(desk.handout, data=file(body=b""))
    assert empty.status_code == 422 and "空的" in empty.text
    assert desk.teacher.post(desk.handout, data=file()).status_code == 303
    with desk.runtime.db.read() as tx:
        asset = tx.scalars(select(Asset)).one()
        assert (asset.kind, asset.filename, asset.size) == ("document", "讲义.docx", 4)
    shown = desk.teacher.get(desk.handout).text
    assert "正在转换" in shown and "讲义.docx" in shown
    seen = re.search(r'name="seen" value="(\w+)"', shown)
    assert seen is not None
    early = desk.teacher.post(desk.handout, data={"verb": "send", "seen": seen[1]})
    assert early.status_code == 422 and "还在转换" in early.text
    assert desk.teacher.post(desk.handout, data={"verb": "discard", "seen": seen[1]}).status_code == 303
    assert "还没有写" in desk.teacher.get(desk.handout).text
    assert desk.teacher.post(desk.handout, data={"verb": "send", "seen": seen[1]}).status_code == 404


def test_what_waits_is_taken_back_and_own_comments_too(desk: Desk) -> None:
    here = desk.submit(FIRST)
    shown = desk.teacher.get(desk.handout).text
    assert "已经送审" in shown and 'name="text"' not in shown
    desk.reviewer.post(f"{here}/comments", data={"place": "1", "body": "写错了的批注"})
    mine = re.search(r"/faculty/material/comments/\w+", desk.reviewer.get(here).text)
    assert mine is not None
    assert "/faculty/material/comments/" not in desk.other.get(here).text
    assert desk.other.post(mine[0], data={}).status_code == 404
    assert desk.reviewer.post(mine[0], data={}).status_code == 303
    assert "写错了的批注" not in desk.reviewer.get(here).text
    seen = here.rpartition("/")[2]
    assert desk.teacher.post(desk.handout, data={"verb": "take_back", "seen": seen}).status_code == 303
    assert desk.reviewer.post(here, data={"verb": "approve"}).status_code == 409
    assert "讲师撤回了" in desk.reviewer.get(here).text


@pytest.mark.thorough
def test_the_office_changes_the_rule_and_does_not_review_what_it_wrote(desk: Desk) -> None:
    office = desk.city.office
    rule = {"kinds": ["handout"], "due_days": "3", "decide_days": "4", "valid_from": "2026-06-01"}
    for wrong in ({"due_days": "x"}, {"decide_days": "0"}, {"valid_from": ""}, {"valid_from": "2020-01-01"}):
        answer = office.post("/faculty/material", data=rule | wrong)
        assert answer.status_code == 422 and "请" in answer.text
    assert desk.reviewer.post("/faculty/material", data=rule).status_code == 404
    assert office.post("/faculty/material", data=rule).status_code == 303
    assert "起改为" in office.get("/faculty/material").text
    assert office.post(desk.handout, data={"verb": "submit", "text": "代写"}).status_code == 303
    page = office.get("/faculty/material").text
    assert "没有等着审的" in page and "另有 1 份是您自己的" in page
    county = desk.city.client(desk.city.county, Role.REVIEWER)
    assert "由市里审阅" in county.get("/faculty/material").text
    with desk.runtime.db.read() as tx:
        public_id = tx.scalars(select(MaterialVersion.public_id)).one()
    assert county.get(f"/faculty/material/{public_id}").status_code == 404
    assert "由另一位同志审" in office.get(f"/faculty/material/{public_id}").text
    assert office.post(f"/faculty/material/{public_id}", data={"verb": "approve"}).status_code == 404


@pytest.mark.thorough
@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_many_lectures_versions_and_comments_take_as_many_queries_as_few(
    desk: Desk, count_queries: Callable[[Callable[[], object]], int]
) -> None:
    here = desk.submit(FIRST)

    def grow(number: int) -> None:
        with desk.runtime.db.begin() as tx:
            first = tx.scalars(select(ProgrammeLecture).order_by(ProgrammeLecture.id)).first()
            assert first is not None
            teacher = select(LectureTeacher.lecturer_id).where(LectureTeacher.lecture_id == first.id)
            person = tx.get_one(Lecturer, tx.scalars(teacher).one())
            material = tx.scalars(select(LectureMaterial).order_by(LectureMaterial.id)).first()
            reviewer, now = make.account(tx), clock.now()
            for n in range(number):
                other = school.lecture(tx, first.term, dt.date(2026, 4, 1), (person, 1000), state="held")
                other.kind, other.class_id, other.minute = "class", _class(tx, first), n
                for state in ("submitted", "approved"):
                    kind = "syllabus" if state == "submitted" else "handout"
                    new = LectureMaterial(lecture_id=other.id, kind=kind)
                    version = MaterialVersion(material=new, number=1, passages=["段"], state=state, submitted_at=now)
                    version.closed_at = now if state == "approved" else None
                    tx.add(version)
                newest = tx.scalars(
                    select(MaterialVersion)
                    .where(MaterialVersion.material_id == material.id)  # type: ignore[union-attr]
                    .order_by(MaterialVersion.number.desc())
                ).first()
                assert newest is not None
                tx.add(MaterialComment(version_id=newest.id, place=1, quote="导入", body="批", reviewer_id=reviewer.id))

    def _class(tx: object, lecture: ProgrammeLecture) -> int:
        return school.training_class(tx, lecture.term, desk.city.top).id  # type: ignore[arg-type]

    def look() -> None:
        for client, address in (
            (desk.teacher, "/teaching?past=1"),
            (desk.teacher, desk.handout),
            (desk.reviewer, "/faculty/material"),
            (desk.reviewer, "/faculty/material?show=decided"),
            (desk.reviewer, here),
            (desk.city.office, f"/faculty/lectures/{desk.lecture}"),
        ):
            assert client.get(address).status_code == 200

    grow(2)
    look()
    few = count_queries(look)
    grow(9)
    look()
    assert count_queries(look) == few
