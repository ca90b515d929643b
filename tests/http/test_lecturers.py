"""Lecturers' pages: who is listed, what they show, who may change them."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from academy.accounts.models import Account
from academy.core.actor import Role
from academy.core.audit import AuditEntry
from academy.core.runtime import Runtime
from academy.library.models import Lecturer
from academy.media.models import Asset
from tests.conftest import sign_in
from tests.support import factories


@dataclass
class Faculty:
    """A city whose keeper, trainer, reviewer and member have a browser each."""

    runtime: Runtime
    accounts: dict[str, Account]
    keeper: FlaskClient
    county: FlaskClient
    trainer: FlaskClient
    member: FlaskClient

    def publish(self, name: str, office: str = "河湾镇党委书记", *, leader: bool = False, title: str = "") -> str:
        """A published course of this lecturer's; returns the lecturer's page."""
        with self.runtime.db.begin() as tx:
            changes = {"lecturer": name, "office": office, "is_leader": leader, "title": title}
            made = factories.published_course(tx, self.accounts["trainer"], self.accounts["reviewer"], **changes)
            assert made.lecturer is not None
            return f"/lecturers/{made.lecturer.public_id}"

    def picture(self, owner: str = "keeper", kind: str = "image") -> Asset:
        """A file of this person's that is ready."""
        with self.runtime.db.begin() as tx:
            return factories.asset(tx, self.accounts[owner], kind=kind, has_poster=True)


@pytest.fixture
def faculty(app: Flask, runtime: Runtime) -> Iterator[Faculty]:
    with runtime.db.begin() as tx:
        city = factories.organisation(tx, level="city")
        county = factories.organisation(tx, city, level="county")
        people = {
            "keeper": factories.account(tx, None, (Role.NODE_ADMINISTRATOR, city)),
            "county": factories.account(tx, None, (Role.NODE_ADMINISTRATOR, county)),
            "trainer": factories.account(tx, None, (Role.TRAINER, county)),
            "reviewer": factories.account(tx, None, (Role.REVIEWER, county)),
            "member": factories.account(tx, factories.member(tx, factories.organisation(tx, county))),
        }
        clients = {}
        for name, account in people.items():
            clients[name] = app.test_client()
            sign_in(clients[name], factories.session_token(tx, account))
    clients.pop("reviewer")
    yield Faculty(runtime, people, **clients)


def test_the_list_has_leaders_first_and_only_those_with_published_lectures(faculty: Faculty) -> None:
    plain = faculty.publish("田禾")
    leader = faculty.publish("石铁军", leader=True)
    with faculty.runtime.db.begin() as tx:
        draft = factories.course(tx, faculty.accounts["trainer"], lecturer="未发布")
        assert draft.lecturer is not None
        hidden = f"/lecturers/{draft.lecturer.public_id}"
    text = faculty.member.get("/lecturers").text
    assert text.index(leader) < text.index(plain) and hidden not in text
    assert leader in faculty.member.get("/library").text
    assert faculty.member.get(hidden).status_code == 404
    assert faculty.keeper.get(hidden).status_code == 200, "may be prepared before the first lecture appears"


def test_a_page_shows_the_lectures_of_one_person_only(faculty: Faculty) -> None:
    here = faculty.publish("田禾", title="移风易俗进农家")
    faculty.publish("田禾", title="把院子收拾好")
    faculty.publish("田禾", office="另一个单位", title="同名的人讲的课")
    text = faculty.member.get(here).text
    assert "移风易俗进农家" in text and "把院子收拾好" in text and "同名的人讲的课" not in text
    assert "河湾镇党委书记" in text and "管理这一页" not in text
    assert f'href="{here}"' in faculty.member.get(_course(text)).text, "the lecture leads back to who gives it"


def _course(text: str) -> str:
    start = text.index('href="/library/', text.index("讲过的课")) + len('href="')
    return text[start : text.index('"', start)]


@pytest.mark.thorough
def test_the_keeper_writes_a_biography_and_what_was_typed_survives_an_error(faculty: Faculty) -> None:
    here = faculty.publish("田禾")
    assert faculty.keeper.post(here, data={"biography": "在山区工作二十年。"}).status_code == 303
    assert "在山区工作二十年。" in faculty.member.get(here).text
    refused = faculty.keeper.post(here, data={"biography": "长" * 601})
    assert refused.status_code == 422 and "长" * 601 in refused.text
    for browser in (faculty.county, faculty.trainer, faculty.member):
        assert browser.post(here, data={"biography": "越权"}).status_code == 404
        assert browser.post(f"{here}/portrait", data={}).status_code == 404
    with faculty.runtime.db.read() as tx:
        assert tx.scalars(select(AuditEntry).where(AuditEntry.verb == "lecturer.edited")).one()


def test_a_portrait_is_the_keepers_own_picture_and_is_removed_before_its_file(faculty: Faculty) -> None:
    here = faculty.publish("田禾")
    set_it = f"{here}/portrait"
    assert "<img" not in _head(faculty.member.get(here).text), "the surname is drawn"
    assert faculty.keeper.post(set_it, data={"asset": faculty.picture(kind="video").public_id}).status_code == 422
    assert faculty.keeper.post(set_it, data={"asset": faculty.picture("trainer").public_id}).status_code == 404
    own = faculty.picture()
    assert faculty.keeper.post(set_it, data={"asset": own.public_id}).status_code == 303
    assert own.public_id in _head(faculty.member.get(here).text)
    files = faculty.keeper.get("/studio/files")
    assert "田禾的照片" in files.text
    assert faculty.keeper.post(f"/studio/files/{own.public_id}/remove").status_code == 409
    assert faculty.keeper.post(set_it).status_code == 303
    with faculty.runtime.db.read() as tx:
        assert tx.scalars(select(Lecturer)).one().portrait_asset_id is None
    assert faculty.keeper.post(f"/studio/files/{own.public_id}/remove").status_code == 303


def _head(text: str) -> str:
    return text[text.index('class="person"') : text.index('id="lectures"')]


def test_two_keepers_who_edit_one_page_see_both_texts(faculty: Faculty) -> None:
    here = faculty.publish("田禾")
    text = faculty.keeper.get(here).text
    start = text.index('name="version" value="') + len('name="version" value="')
    seen = text[start : text.index('"', start)]
    faculty.keeper.post(here, data={"biography": "先写的。", "version": seen})
    late = faculty.keeper.post(here, data={"biography": "后写的。", "version": seen})
    assert late.status_code == 409 and "先写的。" in late.text and "后写的。" in late.text


@pytest.mark.thorough
def test_a_long_list_is_paged_at_the_same_number_of_queries(faculty: Faculty) -> None:
    for number in range(26):
        faculty.publish(f"主讲{number}")
    first, second = faculty.member.get("/lecturers").text, faculty.member.get("/lecturers?page=2").text
    assert first.count('class="lecturer-name"') == 24 and second.count('class="lecturer-name"') == 2
