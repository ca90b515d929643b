"""The shipped nginx with a certificate: TLS 1.2 and 1.3 only, ciphers of today, and no way around."""

import dataclasses
import http.client
import re
import socket
import ssl
import subprocess
from pathlib import Path

import pytest

from academy.cli.media import Certificate, nginx_configuration
from academy.cli.server import children
from academy.core.certificates import problem_of
from tests.conftest import make_settings
from tests.faults.certificates import certificate
from tests.faults.server_environment import ROOT, environment
from tests.support.services import free_ports, nginx, wait_for_port

pytestmark = [pytest.mark.faults, pytest.mark.needs("nginx", "openssl")]


def test_only_tls_of_today_is_spoken(tmp_path: Path) -> None:
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    asked = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=academy.example", "-days", "2"]
    subprocess.run([*asked, "-keyout", key, "-out", chain], check=True, capture_output=True)
    port, plain, upstream = free_ports(3)
    tls = Certificate(str(chain), str(key), f"127.0.0.1:{plain}")
    settings = make_settings(tmp_path, secure_cookies=True)
    site = nginx_configuration(settings, listen=f"127.0.0.1:{port}", upstream=f"127.0.0.1:{upstream}", tls=tls)
    with nginx(tmp_path / "front", site):
        for version, cipher in (
            (ssl.TLSVersion.TLSv1_2, "ECDHE-RSA-AES256-GCM-SHA384"),
            (ssl.TLSVersion.TLSv1_3, "TLS_AES_256_GCM_SHA384"),
        ):
            assert greet(port, version) == cipher
        for older in (["-tls1_1"], ["-tls1_2", "-cipher", "AES128-SHA:@SECLEVEL=0"]):
            asked = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", *older]
            said = subprocess.run(asked, input="", capture_output=True, text=True, timeout=20, check=False)
            assert said.returncode != 0 and "alert" in said.stderr, said.stderr
        line = http.client.HTTPConnection("127.0.0.1", plain, timeout=10)
        line.request("GET", "/me?x=1", headers={"Host": "academy.example"})
        answer = line.getresponse()
        assert (answer.status, answer.headers["Location"]) == (301, "https://academy.example/me?x=1")
        line.close()


def test_between_nginx_and_the_academy_too(tmp_path: Path) -> None:
    """And nginx believes that one certificate only: who answers with another in its place gets no request."""
    own, others = certificate(tmp_path / "own", "academy"), certificate(tmp_path / "others", "academy")
    port, front, second = free_ports(3)
    settings = make_settings(tmp_path, port=port, demo=True, tls_certificate=str(own[0]), tls_key=str(own[1]))
    misled = dataclasses.replace(settings, tls_certificate=str(others[0]))
    upstream = f"127.0.0.1:{port}"
    site = nginx_configuration(settings, listen=f"127.0.0.1:{front}", upstream=upstream)
    assert "http://" not in re.sub("#.*", "", site)
    wrong = nginx_configuration(misled, listen=f"127.0.0.1:{second}", upstream=upstream)
    web = next(child for child in children(settings) if child.name == "web")
    server = subprocess.Popen(web.command, env=environment(tmp_path, port), cwd=ROOT)
    try:
        wait_for_port(port, 60)
        with nginx(tmp_path / "front", site), nginx(tmp_path / "second", wrong):
            assert status(front) == 200
            assert status(second) == 502
        with pytest.raises((http.client.HTTPException, OSError)):
            status(port)  # nothing is said in plain
    finally:
        server.terminate()
        server.wait(20)


@pytest.mark.parametrize(
    ("name", "days", "is_known", "said"),
    [
        ("localhost", 90, True, None),
        ("localhost", 90, False, "not trusted"),
        ("elsewhere.example", 90, True, "not trusted"),
        ("localhost", 5, True, "ends in"),
    ],
)
def test_the_operator_hears_whether_browsers_trust_the_front(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, days: int, *, is_known: bool, said: str | None
) -> None:
    chain, key = certificate(tmp_path / "shown", name, days)
    known = chain if is_known else certificate(tmp_path / "known", name, days)[0]
    monkeypatch.setenv("SSL_CERT_FILE", str(known))
    port, plain = free_ports(2)
    tls = Certificate(str(chain), str(key), f"127.0.0.1:{plain}")
    site = nginx_configuration(make_settings(tmp_path), listen=f"127.0.0.1:{port}", upstream="127.0.0.1:9", tls=tls)
    with nginx(tmp_path / "front", site):
        wait_for_port(port)
        problem = problem_of("localhost", port)
    assert problem is None if said is None else said in (problem or "")
    assert "cannot be asked" in (problem_of("localhost", port) or ""), "nothing answers any more"


def status(port: int) -> int:
    """What a page is answered with, asked in plain."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        line.request("GET", "/static/css/members.css")
        answer = line.getresponse()
        answer.read()
        return answer.status
    finally:
        line.close()


def greet(port: int, version: ssl.TLSVersion) -> str:
    """The cipher that is agreed upon."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = context.maximum_version = version
    with socket.create_connection(("127.0.0.1", port), timeout=10) as raw, context.wrap_socket(raw) as line:
        agreed = line.cipher()
        assert agreed is not None
        return agreed[0]
