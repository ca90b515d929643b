"""The ground floor: actor, clock, settings, sealing, sentences, log lines."""

import dataclasses
import datetime as dt
import json
import logging
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from academy.core import clock
from academy.core.actor import NOBODY, SYSTEM, Actor, Role, Scope
from academy.core.crypto import Sealer
from academy.core.environment import SettingsError
from academy.core.i18n import Message, msg
from academy.core.ids import ALPHABET, new_id
from academy.core.logging import JsonFormatter
from academy.core.settings import Settings

KEY = "k" * 32


def scope(role: Role, path: str) -> Scope:
    return Scope(role, int(path.strip("/").split("/")[-1]), path)


def test_a_scope_ends_at_its_node_not_at_a_likeness_of_it() -> None:
    actor = Actor(account_id=1, scopes=(scope(Role.NODE_ADMINISTRATOR, "/1/7/"),))
    assert actor.may("/1/7/", Role.NODE_ADMINISTRATOR)
    assert actor.may("/1/7/42/", Role.NODE_ADMINISTRATOR)
    assert not actor.may("/1/70/", Role.NODE_ADMINISTRATOR)
    assert not actor.may("/1/", Role.NODE_ADMINISTRATOR)
    assert not actor.may("/1/7/", Role.TRAINER)


@given(st.lists(st.lists(st.integers(1, 3), min_size=1, max_size=4), max_size=6))
def test_paths_are_the_widest_and_grant_the_same(trees: list[list[int]]) -> None:
    scopes = tuple(scope(Role.AUDITOR, "/" + "/".join(map(str, t)) + "/") for t in trees)
    actor = Actor(account_id=1, scopes=scopes)
    kept = actor.paths(Role.AUDITOR)
    assert not any(a != b and a.startswith(b) for a in kept for b in kept)
    assert all(actor.may(s.path, Role.AUDITOR) for s in scopes)


def test_nobody_and_the_system_are_told_apart() -> None:
    assert NOBODY.is_anonymous and not NOBODY.is_system
    assert SYSTEM.is_system and not SYSTEM.is_anonymous


def test_the_citys_day_begins_at_its_own_midnight() -> None:
    with clock.frozen(dt.datetime(2026, 12, 31, 16, 0, tzinfo=dt.UTC)):
        assert clock.today() == dt.date(2027, 1, 1)
    start, end = clock.day_bounds(dt.date(2027, 1, 1))
    assert (start, end - start) == (dt.datetime(2026, 12, 31, 16, tzinfo=dt.UTC), dt.timedelta(days=1))


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError), clock.frozen(dt.datetime(2026, 1, 1)):  # noqa: DTZ001 - that is the point
        pass


REAL = {
    "ACADEMY_SECRET_KEY": KEY,
    "ACADEMY_DATA_KEY": KEY,
    "ACADEMY_TRUSTED_HOSTS": "xueyuan.example",
    "ACADEMY_TRUSTED_PROXIES": "127.0.0.1",
    "ACADEMY_SECURE_COOKIES": "1",
}


@pytest.mark.parametrize("secure", ["0", "1"])
@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "0.0.0.0", "192.0.2.1"])  # noqa: S104 - told, not bound
@pytest.mark.parametrize("proxies", [None, "", " ", "0", "1", "127.0.0.1, 10.0.0.0/8", "everybody", "0.0.0.0/0"])
def test_it_is_decided_who_stands_in_front_and_nothing_unsafe_begins(
    proxies: str | None, host: str, secure: str, tmp_path: Path
) -> None:
    given = REAL | {"ACADEMY_HOST": host, "ACADEMY_SECURE_COOKIES": secure, "ACADEMY_TRUSTED_PROXIES": proxies or ""}
    given |= {"ACADEMY_TLS_CERTIFICATE": "/certificate.pem", "ACADEMY_TLS_KEY": "/key.pem"}
    if proxies is None:
        del given["ACADEMY_TRUSTED_PROXIES"]
    demo = given | {"ACADEMY_DEMO": "1", "ACADEMY_DATA_DIR": str(tmp_path)}
    if proxies in {"everybody", "0.0.0.0/0"}:
        for unreadable in (given, demo):
            with pytest.raises(SettingsError, match="ACADEMY_TRUSTED_PROXIES"):
                Settings.from_env(unreadable)
        return
    assert Settings.from_env(demo).demo
    if not (proxies or "").strip():
        with pytest.raises(SettingsError, match="ACADEMY_TRUSTED_PROXIES"):
            Settings.from_env(given)
    elif secure == "0" and (proxies != "0" or host not in {"127.0.0.1", "::1"}):
        with pytest.raises(SettingsError, match="ACADEMY_SECURE_COOKIES"):
            Settings.from_env(given)
    else:
        assert Settings.from_env(given).proxies.are_any is (proxies != "0")


