"""Signing on through a real OpenID provider (the certified oidc-provider), and everything forged."""

import base64
import dataclasses
import datetime as dt
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from sqlalchemy import func, select

from academy.accounts.authentication import identity_provider, sso
from academy.accounts.models import Account, ExternalIdentity, LoginSession
from academy.app import create_app
from academy.core import clock
from academy.core.audit import AuditEntry
from academy.core.errors import Invalid
from academy.core.runtime import Runtime
from tests.conftest import make_settings
from tests.support import factories
from tests.support.services import SSO_SECRET, sso_provider, type_into_form

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])

BASE = "http://127.0.0.1:9"
CALLBACK = f"{BASE}/sso/callback"


@pytest.fixture(scope="session")
def issuer() -> Iterator[str]:
    with sso_provider(CALLBACK) as address:
        yield address


@pytest.fixture
def runtime(runtime: Runtime, issuer: str, tmp_path: Path) -> Runtime:
    settings = make_settings(
        tmp_path,
        database_url=runtime.settings.database_url,
        oidc_issuer=issuer,
        oidc_client_id="academy",
        oidc_client_secret=SSO_SECRET,
    )
    return Runtime(settings, runtime.db, runtime.sealer)


@pytest.fixture
def app(app: Flask) -> Flask:
    app.config["WTF_CSRF_ENABLED"] = True
    return app


@dataclass
class City:
    number: str
    member_id: int


@pytest.fixture
def city(runtime: Runtime) -> City:
    with runtime.db.begin() as tx:
        branch = factories.organisation(tx)
        person = factories.member(tx, branch)
        return City(person.number, person.id)


def _at_provider(url: str, login: str) -> dict[str, str]:
    """Sign in at the provider as a person would; returns what it sends back to the academy."""
    browser = requests.Session()
    answer = browser.get(url, allow_redirects=False, timeout=10)
    for _ in range(12):
        if answer.is_redirect:
            target = urljoin(answer.url, answer.headers["Location"])
            if target.startswith(CALLBACK):
                return {k: v[0] for k, v in parse_qs(urlsplit(target).query).items()}
            answer = browser.get(target, allow_redirects=False, timeout=10)
        elif 'name="login"' in answer.text:
            answer = type_into_form(answer, {"login": login, "password": "any"}, browser)
        else:
            answer = type_into_form(answer, {}, browser)
    raise AssertionError("the provider never sent us back")


def _begin(client: FlaskClient, onward: str = "/") -> str:
    return client.get("/sso/begin", query_string={"next": onward}, base_url=BASE).headers["Location"]


def _back(client: FlaskClient, answer: dict[str, str]) -> int:
    return client.get(f"/sso/callback?{urlencode(answer)}", base_url=BASE).status_code


@pytest.mark.thorough
def test_a_member_signs_on_without_a_password(app: Flask, city: City, runtime: Runtime) -> None:
    client = app.test_client()
    answer = _at_provider(_begin(client, "/notifications"), city.number)
    landed = client.get(f"/sso/callback?{urlencode(answer)}", base_url=BASE)
    assert (landed.status_code, landed.headers["Location"]) == (302, "/notifications")
    with runtime.db.read() as tx:
        account = tx.scalars(select(Account).where(Account.member_id == city.member_id)).one()
        assert account.password_hash is None
        assert tx.scalars(select(ExternalIdentity)).one().account_id == account.id
    again = app.test_client()
    assert _back(again, _at_provider(_begin(again), city.number)) == 302
    with runtime.db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(Account)) == 1


@pytest.mark.thorough
def test_who_is_not_in_the_roster_stays_outside(app: Flask, city: City, runtime: Runtime) -> None:
    client = app.test_client()
    assert _back(client, _at_provider(_begin(client), "nobody-of-ours")) == 422
    with runtime.db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(Account)) == 0
        assert tx.scalars(select(AuditEntry.verb)).all() == ["sso.unknown"]


