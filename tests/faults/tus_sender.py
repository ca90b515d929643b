"""A sender of uploads over a real line."""

import base64
import contextlib
import http.client
import socket
from pathlib import Path

from academy.core.actor import Role
from academy.media import uploads
from tests.support.running import Academy

TUS = {"Tus-Resumable": "1.0.0"}
SIZE = 48 << 20


class Sender:
    """A client that speaks just enough tus, byte by byte where it matters."""

    def __init__(self, of: Academy, size: int = SIZE) -> None:
        self.of = of
        self.headers = TUS | {"Cookie": of.cookie(of.account(Role.TRAINER))}
        name = base64.b64encode("党课.mp4".encode()).decode()
        answer = self.ask(
            "POST", "/api/v1/uploads", {"Upload-Length": str(size), "Upload-Metadata": f"filename {name}"}
        )
        assert answer.status == 201, answer.read()
        self.url = str(answer.headers["Location"])

    def ask(
        self, method: str, url: str, headers: dict[str, str] | None = None, body: bytes = b""
    ) -> http.client.HTTPResponse:
        line = http.client.HTTPConnection("127.0.0.1", self.of.settings.port, timeout=60)
        with contextlib.closing(line):
            line.request(method, url, body or None, self.headers | (headers or {}))
            answer = line.getresponse()
            answer.read()
        return answer

    def offset(self) -> int:
        return int(self.ask("HEAD", self.url).headers["Upload-Offset"])

    def start(self, at: int, length: int) -> socket.socket:
        """A PATCH whose body is still to come."""
        line = socket.create_connection(("127.0.0.1", self.of.settings.port), timeout=60)
        headers = self.headers | {
            "Host": "127.0.0.1",
            "Content-Type": "application/offset+octet-stream",
            "Upload-Offset": str(at),
            "Content-Length": str(length),
        }
        lines = [f"PATCH {self.url} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items()), "", ""]
        line.sendall("\r\n".join(lines).encode())
        return line

    def send(self, at: int, data: bytes) -> int:
        headers = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(at)}
        return self.ask("PATCH", self.url, headers, data).status

    def file(self) -> Path:
        return uploads.part_path(self.of.settings, self.url.rsplit("/", 1)[-1])