def test_secrets_are_required_outside_the_demo(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="ACADEMY_SECRET_KEY"):
        Settings.from_env({"ACADEMY_SECRET_KEY": "short", "ACADEMY_DATA_KEY": KEY})
    real = REAL
    assert Settings.from_env(real).demo is False
    assert Settings.from_env(real).sms == "", "no code stands in a log unless somebody asked for it"
    with pytest.raises(SettingsError, match="ACADEMY_SMS"):
        Settings.from_env(real | {"ACADEMY_SMS": " console "})
    with pytest.raises(SettingsError, match="ACADEMY_TRUSTED_HOSTS"):
        Settings.from_env(real | {"ACADEMY_TRUSTED_HOSTS": " , "})
    demo = {"ACADEMY_DEMO": "1", "ACADEMY_DATA_DIR": str(tmp_path / "var")}
    first, second = Settings.from_env(demo), Settings.from_env(demo)
    assert len(first.secret_key) == 64
    assert (first.secret_key, first.data_key) == (second.secret_key, second.data_key)
    assert (tmp_path / "var" / "secret_key").stat().st_mode & 0o077 == 0


def test_any_setting_may_stand_in_a_file(tmp_path: Path) -> None:
    """As a vault or systemd's credentials hand secrets over; one that is missing or doubled is named."""
    bare = {k: v for k, v in REAL.items() if k != "ACADEMY_SECRET_KEY"}
    file = tmp_path / "secret"
    file.write_text("k" * 40 + "\n")
    found = Settings.from_env(bare | {"ACADEMY_SECRET_KEY_FILE": str(file)})
    assert found.secret_key == "k" * 40
    for field in dataclasses.fields(Settings):
        name = field.metadata["env"]
        with pytest.raises(SettingsError, match=f"^{name}: "):
            Settings.from_env(REAL | {f"{name}_FILE": str(tmp_path / "none")} | {name: ""})
    with pytest.raises(SettingsError, match="twice") as caught:
        Settings.from_env(REAL | {"ACADEMY_SECRET_KEY_FILE": str(file)})
    assert KEY not in str(caught.value)
    (tmp_path / "ACADEMY_SECRET_KEY").write_text("s" * 40)
    assert Settings.from_env(bare | {"CREDENTIALS_DIRECTORY": str(tmp_path)}).secret_key == "s" * 40
    with pytest.raises(SettingsError, match="twice"):
        Settings.from_env(REAL | {"CREDENTIALS_DIRECTORY": str(tmp_path)})


PLAIN_ROWS = (
    "postgresql://a:b@db.example/x",
    "postgresql+psycopg://a@10.0.0.7/x?sslmode=require",
    "postgresql://a@/x?host=db",
    "postgresql://a@127.0.0.1,db/x",
    "postgresql://a@db/x?sslmode=verify-full&sslmode=disable",
)
PROTECTED_ROWS = (
    "sqlite:///x",
    "postgresql:///x",
    "postgresql:///x?host=/run/postgresql",
    "postgresql://a@127.0.0.1:5/x",
    "postgresql://a@localhost/x",
    "postgresql://a@[::1]/x",
    "postgresql://a@db.example/x?sslmode=verify-full",
)
EVERYWHERE = "0.0.0.0"  # noqa: S104 - refused, not bound


@pytest.mark.parametrize(
    ("name", "plain", "protected"),
    [(name, PLAIN_ROWS, PROTECTED_ROWS) for name in ("ACADEMY_DATABASE_URL", "ACADEMY_MIGRATION_URL")]
    + [
        (name, ("http://far.example", "http://10.0.0.1:8333", "far.example"), ("https://far.example", "http://[::1]:1"))
        for name in ("ACADEMY_S3_ENDPOINT", "ACADEMY_OIDC_ISSUER", "ACADEMY_AUDIT_WEBHOOK")
    ]
    + [
        ("ACADEMY_REDIS_URL", ("redis://cache:6379/0", "redis://10.0.0.1"), ("rediss://cache", "redis://127.0.0.1/0")),
        ("ACADEMY_HOST", (EVERYWHERE, "10.0.0.2", "academy.internal"), ("127.0.0.1", "::1", "localhost")),
    ],
)
def test_no_line_to_another_machine_is_plain(name: str, plain: tuple[str, ...], protected: tuple[str, ...]) -> None:
    for value in plain:
        with pytest.raises(SettingsError, match=name):
            Settings.from_env(REAL | {name: value})
    for value in protected:
        Settings.from_env(REAL | {name: value})


