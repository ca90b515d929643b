"""A password alone never enrols a telephone for an office: a first one is approved, another one shown by the first."""

import dataclasses
import datetime as dt
import functools
import re
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from academy.accounts import grants, sessions
from academy.accounts.authentication import second_step, second_step_approvals
from academy.accounts.models import Account, RecoveryCode, RoleGrant, SecondFactor
from academy.accounts.queries import TWO_STEPS, identity_of
from academy.core import clock
from academy.core.actor import SYSTEM, Actor, Role, Scope
from academy.core.audit import AuditEntry
from academy.core.errors import Conflict, Forbidden, Invalid
from academy.core.runtime import Runtime
from academy.notifications.models import Notification
from academy.people.models import Organisation
from tests.conftest import sign_in
from tests.http.second_steps import enrol, later, now
from tests.support import factories as make

ONE_KIND = pytest.mark.parametrize("database_kind", ["sqlite"])


@pytest.fixture
def runtime(runtime: Runtime) -> Runtime:
    return dataclasses.replace(runtime, settings=dataclasses.replace(runtime.settings, second_step=True))


@dataclass
class Owner:
    """An account, a browser that is signed in to it by a password alone, and where its offices are."""

    runtime: Runtime
    app: Flask
    account: Account
    client: FlaskClient
    token: str
    city: Organisation
    county: Organisation

    def another_browser(self) -> FlaskClient:
        client = self.app.test_client()
        with self.runtime.db.begin() as tx:
            sign_in(client, make.session_token(tx, self.account))
        return client

    def hold(self, role: Role, node: Organisation, *, begins: int = -1, ends: int | None = None) -> None:
        today = clock.today()
        with self.runtime.db.begin() as tx:
            tx.add(
                RoleGrant(
                    account_id=self.account.id,
                    role=role,
                    organisation_id=node.id,
                    valid_from=today + dt.timedelta(begins),
                    valid_to=None if ends is None else today + dt.timedelta(ends),
                )
            )

    def factor(self) -> SecondFactor:
        with self.runtime.db.read() as tx:
            return tx.get_one(SecondFactor, self.account.id)

    def opens(self) -> set[Role]:
        """The roles that the browser's session may use."""
        with self.runtime.db.read() as tx:
            found = identity_of(tx, self.token)
        assert found is not None
        return {scope.role for scope in found.actor().scopes}

    def told(self) -> list[str]:
        with self.runtime.db.read() as tx:
            query = (
                select(Notification.body).where(Notification.account_id == self.account.id).order_by(Notification.id)
            )
            return [body["text"] for body in tx.scalars(query)]

    def waits_for(self, officer: Actor) -> bool:
        with self.runtime.db.read() as tx:
            rows = second_step_approvals.waiting_second_steps(tx, officer.paths(Role.SECURITY_OFFICER)).rows
        return self.account.id in {row.account.id for row in rows}

    def approve(self, officer: Actor, number: str | None = None) -> None:
        with self.runtime.db.begin() as tx:
            account = tx.get_one(Account, self.account.id)
            second_step_approvals.approve_second_step(
                tx, officer, account, self.factor().check_number if number is None else number
            )


@pytest.fixture
def owner(app: Flask, runtime: Runtime) -> Owner:
    client = app.test_client()
    with runtime.db.begin() as tx:
        city = make.organisation(tx, level="city")
        county = make.organisation(tx, city, level="county")
        account = make.account(tx, make.member(tx, make.organisation(tx, county)))
        token = make.session_token(tx, account)
    sign_in(client, token)
    return Owner(runtime, app, account, client, token, city, county)


OFFICER = make.NUMBERED