def test_an_answer_works_once_and_in_its_own_browser(app: Flask, city: City) -> None:
    client, other = app.test_client(), app.test_client()
    answer = _at_provider(_begin(client), city.number)
    _begin(other)
    assert _back(other, answer) == 422, "another browser's state"
    assert _back(client, answer) == 302
    assert _back(client, answer) == 422, "the code and the state are used up"


@pytest.mark.parametrize(
    "change",
    [{"state": "forged"}, {"code": "forged"}, {"iss": "http://127.0.0.1:1"}, {"code": None}, {"iss": None}],
)
def test_a_changed_answer_is_refused(app: Flask, city: City, change: dict[str, str | None]) -> None:
    client = app.test_client()
    answer = _at_provider(_begin(client), city.number) | change
    assert _back(client, {k: v for k, v in answer.items() if v is not None}) == 422


def test_a_stale_sign_on_is_refused(app: Flask, city: City) -> None:
    client = app.test_client()
    answer = _at_provider(_begin(client), city.number)
    with clock.frozen(clock.now() + dt.timedelta(milliseconds=sso.PENDING_S * 1000 + 1)):
        assert _back(client, answer) == 422


@pytest.mark.parametrize("target", ["//evil.example", "/\\evil.example", "https://evil.example/", "\\\\evil", "/\nx"])
def test_the_way_onward_stays_on_this_site(app: Flask, city: City, target: str) -> None:
    client = app.test_client()
    answer = _at_provider(_begin(client, target), city.number)
    landed = client.get(f"/sso/callback?{urlencode(answer)}", base_url=BASE)
    assert landed.headers["Location"] == "/"


def test_a_rotated_key_is_fetched_and_a_forged_token_never_believed(app: Flask, city: City, issuer: str) -> None:
    client = app.test_client()
    assert _back(client, _at_provider(_begin(client), city.number)) == 302
    runtime: Runtime = app.extensions["academy"]
    sso.provider(runtime)._keys_at -= identity_provider.KEYS_AGAIN_AFTER_S + 1
    requests.post(f"{issuer}/test/rotate", timeout=10)
    client = app.test_client()
    assert _back(client, _at_provider(_begin(client), city.number)) == 302


def _claims(issuer: str, **changes: object) -> dict[str, object]:
    now = clock.now_ms() // 1000
    claims = {"iss": issuer, "aud": "academy", "sub": "x", "nonce": "n", "iat": now, "exp": now + 300} | changes
    return {k: v for k, v in claims.items() if v is not None}


def _token(key: RSAKey, algorithm: str, claims: dict[str, object]) -> str:
    return jwt.encode({"alg": algorithm, "kid": "k"}, claims, key, algorithms=[algorithm])


class _Keys(identity_provider.Provider):
    """A provider whose key we hold, so that every lie can be signed properly."""

    def __init__(self, issuer: str, key: RSAKey) -> None:
        super().__init__(issuer)
        self.key = key

    def keys(self, *, again: bool = False) -> KeySet:
        return KeySet([self.key])


@pytest.fixture(scope="module")
def key() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "k", "alg": "RS256", "use": "sig"})


def test_a_true_token_is_believed(app: Flask, key: RSAKey) -> None:
    provider = _Keys("https://issuer.example", key)
    token = _token(key, "RS256", _claims(provider.issuer))
    assert sso.read_id_token(app.extensions["academy"], provider, token, "n")["sub"] == "x"


@pytest.mark.parametrize(
    "lie",
    [
        {"iss": "https://other.example"},
        {"aud": "another-client"},
        {"aud": ["academy", "another-client"], "azp": "another-client"},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": 1},
        {"exp": None},
        {"sub": None},
        {"iat": 99999999999},
    ],
)
def test_a_token_with_a_wrong_claim_is_refused(app: Flask, key: RSAKey, lie: dict[str, object]) -> None:
    provider = _Keys("https://issuer.example", key)
    with pytest.raises(Invalid):
        sso.read_id_token(
            app.extensions["academy"], provider, _token(key, "RS256", _claims(provider.issuer, **lie)), "n"
        )


