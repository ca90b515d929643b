"""Guessing: however a name is spelt, however many at once, whoever is meant, and from which end of a network."""

import dataclasses
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from academy.accounts import creation, service
from academy.accounts.authentication import passwords, sms, throttle
from academy.accounts.models import Throttle
from academy.accounts.queries import find_account
from academy.core import clock
from academy.core.actor import SYSTEM
from academy.core.errors import AcademyError, Busy, Invalid
from academy.core.networks import network_of
from academy.core.runtime import Runtime
from academy.core.text import tidy_text
from academy.people.api import add_member
from tests.support import factories as make

PASSWORD = "春天的第一课2026"
PHONE = "13800001234"
NETWORK = "10.0.0.9"
NAMES = ("zhao-77", "A0000077", PHONE)
ONE_KIND = pytest.mark.parametrize("database_kind", ["sqlite"])


@pytest.fixture
def person(runtime: Runtime) -> Runtime:
    """A runtime with one person who goes by three names."""
    with runtime.db.begin() as tx:
        branch = make.organisation(tx, level="city")
        member = add_member(tx, SYSTEM, runtime.sealer, branch, number=NAMES[1], name="赵小满", phone=PHONE)
        creation.create_account(
            tx,
            SYSTEM,
            username=NAMES[0],
            display_name="赵小满",
            member=member,
            password_hash=passwords.hash_password(PASSWORD),
        )
    return runtime


def spelt(name: str, wide: list[bool], pad: str) -> str:
    """The same name with some of its characters in full width, and spaces around."""
    letters = [chr(ord(c) + 0xFEE0) if full else c for c, full in zip(name, wide, strict=False)]
    return pad + "".join(letters) + name[len(letters) :] + pad


SPELLINGS = st.builds(
    spelt,
    st.sampled_from([*NAMES, "nobody-at-all"]),
    st.lists(st.booleans(), max_size=16),
    st.sampled_from(["", " ", "\u3000", "\u00a0"]),
)


@pytest.mark.thorough
@ONE_KIND
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SPELLINGS)
def test_every_spelling_is_counted_under_one_key(person: Runtime, name: str) -> None:
    """What an attempt is counted under is the person's, or the one tidied name's that is nobody's."""
    with person.db.read() as tx:
        account = find_account(tx, name, service.phone_index_of(person, name))
    counters = service._counters("sign-in", account, name, NETWORK, None)
    plain = "nobody-at-all" if "nobody" in tidy_text(name, 60) else NAMES[0]
    with person.db.read() as tx:
        known = find_account(tx, plain)
    assert (account is None) is (plain != NAMES[0])
    assert counters == service._counters("sign-in", known, plain, NETWORK, None)


@pytest.mark.thorough
@ONE_KIND
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(SPELLINGS, min_size=12, max_size=12))
def test_all_spellings_of_all_names_are_one_in_the_count(person: Runtime, tried: list[str]) -> None:
    """Five answers for a person, five for a name that is nobody's; the sixth waits."""
    with person.db.begin() as tx:
        tx.query(Throttle).delete()
    answered = {True: 0, False: 0}
    for name in tried:
        is_nobody = "nobody" in tidy_text(name, 60)
        try:
            service.sign_in(person, name, "wrong-password", NETWORK)
        except service.WrongPassword:
            answered[is_nobody] += 1
        except Busy:
            assert answered[is_nobody] == throttle.NAME_HERE
    assert max(answered.values()) <= throttle.NAME_HERE


@ONE_KIND
def test_a_right_answer_by_one_name_forgets_the_wrong_ones_of_all(person: Runtime) -> None:
    for name in (*NAMES, NAMES[0]):
        with pytest.raises(service.WrongPassword):
            service.sign_in(person, name, "wrong-password", NETWORK)
    assert service.sign_in(person, NAMES[2], PASSWORD, NETWORK)
    for _ in range(throttle.NAME_HERE):
        with pytest.raises(service.WrongPassword):
            service.sign_in(person, NAMES[1], "wrong-password", NETWORK)


@ONE_KIND
def test_what_was_right_is_not_held_against_a_network(person: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "NETWORK", 4)
    for _ in range(12):
        assert service.sign_in(person, NAMES[0], PASSWORD, NETWORK)
    for number in range(4):
        with pytest.raises(service.WrongPassword):
            service.sign_in(person, f"x{number}", "wrong-password", NETWORK)
    with pytest.raises(Busy):
        service.sign_in(person, "x9", "wrong-password", NETWORK)