@pytest.fixture(autouse=True)
def _officer(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        make.numbered_accounts(tx, OFFICER)


def officer(node: Organisation, role: Role = Role.SECURITY_OFFICER, account_id: int = OFFICER) -> Actor:
    return Actor(account_id=account_id, scopes=(Scope(role, node.id, node.path),))


# --- which accounts -------------------------------------------------------------------------------------------------

Held = tuple[Role, int, int | None]
KINDS: dict[str, tuple[list[Held], list[Held], set[Role]]] = {
    # name: (role, first day, day of the end) held before the enrolment; those that come after it; what opens in the
    # end, once whoever waits for it has been approved
    "office": ([(Role.TRAINER, -1, None)], [], {Role.TRAINER}),
    "office to come": ([(Role.TRAINER, 9, None)], [], set()),
    "office afterwards": ([], [(Role.TRAINER, -1, None)], {Role.TRAINER}),
    "former office": ([(Role.TRAINER, -9, -1)], [], set()),
    "former, again": ([(Role.TRAINER, -9, -1)], [(Role.TRAINER, 0, None)], {Role.TRAINER}),
    "secretary": ([(Role.BRANCH_SECRETARY, -1, None)], [], {Role.BRANCH_SECRETARY}),
    "secretary, then more": (
        [(Role.BRANCH_SECRETARY, -1, None)],
        [(Role.AUDITOR, -1, None)],
        {Role.BRANCH_SECRETARY, Role.AUDITOR},
    ),
    "nothing": ([], [], set()),
}
WAITING = {"office", "office to come", "office afterwards", "former, again", "secretary, then more"}


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_password_alone_enrolled_opens_no_office(owner: Owner, kind: str) -> None:
    before, after, opened = KINDS[kind]
    for role, begins, ends in before:
        owner.hold(role, owner.county, begins=begins, ends=ends)
    enrol(owner.client)
    for role, begins, ends in after:
        owner.hold(role, owner.county, begins=begins, ends=ends)
    assert not owner.opens() & TWO_STEPS
    boss = officer(owner.city)
    assert owner.waits_for(boss) is (kind in WAITING)
    assert not owner.waits_for(officer(owner.county, Role.NODE_ADMINISTRATOR))
    if kind in WAITING:
        owner.approve(boss)
        assert not owner.waits_for(boss)
        assert any("核对了您的两步验证" in text for text in owner.told())
    assert owner.opens() == opened
    assert any("开启了两步验证" in text for text in owner.told())


@ONE_KIND
@pytest.mark.parametrize("role", sorted(TWO_STEPS))
def test_every_office_of_two_steps_waits_and_opens(owner: Owner, role: Role) -> None:
    owner.hold(role, owner.county)
    owner.hold(Role.BRANCH_SECRETARY, owner.county)
    enrol(owner.client)
    assert owner.opens() == set()
    owner.approve(officer(owner.city))
    assert owner.opens() == {role, Role.BRANCH_SECRETARY}


@ONE_KIND
def test_an_approval_outlives_the_office(owner: Owner) -> None:
    """It was about the person; a later office of the same person needs no second one."""
    owner.hold(Role.TRAINER, owner.county, ends=1)
    enrol(owner.client)
    owner.approve(officer(owner.city))
    with clock.frozen(clock.now() + dt.timedelta(hours=30)):
        with owner.runtime.db.begin() as tx:
            owner.token = make.session_token(tx, owner.account)
        assert owner.opens() == set() and not owner.waits_for(officer(owner.city))
        owner.hold(Role.REVIEWER, owner.county)
        assert owner.opens() == {Role.REVIEWER}


# --- who approves ---------------------------------------------------------------------------------------------------


@ONE_KIND
def test_only_a_security_officer_above_home_and_every_office_approves_or_refuses(owner: Owner) -> None:
    with owner.runtime.db.begin() as tx:
        elsewhere = make.organisation(tx, owner.city, level="county")
    owner.hold(Role.TRAINER, elsewhere)
    enrol(owner.client)
    for node in (owner.county, elsewhere, owner.city):
        for role in set(Role) - ({Role.SECURITY_OFFICER} if node is owner.city else set()):
            for act in (owner.approve, functools.partial(refuse, owner)):
                with pytest.raises(Forbidden):
                    act(officer(node, role))
    assert owner.factor().approved_at is None
    owner.approve(officer(owner.city))
    assert owner.factor().approved_at is not None


def refuse(owner: Owner, by: Actor) -> None:
    with owner.runtime.db.begin() as tx:
        second_step_approvals.refuse_second_step(tx, by, tx.get_one(Account, owner.account.id))


@ONE_KIND
def test_nobody_approves_their_own_nor_by_another_number(owner: Owner) -> None:
    owner.hold(Role.SECURITY_OFFICER, owner.city)
    enrol(owner.client)
    with pytest.raises(Conflict, match="另一位"):
        owner.approve(officer(owner.city, account_id=owner.account.id))
    right = owner.factor().check_number
    for wrong in ("", "0", "é", "００", f"{(int(right) + 1) % 10**6:06}", right[:5], "9" * 5000):
        with pytest.raises(Invalid):
            owner.approve(officer(owner.city), wrong)
    assert owner.opens() == set()
    owner.approve(officer(owner.city), f" {right[:3]} {right[3:]} ")
    with pytest.raises(Conflict):
        owner.approve(officer(owner.city), right)


@ONE_KIND
def test_the_page_lists_who_waits_never_the_number_and_takes_the_answer(owner: Owner) -> None:
    owner.hold(Role.TRAINER, owner.county)
    enrol(owner.client)
    number = owner.factor().check_number
    guard = owner.app.test_client()
    with owner.runtime.db.begin() as tx:
        boss = make.account(tx, None, (Role.SECURITY_OFFICER, owner.city))
        tx.add(SecondFactor(account_id=boss.id, secret_sealed=b"", confirmed_at=clock.now(), approved_at=clock.now()))
        sign_in(guard, make.session_token(tx, boss))
    page = guard.get("/grants").text
    assert f'<td data-label="账号">{owner.account.username}</td>' in page and number not in page
    shown = re.search(r'<p class="code">(\d{3}) (\d{3})</p>', owner.client.get("/me/second-step").text)
    assert shown and shown[1] + shown[2] == number
    form = {"enrolled": owner.account.username, "number": "1"}
    assert guard.post("/grants/second-step", data=form).status_code == 422
    assert guard.post("/grants/second-step", data={"enrolled": "nobody"}).status_code == 422
    assert guard.post("/grants/second-step", data=form | {"number": number}).status_code == 303
    assert owner.opens() == {Role.TRAINER}
    assert guard.post("/grants/second-step/refuse", data=form).status_code == 409, "it is approved"
    assert 'class="code"' not in owner.client.get("/me/second-step").text
    with owner.runtime.db.read() as tx:
        entry = tx.scalars(select(AuditEntry).where(AuditEntry.verb == "second-step.approved")).one()
    assert entry.target == f"account:{owner.account.public_id}"


@ONE_KIND
def test_what_is_refused_is_gone_with_everybody_on_it(owner: Owner) -> None:
    owner.hold(Role.TRAINER, owner.county)
    enrol(owner.client)
    refuse(owner, officer(owner.city))
    with owner.runtime.db.read() as tx:
        assert tx.get(SecondFactor, owner.account.id) is None
        assert tx.scalars(select(RecoveryCode).where(RecoveryCode.account_id == owner.account.id)).all() == []
    assert owner.client.get("/me").status_code == 302
    assert any("取消了" in text for text in owner.told())


# --- another telephone ----------------------------------------------------------------------------------------------


@ONE_KIND
@pytest.mark.parametrize("approved", [True, False])
@pytest.mark.parametrize("way", ["phone", "paper", "used code", "used paper", "wrong", "nothing"])
def test_another_phone_needs_the_first_or_paper(owner: Owner, way: str, approved: bool) -> None:
    owner.hold(Role.TRAINER, owner.county)
    old, paper = enrol(owner.client)
    number = owner.factor().check_number
    if approved:
        owner.approve(officer(owner.city))
    used = now(old)
    with clock.frozen(later(2)):
        if way == "used paper":
            assert owner.client.post("/me/second-step/replace", data={"old": paper[0]}).status_code == 303
            owner.client.get("/me/second-step")
        code = {"phone": now(old), "paper": paper[1], "used code": used, "used paper": paper[0], "wrong": "000000"}
        answer = owner.client.post("/me/second-step/replace", data={"old": code.get(way, "")})
    may = way in {"phone", "paper"}
    assert answer.status_code == (303 if may else 422)
    if not may:
        assert "验证码不对" in answer.text
        assert owner.factor().check_number == number
        return
    with clock.frozen(later(3)):
        new, _ = enrol(owner.client)
    assert new != old and owner.opens() == ({Role.TRAINER} if approved else set())
    assert (owner.factor().check_number == number) is approved, "another phone waits under another number"
    assert any("另一部手机" in text for text in owner.told())
    with owner.runtime.db.begin() as tx:
        waiting = sessions.open_session(tx, owner.runtime, tx.get_one(Account, owner.account.id))
    with clock.frozen(later(5)):
        with pytest.raises(Invalid):
            second_step.verify_second_step(owner.runtime, waiting, now(old))
        with pytest.raises(Invalid):
            second_step.verify_second_step(owner.runtime, waiting, paper[2])
        second_step.verify_second_step(owner.runtime, waiting, now(new))


@ONE_KIND
def test_a_new_phone_is_set_up_in_the_same_session_and_soon(owner: Owner) -> None:
    old, _ = enrol(owner.client)
    other = owner.another_browser()
    with clock.frozen(later(2)):
        assert owner.client.post("/me/second-step/replace", data={"old": now(old)}).status_code == 303
        page = owner.client.get("/me/second-step").text
        assert 'class="detail">' in page
        assert 'class="detail">' not in other.get("/me/second-step").text
        assert other.post("/me/second-step", data={"code": now(old)}).status_code == 303, "nothing begun there"
    with clock.frozen(clock.now() + dt.timedelta(minutes=12)):
        assert 'class="detail">' not in owner.client.get("/me/second-step").text
        secret = re.search(r'class="detail">([A-Z2-7 ]+)<', page)
        assert secret
        me, late = Actor(account_id=owner.account.id), now(secret[1].replace(" ", ""))
        with owner.runtime.db.read() as tx:
            found = identity_of(tx, owner.token)
        assert found is not None
        with pytest.raises(Conflict), owner.runtime.db.begin() as tx:
            second_step.confirm_second_step(tx, owner.runtime, me, late, session_id=found.session_id)
    assert owner.factor().next_secret_sealed is not None
    with clock.frozen(clock.now() + dt.timedelta(minutes=13)):
        second_step.renew_recovery_codes(owner.runtime, Actor(account_id=owner.account.id), now(old))


@ONE_KIND
def test_a_secret_that_another_session_saw_never_becomes_the_owners(owner: Owner) -> None:
    """A thief with the password looks at the page first, and waits until the owner sets up what the thief knows."""
    thief = owner.another_browser()
    pages = [browser.get("/me/second-step").text for browser in (thief, owner.client)]
    seen, shown = (re.search(r'class="detail">([A-Z2-7 ]+)<', page) for page in pages)
    assert seen and shown and seen[1] != shown[1]
    assert thief.post("/me/second-step", data={"code": now(shown[1].replace(" ", ""))}).status_code == 303
    with owner.runtime.db.read() as tx:
        assert tx.get_one(SecondFactor, owner.account.id).confirmed_at is None
    again = re.search(r'class="detail">([A-Z2-7 ]+)<', owner.client.get("/me/second-step").text)
    assert again and again[1] == shown[1], "one's own stays, however often the page is drawn"
    enrol(owner.client)
    assert thief.get("/me").status_code == 302


def test_a_grant_after_the_enrolment_asks_for_its_approval(owner: Owner) -> None:
    """Through the real door: the grant ends the sessions, and the phone that a password enrolled opens nothing."""
    key, _ = enrol(owner.client)
    with owner.runtime.db.begin() as tx:
        grants.grant_role(tx, SYSTEM, tx.get_one(Account, owner.account.id), Role.AUDITOR, owner.county)
        owner.token = sessions.open_session(tx, owner.runtime, tx.get_one(Account, owner.account.id))
    with clock.frozen(later(2)):
        second_step.verify_second_step(owner.runtime, owner.token, now(key))
        assert owner.opens() == set()
        owner.approve(officer(owner.city))
        assert owner.opens() == {Role.AUDITOR}
