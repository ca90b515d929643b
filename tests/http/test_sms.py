"""A code by SMS: only to the phone in the register, never telling whether there is one, never too often."""

import dataclasses
import datetime as dt
import hashlib
import hmac
import http.server
import json
import re
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from academy.accounts import service
from academy.accounts.authentication import sms
from academy.accounts.models import ActivationCode
from academy.core import clock
from academy.core.actor import SYSTEM, Role
from academy.core.errors import Busy, Invalid
from academy.core.runtime import Runtime
from academy.jobs.api import Job
from academy.people.members import sealed_phone
from academy.people.models import Member
from tests.support import factories as make
from tests.support.shortcuts import drain

PASSWORD = "春天的第一课2026"
PHONE = "13800001234"
ONE_KIND = pytest.mark.parametrize("database_kind", ["sqlite"])


@pytest.fixture
def runtime(runtime: Runtime) -> Runtime:
    return dataclasses.replace(runtime, settings=dataclasses.replace(runtime.settings, sms="console"))


@pytest.fixture
def member(runtime: Runtime) -> str:
    with runtime.db.begin() as tx:
        make.member(tx, make.organisation(tx), number="A7", **sealed_phone(runtime.sealer, PHONE))
    return "A7"


def asked(client: FlaskClient, number: str, phone: str) -> tuple[int, str]:
    answer = client.post("/activate/sms", data={"number": number, "phone": phone})
    page = client.get("/activate?number=A7").text if answer.status_code == 303 else answer.text
    # The token against forgery carries the second in which the page was made.
    return answer.status_code, re.sub(r'(name="csrf[-_]token" (?:content|value))="[^"]*"', r"\1", page)


def test_the_code_goes_to_the_registered_phone_and_opens_the_account(
    client: FlaskClient, runtime: Runtime, member: str, capfd: pytest.CaptureFixture[str]
) -> None:
    status, page = asked(client, "A7", "138 0000 1234")
    assert status == 303 and "短信马上就到" in page
    with runtime.db.read() as tx:
        kept = json.dumps(tx.scalars(select(Job.args)).one())
    assert PHONE not in kept and "激活码" not in kept, "neither phone nor code lies open in a job's row"
    assert drain(runtime) == 1
    sent = capfd.readouterr().err
    found = re.search(r"SMS 138\*\*\*\*1234: 您的激活码是 (\d{8})", sent)
    assert found is not None and PHONE not in sent
    form = {"number": "A7", "code": found[1], "password": PASSWORD, "again": PASSWORD}
    assert client.post("/activate", data=form).status_code == 303
    assert client.get("/me").status_code == 200


def test_the_answer_is_the_same_whoever_is_meant(
    client: FlaskClient, runtime: Runtime, member: str, capfd: pytest.CaptureFixture[str]
) -> None:
    pages = {asked(client, number, phone) for number, phone in (("A7", "13800009999"), ("A8", PHONE))}
    assert len(pages) == 1 and next(iter(pages))[0] == 303
    assert drain(runtime) == 2, "a job looks, whoever is meant"
    with runtime.db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(ActivationCode)) == 0
    assert "SMS" not in capfd.readouterr().err
    assert "十一位手机号" in asked(client, "A7", "12345")[1]


@pytest.mark.parametrize("number", ["A7", "nobody"])
def test_asking_is_counted_alike_for_known_and_unknown(runtime: Runtime, member: str, number: str) -> None:
    begun = clock.now()
    for turn in range(5):
        with clock.frozen(begun + dt.timedelta(minutes=2 * turn)):
            sms.request_sms_code(runtime, number, PHONE, "10.0.0.9")
            with pytest.raises(Busy, match="太频繁"):
                sms.request_sms_code(runtime, number, PHONE, "10.0.0.9")
    with clock.frozen(begun + dt.timedelta(hours=20)), pytest.raises(Busy):
        sms.request_sms_code(runtime, number, PHONE, "10.0.0.9")
    with clock.frozen(begun + dt.timedelta(hours=25)):
        sms.request_sms_code(runtime, number, PHONE, "10.0.0.9")


@ONE_KIND
def test_one_network_cannot_send_to_the_whole_city(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sms, "NETWORK_HOUR", 3)
    for number in range(3):
        sms.request_sms_code(runtime, f"B{number}", PHONE, "10.0.0.9")
    with pytest.raises(Busy):
        sms.request_sms_code(runtime, "B9", PHONE, "10.0.0.9")
    sms.request_sms_code(runtime, "B9", PHONE, "10.0.0.10")


