"""JSON logs: a constant event name plus identifiers, one object a line. Never a name, a phone or a token."""

import json
import logging
import sys
from typing import Any

from academy.core import clock
from academy.core.log_server import LogServerHandler

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """One line of JSON a record; json.dumps escapes CR and LF, so no value can forge a line."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "at": clock.now().isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        entry |= {k: v for k, v in vars(record).items() if k not in _STANDARD}
        if record.exc_info:
            entry["error"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False, default=str)


def configure(level: str, server: str = "") -> None:
    """Send every log line to standard error as JSON, and to the syslog server (``host:port``, TLS) if there is one."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    before, root.handlers[:] = root.handlers[:], [handler]
    for one in before:
        if isinstance(one, LogServerHandler):
            one.close()
    if server:
        host, _, port = server.rpartition(":")
        far = LogServerHandler(host.strip("[]"), int(port))
        far.setFormatter(JsonFormatter())
        root.addHandler(far)
    root.setLevel(level)
    for chatty in ("alembic", "werkzeug", "fontTools"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))


def log_event(logger: logging.Logger, name: str, **ids: Any) -> None:
    """Log a constant event name with identifiers: ``event(log, "asset.refused", asset=7)``."""
    logger.info(name, extra=ids)