def test_a_token_signed_by_others_or_not_at_all_is_refused(app: Flask, key: RSAKey) -> None:
    provider = _Keys("https://issuer.example", key)
    claims = _claims(provider.issuer)
    stranger = RSAKey.generate_key(2048, {"kid": "k"})
    unsigned = ".".join(_b64(json.dumps(part).encode()) for part in ({"alg": "none"}, claims)) + "."
    # The classic: the public key, which everybody has, used as if it were a shared secret.
    body = ".".join(_b64(json.dumps(part).encode()) for part in ({"alg": "HS256", "kid": "k"}, claims))
    confused = f"{body}.{_b64(hmac.digest(key.as_pem(private=False), body.encode(), 'sha256'))}"
    for token in (_token(stranger, "RS256", claims), unsigned, confused, "", "a.b.c"):
        with pytest.raises(Invalid):
            sso.read_id_token(app.extensions["academy"], provider, token, "n")


STRONG = {"oidc_acr": "silver, gold", "oidc_amr": "otp,hwk", "oidc_max_age_minutes": 15}


@pytest.mark.parametrize(
    ("said", "is_believed"),
    [
        ({}, True),
        ({"acr": None}, False),
        ({"acr": "bronze"}, False),
        ({"acr": ["gold"]}, False),
        ({"amr": None}, False),
        ({"amr": ["pwd"]}, False),
        ({"amr": "otp"}, False),
        ({"auth_time": None}, False),
        ({"auth_time": True}, False),
        ({"auth_time": "now"}, False),
        ({"auth_time": clock.now_ms() // 1000 - 3600}, False),
    ],
)
def test_the_strength_that_is_expected_is_looked_for(
    app: Flask, key: RSAKey, said: dict[str, object], is_believed: bool
) -> None:
    """And what the provider does not say counts as not done."""
    runtime: Runtime = app.extensions["academy"]
    strict = dataclasses.replace(runtime, settings=dataclasses.replace(runtime.settings, **STRONG))  # type: ignore[arg-type]
    provider = _Keys("https://issuer.example", key)
    now = clock.now_ms() // 1000
    shown: dict[str, object] = {"acr": "gold", "amr": ["pwd", "otp"], "auth_time": now} | said
    token = _token(key, "RS256", _claims(provider.issuer, **shown))
    assert sso.read_id_token(runtime, provider, token, "n")["sub"] == "x", "nothing is expected unless it is set"
    if is_believed:
        assert sso.read_id_token(strict, provider, token, "n")["sub"] == "x"
    else:
        with pytest.raises(Invalid):
            sso.read_id_token(strict, provider, token, "n")


def test_the_provider_is_asked_for_that_strength(app: Flask) -> None:
    runtime: Runtime = app.extensions["academy"]
    strict = dataclasses.replace(runtime, settings=dataclasses.replace(runtime.settings, **STRONG))  # type: ignore[arg-type]
    for asked, wanted in ((strict, ["silver gold", "900"]), (runtime, [None, None])):
        address, _ = sso.begin_sso(asked, CALLBACK)
        query = parse_qs(urlsplit(address).query)
        assert [query.get(name, [None])[0] for name in ("acr_values", "max_age")] == wanted


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def test_without_a_provider_there_is_no_door(runtime: Runtime) -> None:
    settings = dataclasses.replace(runtime.settings, oidc_issuer="")
    client = create_app(Runtime(settings, runtime.db, runtime.sealer)).test_client()
    assert client.get("/sso/begin").status_code == 404


def test_the_sign_in_page_leads_there_and_the_device_has_a_name(
    client: FlaskClient, city: City, runtime: Runtime
) -> None:
    page = client.get("/sign-in?next=/library", base_url=BASE).text
    assert 'href="/sso/begin?next=/library"' in page
    answer = _at_provider(_begin(client), city.number)
    phone = {"User-Agent": "Mozilla/5.0 (Linux; Android 12; HarmonyOS) AppleWebKit/537.36 HuaweiBrowser/14 Chrome/99"}
    back = client.get(f"/sso/callback?{urlencode(answer)}", base_url=BASE, headers=phone)
    assert back.status_code == 302
    with runtime.db.read() as tx:
        assert tx.scalars(select(LoginSession.device)).one() == "HarmonyOS · Huawei"