def test_beyond_loopback_the_academy_speaks_tls() -> None:
    both = {"ACADEMY_TLS_CERTIFICATE": "/c.pem", "ACADEMY_TLS_KEY": "/k.pem"}
    assert Settings.from_env(REAL | {"ACADEMY_HOST": EVERYWHERE} | both).tls_key == "/k.pem"
    for one in both:
        with pytest.raises(SettingsError, match="go together"):
            Settings.from_env(REAL | {one: "/x.pem"})


@pytest.mark.parametrize(("name", "value"), [("ACADEMY_PORT", "http"), ("ACADEMY_DEMO", "maybe")])
def test_an_unreadable_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.from_env({name: value})


def test_sealed_text_opens_only_in_its_context() -> None:
    sealer = Sealer(KEY)
    sealed = sealer.seal("13800000000", context="member.phone")
    assert sealer.open(sealed, context="member.phone") == "13800000000"
    assert sealer.seal("13800000000", context="member.phone") != sealed
    for wrong in ((sealed, "member.other"), (sealed[:-1] + bytes([sealed[-1] ^ 1]), "member.phone")):
        with pytest.raises(InvalidTag):
            sealer.open(wrong[0], context=wrong[1])
    with pytest.raises(InvalidTag):
        Sealer("x" * 32).open(sealed, context="member.phone")


def test_a_retired_key_still_opens_and_is_told_apart() -> None:
    old, new = Sealer(KEY), Sealer("n" * 32, [KEY], "sm4")
    sealed = old.seal("13800000000", context="member.phone")
    assert new.open(sealed, context="member.phone") == "13800000000"
    assert not new.is_current(sealed)
    fresh = new.seal("13800000000", context="member.phone")
    assert new.is_current(fresh) and new.open(fresh, context="member.phone") == "13800000000"
    with pytest.raises(InvalidTag):
        old.open(fresh, context="member.phone")


@pytest.mark.parametrize("broken", [b"", b"\x01", b"\x09" * 40, bytes(40)])
def test_what_was_never_sealed_does_not_open(broken: bytes) -> None:
    with pytest.raises(InvalidTag):
        Sealer(KEY).open(broken, context="member.phone")


def test_a_blind_index_finds_equals_only() -> None:
    sealer = Sealer(KEY)
    index = sealer.blind_index("13800000000", context="member.phone")
    assert index == sealer.blind_index("13800000000", context="member.phone")
    assert index != sealer.blind_index("13800000001", context="member.phone")
    assert index != Sealer("x" * 32).blind_index("13800000000", context="member.phone")


@pytest.mark.parametrize("cipher", ["aes", "sm4"])
def test_many_at_once_are_the_same_as_one_by_one(cipher: str) -> None:
    sealer = Sealer(KEY, cipher=cipher)
    texts = ["13800000000", None, "0571-88888888", "", "十三" * 100, *(f"139{n:08d}" for n in range(50))]
    expected = [sealer.blind_index(text, context="member.phone") if text else None for text in texts]
    assert sealer.blind_indexes(texts, context="member.phone") == expected
    sealed = sealer.seal_all(texts, context="member.phone")
    assert [one and sealer.open(one, context="member.phone") for one in sealed] == [text or None for text in texts]
    assert all(sealer.is_current(one) for one in sealed if one)
    nonces = [one[2:14] for one in sealed if one]
    assert len(set(nonces)) == len(nonces), "a nonce that comes twice gives the key away"


def test_ids_are_random_and_readable() -> None:
    ids = {new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(len(i) == 16 and set(i) <= set(ALPHABET) for i in ids)


def test_a_sentence_survives_a_column() -> None:
    sentence = msg("第 %(row)s 行有误。", row=3)
    nested = msg("现在是“%(state)s”。", state=msg("草稿"))
    assert str(nested) == "现在是“草稿”。"
    assert Message.from_json(json.loads(json.dumps(nested.to_json()))) == nested
    assert Message.from_json(json.loads(json.dumps(sentence.to_json()))) == sentence
    assert str(sentence) == "第 3 行有误。"
    assert str(msg("100% 完成")) == "100% 完成"


def test_a_log_line_is_one_line_whatever_is_in_it() -> None:
    record = logging.makeLogRecord({"msg": "request.refused", "path": '/a\r\n{"event":"forged"}', "levelname": "INFO"})
    line = JsonFormatter().format(record)
    assert "\n" not in line and "\r" not in line
    assert json.loads(line)["path"] == '/a\r\n{"event":"forged"}'
