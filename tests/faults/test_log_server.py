"""Log lines on another machine: by TLS to a server that is known, all of them, and nobody waits for it."""

import json
import logging
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from academy.core import log_server
from academy.core.logging import JsonFormatter
from tests.faults.certificates import certificate
from tests.support.services import free_port

pytestmark = [pytest.mark.faults, pytest.mark.needs("openssl")]


class Server:
    """A syslog server that takes one connection after another."""

    def __init__(self, files: tuple[Path, Path], port: int = 0) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*files)
        self.socket = socket.create_server(("127.0.0.1", port))
        self.socket.settimeout(20)
        self.port = int(self.socket.getsockname()[1])

    @contextmanager
    def connection(self) -> Iterator[Callable[[], dict[str, object]]]:
        """Yields what reads the next line of the next connection."""
        raw, _ = self.socket.accept()
        raw.settimeout(20)
        with self.context.wrap_socket(raw, server_side=True) as line, line.makefile("rb") as stream:
            yield lambda: read(stream.read(int(b"".join(iter(lambda: stream.read(1), b" ")))))


def read(message: bytes) -> dict[str, object]:
    """A message without its header, which must be one of RFC 5424."""
    found = re.fullmatch(r"<13[0-5]>1 \S+ \S+ academy \d+ - - (\{.*\})", message.decode("utf-8"))
    assert found, message
    return dict(json.loads(found[1]))


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return certificate(tmp_path / "server", "localhost")


@contextmanager
def logger(port: int, host: str = "localhost") -> Iterator[logging.Logger]:
    handler = log_server.LogServerHandler(host, port)
    handler.setFormatter(JsonFormatter())
    made = logging.Logger("test")
    made.addHandler(handler)
    try:
        yield made
    finally:
        handler.close()


def test_every_line_arrives_also_after_the_server_went_away(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(files[0]))
    server = Server(files)
    with logger(server.port) as log:
        log.info("first")
        with server.connection() as line:
            assert line()["event"] == "first"
            log.error("broken\nline", extra={"asset": 7})
            second = line()
            assert (second["event"], second["asset"], second["level"]) == ("broken\nline", 7, "error")
        server.socket.close()
        for number in range(50):
            log.info("meanwhile", extra={"number": number})
        again = Server(files, server.port)
        with again.connection() as line:
            assert [line()["number"] for _ in range(50)] == list(range(50))
        again.socket.close()


def test_what_does_not_fit_is_counted_and_said(files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(files[0]))
    monkeypatch.setattr(log_server, "LINES", 20)
    port = free_port()
    with logger(port) as log:
        for number in range(100):
            log.info("many", extra={"number": number})
        server = Server(files, port)
        with server.connection() as line:
            lost = line()
            assert lost["event"] == "log.lines_dropped"
            kept = 100 - int(str(lost["lines"]))
            assert kept in {20, 21}, "those that wait, and one that is under way"
            assert [line()["number"] for _ in range(kept)] == list(range(kept))
        server.socket.close()


@pytest.mark.parametrize("lie", ["name", "authority"])
def test_a_server_that_is_not_known_hears_nothing(
    files: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lie: str
) -> None:
    other = certificate(tmp_path / "other", "elsewhere.example" if lie == "name" else "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(other[0] if lie == "name" else files[0]))
    server = Server(other)
    with logger(server.port) as log:
        log.warning("secret")
        with pytest.raises((ssl.SSLError, ConnectionError)), server.connection() as line:
            line()
    server.socket.close()
