"""What a member may see, take along, have corrected, frozen or erased; and that coverage stays true."""

import datetime as dt
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from academy.accounts import privacy_requests, service
from academy.accounts.authentication import passwords
from academy.accounts.models import Account, DataRequest, ExternalIdentity, LoginSession, Restriction
from academy.accounts.queries import identity_of
from academy.core import clock
from academy.core.actor import SYSTEM, Role
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import msg
from academy.core.runtime import Runtime
from academy.learning import service as progress
from academy.learning.models import Completion
from academy.library import complaints
from academy.library.models import Complaint, Course
from academy.notifications.models import Notification
from academy.notifications.service import notify
from academy.people.api import edit_member
from academy.people.members import sealed_phone
from academy.people.models import Member
from tests.conftest import sign_in
from tests.support import factories as make

PHONE = "13800001234"
ONE_KIND = pytest.mark.parametrize("database_kind", ["sqlite"])


@dataclass
class Village:
    """A member with a past, two officers who keep the roster, one who keeps another."""

    runtime: Runtime
    account: Account
    person: Member
    course: Course
    mine: FlaskClient
    first: FlaskClient
    second: FlaskClient
    elsewhere: FlaskClient

    def ask(self, kind: str, body: str = "") -> DataRequest:
        assert self.mine.post("/me/data/requests", data={"kind": kind, "body": body}).status_code == 303
        with self.runtime.db.read() as tx:
            return tx.scalars(select(DataRequest).order_by(DataRequest.id.desc())).first()  # type: ignore[return-value]

    def decide(self, who: FlaskClient, row: DataRequest, verb: str = "agree", answer: str = "") -> int:
        return who.post(f"/data-requests/{row.public_id}", data={"verb": verb, "answer": answer}).status_code

    def state(self, row: DataRequest) -> str:
        with self.runtime.db.read() as tx:
            return tx.get_one(DataRequest, row.id).state


@pytest.fixture
def village(app: Flask, runtime: Runtime) -> Village:
    with runtime.db.begin() as tx:
        county = make.organisation(tx, level="county")
        branch, other = make.organisation(tx, county), make.organisation(tx, level="county")
        person = make.member(tx, branch, name="田守成", education="大专", **sealed_phone(runtime.sealer, PHONE))
        account = make.account(tx, person)
        tx.get_one(Account, account.id).password_hash = passwords.hash_password("春天的第一课2026")
        tx.add(ExternalIdentity(account_id=account.id, issuer="https://sso.example", subject="s1"))
        author, reviewer = (
            make.account(tx, None, (Role.TRAINER, county)),
            make.account(tx, None, (Role.REVIEWER, county)),
        )
        course = make.published_course(tx, author, reviewer, title="学过的课")
        progress.record_completion(tx, SYSTEM, person.id, course, clock.now())
        notify(tx, key="k", body=msg("您有一门课快到期了。"), member_id=person.id)
        complaints.file_complaint(tx, make.actor_of(tx, account), subject="rule", body="学时折算看不懂。")
        clients = []
        for who in (
            account,
            make.account(tx, None, (Role.ROSTER_OFFICER, county)),
            make.account(tx, None, (Role.NODE_ADMINISTRATOR, county)),
            make.account(tx, None, (Role.ROSTER_OFFICER, other)),
        ):
            client = app.test_client()
            sign_in(client, make.session_token(tx, who))
            clients.append(client)
    return Village(runtime, account, person, course, *clients)


def test_everything_held_is_shown_and_taken_along(village: Village) -> None:
    village.first.get(f"/members/{village.person.public_id}")
    page = village.mine.get("/me/data").text
    assert "田守成" in page and "138****1234" in page and PHONE not in page
    assert "查看" in page, "somebody looked, and one is told when"
    answer = village.mine.get("/me/data/copy")
    assert answer.headers["Cache-Control"] == "no-store" and "attachment" in answer.headers["Content-Disposition"]
    held = answer.json or {}
    assert held["member"]["phone"] == PHONE and held["member"]["education"] == "大专"
    assert [row["course"] for row in held["completed"]] == ["学过的课"]
    assert [row["text"] for row in held["complaints"]] == ["学时折算看不懂。"]
    assert held["looked_at"][0]["what"] == "member.read" and len(held["messages"]) == 1
    assert village.first.get("/me/data/copy").json is not None
    assert "田守成" not in village.first.get("/me/data/copy").text, "one's own data, nobody else's"


def test_a_correction_is_answered_by_one(village: Village) -> None:
    assert village.mine.post("/me/data/requests", data={"kind": "correct", "body": " "}).status_code == 422
    row = village.ask("correct", "入党日期应是 1998 年。")
    assert village.mine.post("/me/data/requests", data={"kind": "correct", "body": "再提"}).status_code == 409
    assert "入党日期应是 1998 年" in village.first.get("/data-requests").text
    assert "入党日期" not in village.elsewhere.get("/data-requests").text
    assert village.decide(village.elsewhere, row, answer="不归我管") == 404
    assert village.decide(village.mine, row, answer="自己改") == 404
    assert village.decide(village.first, row) == 422, "the member is told what was done"
    assert village.decide(village.first, row, answer="已按档案更正。") == 303
    assert "已按档案更正" in village.mine.get("/me/data").text
    assert "有结果了" in village.mine.get("/notifications").text
    assert village.decide(village.second, row, answer="再办") == 409


