"""Who asked, as trusted proxies tell it: in every place that counts by network, and of nobody else."""

import dataclasses
import functools
import itertools
import random
from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from sqlalchemy import select

from academy.app import create_app
from academy.core.audit import AuditEntry
from academy.core.proxies import ForwardedHeaders, TrustedProxies
from academy.core.runtime import Runtime

ONE_KIND = pytest.mark.parametrize("database_kind", ["sqlite"])

NEAR, FAR, CLIENT, FORGED = "127.0.0.1", "10.1.2.3", "91.98.1.7", "198.51.100.66"
EVERY_HEADER = {
    "X-Forwarded-For": FORGED,
    "X-Real-IP": FORGED,
    "Forwarded": f"for={FORGED};proto=https;host=evil.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "666",
    "X-Forwarded-Prefix": "/evil",
    "X-Forwarded-Ssl": "on",
}


@functools.cache
def looking(setting: str) -> Flask:
    """An application behind these proxies that answers what it sees of a request."""
    app = Flask("seen")

    @app.get("/")
    def look() -> dict[str, Any]:
        return {
            "address": request.remote_addr,
            "scheme": request.scheme,
            "host": request.host,
            "root": request.root_path,
            "left": sorted(name for name, _ in request.headers if name in EVERY_HEADER),
            "route": list(request.access_route),
        }

    app.wsgi_app = ForwardedHeaders(app.wsgi_app, TrustedProxies.parse(setting))  # type: ignore[method-assign]
    return app


def seen(setting: str, peer: str, headers: dict[str, str]) -> dict[str, Any]:
    """What the application sees of a request."""
    answer = looking(setting).test_client().get("/", headers=headers, environ_base={"REMOTE_ADDR": peer})
    return dict(answer.json)


@pytest.mark.parametrize(
    ("setting", "peer"),
    [
        ("0", NEAR),
        ("0", CLIENT),
        ("1", CLIENT),  # a number is of proxies on private addresses
        ("3", "2606:4700::1"),
        ("127.0.0.1", CLIENT),
        ("127.0.0.1,10.0.0.0/8", "192.168.1.1"),
        ("::1", NEAR),
        ("1", ""),
        ("1", "unix:"),
    ],
)
def test_what_an_untrusted_peer_says_never_counts(setting: str, peer: str) -> None:
    said = seen(setting, peer, EVERY_HEADER)
    assert said == {
        "address": peer,
        "scheme": "http",
        "host": "localhost",
        "root": "",
        "left": [],
        "route": [peer],
    }


@pytest.mark.parametrize(
    ("setting", "peer", "chain", "address"),
    [
        ("1", NEAR, [CLIENT], CLIENT),
        ("1", NEAR, [FAR], FAR),  # a client at home in a private network is a client
        ("2", NEAR, [CLIENT, FAR], CLIENT),
        ("2", NEAR, [FAR], NEAR),  # came past the outer proxy: nothing but the peer is certain
        ("2", NEAR, [], NEAR),
        ("127.0.0.1", NEAR, [CLIENT], CLIENT),
        ("127.0.0.1,10.0.0.0/8", NEAR, [CLIENT, FAR], CLIENT),
        ("127.0.0.1,10.0.0.0/8", NEAR, [CLIENT, FAR, "10.9.9.9"], CLIENT),
        ("127.0.0.1,10.0.0.0/8", NEAR, [FAR], FAR),
        ("127.0.0.1", "::ffff:127.0.0.1", [f"{CLIENT}:4711"], CLIENT),
        ("::1", "::1", ["[2606:4700::1]:443"], "2606:4700::1"),
        ("1", NEAR, ["::ffff:91.98.1.7"], CLIENT),
    ],
)
def test_the_client_behind_trusted_proxies_is_found_whatever_it_forged(
    setting: str, peer: str, chain: list[str], address: str
) -> None:
    """Whatever a client sends stands left of what the proxies wrote, in one header or several."""
    forgeries: list[list[str]] = [[], [FORGED], [FORGED, NEAR], ["unknown", ""], ["é", "127.0.0.1"], [","] * 50]
    whole = len(chain) >= (int(setting) if setting.isdecimal() else 1)
    ends_outside = address not in {FAR, NEAR} or setting == "1"
    for forged in forgeries if whole and ends_outside else forgeries[:1]:
        header = ", ".join([*forged, *chain])
        assert seen(setting, peer, {"X-Forwarded-For": header})["address"] == address, header