@ONE_KIND
def test_a_code_lasts_ten_minutes_and_the_newest_counts(
    runtime: Runtime, member: str, capfd: pytest.CaptureFixture[str]
) -> None:
    begun, codes = clock.now(), []
    for turn in range(2):
        with clock.frozen(begun + dt.timedelta(minutes=2 * turn)):
            sms.request_sms_code(runtime, "A7", PHONE)
            drain(runtime)
        codes += re.findall(r"(\d{8})，", capfd.readouterr().err)
    for code, minutes in ((codes[0], 3), (codes[1], 13)):
        with clock.frozen(begun + dt.timedelta(minutes=minutes)), pytest.raises(Invalid):
            service.activate_account(runtime, "A7", code, PASSWORD)
    with clock.frozen(begun + dt.timedelta(minutes=11)):
        assert service.activate_account(runtime, "A7", codes[1], PASSWORD)


@ONE_KIND
def test_without_a_channel_nothing_is_offered(client: FlaskClient, runtime: Runtime, app: object) -> None:
    assert "用短信收一个" in client.get("/activate?number=A7").text
    off = dataclasses.replace(runtime.settings, sms="off")
    assert sms.sms_channel(off) is None
    with pytest.raises(ValueError, match="ACADEMY_SMS"):
        sms.sms_channel(dataclasses.replace(runtime.settings, sms="carrier-pigeon"))


class _Gateway(http.server.BaseHTTPRequestHandler):
    """What an operator's SMS service looks like from here."""

    took: list[tuple[dict[str, str], bytes]]
    status = 200

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.took.append((dict(self.headers), body))
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Quiet."""


@pytest.fixture
def gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, type[_Gateway]]]:
    """An https server of our own."""
    pem = tmp_path / "gateway.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", pem, "-out", tmp_path / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    pem.write_text(pem.read_text() + (tmp_path / "cert.pem").read_text())
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "cert.pem"))
    handler = type("Gateway", (_Gateway,), {"took": [], "status": 200})
    server = http.server.HTTPServer(("127.0.0.1", 0), handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"https://localhost:{server.server_port}/send", handler
    server.shutdown()
    thread.join()
    server.server_close()


@ONE_KIND
def test_a_gateway_gets_a_signed_message_and_is_asked_again(
    runtime: Runtime, member: str, gateway: tuple[str, type[_Gateway]]
) -> None:
    address, handler = gateway
    real = dataclasses.replace(
        runtime, settings=dataclasses.replace(runtime.settings, sms=address, sms_secret="geheim")
    )
    handler.status = 503
    sms.request_sms_code(real, "A7", PHONE)
    drain(real)
    handler.status = 200
    with clock.frozen(clock.now() + dt.timedelta(minutes=1)):
        drain(real)
    assert len(handler.took) == 2
    headers, body = handler.took[1]
    told = json.loads(body)
    assert told["phone"] == PHONE and "激活码" in told["text"]
    assert headers["X-Signature"] == hmac.new(b"geheim", body, hashlib.sha256).hexdigest()
    with real.db.read() as tx:
        assert set(tx.scalars(select(Job.state))) == {"done"}


@ONE_KIND
def test_asking_takes_nothing_away_that_the_branch_gave(runtime: Runtime, member: str) -> None:
    """Whoever knows a number and a phone may ask as often as the quota lets them."""
    with runtime.db.begin() as tx:
        person = tx.scalars(select(Member).where(Member.number == "A7")).one()
        code = service.issue_activation_code(tx, SYSTEM, person)
    for turn in range(3):
        with clock.frozen(clock.now() + dt.timedelta(minutes=2 * turn)):
            sms.request_sms_code(runtime, "A7", PHONE)
            drain(runtime)
    assert service.activate_account(runtime, "A7", code, PASSWORD)


@ONE_KIND
def test_who_holds_an_office_gets_no_code_by_telephone(
    runtime: Runtime, member: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with runtime.db.begin() as tx:
        person = tx.scalars(select(Member).where(Member.number == "A7")).one()
        make.account(tx, person, (Role.BRANCH_SECRETARY, person.organisation))
    sms.request_sms_code(runtime, "A7", PHONE)
    drain(runtime)
    with runtime.db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(ActivationCode)) == 0
    assert "SMS" not in capfd.readouterr().err
