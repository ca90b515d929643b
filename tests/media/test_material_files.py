"""What lecturers bring, Word, PowerPoint and PDF, becomes pages that a reviewer comments, without an uploading role."""

import datetime as dt
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from academy.core import clock
from academy.core.actor import Role
from academy.core.runtime import Runtime
from academy.faculty.models import MaterialVersion, PoolMembership
from academy.media.models import Asset
from tests.conftest import sign_in
from tests.media import papers
from tests.support import factories as make
from tests.support import faculty as school
from tests.support.shortcuts import drain

pytestmark = [pytest.mark.media, pytest.mark.needs("libreoffice")]


@pytest.fixture
def database_kind() -> str:
    return "sqlite"


def people(app: Flask, runtime: Runtime) -> tuple[FlaskClient, FlaskClient, str]:
    """A lecturer who is a plain member, a reviewer of the city, and the address of the handout."""
    teacher, reviewer = app.test_client(), app.test_client()
    today = clock.today()
    with runtime.db.begin() as tx:
        top = make.organisation(tx, level="city")
        member = make.member(tx, make.organisation(tx, top))
        person = school.lecturer(tx, top)
        mine = update(PoolMembership).where(PoolMembership.lecturer_id == person.id)
        tx.execute(mine.values(member_id=member.id))
        term = school.term(tx, today - dt.timedelta(30), today + dt.timedelta(30))
        lecture = school.lecture(tx, term, today + dt.timedelta(7), (person, 1000), state="planned")
        sign_in(teacher, make.session_token(tx, make.account(tx, member)))
        sign_in(reviewer, make.session_token(tx, make.account(tx, None, (Role.REVIEWER, top))))
        return teacher, reviewer, f"/teaching/{lecture.public_id}/handout"


def send(runtime: Runtime, teacher: FlaskClient, here: str, path: Path) -> str:
    """Send a file, wait until it is read, submit it; the address of its review."""
    with path.open("rb") as file:
        answer = teacher.post(here, data={"verb": "save", "text": "", "file": (file, path.name)})
    assert answer.status_code == 303, answer.text
    drain(runtime)
    shown = teacher.get(here).text
    seen = re.search(r'name="verb" value="send"><input type="hidden" name="seen" value="(\w+)"', shown)
    assert "已经转换好" in shown and seen is not None
    assert teacher.post(here, data={"verb": "send", "seen": seen[1]}).status_code == 303
    return f"/faculty/material/{seen[1]}"


def test_word_and_powerpoint_are_commented_by_page_and_compared_round_by_round(
    app: Flask, runtime: Runtime, tmp_path: Path
) -> None:
    teacher, reviewer, here = people(app, runtime)
    first = send(runtime, teacher, here, papers.docx(tmp_path / "讲义.docx", "第一页讲村里的账", "第二页讲公开栏"))
    page = reviewer.get(first).text
    pictures = re.findall(r'<img src="(/m/[^"]+)"', page)
    assert len(pictures) == 2 and reviewer.get(pictures[0], buffered=True).status_code == 200
    assert reviewer.post(f"{first}/comments", data={"place": "2", "body": "写上贴多久"}).status_code == 303
    assert reviewer.post(first, data={"verb": "return", "reason": "改第二页"}).status_code == 303
    slides = papers.pptx(tmp_path / "讲义.pptx", "第一页讲村里的账", "第二页讲公开栏，贴满三十天")
    second = reviewer.get(send(runtime, teacher, here, slides)).text
    assert "和上次审过的第 1 版对照" in second and "<ins>" in second and "写上贴多久" in second
    with runtime.db.read() as tx:
        versions = tx.scalars(select(MaterialVersion).order_by(MaterialVersion.number)).all()
        assert [len(one.passages) for one in versions] == [2, 2]
        assert {one.account_id for one in tx.scalars(select(Asset))} == {versions[0].author_id}


def test_a_damaged_file_is_named_and_another_takes_its_place(app: Flask, runtime: Runtime, tmp_path: Path) -> None:
    teacher, _reviewer, here = people(app, runtime)
    broken = tmp_path / "坏.pdf"
    broken.write_bytes(b"%PDF-1.7\nnothing")
    with broken.open("rb") as file:
        assert teacher.post(here, data={"verb": "save", "text": "", "file": (file, "坏.pdf")}).status_code == 303
    drain(runtime)
    shown = teacher.get(here).text
    seen = re.search(r'name="seen" value="(\w+)"', shown)
    assert "没能读出来" in shown and 'value="send"' not in shown and seen is not None
    assert teacher.post(here, data={"verb": "send", "seen": seen[1]}).status_code == 422
    send(runtime, teacher, here, papers.docx(tmp_path / "好.docx", "第一页"))
