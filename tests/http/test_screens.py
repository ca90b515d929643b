"""A public screen is signed in by a phone, shows lectures only, and ends."""

import datetime as dt
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from academy.accounts.models import Account, LoginSession, ScreenLogin
from academy.core import clock
from academy.core.actor import SYSTEM, Role
from academy.core.audit import AuditEntry
from academy.core.runtime import Runtime
from academy.learning import service as progress
from academy.people.models import Member
from tests.conftest import sign_in
from tests.support import factories as make
from tests.support import shelf
from tests.support.ledger_makers import lecture


@pytest.fixture
def owner(runtime: Runtime) -> Account:
    with runtime.db.begin() as tx:
        branch = make.organisation(tx, level="city")
        return make.account(tx, make.member(tx, branch), (Role.NODE_ADMINISTRATOR, branch))


@pytest.fixture
def phone(app: Flask, runtime: Runtime, owner: Account) -> FlaskClient:
    client = app.test_client()
    with runtime.db.begin() as tx:
        sign_in(client, make.session_token(tx, owner))
    return client


@pytest.fixture
def screen(app: Flask) -> FlaskClient:
    client = app.test_client()
    assert client.post("/sign-in/screen", headers={"User-Agent": "Windows Chrome"}).status_code == 303
    return client


def offered(runtime: Runtime) -> ScreenLogin:
    with runtime.db.read() as tx:
        return tx.scalars(select(ScreenLogin).order_by(ScreenLogin.id.desc())).first()  # type: ignore[return-value]


def numbers(page: str) -> list[int]:
    return [int(found) for found in re.findall(r'name="number" value="(\d\d)"', page)]


def test_the_phone_says_yes_and_the_screen_comes_in_by_itself(
    screen: FlaskClient, phone: FlaskClient, runtime: Runtime
) -> None:
    waiting = screen.get("/sign-in/screen")
    assert '<meta http-equiv="refresh"' in waiting.text and "data:image/svg" in waiting.text
    row = offered(runtime)
    assert str(row.number) in waiting.text
    asked = phone.get(f"/screen/{row.code}").text
    assert "Windows · Chrome" in asked and "127.0.0.1" in asked
    assert len(set(numbers(asked))) == 3 and row.number in numbers(asked)
    assert phone.post(f"/screen/{row.code}", data={"number": row.number}).status_code == 303
    assert "大屏已登录" in phone.get(f"/screen/{row.code}").text
    assert screen.get("/sign-in/screen").headers["Location"] == "/"
    assert screen.get("/").headers["Location"] == "/library"
    with runtime.db.read() as tx:
        verbs = set(tx.scalars(select(AuditEntry.verb)))
    assert {"screen.let-in", "sign-in.screen"} <= verbs