@ONE_KIND
def test_who_is_sent_away_for_want_of_room_has_not_tried(person: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    full = threading.BoundedSemaphore(1)
    full.acquire()
    monkeypatch.setattr(passwords, "_slots", full)
    for _ in range(9):
        with pytest.raises(Busy, match="登录的人很多"):
            service.sign_in(person, NAMES[0], PASSWORD, NETWORK)
    full.release()
    assert service.sign_in(person, NAMES[0], PASSWORD, NETWORK)


@ONE_KIND
@pytest.mark.parametrize("way", ["sign-in", "activate", "second step"])
def test_a_known_browser_is_locked_out_by_nobody_whatever_it_does(person: Runtime, way: str) -> None:
    """What strangers spend, by any way, is theirs: the owner's browser has an account of its own."""
    with person.db.begin() as tx:
        account = find_account(tx, NAMES[0])
        assert account is not None
        who, known = f"account:{account.public_id}", {account.public_id: "word"}
        kind = {"second step": "second-step"}.get(way, way)
        theirs = throttle.keys(kind, who, NETWORK)
    with pytest.raises(Busy):
        for _ in range(throttle.NETWORK + 1):
            with person.db.begin() as tx:
                throttle.reserve(tx, theirs)
    with person.db.begin() as tx:
        throttle.reserve(tx, throttle.keys(kind, who, NETWORK, known[next(iter(known))]))
    if way == "sign-in":
        assert service.sign_in(person, NAMES[1], PASSWORD, NETWORK, known=known)
    if way == "activate":
        with pytest.raises(Invalid, match="编号或激活码不对"):
            service.activate_account(person, NAMES[1], "WRONGONE", "秋天的第二课2027", NETWORK, known=known)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("2001:DB8:1:2::1", "2001:db8:0001:0002:0:0:0:9", True),
        ("fe80::1%eth0", "fe80::2", True),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("unix:", "unix:", True),
        ("", "", True),
    ],
)
def test_a_network_is_an_ipv4_address_or_an_ipv6_64(one: str, other: str, *, same: bool) -> None:
    assert (network_of(one) == network_of(other)) is same
    assert (throttle.keys("sign-in", "x", one) == throttle.keys("sign-in", "x", other)) is same


@ONE_KIND
def test_a_64_is_one_network_for_passwords_and_messages(person: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "NETWORK", 3)
    monkeypatch.setattr(sms, "NETWORK_HOUR", 3)
    addresses = [f"2001:db8:1:2::{number:x}" for number in range(1, 6)]
    for number, address in enumerate(addresses[:3]):
        with pytest.raises(service.WrongPassword):
            service.sign_in(person, f"x{number}", "wrong-password", address)
        sms.request_sms_code(person, f"B{number}", PHONE, address)
    with pytest.raises(Busy):
        service.sign_in(person, "x4", "wrong-password", addresses[3])
    with pytest.raises(Busy):
        sms.request_sms_code(person, "B4", PHONE, addresses[3])
    sms.request_sms_code(person, "B5", PHONE, "2001:db8:1:3::1")


@dataclasses.dataclass
class Work:
    """What an attempt costs: hashes, seals and indexes made, and statements sent."""

    done: list[str] = dataclasses.field(default_factory=list)

    def watch(self, monkeypatch: pytest.MonkeyPatch, runtime: Runtime) -> None:
        for thing, name in (
            (type(passwords._hasher), "hash"),
            (type(passwords._hasher), "verify"),
            (type(runtime.sealer), "seal"),
            (type(runtime.sealer), "open"),
            (type(runtime.sealer), "blind_index"),
        ):
            original = getattr(thing, name)

            def noted(*args: Any, _original: Any = original, _name: str = name, **more: Any) -> Any:
                self.done.append(_name)
                return _original(*args, **more)

            monkeypatch.setattr(thing, name, noted)


GUESSES: dict[str, list[Callable[[Runtime, str], object]]] = {
    "sign-in": [
        lambda runtime, n: service.sign_in(runtime, NAMES[0], "wrong-password", n),
        lambda runtime, n: service.sign_in(runtime, NAMES[1], "wrong-password", n),
        lambda runtime, n: service.sign_in(runtime, "nobody", "wrong-password", n),
    ],
    "sign-in by phone": [
        lambda runtime, n: service.sign_in(runtime, PHONE, "wrong-password", n),
        lambda runtime, n: service.sign_in(runtime, "13900009999", "wrong-password", n),
    ],
    "activate": [
        lambda runtime, n: service.activate_account(runtime, NAMES[1], "WRONGONE", PASSWORD, n),
        lambda runtime, n: service.activate_account(runtime, "B0000001", "WRONGONE", PASSWORD, n),
    ],
    "sms": [
        lambda runtime, n: sms.request_sms_code(runtime, NAMES[1], PHONE, n),
        lambda runtime, n: sms.request_sms_code(runtime, NAMES[1], "13900009999", n),
        lambda runtime, n: sms.request_sms_code(runtime, "B0000001", PHONE, n),
    ],
}


@pytest.mark.parametrize("way", GUESSES)
def test_the_work_does_not_tell_whether_there_is_such_a_person(
    person: Runtime, way: str, monkeypatch: pytest.MonkeyPatch, count_queries: Callable[[Callable[[], object]], int]
) -> None:
    """Counted, not timed: hashes, seals, indexes and statements are the same for true and invented names."""
    work = Work()
    work.watch(monkeypatch, person)
    seen = set()
    for number, guess in enumerate(GUESSES[way]):
        work.done.clear()
        with person.db.begin() as tx:
            tx.query(Throttle).delete()

        def attempt(guess: Callable[[Runtime, str], object] = guess, number: int = number) -> None:
            try:
                guess(person, f"10.0.1.{number}")
            except AcademyError as error:
                assert not isinstance(error, Busy)

        statements = count_queries(attempt)
        seen.add((tuple(work.done), statements))
    assert len(seen) == 1, seen


def test_waits_are_forgotten_by_the_clock_alone(person: Runtime) -> None:
    with person.db.begin() as tx:
        assert tx.scalars(select(Throttle)).all() == []
    begun = clock.now()
    with clock.frozen(begun):
        for _ in range(throttle.NAME_HERE):
            with pytest.raises(service.WrongPassword):
                service.sign_in(person, NAMES[0], "wrong-password", NETWORK)
    with clock.frozen(begun + throttle.FIRST):
        assert service.sign_in(person, NAMES[0], PASSWORD, NETWORK)
