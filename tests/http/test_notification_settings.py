"""A person chooses what reaches them and how; the links in messages work without sign-in."""

import dataclasses
import datetime as dt
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar
from sqlalchemy import select

from academy.accounts.models import Account
from academy.app import create_app
from academy.core import clock
from academy.core.actor import Actor, Role
from academy.core.audit import AuditEntry
from academy.core.runtime import Runtime
from academy.notifications import preferences, tokens
from academy.notifications.models import Delivery
from academy.notifications.topics import DEFAULTS, DeliveryChannel, Pace, Topic
from academy.people.models import Member
from academy.trainings.models import Enrolment, Standing, Training
from tests.conftest import sign_in
from tests.support import factories as make
from tests.support.shortcuts import drain

ONE_KIND = pytest.mark.parametrize("database_kind", ["sqlite"])


@pytest.fixture
def runtime(runtime: Runtime) -> Runtime:
    settings = dataclasses.replace(
        runtime.settings,
        address="http://localhost",
        smtp="smtp://127.0.0.1:1",
        mail_from="a@academy.example",
        sms="console",
    )
    return dataclasses.replace(runtime, settings=settings)


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    made = create_app(runtime)
    made.testing = True
    made.config.update(WTF_CSRF_ENABLED=True)
    return made


@pytest.fixture
def who(runtime: Runtime) -> Account:
    with runtime.db.begin() as tx:
        return make.account(tx, make.member(tx, make.organisation(tx, level="city")))


@pytest.fixture
def client(app: Flask, runtime: Runtime, who: Account) -> FlaskClient:
    made = app.test_client()
    with runtime.db.begin() as tx:
        sign_in(made, make.session_token(tx, who))
    return made


def post(client: FlaskClient, address: str, **data: str) -> str:
    """Send a form of the settings page."""
    page = client.get("/me/notifications").text
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    answer = client.post(address, data=data | {"csrf_token": found[1]}, follow_redirects=True)
    assert answer.status_code in (200, 422), answer.status_code
    return answer.text


def chosen(runtime: Runtime, who: Account) -> preferences.Preferences:
    with runtime.db.read() as tx:
        return preferences.own_preferences(tx, Actor(account_id=who.id))


def test_choices_are_kept_and_shown(client: FlaskClient, runtime: Runtime, who: Account) -> None:
    page = client.get("/me/notifications").text
    assert (
        'name="trainings_mail" value="1" checked' in page and "课件和审阅" not in page and "trainings_app" not in page
    )
    page = post(
        client, "/me/notifications", trainings_sms="1", trainings_pace="weekly", quiet_from="21:30", quiet_to="06:00"
    )
    assert "消息设置已保存" in page
    kept = chosen(runtime, who)
    choice = kept.choices[Topic.TRAININGS]
    assert (choice.in_app, choice.mail, choice.sms, choice.pace) == (False, False, True, Pace.WEEKLY)
    assert choice.app is DEFAULTS[Topic.TRAININGS].app, "what the page does not offer stays"
    assert (kept.quiet_from, kept.quiet_to) == (21 * 60 + 30, 360)
    assert kept.choices[Topic.SECURITY].in_app, "that one is always shown"
    assert kept.choices[Topic.COURSES] == DEFAULTS[Topic.COURSES]
    assert 'value="weekly" selected' in client.get("/me/notifications").text
    with runtime.db.read() as tx:
        assert "notifications.chosen" in tx.scalars(select(AuditEntry.verb)).all()


@pytest.mark.thorough
def test_a_wrong_address_stays_in_its_field(client: FlaskClient, runtime: Runtime, who: Account) -> None:
    page = post(client, "/me/notifications/mail", mail="马 @example")
    assert "请填写邮箱地址" in page and 'value="马 @example"' in page
    for _ in range(5):
        page = post(client, "/me/notifications/mail", mail="ma@example.org")
    assert "等您在邮件里确认" in page and 'value="ma@example.org"' in page
    assert client.post("/me/notifications/mail").status_code == 400  # the sixth of a day
    assert "请明天再试" in post_busy(client)
    assert "邮箱已删除" in post(client, "/me/notifications/mail", mail="")
    assert chosen(runtime, who).mail_sealed is None


def post_busy(client: FlaskClient) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/me/notifications").text)
    assert found is not None
    answer = client.post("/me/notifications/mail", data={"mail": "b@example.org", "csrf_token": found[1]})
    assert answer.status_code == 503
    return answer.text


def test_an_address_is_confirmed_by_its_link_without_sign_in(
    app: Flask, client: FlaskClient, runtime: Runtime, who: Account
) -> None:
    post(client, "/me/notifications/mail", mail="ma@example.org")
    token = tokens.confirm_token(runtime.settings, who.public_id, "ma@example.org")
    stranger = app.test_client()
    page = stranger.get(f"/notifications/mail/{token}").text
    assert not chosen(runtime, who).mail_confirmed, "opening it confirms nothing"
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    answer = stranger.post(f"/notifications/mail/{token}", data={"csrf_token": found[1]})
    assert "邮箱已确认" in answer.text and chosen(runtime, who).mail_confirmed
    assert stranger.get("/notifications/mail/forged").status_code == 404