def let_in(screen: FlaskClient, phone: FlaskClient, runtime: Runtime) -> None:
    row = offered(runtime)
    phone.post(f"/screen/{row.code}", data={"number": row.number})
    assert screen.get("/sign-in/screen").headers["Location"] == "/"


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_screen_shows_lectures_and_nothing_personal(
    screen: FlaskClient, phone: FlaskClient, runtime: Runtime, owner: Account
) -> None:
    let_in(screen, phone, runtime)
    assert screen.get("/library").status_code == screen.get("/search").status_code == 200
    for personal in (
        "/me",
        "/me/devices",
        "/my/record",
        "/me/data",
        "/me/data/copy",
        "/notifications",
        "/complaints",
        "/me/second-step",
    ):
        assert screen.get(personal).headers["Location"] == "/library", personal
    shown = screen.get("/library").text
    assert "公共大屏上只能看课" in shown and "退出大屏" in shown
    assert owner.display_name not in shown and owner.display_name in phone.get("/library").text
    assert screen.post("/me/password", data={"old": "x"}).status_code == 404
    assert screen.get("/organisations").headers["Location"] == "/library", "its owner's office stays on the phone"
    assert "工作台" in phone.get("/").text and "工作台" not in shown


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_screen_ends_after_some_hours_used_or_not_and_from_the_phone(
    app: Flask, screen: FlaskClient, phone: FlaskClient, runtime: Runtime
) -> None:
    let_in(screen, phone, runtime)
    begun = clock.now()
    for minutes in (60, 120, 179):
        with clock.frozen(begun + dt.timedelta(minutes=minutes)):
            assert screen.get("/library").status_code == 200
    with clock.frozen(begun + dt.timedelta(minutes=181)):
        assert screen.get("/library").status_code == 302
    assert "大屏" in phone.get("/me/devices").text
    with runtime.db.read() as tx:
        session = tx.scalars(select(LoginSession).where(LoginSession.screen)).one()
    assert screen.get("/library").status_code == 200
    phone.post(f"/me/devices/{session.public_id}/end")
    assert screen.get("/library").headers["Location"].startswith("/sign-in")


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_another_number_another_screen_and_a_late_answer_let_nobody_in(
    app: Flask, screen: FlaskClient, phone: FlaskClient, runtime: Runtime
) -> None:
    row = offered(runtime)
    wrong = next(number for number in numbers(phone.get(f"/screen/{row.code}").text) if number != row.number)
    refused = phone.post(f"/screen/{row.code}", data={"number": wrong})
    assert refused.status_code == 422 and "数字不对" in refused.text
    assert phone.post(f"/screen/{row.code}", data={"number": row.number}).status_code == 404, "no second guess"
    assert "已作废" in screen.get("/sign-in/screen").text

    screen.post("/sign-in/screen")
    row = offered(runtime)
    thief = app.test_client()
    thief.post("/sign-in/screen")
    phone.post(f"/screen/{row.code}", data={"number": row.number})
    assert thief.get("/sign-in/screen").status_code == 200, "whoever knows the code has not the screen's secret"
    assert screen.get("/sign-in/screen").status_code == 302
    with runtime.db.read() as tx:
        assert tx.scalars(select(LoginSession.id).where(LoginSession.screen)).all().__len__() == 1

    third = app.test_client()
    third.post("/sign-in/screen")
    row = offered(runtime)
    with clock.frozen(clock.now() + dt.timedelta(minutes=3)):
        assert phone.get(f"/screen/{row.code}").status_code == 404
        assert phone.post(f"/screen/{row.code}", data={"number": row.number}).status_code == 404
        assert "已过期" in third.get("/sign-in/screen").text
    assert app.test_client().get(f"/screen/{row.code}").headers["Location"].startswith("/sign-in?next=/screen/")


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_hall_does_not_read_how_far_somebody_is(
    screen: FlaskClient, phone: FlaskClient, runtime: Runtime, owner: Account
) -> None:
    with runtime.db.begin() as tx:
        city = make.organisation(tx, level="city")
        author, reviewer = make.account(tx, None, (Role.TRAINER, city)), make.account(tx, None, (Role.REVIEWER, city))
        course = make.published_course(tx, author, reviewer)
        assert owner.member_id is not None
        progress.record_completion(tx, SYSTEM, owner.member_id, course, clock.now())
    let_in(screen, phone, runtime)
    for address in ("/library", f"/library/{course.public_id}"):
        assert "已学完" in phone.get(address).text and "已学完" not in screen.get(address).text, address


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_screen_lets_in_no_screen(app: Flask, screen: FlaskClient, phone: FlaskClient, runtime: Runtime) -> None:
    """Or it would let itself in again, three hours at a time, for ever."""
    let_in(screen, phone, runtime)
    another = app.test_client()
    another.post("/sign-in/screen")
    row = offered(runtime)
    assert screen.get(f"/screen/{row.code}").headers["Location"] == "/library"
    assert screen.post(f"/screen/{row.code}", data={"number": row.number}).status_code == 404
    assert another.get("/sign-in/screen").status_code == 200
    screen.post("/sign-in/screen")
    with runtime.db.read() as tx:
        assert len(tx.scalars(select(LoginSession.id).where(LoginSession.screen)).all()) == 1


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_screen_plays_in_its_owners_name_and_reads_nothing_of_theirs(
    screen: FlaskClient, phone: FlaskClient, runtime: Runtime, owner: Account
) -> None:
    with runtime.db.begin() as tx:
        course = lecture(tx, owner)
        item = course.shown.items[0].public_id
    body = {"item": item, "device": "hall"}
    lease = phone.post("/api/v1/progress/leases", json=body).json
    with clock.frozen(clock.now() + dt.timedelta(seconds=15)):
        beat = {"lease": lease["token"], "seq": 1, "spans": [[0, 15_000]], "position": 15_000}
        assert phone.post("/api/v1/progress/heartbeats", json=beat).status_code in {200, 204}
    let_in(screen, phone, runtime)
    assert phone.get(f"/api/v1/progress/items/{item}").json["covered"] == 15_000
    assert screen.get(f"/api/v1/progress/items/{item}").status_code == 404
    with runtime.db.read() as tx:
        assert owner.member_id is not None
        person = tx.get_one(Member, owner.member_id).public_id
    assert screen.get(f"/api/v1/progress/evidence/{person}/{item}").status_code == 404
    assert "15" not in str(re.findall(r'data-(?:spans|position|covered)="([^"]*)"', screen.get(f"/learn/{item}").text))
    with clock.frozen(clock.now() + dt.timedelta(seconds=30)):
        playing = screen.post("/api/v1/progress/leases", json=body | {"device": "screen", "take_over": True}).json
        assert (playing["spans"], playing["covered"], playing["position"]) == ([], 0, 0)
    with clock.frozen(clock.now() + dt.timedelta(seconds=60)):
        beat = {"lease": playing["token"], "seq": playing["seq"] + 1, "spans": [[15_000, 40_000]]}
        assert screen.post("/api/v1/progress/heartbeats", json=beat).status_code in {200, 204}
    assert phone.get(f"/api/v1/progress/items/{item}").json["covered"] == 40_000
    assert screen.post(f"/api/v1/progress/leases/{playing['lease']}/end").status_code == 204


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_hall_does_not_hear_what_its_owner_watches_elsewhere(
    screen: FlaskClient, phone: FlaskClient, runtime: Runtime, owner: Account
) -> None:
    with runtime.db.begin() as tx:
        private, shown = (lecture(tx, owner).shown.items[0] for _ in range(2))
        shelf.change_item(tx, private.item_id, title="怎样写检查")
        address, public = private.public_id, shown.public_id
    begun = phone.post(
        "/api/v1/progress/leases", json={"item": address, "device": "phone"}, headers={"User-Agent": "iPhone Safari"}
    )
    assert begun.status_code == 201
    let_in(screen, phone, runtime)
    for item in (public, address):  # nor does the hall learn it by trying every lecture
        answer = screen.post("/api/v1/progress/leases", json={"item": item, "device": "hall"})
        assert (answer.status_code, answer.json["type"]) == (409, "urn:academy:other-device")
        assert sorted(answer.json) == ["status", "title", "type"]
        assert answer.json["title"] == "这个账号正在另一台设备上看课。"
    told = phone.post("/api/v1/progress/leases", json={"item": public, "device": "tablet"})
    assert told.status_code == 409 and "怎样写检查" in told.json["title"], "the owner is told on their own device"
