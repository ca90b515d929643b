"""Ways in, sessions on the server, rights with a giver."""

import contextlib
import datetime as dt

import pytest
from sqlalchemy import func, select

from academy.accounts import creation, grants, queries, service, sessions
from academy.accounts.authentication import passwords
from academy.accounts.models import Account, LoginSession
from academy.core import clock
from academy.core.actor import SYSTEM, Actor, Role, Scope
from academy.core.database import Tx
from academy.core.errors import Busy, Conflict, Forbidden, Invalid
from academy.core.runtime import Runtime
from academy.people.api import add_member, change_status
from academy.people.models import Organisation
from tests.support import factories as make

PASSWORD = "春天的第一课2026"


def account_with_password(tx: Tx, username: str = "zhao") -> Account:
    return creation.create_account(
        tx, SYSTEM, username=username, display_name="赵小满", password_hash=passwords.hash_password(PASSWORD)
    )


OFFICER = make.NUMBERED


@pytest.fixture(autouse=True)
def _officer(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        make.numbered_accounts(tx, OFFICER)


def holder(node: Organisation, *roles: Role, account_id: int = OFFICER) -> Actor:
    return Actor(account_id=account_id, scopes=tuple(Scope(role, node.id, node.path) for role in roles))


@pytest.mark.thorough
def test_each_sign_in_is_a_new_session(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        account_with_password(tx)
    first, second = (service.sign_in(runtime, "zhao", PASSWORD) for _ in range(2))
    assert first != second
    with runtime.db.begin() as tx:
        found = queries.identity_of(tx, first)
        assert found is not None and found.display_name == "赵小满"
        assert not tx.scalars(select(LoginSession).where(LoginSession.digest == first)).all()
        sessions.sign_out(tx, found.actor(), first)
        assert queries.identity_of(tx, first) is None
        assert queries.identity_of(tx, second) is not None


@pytest.mark.thorough
def test_wrong_unknown_and_frozen_get_the_same_answer(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        account_with_password(tx)
        account_with_password(tx, "frozen").state = "frozen"
    said = set()
    for name, password in (("zhao", "wrong-password"), ("nobody", PASSWORD), ("frozen", PASSWORD)):
        with pytest.raises(service.WrongPassword) as refused:
            service.sign_in(runtime, name, password)
        said.add(str(refused.value))
    assert said == {"账号或密码不对，请再试一次。"}


@pytest.mark.parametrize("name", ["zhao", "nobody-has-this-name"])
def test_guessing_is_slowed_alike_for_known_and_unknown_names(runtime: Runtime, name: str) -> None:
    with runtime.db.begin() as tx:
        account_with_password(tx)
    for _ in range(5):
        with pytest.raises(service.WrongPassword):
            service.sign_in(runtime, name, "wrong-password", network="10.0.0.9")
    with pytest.raises(Busy, match="试错次数太多"):
        service.sign_in(runtime, name, PASSWORD, network="10.0.0.9")
    if name == "zhao":
        assert service.sign_in(runtime, name, PASSWORD, network="10.0.0.10"), "a stranger locks nobody out elsewhere"
        with clock.frozen(clock.now() + dt.timedelta(minutes=16)):
            assert service.sign_in(runtime, name, PASSWORD, network="10.0.0.9")


def test_spraying_one_password_over_many_names_is_stopped(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("academy.accounts.authentication.throttle.NETWORK", 6)
    for number in range(6):
        with pytest.raises(service.WrongPassword):
            service.sign_in(runtime, f"name{number}", "password", network="10.0.0.9")
    with pytest.raises(Busy):
        service.sign_in(runtime, "name99", "password", network="10.0.0.9")


def test_a_member_signs_in_by_number_or_by_a_phone_nobody_shares(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        branch = make.organisation(tx, level="city")
        for number, phone in (("A1", "13800001234"), ("A2", "13800005555"), ("A3", "13800005555")):
            person = add_member(tx, SYSTEM, runtime.sealer, branch, number=number, name="某某", phone=phone)
            creation.create_account(
                tx, SYSTEM, username=f"user-{number}", display_name="某某", member=person,
                password_hash=passwords.hash_password(PASSWORD),
            )  # fmt: skip
    assert service.sign_in(runtime, "A1", PASSWORD)
    assert service.sign_in(runtime, "138 0000 1234", PASSWORD)
    with pytest.raises(service.WrongPassword):
        service.sign_in(runtime, "13800005555", PASSWORD)


def test_a_session_ends_when_idle_and_at_its_absolute_limit(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        account_with_password(tx)
    token = service.sign_in(runtime, "zhao", PASSWORD)
    begun = clock.now()

    def alive(days: float) -> bool:
        with clock.frozen(begun + dt.timedelta(days=days)), runtime.db.begin() as tx:
            found = queries.identity_of(tx, token)
            if found:
                sessions.keep_alive(tx, runtime, found.session_id)
            return found is not None

    assert alive(13), "used within the idle limit"
    assert alive(26), "used again"
    assert not alive(41), "idle for fifteen days"
    token = service.sign_in(runtime, "zhao", PASSWORD)
    assert all(alive(day) for day in range(10, 90, 10))
    assert not alive(91), "ninety days are the most"


def test_a_code_from_the_branch_makes_an_account_once(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        branch = make.organisation(tx, level="city")
        person = make.member(tx, branch, number="A7")
        secretary = holder(branch, Role.BRANCH_SECRETARY)
        old = service.issue_activation_code(tx, secretary, person)
        code = service.issue_activation_code(tx, secretary, person)
    with pytest.raises(Invalid, match="编号或激活码不对"):
        service.activate_account(runtime, "A7", old, PASSWORD)
    with pytest.raises(Invalid, match="编号或激活码不对"):
        service.activate_account(runtime, "A8", code, PASSWORD)
    typed = f" {code[:4].lower()}-{code[4:]} "
    token = service.activate_account(runtime, "A7", typed, PASSWORD)
    with runtime.db.read() as tx:
        found = queries.identity_of(tx, token)
        assert found is not None and found.member_id == person.id
    with pytest.raises(Invalid):
        service.activate_account(runtime, "A7", code, PASSWORD)
    assert service.sign_in(runtime, "A7", PASSWORD)


def test_a_code_expires_and_guesses_are_counted(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        person = make.member(tx, make.organisation(tx, level="city"), number="A7")
        code = service.issue_activation_code(tx, SYSTEM, person)
    with clock.frozen(clock.now() + dt.timedelta(days=15)), pytest.raises(Invalid):
        service.activate_account(runtime, "A7", code, PASSWORD)
    for _ in range(4):
        with pytest.raises(Invalid):
            service.activate_account(runtime, "A7", "WRONGCOD", PASSWORD)
    for _ in range(2):
        with pytest.raises((Busy, Invalid)):
            service.activate_account(runtime, "A7", "WRONGCOD", PASSWORD)
    with pytest.raises(Busy):
        service.activate_account(runtime, "A7", code, PASSWORD)


@pytest.mark.parametrize("password", ["short", "88888888", "aaaaaaaaaa", "A7A7A7A7", "x" * 129])
def test_a_weak_password_is_refused_in_words(password: str) -> None:
    with pytest.raises(Invalid, match="密码"):
        passwords.check_new_password(password, names=("A7A7A7A7",))


def test_a_new_password_signs_other_devices_out(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        account_with_password(tx)
    here, there = (service.sign_in(runtime, "zhao", PASSWORD) for _ in range(2))
    with runtime.db.read() as tx:
        me = queries.identity_of(tx, here)
    assert me is not None
    with pytest.raises(Invalid, match="原密码不对"):
        service.change_password(runtime, me.actor(), "wrong-password", "秋天的第二课2028", session_id=me.session_id)
    service.change_password(runtime, me.actor(), PASSWORD, "秋天的第二课2027", session_id=me.session_id)
    with runtime.db.read() as tx:
        assert queries.identity_of(tx, here) is not None
        assert queries.identity_of(tx, there) is None


def test_one_may_sign_out_only_ones_own_devices(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        mine, other = account_with_password(tx), account_with_password(tx, "qian")
    tokens = [service.sign_in(runtime, name, PASSWORD, device="手机") for name in ("zhao", "qian")]
    with runtime.db.begin() as tx:
        theirs = queries.live_sessions_of(tx, other.id)[0]
        with pytest.raises(Forbidden):
            sessions.end_session(tx, Actor(account_id=mine.id), theirs.public_id)
        assert queries.identity_of(tx, tokens[1]) is not None
        for _ in range(2):  # a second tap does nothing more
            sessions.end_session(tx, Actor(account_id=other.id), theirs.public_id)
        assert queries.identity_of(tx, tokens[1]) is None


def test_who_leaves_is_signed_out_at_once(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        branch = make.organisation(tx, level="city")
        person = make.member(tx, branch)
        token = make.session_token(tx, make.account(tx, person))
        change_status(tx, SYSTEM, person, "left")
        assert queries.identity_of(tx, token) is None


def test_a_role_reaches_down_from_its_day_to_its_day(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        city = make.organisation(tx, level="city")
        account = make.account(tx)
        officer = holder(city, Role.SECURITY_OFFICER)
        today = clock.today()
        grants.grant_role(
            tx, officer, account, Role.REVIEWER, city, valid_from=today, valid_to=today + dt.timedelta(days=2)
        )
        assert [scope.role for scope in queries.scopes_of(tx, account.id)] == [Role.REVIEWER]
        with clock.frozen(clock.now() + dt.timedelta(days=2)):
            assert queries.scopes_of(tx, account.id) == ()


def test_rights_are_given_by_who_may_and_never_to_oneself(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        city = make.organisation(tx, level="city")
        county, other = make.organisation(tx, city, level="county"), make.organisation(tx, city, level="county")
        account = make.account(tx)
        admin = holder(county, Role.NODE_ADMINISTRATOR)
        grants.grant_role(tx, admin, account, Role.BRANCH_SECRETARY, county)
        for role, node in ((Role.BRANCH_SECRETARY, other), (Role.NODE_ADMINISTRATOR, county)):
            with pytest.raises(Forbidden):
                grants.grant_role(tx, admin, account, role, node)
        with pytest.raises(Conflict, match="不能给自己授权"):
            grants.grant_role(
                tx, holder(city, Role.SECURITY_OFFICER, account_id=account.id), account, Role.REVIEWER, city
            )


def test_the_three_offices_are_three_people(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        city = make.organisation(tx, level="city")
        account = make.account(tx)
        grants.grant_role(tx, SYSTEM, account, Role.AUDITOR, city)
        for role in (Role.SYSTEM_ADMINISTRATOR, Role.SECURITY_OFFICER):
            with pytest.raises(Conflict, match="三员不能由一人兼任"):
                grants.grant_role(tx, SYSTEM, account, role, city)


def test_a_role_taken_back_ends_the_sessions(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        city = make.organisation(tx, level="city")
        account = make.account(tx)
        grant = grants.grant_role(tx, SYSTEM, account, Role.REVIEWER, city)
        token = make.session_token(tx, account)
        with pytest.raises(Forbidden):
            grants.revoke_role(tx, holder(city, Role.NODE_ADMINISTRATOR), grant.public_id)
        grants.revoke_role(tx, holder(city, Role.SECURITY_OFFICER), grant.public_id)
        assert queries.scopes_of(tx, account.id) == ()
        assert queries.identity_of(tx, token) is None
        assert tx.scalar(select(func.count(LoginSession.id))) == 1


def test_waiting_grows_and_never_lasts_longer_than_a_quarter_of_an_hour(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        account_with_password(tx)
    begun, waits = clock.now(), []
    with clock.frozen(begun):
        for _ in range(4):
            with pytest.raises(service.WrongPassword):
                service.sign_in(runtime, "zhao", "wrong-password", network="10.0.0.9")
    moment = begun
    for _ in range(4):
        with clock.frozen(moment), pytest.raises(service.WrongPassword):
            service.sign_in(runtime, "zhao", "wrong-password", network="10.0.0.9")
        with clock.frozen(moment), pytest.raises(Busy) as told:
            service.sign_in(runtime, "zhao", PASSWORD, network="10.0.0.9")
        waits.append(told.value.retry_after)
        moment += dt.timedelta(seconds=told.value.retry_after)
    assert waits == [30, 60, 120, 240]
    with clock.frozen(moment):
        assert service.sign_in(runtime, "zhao", PASSWORD, network="10.0.0.9"), "after the wait the right one is enough"


def test_a_known_browser_is_locked_out_by_nobody(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("academy.accounts.authentication.throttle.NETWORK", 6)
    with runtime.db.begin() as tx:
        account = account_with_password(tx)
    for _ in range(6):
        with contextlib.suppress(Busy, service.WrongPassword):
            service.sign_in(runtime, "zhao", "wrong-password", network="10.0.0.9")
    with pytest.raises(Busy):
        service.sign_in(runtime, "zhao", PASSWORD, network="10.0.0.9")
    known = {account.public_id: "word-of-this-browser"}
    assert service.sign_in(runtime, "zhao", PASSWORD, network="10.0.0.9", known=known)
    other = {"somebodyelse2345": "word-of-this-browser"}
    with pytest.raises(Busy):
        service.sign_in(runtime, "zhao", PASSWORD, network="10.0.0.9", known=other)
    for _ in range(10):
        with pytest.raises(service.WrongPassword):
            service.sign_in(runtime, "zhao", "wrong-password", network="10.0.0.9", known=known)
    with pytest.raises(Busy):
        service.sign_in(runtime, "zhao", PASSWORD, network="10.0.0.9", known=known)


def test_a_new_role_asks_to_come_in_anew(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        city = make.organisation(tx, level="city")
        account = make.account(tx)
        token = make.session_token(tx, account)
        grants.grant_role(tx, SYSTEM, account, Role.REVIEWER, city)
        assert queries.identity_of(tx, token) is None
