"""The shipped nginx before a running academy: clients behind it are networks of their own, whatever they claim."""

import http.client
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from academy.cli.media import nginx_configuration
from tests.support.running import Academy, academy
from tests.support.services import free_port, nginx

pytestmark = [pytest.mark.faults, pytest.mark.needs("nginx")]

RATE = 4
SHARE = RATE * 5
"""Requests a minute of one network before sign-in."""


@pytest.fixture(scope="module")
def site() -> Iterator[tuple[Academy, int]]:
    with tempfile.TemporaryDirectory() as folder, academy(Path(folder) / "academy") as of:
        told = {"ACADEMY_TRUSTED_PROXIES": "127.0.0.1", "ACADEMY_SECURE_COOKIES": "1"}
        of.web(log=of.folder / "log", ACADEMY_RATE_PER_MINUTE=str(RATE), **told)
        port = free_port()
        shipped = nginx_configuration(of.settings, listen=f"127.0.0.1:{port}", upstream=f"127.0.0.1:{of.settings.port}")
        with nginx(of.folder / "front", shipped):
            yield of, port


def ask(port: int, source: str, forged: str) -> int:
    """The status of a page, asked for from an address of the loopback network."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20, source_address=(source, 0))) as line:
        headers = {"Host": "127.0.0.1", "X-Forwarded-For": forged, "X-Real-IP": forged, "Forwarded": f"for={forged}"}
        line.request("GET", "/sign-in", headers=headers)
        return line.getresponse().status


def test_a_client_is_counted_by_its_own_address_whatever_it_claims(site: tuple[Academy, int]) -> None:
    of, front = site
    for way, busy, neighbour in ((front, "127.0.0.2", "127.0.0.3"), (of.settings.port, "127.0.0.4", "127.0.0.5")):
        got = [ask(way, busy, f"192.0.2.{n}") for n in range(SHARE + 2)]
        assert set(got[:SHARE]) == {200} and got[-1] == 429, "another claim buys no further request"
        assert ask(way, neighbour, f"192.0.2.{1}") == 200, "nor does it spend another's"
