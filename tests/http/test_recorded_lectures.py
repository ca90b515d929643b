"""A lecture's page, and the pages by which its recording becomes a course and stops being one."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from academy.accounts.models import Account
from academy.core.database import Tx
from academy.core.errors import NotFound
from academy.core.runtime import Runtime
from academy.faculty import lecture_page
from academy.faculty.models import LectureMaterial, MaterialVersion, ProgrammeLecture
from academy.library.models import Course
from tests.conftest import sign_in
from tests.http.recording_scene import Scene, scene
from tests.support import factories as make
from tests.support import faculty as school
from tests.support.in_may import NOON, in_may

__all__ = ["in_may"]


def approve(tx: Tx, at: Scene, kind: str, text: str, state: str = "approved", number: int = 1) -> None:
    material = tx.scalar(
        select(LectureMaterial).where(LectureMaterial.lecture_id == at.lecture.id, LectureMaterial.kind == kind)
    ) or LectureMaterial(lecture_id=at.lecture.id, kind=kind)
    version = MaterialVersion(material=material, number=number, passages=[text], state=state, submitted_at=NOON)
    version.closed_at = NOON if state == "approved" else None
    tx.add(version)
    tx.flush()


def test_the_page_shows_what_is_approved_to_those_who_may_read_it(app: Flask, runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        at = scene(tx)
        approve(tx, at, "syllabus", "怎样教")
        approve(tx, at, "handout", "发下去的讲义")
        approve(tx, at, "handout", "还没审的一版", "submitted", number=2)
        readers: dict[str, FlaskClient] = {}
        students = school.training_class(tx, at.lecture.term, at.top)
        for who, account in (
            ("member", make.account(tx, make.member(tx, make.organisation(tx, at.top)))),
            ("teacher", tx.get_one(Account, at.teacher.account_id)),
            ("reviewer", at.reviewer),
            ("office", tx.get_one(Account, at.office.account_id)),
        ):
            readers[who] = app.test_client()
            sign_in(readers[who], make.session_token(tx, account))
        here, lesson = f"/lectures/{at.lecture.public_id}", students.id
    for who, client in readers.items():
        near = who != "member"
        page = client.get(here).text
        assert (f"{here}/syllabus" in page) == near and f"{here}/handout" in page
        handout = client.get(f"{here}/handout").text
        assert "发下去的讲义" in handout and "还没审的一版" not in handout
        assert client.get(f"{here}/syllabus").status_code == (200 if near else 404)
    with runtime.db.begin() as tx:
        tx.execute(
            update(ProgrammeLecture)
            .where(ProgrammeLecture.id == at.lecture.id)
            .values(state="planned", confirmed_at=None)
        )
    assert readers["member"].get(f"{here}/handout").status_code == 404, "handouts are given out in the lecture"
    assert "讲课以后可以看" in readers["member"].get(here).text
    assert readers["teacher"].get(f"{here}/handout").status_code == 200
    with runtime.db.begin() as tx:
        lecture = update(ProgrammeLecture).where(ProgrammeLecture.id == at.lecture.id)
        tx.execute(lecture.values(kind="class", class_id=lesson, state="held", confirmed_at=NOON))
    assert {who: client.get(here).status_code for who, client in readers.items()} == {
        "member": 404,
        "teacher": 200,
        "reviewer": 200,
        "office": 200,
    }
    with runtime.db.begin() as tx:
        lecture = update(ProgrammeLecture).where(ProgrammeLecture.id == at.lecture.id)
        tx.execute(lecture.values(state="cancelled"))
        with pytest.raises(NotFound):
            lecture_page.access_shown_lecture(tx, at.office, at.lecture.public_id)


def test_a_trainer_begins_a_recording_and_the_lecturer_withdraws_by_the_page(app: Flask, runtime: Runtime) -> None:
    trainer, teacher = app.test_client(), app.test_client()
    with runtime.db.begin() as tx:
        at = scene(tx)
        sign_in(trainer, make.session_token(tx, at.trainer))
        sign_in(teacher, make.session_token(tx, tx.get_one(Account, at.teacher.account_id)))
    assert "/studio/recordings" in trainer.get("/studio").text
    listed = trainer.get("/studio/recordings").text
    assert at.lecture.title in listed and "周正" in listed
    begun = trainer.post(f"/studio/recordings/{at.lecture.public_id}", data={"verb": "begin"})
    assert begun.status_code == 303 and begun.location.startswith("/studio/")
    again = trainer.post(f"/studio/recordings/{at.lecture.public_id}", data={"verb": "begin"})
    assert again.status_code == 409 and "已经有人在做了" in again.text
    assert "没有等着做的录像" in trainer.get("/studio/recordings").text
    with runtime.db.begin() as tx:
        course = tx.scalars(select(Course)).one()
        at.add_film(tx, course, make.asset(tx, at.trainer))
        at.shelve(tx, course)
    page = teacher.get("/teaching").text
    assert "您讲的 1 门录像课程马上下架" in page
    gone = teacher.post("/teaching/consent", data={"kind": "publish"}, follow_redirects=True)
    assert "下架了 1 门课程" in gone.text and "同意录像上架" not in gone.text
    assert "没有登记过" in teacher.post("/teaching/consent", data={"kind": "publish"}, follow_redirects=True).text
    assert "撤回了同意" in teacher.get(f"/lectures/{at.lecture.public_id}").text
    assert trainer.post("/teaching/consent", data={"kind": "record"}).status_code == 404
    refused = trainer.post(f"/studio/{course.public_id}/do", data={"verb": "republish"})
    assert refused.status_code in {404, 409, 422}
    with runtime.db.read() as tx:
        assert not tx.get_one(Course, course.id).is_published
