"""Who has left or died comes in by no way, and nothing of theirs goes on: every look-up asks for their standing."""

import ast
import dataclasses
import datetime as dt
import json
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from academy.accounts import creation, grants, queries, service
from academy.accounts.authentication import passwords, screens, sms, sso
from academy.accounts.models import Account, ActivationCode, ExternalIdentity, LoginSession, RoleGrant
from academy.accounts.sessions import open_program_session, open_session
from academy.core import clock
from academy.core.actor import SYSTEM, Role
from academy.core.errors import AcademyError, Busy, Conflict
from academy.core.runtime import Runtime
from academy.learning.models import PlaybackLease
from academy.library import messages
from academy.library.models import Course
from academy.people.api import add_member, change_status
from academy.people.models import Member, MemberStatus
from tests.conftest import sign_in
from tests.contracts.source import python
from tests.support import factories as make
from tests.support.ledger_makers import lecture
from tests.support.shortcuts import drain

PASSWORD = "春天的第一课2026"
PHONE = "13800001234"
GONE = [MemberStatus.LEFT, MemberStatus.DECEASED]


@dataclasses.dataclass
class Leaver:
    """Somebody with an office and every way in."""

    runtime: Runtime
    member: Member
    account: Account
    cookie: str = ""
    program: str = ""
    code: str = ""

    def leave(self, status: str) -> None:
        with self.runtime.db.begin() as tx:
            change_status(tx, SYSTEM, tx.get_one(Member, self.member.id), status)

    def come_back(self) -> None:
        with self.runtime.db.begin() as tx:
            change_status(tx, SYSTEM, tx.get_one(Member, self.member.id), "active")


@pytest.fixture
def leaver(runtime: Runtime) -> Leaver:
    settings = dataclasses.replace(runtime.settings, oidc_issuer="https://provider.example", sms="console")
    runtime = dataclasses.replace(runtime, settings=settings)
    with runtime.db.begin() as tx:
        branch = make.organisation(tx, level="city")
        person = add_member(tx, SYSTEM, runtime.sealer, branch, number="A7", name="赵小满", phone=PHONE)
        account = creation.create_account(
            tx,
            SYSTEM,
            username="zhao",
            display_name="赵小满",
            member=person,
            password_hash=passwords.hash_password(PASSWORD),
        )
        tx.add(ExternalIdentity(account_id=account.id, issuer="https://provider.example", subject="s-1"))
        code = service.issue_activation_code(tx, SYSTEM, person)
        for role in (Role.NODE_ADMINISTRATOR, Role.REVIEWER):
            tx.add(RoleGrant(account_id=account.id, role=role, organisation_id=branch.id, valid_from=clock.today()))
        tx.add(
            RoleGrant(
                account_id=account.id,
                role=Role.TRAINER,
                organisation_id=branch.id,
                valid_from=clock.today() + dt.timedelta(days=9),
            )
        )
        cookie, program = make.session_token(tx, account), open_program_session(tx, account, 30)
        return Leaver(runtime, person, account, cookie, program, code)


def by_name(name: str) -> Callable[[Leaver], object]:
    return lambda who: service.sign_in(who.runtime, name, PASSWORD)


def by_code(who: Leaver) -> object:
    return service.activate_account(who.runtime, "A7", who.code, "秋天的第二课2027")


def by_sms(who: Leaver) -> object:
    with who.runtime.db.read() as tx:
        before = len(tx.scalars(select(ActivationCode.id)).all())
    sms.request_sms_code(who.runtime, "A7", PHONE)
    drain(who.runtime)
    with who.runtime.db.read() as tx:
        return len(tx.scalars(select(ActivationCode.id)).all()) > before


def by_sign_on(subject: str) -> Callable[[Leaver], object]:
    def enter(who: Leaver) -> object:
        with who.runtime.db.begin() as tx:
            return sso._account(tx, who.runtime, {"sub": subject, "member_number": "A7"}, "")

    return enter


def by_screen(who: Leaver) -> object:
    with who.runtime.db.begin() as tx:
        row, secret = screens.offer_screen_code(tx, "Windows", "")
        row.account_id, row.answered_at = who.account.id, clock.now()
        tx.flush()
        return screens.claim_screen_session(tx, who.runtime, secret)


def by_cookie(who: Leaver) -> object:
    with who.runtime.db.read() as tx:
        return queries.identity_of(tx, who.cookie)


def by_program(who: Leaver) -> object:
    with who.runtime.db.read() as tx:
        return queries.identity_of(tx, who.program)


def by_new_session(who: Leaver) -> object:
    with who.runtime.db.begin() as tx:
        return open_session(tx, who.runtime, tx.get_one(Account, who.account.id))


def by_new_program(who: Leaver) -> object:
    with who.runtime.db.begin() as tx:
        return open_program_session(tx, tx.get_one(Account, who.account.id), 30)


def by_session_that_was_kept(who: Leaver) -> object:
    """A session that somebody put back as it was: the standing is looked at with each request, too."""
    with who.runtime.db.begin() as tx:
        for session in tx.scalars(select(LoginSession)):
            session.ended_at = None
    return by_cookie(who) or by_program(who)


