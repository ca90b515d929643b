"""Forty attempts in the same second, with real commits on both databases: no more are looked at than one by one."""

import concurrent.futures
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from academy import components
from academy.accounts import creation, service, sessions
from academy.accounts.authentication import passwords, second_step, sms, throttle, totp
from academy.accounts.models import Account, ActivationCode, SecondFactor
from academy.core import clock
from academy.core.actor import SYSTEM
from academy.core.audit import AuditEntry
from academy.core.errors import AcademyError, Busy
from academy.core.runtime import Runtime
from academy.jobs.api import Job
from academy.people.api import add_member
from academy.people.models import Member
from tests.conftest import make_settings
from tests.support import factories as make
from tests.support import templates
from tests.support.services import postgres

pytestmark = pytest.mark.faults
AT_ONCE = 40
PASSWORD = "春天的第一课2026"
PHONE = "13800001234"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def runtime(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    folder = tmp_path_factory.mktemp("guessing")
    components.import_all()
    passwords.limit_waiting_threads(2 * AT_ONCE)
    if request.param == "sqlite":
        database = folder / "var" / "academy.db"
        templates.migrated(database)
        made = Runtime.build(make_settings(folder, database_url=f"sqlite:///{database}", web_threads=AT_ONCE))
        yield _peopled(made)
        made.db.dispose()
    else:
        with postgres(Path(folder) / "pg", like=templates.postgres_folder()) as url:
            made = Runtime.build(make_settings(folder, database_url=url, web_threads=AT_ONCE))
            yield _peopled(made)
            made.db.dispose()
    passwords.limit_waiting_threads(16)


def _peopled(runtime: Runtime) -> Runtime:
    with runtime.db.begin() as tx:
        branch = make.organisation(tx, level="city")
        person = add_member(tx, SYSTEM, runtime.sealer, branch, number="A7", name="赵小满", phone=PHONE)
        creation.create_account(
            tx,
            SYSTEM,
            username="zhao",
            display_name="赵小满",
            member=person,
            password_hash=passwords.hash_password(PASSWORD),
        )
    return runtime


def at_once(attempt: Callable[[int], object]) -> list[str]:
    """What forty threads, let go together, are told."""
    gate = threading.Barrier(AT_ONCE)

    def one(number: int) -> str:
        gate.wait()
        try:
            attempt(number)
        except AcademyError as error:
            return "busy" if isinstance(error, Busy) else "wrong"
        return "right"

    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, range(AT_ONCE)))


def counted(runtime: Runtime, verb: str) -> int:
    with runtime.db.read() as tx:
        return tx.scalar(select(func.count()).where(AuditEntry.verb == verb)) or 0


def test_passwords(runtime: Runtime) -> None:
    """By three names of one person in as many spellings."""
    before, names = counted(runtime, "sign-in.failed"), ("zhao", "A7", PHONE, "ｚｈａｏ", "Ａ７")
    told = at_once(lambda n: service.sign_in(runtime, names[n % len(names)], f"wrong-{n}", "10.1.0.1"))
    assert told.count("wrong") == throttle.NAME_HERE == counted(runtime, "sign-in.failed") - before
    assert set(told) == {"wrong", "busy"}


def test_names_that_are_nobodys(runtime: Runtime) -> None:
    told = at_once(lambda n: service.sign_in(runtime, "nobody", f"wrong-{n}", "10.1.0.2"))
    assert told.count("wrong") == throttle.NAME_HERE


def test_activation_codes(runtime: Runtime) -> None:
    told = at_once(lambda n: service.activate_account(runtime, "A7", f"WRONG{n:03}", "秋天的第二课2027", "10.1.0.3"))
    assert told.count("wrong") == throttle.NAME_HERE


def test_ones_own_password(runtime: Runtime) -> None:
    with runtime.db.read() as tx:
        account = tx.scalars(select(Account).where(Account.username == "zhao")).one()
        actor = make.actor_of(tx, account)
    told = at_once(lambda n: service.change_password(runtime, actor, f"wrong-{n}", "秋天的第二课2027", session_id=1))
    assert told.count("wrong") == throttle.NAME_HERE


def test_second_steps(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        account = make.account(tx)
        sealed = runtime.sealer.seal(totp.new_secret(), context=second_step.CONTEXT)
        tx.add(SecondFactor(account_id=account.id, secret_sealed=sealed, confirmed_at=clock.now()))
        tx.flush()
        token = sessions.open_session(tx, runtime, account)
    told = at_once(lambda n: second_step.verify_second_step(runtime, token, f"{n:06}", "10.1.0.5"))
    assert told.count("wrong") <= throttle.NAME_HERE and "right" not in told


def test_a_network(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "NETWORK", 12)
    told = at_once(lambda n: service.sign_in(runtime, f"somebody-{n}", "wrong", f"2001:db8::{n:x}"))
    assert told.count("wrong") == 12


def test_messages(runtime: Runtime) -> None:
    """One a minute for a number, however many ask at once; and one live code, however many jobs make one."""
    told = at_once(lambda _n: sms.request_sms_code(runtime, "A7", PHONE, "10.1.0.6"))
    assert told.count("right") == 1
    with runtime.db.read() as tx:
        assert tx.scalar(select(func.count()).where(Job.name == sms.SEND)) == 1

    def prepare(_number: int) -> None:
        with runtime.db.begin() as tx:
            sms.prepare(tx, runtime, "A7", PHONE, "")

    assert set(at_once(prepare)) == {"right"}
    with runtime.db.read() as tx:
        live = select(func.count()).where(ActivationCode.expires_at > clock.now())
        assert tx.scalar(live) == 1


def test_codes_of_the_branch(runtime: Runtime) -> None:
    def issue(_number: int) -> None:
        with runtime.db.begin() as tx:
            service.issue_activation_code(tx, SYSTEM, tx.scalars(select(Member).where(Member.number == "A7")).one())

    assert set(at_once(issue)) == {"right"}
    with runtime.db.read() as tx:
        assert tx.scalar(select(func.count()).where(ActivationCode.expires_at > clock.now())) == 1


def test_right_answers_at_once_are_not_held_against_anybody(runtime: Runtime) -> None:
    told = [service.sign_in(runtime, "zhao", PASSWORD, "10.1.0.9") for _ in range(3)]
    assert len(set(told)) == 3
    several = at_once(lambda _n: service.sign_in(runtime, "zhao", PASSWORD, "10.1.0.9"))
    assert "right" in several and "wrong" not in several
    with clock.frozen(clock.now() + throttle.WINDOW):
        assert service.sign_in(runtime, "zhao", PASSWORD, "10.1.0.9")
