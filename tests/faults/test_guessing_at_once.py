"""Forty attempts in the same second, with real commits on both databases: no more are looked at than one by one."""

import concurrent.futures
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from academy import rooms
from academy.accounts import passwords, second_step, service, sms, throttle, totp
from academy.accounts.models import Account, ActivationCode, SecondFactor
from academy.core import clock
from academy.core.actor import SYSTEM
from academy.core.audit import AuditEntry
from academy.core.errors import AcademyError, Busy
from academy.core.house import House
from academy.jobs import Job
from academy.members import service as members
from academy.members.models import Member
from tests import factories as make
from tests import templates
from tests.conftest import make_settings
from tests.services import postgres

pytestmark = pytest.mark.faults
AT_ONCE = 40
PASSWORD = "春天的第一课2026"
PHONE = "13800001234"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("guessing")
    rooms.open_all()
    passwords.make_room(2 * AT_ONCE)
    if request.param == "sqlite":
        database = folder / "var" / "academy.db"
        templates.migrated(database)
        made = House.build(make_settings(folder, database_url=f"sqlite:///{database}", web_threads=AT_ONCE))
        yield _peopled(made)
        made.db.dispose()
    else:
        with postgres(Path(folder) / "pg", like=templates.postgres_folder()) as url:
            made = House.build(make_settings(folder, database_url=url, web_threads=AT_ONCE))
            yield _peopled(made)
            made.db.dispose()
    passwords.make_room(16)


def _peopled(house: House) -> House:
    with house.db.begin() as tx:
        branch = make.organisation(tx, level="city")
        person = members.add_member(tx, SYSTEM, house.sealer, branch, number="A7", name="赵小满", phone=PHONE)
        service.create_account(
            tx, SYSTEM, username="zhao", display_name="赵小满", member=person, password_hash=passwords.make(PASSWORD)
        )
    return house


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


def counted(house: House, verb: str) -> int:
    with house.db.read() as tx:
        return tx.scalar(select(func.count()).where(AuditEntry.verb == verb)) or 0


def test_passwords(house: House) -> None:
    """By three names of one person in as many spellings."""
    before, names = counted(house, "sign-in.failed"), ("zhao", "A7", PHONE, "ｚｈａｏ", "Ａ７")
    told = at_once(lambda n: service.sign_in(house, names[n % len(names)], f"wrong-{n}", "10.1.0.1"))
    assert told.count("wrong") == throttle.NAME_HERE == counted(house, "sign-in.failed") - before
    assert set(told) == {"wrong", "busy"}


def test_names_that_are_nobodys(house: House) -> None:
    told = at_once(lambda n: service.sign_in(house, "nobody", f"wrong-{n}", "10.1.0.2"))
    assert told.count("wrong") == throttle.NAME_HERE


def test_activation_codes(house: House) -> None:
    told = at_once(lambda n: service.activate(house, "A7", f"WRONG{n:03}", "秋天的第二课2027", "10.1.0.3"))
    assert told.count("wrong") == throttle.NAME_HERE


def test_ones_own_password(house: House) -> None:
    with house.db.read() as tx:
        account = tx.scalars(select(Account).where(Account.username == "zhao")).one()
        actor = make.actor_of(tx, account)
    told = at_once(lambda n: service.change_password(house, actor, f"wrong-{n}", "秋天的第二课2027", session_id=1))
    assert told.count("wrong") == throttle.NAME_HERE


def test_second_steps(house: House) -> None:
    with house.db.begin() as tx:
        account = make.account(tx)
        sealed = house.sealer.seal(totp.new_secret(), context=second_step.CONTEXT)
        tx.add(SecondFactor(account_id=account.id, secret_sealed=sealed, confirmed_at=clock.now()))
        tx.flush()
        token = service.open_session(tx, house, account)
    told = at_once(lambda n: second_step.pass_step(house, token, f"{n:06}", "10.1.0.5"))
    assert told.count("wrong") <= throttle.NAME_HERE and "right" not in told


def test_a_network(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "NETWORK", 12)
    told = at_once(lambda n: service.sign_in(house, f"somebody-{n}", "wrong", f"2001:db8::{n:x}"))
    assert told.count("wrong") == 12


def test_messages(house: House) -> None:
    """One a minute for a number, however many ask at once; and one live code, however many jobs make one."""
    told = at_once(lambda _n: sms.request_code(house, "A7", PHONE, "10.1.0.6"))
    assert told.count("right") == 1
    with house.db.read() as tx:
        assert tx.scalar(select(func.count()).where(Job.name == sms.SEND)) == 1

    def prepare(_number: int) -> None:
        with house.db.begin() as tx:
            sms.prepare(tx, house, "A7", PHONE, "")

    assert set(at_once(prepare)) == {"right"}
    with house.db.read() as tx:
        live = select(func.count()).where(ActivationCode.expires_at > clock.now())
        assert tx.scalar(live) == 1


def test_codes_of_the_branch(house: House) -> None:
    def issue(_number: int) -> None:
        with house.db.begin() as tx:
            service.issue_code(tx, SYSTEM, tx.scalars(select(Member).where(Member.number == "A7")).one())

    assert set(at_once(issue)) == {"right"}
    with house.db.read() as tx:
        assert tx.scalar(select(func.count()).where(ActivationCode.expires_at > clock.now())) == 1


def test_right_answers_at_once_are_not_held_against_anybody(house: House) -> None:
    told = [service.sign_in(house, "zhao", PASSWORD, "10.1.0.9") for _ in range(3)]
    assert len(set(told)) == 3
    several = at_once(lambda _n: service.sign_in(house, "zhao", PASSWORD, "10.1.0.9"))
    assert "right" in several and "wrong" not in several
    with clock.frozen(clock.now() + throttle.WINDOW):
        assert service.sign_in(house, "zhao", PASSWORD, "10.1.0.9")
