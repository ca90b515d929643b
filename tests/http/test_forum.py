"""The forum's calendar, and the secret addresses by which phones follow it, a class and one's own teaching."""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from academy.classes.models import ClassMember, Classroom, Holiday
from academy.core import clock
from academy.core.runtime import Runtime
from academy.faculty.models import PoolMembership, ProgrammeLecture
from academy.people.models import Member
from academy.trainings.models import Enrolment, Standing, Training
from tests.conftest import sign_in
from tests.support import factories as make
from tests.support import faculty as school
from tests.support.read_calendar import read_calendar

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])
NOW = dt.datetime(2026, 12, 8, 4, tzinfo=dt.UTC)


@dataclass
class Town:
    app: Flask
    runtime: Runtime
    client: FlaskClient
    stranger: FlaskClient
    lecture: str
    own_class: str
    other_class: str

    def token(self, who: FlaskClient | None = None) -> str:
        """Make an address for one's calendars, by the button."""
        page = (who or self.client).post("/me/notifications/calendar", data={"verb": "on"}, follow_redirects=True).text
        found = re.search(r"/calendar/([^\"/]+)/forum\.ics", page)
        assert found, page
        return found[1]


@pytest.fixture
def town(app: Flask, runtime: Runtime) -> Iterator[Town]:
    with clock.frozen(NOW):
        with runtime.db.begin() as tx:
            city = make.organisation(tx, level="city")
            term = school.term(tx, dt.date(2026, 9, 1), dt.date(2027, 1, 20))
            person = school.lecturer(tx, city, name="周正")
            people = [make.member(tx, city) for _ in range(2)]
            pooled = tx.scalars(select(PoolMembership).where(PoolMembership.lecturer_id == person.id)).one()
            pooled.member_id = people[0].id
            hall = Classroom(name="第一报告厅", seats=100)
            tx.add_all([hall, Holiday(name="元旦", first_day=dt.date(2027, 1, 1), last_day=dt.date(2027, 1, 3))])
            tx.flush()
            lecture = school.lecture(tx, term, dt.date(2026, 12, 16), (person, 1000), state="planned")
            lecture.title, lecture.classroom_id = "把账算给群众看", hall.id
            classes = [school.training_class(tx, term, city) for _ in range(2)]
            tx.add(ClassMember(class_id=classes[0].id, member_id=people[0].id, joined_on=term.first_day))
            school.lecture(tx, term, dt.date(2026, 12, 17), (person, 1000), lesson_of=classes[0], state="planned")
            clients = []
            for one in people:
                clients.append(app.test_client())
                sign_in(clients[-1], make.session_token(tx, make.account(tx, one)))
            ids = lecture.public_id, *(one.public_id for one in classes)
        yield Town(app, runtime, *clients, *ids)


def test_a_month_of_the_forum(town: Town) -> None:
    page = town.client.get("/forum").text
    assert "把账算给群众看" in page and "周正" in page and "第一报告厅" in page
    assert page.count("题目待定") == 3, "the ninth, the twenty-third and the thirtieth"
    january = town.client.get("/forum?month=2027-01").text
    assert "元旦" in january and "month=2026-12" in january and "month=2027-02" in january
    for empty in ("2027-07", "2026-10"):
        # Evenings that are over and of which nothing is known are no list of blank days.
        assert "这个月没有讲坛" in town.client.get(f"/forum?month={empty}").text
    for odd in ("2026-13", "0000-00", "9999-12", "2026-1", "x" * 5000, "２０２６-12", "2026-12\n"):
        assert "把账算给群众看" in town.client.get("/forum", query_string={"month": odd}).text


