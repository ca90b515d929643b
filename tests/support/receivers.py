"""Servers that stand where messages go: a mail server, an app's webhook. Real ones, on this machine."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.support.services import free_port


@dataclass
class MailServer:
    """What an operator's mail server took, and how it answers."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    """Replies to the next mails; "250 OK" when there is none left."""
    attempts: int = 0

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Take a mail, or refuse it."""
        self.attempts += 1
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("2"):
            assert isinstance(envelope.content, bytes)
            self.mails.append(message_from_bytes(envelope.content, EmailMessage, policy=policy.default))
        return answer


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """A mail server on a free port."""
    taken = MailServer(port=free_port())
    controller = Controller(taken, hostname="127.0.0.1", port=taken.port)
    controller.start()
    try:
        yield taken
    finally:
        controller.stop()


@dataclass
class AppServer:
    """What the city's app took, and how it answers."""

    port: int = 0
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    """Statuses of the next answers; 204 when there is none left."""

    @property
    def seen(self) -> set[str]:
        """Ids of the messages, as an app that takes each once knows them."""
        return {headers["webhook-id"] for headers, _ in self.requests}


@contextmanager
def app_server() -> Iterator[AppServer]:
    """An app's webhook on a free port."""
    taken = AppServer()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            taken.requests.append(({name.lower(): value for name, value in self.headers.items()}, body))
            status = taken.answers.pop(0) if taken.answers else 204
            self.send_response(status)
            if status == 302:
                self.send_header("Location", f"http://127.0.0.1:{taken.port}/elsewhere")
            self.end_headers()

        def log_message(self, *_args: Any) -> None:
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    taken.port = server.server_port
    try:
        yield taken
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