def test_no_forged_word_is_ever_taken_for_the_client() -> None:
    """Random chains: a client's own words, then what each proxy saw."""
    luck = random.Random(12)
    proxies = ["127.0.0.1", *(f"10.0.0.{n}" for n in range(1, 4))]
    words = [*proxies, FORGED, "unknown", "", "999.1.1.1", "::1", "[::1]", "a" * 200, '"1.1.1.1"', "::ffff:10.0.0.1"]
    for _ in range(300):
        depth = luck.randint(1, 4)
        written = [luck.choice(words) for _ in range(luck.randint(0, 5))]
        chain = [*written, CLIENT, *(proxies[n] for n in range(depth - 1, 0, -1))]
        for setting in (str(depth), "127.0.0.1,10.0.0.0/24"):
            assert seen(setting, NEAR, {"X-Forwarded-For": ",".join(chain)})["address"] == CLIENT, (setting, chain)


def test_scheme_and_host_are_the_nearest_proxys() -> None:
    told = {"X-Forwarded-For": CLIENT, "X-Forwarded-Proto": "ftp, https", "X-Forwarded-Host": "evil.example, a.example"}
    assert {k: seen("1", NEAR, told)[k] for k in ("scheme", "host")} == {"scheme": "https", "host": "a.example"}
    odd = seen("1", NEAR, {"X-Forwarded-Proto": "javascript"})
    assert (odd["scheme"], odd["address"], odd["host"]) == ("http", NEAR, "localhost")


@pytest.mark.parametrize(
    "text", ["-1", "1.5", "11", "yes", "0.0.0.0/0", "::/0", "10.0.0.1/8", "127.0.0.1;10.0.0.1", "²"]
)
def test_what_trusts_everybody_or_nobody_knows_whom_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        TrustedProxies.parse(text)


def behind(runtime: Runtime, **changes: Any) -> Flask:
    settings = dataclasses.replace(runtime.settings, **changes)
    app = create_app(dataclasses.replace(runtime, settings=settings))
    app.config["WTF_CSRF_ENABLED"] = False
    return app


def guess(client: FlaskClient, name: str, address: str, **environ: str) -> int:
    answer = client.post(
        "/sign-in",
        data={"username": name, "password": "wrong"},
        headers={"X-Forwarded-For": f"{FORGED}, {address}"},
        environ_base=environ,
    )
    return answer.status_code


@ONE_KIND
def test_two_clients_behind_one_proxy_are_two_networks_to_who_counts_guesses(runtime: Runtime) -> None:
    """Five wrong answers of one network hold up that network alone, and the trail tells which it was."""
    client = behind(runtime, trusted_proxies="127.0.0.1").test_client()
    assert [guess(client, "nobody", "192.0.2.1") for _ in range(6)] == [422] * 5 + [503]
    assert guess(client, "nobody", "192.0.2.2") == 422
    with runtime.db.read() as tx:
        networks = tx.scalars(select(AuditEntry.network).where(AuditEntry.verb == "sign-in.failed")).all()
    assert set(networks) == {"192.0.2.1", "192.0.2.2"}


@ONE_KIND
@pytest.mark.parametrize("setting", ["0", "10.9.9.9"])
def test_a_forged_network_buys_no_further_guess(runtime: Runtime, setting: str) -> None:
    client = behind(runtime, trusted_proxies=setting).test_client()
    assert [guess(client, "nobody", f"192.0.2.{n}") for n in range(6)] == [422] * 5 + [503]


@ONE_KIND
@pytest.mark.thorough
def test_requests_are_counted_by_the_client_behind_the_proxy(runtime: Runtime) -> None:
    addresses = itertools.chain(["192.0.2.1"] * 26, ["192.0.2.2"])
    client = behind(runtime, trusted_proxies="1", rate_per_minute=5).test_client()
    got = [client.get("/sign-in", headers={"X-Forwarded-For": address}).status_code for address in addresses]
    assert got == [200] * 25 + [429, 200]
    forger = behind(runtime, trusted_proxies="0", rate_per_minute=5).test_client()
    forged = [forger.get("/sign-in", headers={"X-Forwarded-For": f"192.0.2.{n}"}).status_code for n in range(26)]
    assert forged == [200] * 25 + [429]


@ONE_KIND
def test_a_host_that_a_proxy_tells_is_still_one_of_ours(runtime: Runtime) -> None:
    client = behind(runtime, trusted_proxies="1", trusted_hosts="xueyuan.example").test_client()
    for host, status in (("xueyuan.example", 200), ("evil.example", 400)):
        assert client.get("/sign-in", headers={"X-Forwarded-Host": host}).status_code == status