def test_erasing_needs_two_and_leaves_what_the_law_keeps(village: Village) -> None:
    row = village.ask("erase")
    waiting = 'href="/data-requests" data-waiting="1"'
    assert waiting in village.first.get("/").text and waiting not in village.elsewhere.get("/").text
    assert village.decide(village.first, row) == 303
    assert village.state(row) == "agreed"
    assert waiting not in village.first.get("/").text and waiting in village.second.get("/").text
    assert village.decide(village.first, row) == 409, "the same eyes twice are one pair"
    with village.runtime.db.read() as tx:
        assert tx.get_one(Member, village.person.id).phone_sealed is not None
    assert village.decide(village.second, row) == 303
    assert village.mine.get("/me").status_code == 302, "signed out at once"
    with village.runtime.db.read() as tx:
        person, account = tx.get_one(Member, village.person.id), tx.get_one(Account, village.account.id)
        assert (person.phone_sealed, person.phone_index, person.education, person.name) == (None, None, None, "田守成")
        assert (account.state, account.password_hash) == ("closed", None)
        assert tx.scalar(select(func.count()).select_from(ExternalIdentity)) == 0
        assert tx.scalar(select(func.count()).where(Notification.member_id == person.id)) == 0
        assert tx.scalars(select(Complaint.body)).one() == "—"
        assert tx.scalar(select(func.count()).where(Completion.member_id == person.id)) == 1, "coverage stays true"
    shown = village.first.get(f"/members/{village.person.public_id}").text
    assert "本人要求删除数据" in shown and "大专" not in shown


@ONE_KIND
def test_a_later_roster_brings_nothing_back(village: Village) -> None:
    row = village.ask("erase")
    village.decide(village.first, row)
    village.decide(village.second, row)
    with village.runtime.db.begin() as tx:
        person = tx.get_one(Member, village.person.id)
        edit_member(tx, SYSTEM, village.runtime.sealer, person, {"phone": PHONE, "education": "本科"})
        assert tx.scalar(select(Member.phone_sealed).where(Member.id == person.id)) is None
        with pytest.raises(Conflict, match="停用或删除"):
            service.issue_activation_code(tx, SYSTEM, person)


@ONE_KIND
def test_what_is_frozen_can_be_taken_up_again(village: Village) -> None:
    row = village.ask("freeze")
    village.decide(village.second, row)
    assert village.decide(village.first, row) == 303
    with pytest.raises(Invalid):
        service.sign_in(village.runtime, village.account.username, "春天的第一课2026")
    shown = village.first.get(f"/members/{village.person.public_id}").text
    assert "本人要求停用数据" in shown and "138****1234" not in shown
    assert village.elsewhere.post(f"/members/{village.person.public_id}/lift").status_code == 404
    assert village.first.post(f"/members/{village.person.public_id}/lift").status_code == 303
    assert "138****1234" in village.first.get(f"/members/{village.person.public_id}").text
    token = service.sign_in(village.runtime, village.account.username, "春天的第一课2026")
    with village.runtime.db.read() as tx:
        assert identity_of(tx, token) is not None
        assert tx.scalar(select(func.count()).select_from(Restriction)) == 0


@ONE_KIND
def test_a_request_is_refused_with_a_word_or_taken_back(village: Village) -> None:
    row = village.ask("erase")
    assert village.decide(village.first, row, "refuse") == 422
    village.decide(village.first, row)
    assert village.decide(village.second, row, "refuse", "请先与支部谈一谈。") == 303
    assert (village.state(row), village.mine.get("/me").status_code) == ("refused", 200)
    row = village.ask("erase")
    assert village.first.post(f"/me/data/requests/{row.public_id}/cancel").status_code == 404
    assert village.mine.post(f"/me/data/requests/{row.public_id}/cancel").status_code == 303
    assert village.decide(village.first, row) == 409
    assert "请先与支部谈一谈" in village.first.get("/data-requests?state=done").text


def test_the_database_itself_wants_two_people(village: Village) -> None:
    row = village.ask("erase")
    with village.runtime.db.begin() as tx:
        for wrong in ({"first_by": 7, "decided_by": 7}, {"decided_by": village.account.id}):
            with pytest.raises(IntegrityError), tx.begin_nested():
                kept = tx.get_one(DataRequest, row.id)
                for name, value in wrong.items():
                    setattr(kept, name, value)
                tx.flush()
            tx.expire_all()


@ONE_KIND
def test_officers_own_requests_are_anothers(app: Flask, runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        branch = make.organisation(tx)
        officer = make.account(tx, make.member(tx, branch), (Role.ROSTER_OFFICER, branch))
        actor = make.actor_of(tx, officer)
        row = privacy_requests.file_data_request(tx, actor, "correct", "姓名错了。")
        with pytest.raises(Conflict, match="本人"):
            privacy_requests.decide_data_request(tx, actor, row.public_id, agree=True, answer="改好了。")
        assert tx.scalar(select(func.count()).select_from(LoginSession)) == 0
        assert row.created_at <= clock.now() + dt.timedelta(seconds=1)
