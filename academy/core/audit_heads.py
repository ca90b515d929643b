"""Signed heads of the audit chain, kept outside the database, so that removal of its newest rows is detected.

A chain proves that nothing was changed *within* it; its newest rows, or all of it, can be removed and the rest is
still a valid chain. So its head is signed with a key that is in no table, appended to a file, and sent elsewhere
where the operator configured that. `flask audit verify` compares.
"""

import dataclasses
import fcntl
import hashlib
import hmac
import json
import os
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import select

from academy.core import clock
from academy.core.audit import AuditAnchor, AuditEntry, newest
from academy.core.database import Tx
from academy.core.settings import Settings

FILE = "audit-heads.jsonl"
MOST_LINE = 1000


@dataclasses.dataclass(frozen=True)
class Head:
    """One line of the file: the newest row at a moment, and a signature over it and over the line before."""

    at: str
    seq: int
    chain: str
    mac: str

    def line(self) -> str:
        return json.dumps(dataclasses.asdict(self), separators=(",", ":"))


@dataclasses.dataclass(frozen=True)
class HeadFinding:
    """A mismatch: `what` is ``forged`` (a line of the file), ``cut`` (rows are missing at the chain's end) or
    ``rewritten``
    (another row is at that place); `seq` is the place in the chain."""

    what: str
    seq: int


def place(settings: Settings) -> Path:
    """Path of the file of heads."""
    return Path(settings.audit_heads_file) if settings.audit_heads_file else settings.data_dir / FILE


def keep(tx: Tx, settings: Settings) -> Head | None:
    """Append the chain's head if it has grown; returns it, to be sent elsewhere.

    Raises:
        OSError: the file cannot be written.
    """
    seq, chain = newest(tx)
    path = place(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        before = _last(fd)
        if not seq or (before is not None and before.seq >= seq):
            return None
        head = _signed(settings, clock.now().isoformat(timespec="seconds"), seq, chain, before.mac if before else "")
        os.write(fd, f"{head.line()}\n".encode())
        os.fsync(fd)
        return head
    finally:
        os.close(fd)


def check(tx: Tx, settings: Settings) -> list[HeadFinding]:
    """Compare every kept head with the chain; yields nothing when all match, or none was kept."""
    found: list[HeadFinding] = []
    anchor = tx.scalar(select(AuditAnchor))
    first, end = anchor.seq if anchor else 0, newest(tx)[0]
    before = ""
    for head in _heads(place(settings)):
        if head is None or _signed(settings, head.at, head.seq, head.chain, before).mac != head.mac:
            found.append(HeadFinding("forged", head.seq if head else 0))
            before = head.mac if head else before
            continue
        before = head.mac
        if head.seq <= first:
            continue  # past its retention: the chain starts at the anchor
        if head.seq > end:
            found.append(HeadFinding("cut", end + 1))
        elif tx.scalar(select(AuditEntry.chain).where(AuditEntry.seq == head.seq)) != head.chain:
            found.append(HeadFinding("rewritten", head.seq))
    return found


def _signed(settings: Settings, at: str, seq: int, chain: str, before: str) -> Head:
    key = settings.audit_key or hmac.new(settings.secret_key.encode(), b"audit-heads", hashlib.sha256).hexdigest()
    signed = json.dumps([at, seq, chain, before], separators=(",", ":")).encode()
    return Head(at, seq, chain, hmac.new(key.encode(), signed, hashlib.sha256).hexdigest())


def _heads(path: Path) -> Iterator[Head | None]:
    """The lines, oldest first; None for one that cannot be read."""
    if not path.exists():
        return
    with path.open(encoding="utf-8", errors="replace") as lines:
        while line := lines.readline(MOST_LINE):
            yield _read(line)


def _read(line: str) -> Head | None:
    try:
        signed = json.loads(line)
        return Head(str(signed["at"]), int(signed["seq"]), str(signed["chain"]), str(signed["mac"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _last(fd: int) -> Head | None:
    size = os.fstat(fd).st_size
    lines = os.pread(fd, MOST_LINE * 2, max(0, size - MOST_LINE * 2)).decode("utf-8", "replace").splitlines()
    return _read(lines[-1]) if lines else None
