"""Sends log lines to a syslog server on another machine, by TLS, so that an intruder on this one cannot remove them.

Source of the format: RFC 5424 (the line) and RFC 5425 (TLS, frames counted in octets).
"""

import contextlib
import logging
import os
import queue
import socket
import ssl
import threading

from academy.core import clock

LINES = 10_000
"""Lines buffered while the server is away; further ones are dropped, and their number is logged once it is back."""
TIMEOUT_S = 10.0
LONGEST_PAUSE_S = 30.0
LAST_WORDS_S = 2.0
_LOCAL0 = 16
_SEVERITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))


class LogServerHandler(logging.Handler):
    """Passes lines to a thread of its own: logging never waits for the network.

    The server must show a certificate for its name that this machine trusts (`SSL_CERT_FILE` may name another list
    of authorities); there is no option to skip the check. A closed connection is reopened with growing pauses.
    """

    def __init__(self, host: str, port: int) -> None:
        super().__init__()
        self.host, self.port = host, port
        self._lines: queue.Queue[bytes] = queue.Queue(LINES)
        self._dropped = 0
        self._line: ssl.SSLSocket | None = None
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._lines.put_nowait(self._framed(record.levelno, self.format(record)))
        except queue.Full:
            self._dropped += 1
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="log-server", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Send what is buffered, for two seconds at most."""
        self._ending.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(LAST_WORDS_S)
        super().close()

    def _framed(self, level: int, text: str) -> bytes:
        severity = next((number for least, number in _SEVERITIES if level >= least), 7)
        at = clock.now().isoformat(timespec="milliseconds")
        head = f"<{_LOCAL0 * 8 + severity}>1 {at} {socket.gethostname()} academy {os.getpid()} - - "
        body = (head + text).encode("utf-8", "backslashreplace")
        return b"%d %s" % (len(body), body)

    def _run(self) -> None:
        while not (self._ending.is_set() and self._lines.empty()):
            with contextlib.suppress(queue.Empty):
                frame = self._lines.get(timeout=0.2)
                if not self._deliver(frame):
                    return
        self._hang_up()

    def _deliver(self, frame: bytes) -> bool:
        """Send one frame, however long it takes; False when the process ends meanwhile."""
        pause = 0.5
        while True:
            try:
                self._connect()
                assert self._line is not None
                if self._dropped:
                    lost, self._dropped = self._dropped, 0
                    line = f'{{"event": "log.lines_dropped", "level": "warning", "lines": {lost}}}'
                    self._line.sendall(self._framed(logging.WARNING, line))
                self._line.sendall(frame)
            except OSError:
                self._hang_up()
                if self._ending.wait(pause):
                    return False
                pause = min(LONGEST_PAUSE_S, pause * 2)
            else:
                return True

    def _connect(self) -> None:
        if self._line is not None and not _is_closed(self._line):
            return
        self._hang_up()
        raw = socket.create_connection((self.host, self.port), timeout=TIMEOUT_S)
        try:
            context = ssl.create_default_context()
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            self._line = context.wrap_socket(raw, server_hostname=self.host)
        except BaseException:
            raw.close()
            raise

    def _hang_up(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            with contextlib.suppress(OSError):
                line.close()


def _is_closed(line: ssl.SSLSocket) -> bool:
    """Whether the server has closed the connection: a line written into it would be lost without an error."""
    line.settimeout(0.0)
    try:
        return line.recv(1) == b""
    except (ssl.SSLWantReadError, BlockingIOError):
        return False
    finally:
        line.settimeout(TIMEOUT_S)