def test_one_click_stops_a_topic_without_sign_in(app: Flask, runtime: Runtime, who: Account) -> None:
    """As a mail provider does it: a POST with the body of RFC 8058, no cookie, no token against forgery."""
    address = out_address(runtime, who, Topic.TRAININGS)
    provider = app.test_client()
    assert "培训提醒" in provider.get(address).text
    assert chosen(runtime, who).choices[Topic.TRAININGS].mail, "opening it stops nothing"
    answer = provider.post(address, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200 and "已停止" in answer.text
    kept = chosen(runtime, who).choices
    assert not kept[Topic.TRAININGS].mail and kept[Topic.RECORD].mail and kept[Topic.TRAININGS].app
    assert provider.post(address, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert "已恢复" in provider.post(address, data={"again": "1"}).text
    assert chosen(runtime, who).choices[Topic.TRAININGS].mail
    provider.post(out_address(runtime, who, None))
    assert not any(choice.mail for choice in chosen(runtime, who).choices.values())
    assert provider.post("/notifications/out/forged").status_code == 404


def test_the_short_link_of_an_sms_does_the_same(
    app: Flask, client: FlaskClient, runtime: Runtime, who: Account
) -> None:
    post(client, "/me/notifications", trainings_sms="1", record_sms="1")
    phone = app.test_client()
    token = tokens.short_out_token(runtime.settings, who.public_id, DeliveryChannel.SMS, Topic.TRAININGS)
    page = phone.get(f"/o/{token}").text
    assert "短信" in page and chosen(runtime, who).choices[Topic.TRAININGS].sms, "opening it stops nothing"
    assert "已停止" in phone.post(f"/o/{token}").text
    kept = chosen(runtime, who).choices
    assert not kept[Topic.TRAININGS].sms and kept[Topic.RECORD].sms
    assert "已恢复" in phone.post(f"/o/{token}", data={"again": "1"}).text
    assert chosen(runtime, who).choices[Topic.TRAININGS].sms
    assert phone.get(f"/o/{token[:-1]}").status_code == 404


def out_address(runtime: Runtime, who: Account, topic: Topic | None) -> str:
    return f"/notifications/out/{tokens.out_token(runtime.settings, who.public_id, DeliveryChannel.MAIL, topic)}"


def test_a_calendar_shows_deadlines_and_ends_with_its_address(
    app: Flask, client: FlaskClient, runtime: Runtime, who: Account
) -> None:
    with runtime.db.begin() as tx:
        person = tx.get_one(Member, who.member_id)
        opened = clock.today() - dt.timedelta(days=3)
        training = Training(
            title="冬季轮训",
            organisation_id=person.organisation_id,
            opens_on=opened,
            closes_on=clock.today() + dt.timedelta(days=9),
            state="open",
        )
        tx.add(training)
        tx.flush()
        enrolled = Enrolment(
            training_id=training.id,
            member_id=person.id,
            organisation_id=person.organisation_id,
            standing=Standing.DUE,
            since=opened,
        )
        tx.add(enrolled)
    page = post(client, "/me/notifications/calendar", verb="on")
    found = re.search(r'value="http://localhost(/calendar/[^"]+\.ics)"', page)
    assert found is not None
    phone = app.test_client()
    answer = phone.get(found[1])
    assert answer.mimetype == "text/calendar"
    [event] = Calendar.from_ical(answer.data).walk("VEVENT")
    assert event["summary"] == "培训截止：冬季轮训" and event["uid"].endswith("@localhost")
    assert event.decoded("dtstart") == clock.today() + dt.timedelta(days=9)
    assert person.name not in answer.text and person.number not in answer.text
    again = re.search(r"/calendar/[^\"]+\.ics", post(client, "/me/notifications/calendar", verb="on"))
    assert again is not None and phone.get(found[1]).status_code == 404 and phone.get(again[0]).status_code == 200
    post(client, "/me/notifications/calendar", verb="off")
    assert phone.get(again[0]).status_code == 404
    with runtime.db.begin() as tx:
        tx.get_one(Member, who.member_id).status = "left"
    assert phone.get(again[0]).status_code == 404


@ONE_KIND
def test_officers_see_what_people_get(app: Flask, runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        officer = make.account(tx, None, (Role.NODE_ADMINISTRATOR, make.organisation(tx, level="city")))
        token = make.session_token(tx, officer)
    client = app.test_client()
    sign_in(client, token)
    page = client.get("/notifications/preview").text
    for words in ("云学院：培训有新消息", "List-Unsubscribe-Post", "【云学院】", "notification.created", "每天汇总"):
        assert words in page, words
    with runtime.db.read() as tx:
        assert tx.scalars(select(Delivery.id)).all() == []


@ONE_KIND
def test_an_operator_sends_again_what_failed(app: Flask, runtime: Runtime, who: Account) -> None:
    with runtime.db.begin() as tx:
        operator = make.account(tx, None, (Role.SYSTEM_ADMINISTRATOR, make.organisation(tx, level="city")))
        token = make.session_token(tx, operator)
        failed = Delivery(
            account_id=who.id, channel="mail", pace="at_once", state="failed", due_at=clock.now(), error="SMTP 550"
        )
        tx.add(failed)
    client = app.test_client()
    sign_in(client, token)
    page = client.get("/system/deliveries").text
    assert "SMTP 550" in page and who.display_name not in page
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    answer = client.post(f"/system/deliveries/{failed.public_id}/retry", data={"csrf_token": found[1]})
    assert answer.status_code == 303 and "消息都送到了" in client.get("/system/deliveries").text
    drain(runtime)