def test_feeds_are_read_by_their_address_alone_until_it_is_revoked(town: Town) -> None:
    assert "先在消息设置里生成" in town.client.get("/forum").text
    token = town.token()
    assert token in town.client.get("/forum").text
    assert token in town.client.get(f"/my/classes/{town.own_class}").text
    phone = town.app.test_client()
    addresses = ("/forum.ics", "/teaching.ics", f"/classes/{town.own_class}.ics")
    counts = []
    for address in addresses:
        answer = phone.get(f"/calendar/{token}{address}")
        assert (answer.status_code, answer.mimetype) == (200, "text/calendar")
        counts.append(len(read_calendar(answer.data)))
        again = phone.get(f"/calendar/{token}{address}", headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
    # A lecture, six evenings to come and days off; two lectures; one.
    assert counts == [8, 2, 1]
    fresh = town.token()
    for address in addresses:
        assert phone.get(f"/calendar/{token}{address}").status_code == 404
        assert phone.get(f"/calendar/{fresh}{address}").status_code == 200
    town.client.post("/me/notifications/calendar", data={"verb": "off"})
    for address in addresses:
        assert phone.get(f"/calendar/{fresh}{address}").status_code == 404


def due_training(town: Town, title: str, closes_on: dt.date) -> None:
    with town.runtime.db.begin() as tx:
        who = tx.scalars(select(Member).join(ClassMember, ClassMember.member_id == Member.id)).one()
        made = Training(title=title, organisation_id=who.organisation_id, state="open")
        made.opens_on, made.closes_on = dt.date(2026, 11, 1), closes_on
        tx.add(made)
        tx.flush()
        enrolled = Enrolment(training_id=made.id, member_id=who.id, organisation_id=who.organisation_id)
        enrolled.standing, enrolled.since = Standing.DUE, made.opens_on
        tx.add(enrolled)


def test_every_feed_holds_its_etag_until_it_shows_something_else(town: Town) -> None:
    for number, day in enumerate((dt.date(2026, 12, 20), dt.date(2026, 12, 9), dt.date(2026, 12, 20))):
        due_training(town, f"轮训{number}", day)
    token, phone, tags = town.token(), town.app.test_client(), {}
    for rule in town.app.url_map.iter_rules():
        if rule.rule.endswith(".ics"):
            address = rule.rule.replace("<token>", token).replace("<public_id>", town.own_class)
            tags[address] = phone.get(address).headers["ETag"]
            assert read_calendar(phone.get(address).data), address
    assert len(tags) == len(set(tags.values())) >= 4
    trainings = f"/calendar/{token}.ics"
    for later, same in ((dt.timedelta(hours=6), tags), (dt.timedelta(days=3), [trainings])):
        with clock.frozen(NOW + later):
            for address in same:
                again = phone.get(address, headers={"If-None-Match": tags[address]})
                assert (again.status_code, again.data) == (304, b""), f"{address} after {later}"
    with town.runtime.db.begin() as tx:
        for row in (*tx.scalars(select(ProgrammeLecture)), *tx.scalars(select(Training))):
            row.title += "，改"
    for address, tag in tags.items():
        assert phone.get(address, headers={"If-None-Match": tag}).status_code == 200, address


def test_guessed_and_foreign_addresses_find_nothing(town: Town) -> None:
    token, other = town.token(), town.token(town.stranger)
    phone = town.app.test_client()
    for guess in ("x", token[:-1], token + "x", token.swapcase(), "." * 300, "WyJhIiwxXQ.x"):
        assert phone.get(f"/calendar/{guess}/forum.ics").status_code == 404
    assert phone.get(f"/calendar/{other}/classes/{town.own_class}.ics").status_code == 404, "not in that class"
    assert phone.get(f"/calendar/{token}/classes/{town.other_class}.ics").status_code == 404
    assert phone.get(f"/calendar/{token}/classes/nothing.ics").status_code == 404
    assert read_calendar(phone.get(f"/calendar/{other}/teaching.ics").data) == []


def test_a_cancelled_lecture_changes_the_feed_and_its_etag(town: Town) -> None:
    address = f"/calendar/{town.token()}/forum.ics"
    phone = town.app.test_client()
    before = phone.get(address)
    earlier = {one.uid.partition("@")[0]: one for one in read_calendar(before.data)}[f"lecture-{town.lecture}"]
    with clock.frozen(NOW + dt.timedelta(hours=1)):
        with town.runtime.db.begin() as tx:
            query = select(ProgrammeLecture).where(ProgrammeLecture.public_id == town.lecture)
            tx.scalars(query).one().state = "cancelled"
        after = phone.get(address, headers={"If-None-Match": before.headers["ETag"]})
        assert after.status_code == 200
        events = {one.uid.partition("@")[0]: one for one in read_calendar(after.data)}
        event = events[f"lecture-{town.lecture}"]
        assert event.values["STATUS"] == "CANCELLED"
        assert int(event.values["SEQUENCE"]) == int(earlier.values["SEQUENCE"]) + 1
        assert "已取消" in town.client.get("/forum").text


def test_who_leaves_a_class_follows_it_no_more(town: Town) -> None:
    address = f"/calendar/{town.token()}/classes/{town.own_class}.ics"
    phone = town.app.test_client()
    assert phone.get(address).status_code == 200
    with town.runtime.db.begin() as tx:
        tx.scalars(select(ClassMember)).one().left_on = dt.date(2026, 12, 8)
    assert phone.get(address).status_code == 404