def by_second_step(who: Leaver) -> object:
    from academy.accounts.authentication.second_step import session_awaiting_second_step

    with who.runtime.db.begin() as tx:
        for session in tx.scalars(select(LoginSession)):
            session.ended_at, session.pending = None, True
        return session_awaiting_second_step(tx, who.cookie)


WAYS: dict[str, Callable[[Leaver], object]] = {
    "sign-in name": by_name("zhao"),
    "member number": by_name("A7"),
    "phone": by_name(PHONE),
    "code": by_code,
    "sms": by_sms,
    "sign-on known": by_sign_on("s-1"),
    "sign-on new": by_sign_on("s-2"),
    "screen": by_screen,
    "cookie": by_cookie,
    "program": by_program,
    "new session": by_new_session,
    "new program": by_new_program,
    "kept session": by_session_that_was_kept,
    "second step": by_second_step,
}


def comes_in(way: str, who: Leaver) -> bool:
    try:
        return bool(WAYS[way](who))
    except Busy:
        raise
    except AcademyError:
        return False


@pytest.mark.parametrize("way", WAYS)
def test_every_way_is_open_to_who_is_here(leaver: Leaver, way: str) -> None:
    """Or the test below would show nothing."""
    if way in {"code", "sms"}:  # codes for who holds an office come from elsewhere: tests/http/test_office_codes.py
        with leaver.runtime.db.begin() as tx:
            for grant in tx.scalars(select(RoleGrant)):
                tx.delete(grant)
    assert comes_in(way, leaver)


@pytest.mark.parametrize("status", GONE)
@pytest.mark.parametrize("way", WAYS)
def test_no_way_is_open_to_who_left(leaver: Leaver, way: str, status: str) -> None:
    leaver.leave(status)
    assert not comes_in(way, leaver)


@pytest.mark.parametrize("status", GONE)
def test_offices_end_on_the_day_and_do_not_come_back(leaver: Leaver, status: str) -> None:
    leaver.leave(status)
    with leaver.runtime.db.read() as tx:
        assert queries.scopes_of(tx, leaver.account.id) == ()
        assert all(grant.valid_to is not None for grant in tx.scalars(select(RoleGrant)))
    with clock.frozen(clock.now() + dt.timedelta(days=20)), leaver.runtime.db.read() as tx:
        assert queries.scopes_of(tx, leaver.account.id) == (), "nor one that was to begin later"
    leaver.come_back()
    with leaver.runtime.db.read() as tx:
        assert queries.scopes_of(tx, leaver.account.id) == ()
    assert comes_in("sign-in name", leaver), "who is back may come in"
    assert not comes_in("code", leaver) and not comes_in("cookie", leaver)


def test_an_office_is_not_given_to_who_left(leaver: Leaver) -> None:
    leaver.leave("left")
    with leaver.runtime.db.begin() as tx, pytest.raises(Conflict, match="不在册"):
        account = tx.get_one(Account, leaver.account.id)
        node = tx.get_one(Member, leaver.member.id).organisation
        grants.grant_role(tx, SYSTEM, account, Role.AUDITOR, node)


def test_a_playback_ends_with_its_member_whatever_session_it_has(app: Flask, leaver: Leaver) -> None:
    with leaver.runtime.db.begin() as tx:
        course = lecture(tx, leaver.account)
    client = app.test_client()
    sign_in(client, leaver.cookie)
    opened = client.post("/api/v1/progress/leases", json={"item": course.shown.items[0].public_id}).json
    with leaver.runtime.db.begin() as tx:
        tx.scalars(select(PlaybackLease)).one().session_id = None
    leaver.leave("deceased")
    with clock.frozen(clock.now() + dt.timedelta(seconds=15)):
        beat = json.dumps({"lease": opened["token"], "seq": 1, "spans": [[0, 15000]]})
        assert client.post("/api/v1/progress/heartbeats", data=beat).status_code == 409


def test_letters_to_office_holders_leave_out_who_left(leaver: Leaver) -> None:
    with leaver.runtime.db.begin() as tx:
        author = make.account(tx, None, (Role.TRAINER, tx.get_one(Member, leaver.member.id).organisation))
        course: Course = make.course(tx, author)
        assert messages.reviewers_of(tx, course) == [leaver.account.id]
        tx.get_one(Member, leaver.member.id).status = "left"  # and somebody forgot to take the office back
        tx.flush()
        assert messages.reviewers_of(tx, course) == []


@pytest.mark.thorough
def test_nothing_else_compares_an_accounts_state() -> None:
    """`may_enter` and `has_account` are the only places that say which accounts count."""
    allowed = {"accounts/queries.py", "accounts/creation.py"}
    found = {
        path
        for path, nodes in python()
        for node in nodes
        if isinstance(node, ast.Compare)
        and any(
            isinstance(side, ast.Attribute)
            and side.attr == "state"
            and getattr(side.value, "id", "").lower() == "account"
            for side in (node.left, *node.comparators)
        )
    }
    assert found <= allowed, found
