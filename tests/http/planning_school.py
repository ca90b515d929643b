"""A city whose school plans a term of the forum, on a Wednesday in May."""

import datetime as dt
import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from academy.core import clock
from academy.core.actor import Role
from academy.core.i18n import Message
from academy.core.runtime import Runtime
from academy.faculty import answer_links
from academy.faculty.models import (
    Assignment,
    LecturerConsent,
    LecturerSubject,
    ObligationRule,
    PlanRuling,
    PoolMembership,
    TermPlan,
    TopicRequest,
)
from academy.library import api as library
from academy.library.models import Category, Lecturer
from academy.notifications.models import Notification
from academy.people.models import Organisation
from tests.conftest import sign_in
from tests.support import factories as make
from tests.support import faculty as makers
from tests.support.shortcuts import drain

NOW = dt.datetime(2026, 5, 20, 4, tzinfo=dt.UTC)
NEXT = [dt.date(2026, 5, 27) + dt.timedelta(days=7 * week) for week in range(7)]
"""The Wednesdays that are left of the term, up to 8 July."""


class School:
    """A city with a county, a term, lecturers who consent, and topics on the shortlist."""

    def __init__(self, runtime: Runtime, app: Flask) -> None:
        self.runtime, self.app = runtime, app
        with runtime.db.begin() as tx:
            library.seed_categories(tx)
            self.top = make.organisation(tx, level="city")
            self.county = make.organisation(tx, self.top, level="county")
            for level, years in (("municipal", 1), ("county_first", 5)):
                tx.add(ObligationRule(level=level, years=years, counts_from=makers.SINCE, valid_from=makers.SINCE))
            self.term_id = makers.term(tx, dt.date(2026, 3, 2), dt.date(2026, 7, 10)).public_id
        self.office = self.client(self.top)

    def client(self, node: Organisation) -> FlaskClient:
        client = self.app.test_client()
        with self.runtime.db.begin() as tx:
            who = make.account(tx, None, (Role.NODE_ADMINISTRATOR, node))
            sign_in(client, make.session_token(tx, who))
        return client

    def lecturer_of(self, name: str, subject: str, level: str = "county_first", most: int | None = 2) -> str:
        """Public id of a confirmed lecturer who consents to teach a field."""
        with self.runtime.db.begin() as tx:
            lecturer = makers.lecturer(tx, tx.merge(self.county), level, name=name)
            person = tx.scalars(select(PoolMembership).where(PoolMembership.lecturer_id == lecturer.id)).one()
            person.most_per_term = most
            public_id = person.public_id
            category = tx.scalars(select(Category).where(Category.slug == subject)).one()
            tx.add(LecturerSubject(lecturer_id=person.lecturer_id, category_id=category.id))
            tx.add(LecturerConsent(lecturer_id=person.lecturer_id, kind="teach", given_on=dt.date(2026, 1, 1)))
        return public_id

    def topic(self, title: str, subject: str) -> str:
        """Public id of a topic on the shortlist."""
        assert self.office.post("/topics/new", data={"title": title, "category": subject}).status_code == 303
        with self.runtime.db.read() as tx:
            found = tx.scalars(select(TopicRequest.public_id).where(TopicRequest.title == title)).one()
        sent = {"verb": "shortlist", "seen": "open"}
        assert self.office.post(f"/faculty/topics/{found}", data=sent).status_code == 303
        return found

    def begin(self) -> str:
        """Public id of the term's plan, run."""
        answer = self.office.post("/faculty/plans", data={"term": self.term_id})
        assert answer.status_code == 303
        drain(self.runtime)
        return str(answer.location).rpartition("/")[2]

    def two_candidates(self, level: str) -> str:
        """Public id of a plan with one topic, which 周正 is to teach; 吴敏, with a post of that level, could too."""
        self.lecturer_of("周正", "village", "municipal")
        self.lecturer_of("吴敏", "village", level)
        self.topic("题", "village")
        found = self.begin()
        assert self.planned()["题"][0] == "周正"
        return found

    def board(self, plan: str) -> str:
        return self.office.get(f"/faculty/plans/{plan}").text

    def planned(self) -> dict[str, tuple[str, dt.date]]:
        """Title → lecturer and day."""
        with self.runtime.db.read() as tx:
            return {row.request.title: (row.lecturer.name, row.day) for row in tx.scalars(select(Assignment))}

    def step(self, plan: str, verb: str) -> TestResponse:
        """Confirm or withdraw the newest ruling."""
        return self.office.post(f"/faculty/plans/{plan}/rulings/{self.ruling()}", data={"verb": verb})

    def ruling(self) -> str:
        with self.runtime.db.read() as tx:
            return tx.scalars(select(PlanRuling.public_id).order_by(PlanRuling.id.desc())).first() or ""

    def assignment(self, title: str = "题") -> Assignment:
        """The newest assignment of a topic."""
        with self.runtime.db.read() as tx:
            found = select(Assignment).join(TopicRequest).where(TopicRequest.title == title)
            return tx.scalars(found.order_by(Assignment.id.desc())).first() or Assignment()

    def assignment_of(self, name: str) -> Assignment:
        """The newest assignment of a lecturer."""
        with self.runtime.db.read() as tx:
            found = select(Assignment).join(Lecturer).where(Lecturer.name == name)
            return tx.scalars(found.order_by(Assignment.id.desc())).first() or Assignment()

    def planned_now(self) -> dict[str, tuple[str, dt.date]]:
        """As `planned`, without those who were declined or withdrawn from."""
        with self.runtime.db.read() as tx:
            rows = tx.scalars(select(Assignment).where(Assignment.state.not_in(["declined", "withdrawn"])))
            return {row.request.title: (row.lecturer.name, row.day) for row in rows}

    def link_of(self, name: str) -> str:
        """The path of the link of a lecturer's newest invitation."""
        with self.runtime.db.read() as tx:
            return answer_links.answer_path(self.runtime.settings, tx.merge(self.assignment_of(name), load=False))

    def again(self, plan: str, name: str) -> None:
        """Invite a lecturer again who was withdrawn from."""
        address = f"/faculty/plans/{plan}/assignments/{self.assignment_of(name).public_id}"
        assert self.office.post(address, data={"verb": "again"}).status_code == 303

    def topic_state(self) -> str:
        """The state of the one topic."""
        with self.runtime.db.read() as tx:
            return tx.scalars(select(TopicRequest.state)).one()

    def act(self, plan: str, verb: str, title: str = "题", **fields: str) -> TestResponse:
        """Press a button of an assignment's page."""
        address = f"/faculty/plans/{plan}/assignments/{self.assignment(title).public_id}"
        return self.office.post(address, data={"verb": verb} | fields)

    def telephoned(self, plan: str, answer: str, title: str = "题", **fields: str) -> TestResponse:
        """Enter what a lecturer answered by telephone."""
        address = f"/faculty/plans/{plan}/assignments/{self.assignment(title).public_id}/answer"
        return self.office.post(address, data={"verb": answer} | fields)

    def link(self, plan: str, title: str = "题") -> str:
        """The path of an invitation's link, as the office's page shows it."""
        page = self.office.get(f"/faculty/plans/{plan}/assignments/{self.assignment(title).public_id}").text
        found = re.search(r"/a/[0-9A-Za-z_-]{26}", page)
        assert found, page
        return found.group()

    def drafts(self, plan: str) -> list[str]:
        """Public ids of the assignments of a plan that nobody was invited for."""
        with self.runtime.db.read() as tx:
            drafts = select(Assignment.public_id).join(TermPlan).where(TermPlan.public_id == plan)
            return list(tx.scalars(drafts.where(Assignment.state == "draft").order_by(Assignment.day)))

    def invite(self, plan: str, chosen: list[str] | None = None) -> TestResponse:
        """Invite lecturers of the draft: everybody, or who is chosen."""
        sent = {"verb": "invite", "chosen": self.drafts(plan) if chosen is None else chosen}
        return self.office.post(f"/faculty/plans/{plan}", data=sent)

    def invited(self, plan: str) -> None:
        """Invite everybody of the draft."""
        assert self.invite(plan).status_code == 303

    def accepted(self, plan: str) -> None:
        """Invite everybody of the draft; all of them accept."""
        self.invited(plan)
        with self.runtime.db.read() as tx:
            titles = [row.request.title for row in tx.scalars(select(Assignment).where(Assignment.state == "proposed"))]
        for title in titles:
            assert self.telephoned(plan, "accepted", title).status_code == 303
        drain(self.runtime)

    def notices(self) -> list[str]:
        """Every notification that was written, in its order."""
        drain(self.runtime)
        with self.runtime.db.read() as tx:
            return [
                str(Message.from_json(row.body)) for row in tx.scalars(select(Notification).order_by(Notification.id))
            ]


@pytest.fixture
def school(runtime: Runtime, app: Flask) -> Iterator[object]:
    with clock.frozen(NOW):
        yield School(runtime, app)
