"""Resumable uploads: bytes are written as they arrive, and acknowledged ones are never lost.

`Upload.offset` is what is durably on disk (written, synced, committed). A later request for the same upload takes over
from an earlier one that may still hang on a dead connection: it writes a new turn into the lock file, and the earlier
one finds before its next write that its turn is over. The lock is held for one write only, never while waiting for
the network.
"""

import contextlib
import datetime as dt
import errno
import fcntl
import hashlib
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from sqlalchemy import select, text

from academy.core import clock
from academy.core.actor import SYSTEM, Actor, Role
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.disk import require_space
from academy.core.errors import AcademyError, Conflict, Invalid, StorageFull, TooLarge
from academy.core.i18n import msg
from academy.core.runtime import Runtime
from academy.core.settings import Settings
from academy.jobs import api as jobs
from academy.media import queries, rules, service
from academy.media.access import access_own_upload
from academy.media.models import Upload
from academy.media.storage.file_storage import uploads_folder

PIECE = 256 << 10
SYNC_BYTES = 16 << 20
SYNC_S = 5.0
HEAD = 1 << 20
LIFETIME = dt.timedelta(days=7)
UNTOUCHED = dt.timedelta(days=1)
"""Seconds for which an announcement without data reserves its space."""
_LOCK = 0x74757300
EMPTY = msg("文件是空的（0 字节），请检查后重新上传。")
CHECKSUM_ALGORITHMS = ("sha1", "sha256", "md5")


class Readable(Protocol):
    """A request's body."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; empty at the end."""


class ChecksumMismatch(AcademyError):
    """The piece arrived altered; nothing of it is kept (tus: 460)."""

    status = 460
    code = "checksum-mismatch"


class Gone(AcademyError):
    """The upload expired and was removed."""

    status = 410
    code = "gone"


def begin_upload(
    tx: Tx, settings: Settings, actor: Actor, *, filename: str, size: int, purpose: str, metadata: str = ""
) -> Upload:
    """Announce a file; `metadata` is the tus client's own.

    Raises:
        Invalid: an unknown purpose.
        TooLarge: over the limit of a file or of the account's quota.
        StorageFull: the disk has no space for it.
    """
    if purpose not in rules.ASSET_KINDS:
        raise Invalid(msg("不认识的文件种类。"))
    if size < 0:
        raise Invalid(EMPTY)
    if size > settings.max_upload_mb << 20:
        raise TooLarge(msg("文件超过了 %(most)s MB 的上限。", most=settings.max_upload_mb))
    assert actor.account_id is not None
    if tx.get_bind().dialect.name == "postgresql":
        # Two announcements at once would each see the free space without the other. SQLite has one writer anyway.
        tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    left = upload_quota(settings, actor) - queries.bytes_held(tx, actor.account_id)
    if size > left:
        raise TooLarge(
            msg(
                "您的空间还剩 %(room)s MB，放不下这个文件。请到“我的文件”里删除不用的文件，或联系系统管理员。",
                room=max(0, left) >> 20,
            )
        )
    folder = uploads_folder(settings)
    folder.mkdir(parents=True, exist_ok=True)
    # Announced bytes of other uploads are reserved already.
    require_space(folder, size + queries.bytes_announced(tx), settings.disk_reserve)
    upload = Upload(
        account_id=actor.account_id,
        filename=service.title_of(filename),
        purpose=purpose,
        size=size,
        expires_at=clock.now() + UNTOUCHED,
        tus_metadata=metadata,
    )
    tx.add(upload)
    tx.flush()
    record(tx, actor, "upload.begun", f"upload:{upload.public_id}", size=size)
    if size == 0:
        # An empty file is complete at once by the protocol; its first step then reports the error.
        part_path(settings, upload.public_id).touch(0o600)
        _complete(tx, part_path(settings, upload.public_id), actor, upload)
    else:
        _expire_later(tx, upload)
    return upload


def upload_quota(settings: Settings, actor: Actor) -> int:
    """Quota in bytes of originals, by role."""
    is_office = actor.has(Role.NODE_ADMINISTRATOR, Role.SYSTEM_ADMINISTRATOR)
    return (settings.office_quota_gb if is_office else settings.trainer_quota_gb) << 30


def _expire_later(tx: Tx, upload: Upload) -> None:
    wait = (upload.expires_at - clock.now()).total_seconds() + 60
    jobs.enqueue(tx, "media.expire", delay_s=wait, upload_id=upload.id)


def find_upload(runtime: Runtime, actor: Actor, public_id: str) -> Upload:
    """An upload of the actor's, to be continued.

    Raises:
        NotFound: missing or somebody else's.
        Gone: it expired.
    """
    with runtime.db.read() as tx:
        upload = access_own_upload(tx, actor, public_id)
    if upload.completed_at is None and upload.expires_at < clock.now():
        raise Gone(msg("这次上传已过期，请重新选择文件上传。"))
    return upload


def unfinished_uploads(runtime: Runtime, actor: Actor) -> list[tuple[Upload, int, str]]:
    """The actor's open uploads, newest first, each with the length and SHA-256 of its first bytes."""
    with runtime.db.read() as tx:
        rows = tx.scalars(
            select(Upload)
            .where(
                Upload.account_id == actor.account_id,
                Upload.completed_at.is_(None),
                Upload.offset > 0,
                Upload.expires_at > clock.now(),
            )
            .order_by(Upload.id.desc())
            .limit(20)
        ).all()
    found = []
    for upload in rows:
        head = min(upload.offset, HEAD)
        try:
            with part_path(runtime.settings, upload.public_id).open("rb") as file:
                found.append((upload, head, hashlib.sha256(file.read(head)).hexdigest()))
        except FileNotFoundError:
            continue
    return found


def append_upload(
    runtime: Runtime,
    actor: Actor,
    public_id: str,
    *,
    offset: int,
    body: Readable,
    length: int | None,
    checksum: tuple[str, bytes] | None = None,
) -> Upload:
    """Append a piece of the file as it arrives; returns the upload afterwards.

    A broken connection keeps what arrived. With a checksum the piece is kept completely or not at all.

    Raises:
        Conflict: `offset` is not the file's end, or another request took over.
        TooLarge: more than announced.
        ChecksumMismatch: altered on the way.
        StorageFull: the disk is full; what arrived before is kept.
    """
    upload = find_upload(runtime, actor, public_id)
    if offset != upload.offset:
        raise Conflict(msg("上传进度不一致，请从已收到的位置继续。"))
    if length is not None and offset + length > upload.size:
        raise TooLarge(msg("收到的内容比文件声明的大小还多。"))
    if upload.completed_at is not None:
        return upload
    append_bytes(runtime, actor, upload, body, checksum)
    return find_upload(runtime, actor, public_id)


def append_bytes(
    runtime: Runtime, actor: Actor, upload: Upload, body: Readable, checksum: tuple[str, bytes] | None = None
) -> None:
    """Append a body to an upload at its offset; the caller has checked that it is the actor's."""
    piece = _Piece(runtime, actor, upload, hashlib.new(checksum[0]) if checksum else None)
    try:
        piece.take(body)
    finally:
        piece.keep(checksum[1] if checksum else None)


class _Piece:
    """One request's turn at the file."""

    def __init__(self, runtime: Runtime, actor: Actor, upload: Upload, digest: "hashlib._Hash | None") -> None:
        self.runtime, self.actor, self.upload, self.digest = runtime, actor, upload, digest
        self.path = part_path(runtime.settings, upload.public_id)
        self.lock = self.path.with_suffix(".lock")
        self.turn = secrets.token_bytes(16)
        self.at = self.synced = upload.offset
        self.synced_at = time.monotonic()
        with self._locked(os.O_CREAT) as fd:
            os.pwrite(fd, self.turn, 0)
            with self.runtime.db.read() as tx:
                now = tx.get(Upload, upload.id, populate_existing=True)
            if now is None or now.completed_at is not None:
                # The upload ended meanwhile: leave no lock file behind.
                self.lock.unlink(missing_ok=True)
        if now is None or now.offset != upload.offset:
            raise Conflict(msg("上传进度不一致，请从已收到的位置继续。"))

    def take(self, body: Readable) -> None:
        """Read the body to its end, writing as it arrives."""
        with self._part(0 if self.at else os.O_CREAT) as fd:
            if os.fstat(fd).st_size < self.at:
                raise Gone(msg("这次上传已过期，请重新选择文件上传。"))
            os.ftruncate(fd, self.at)
            while True:
                try:
                    data = body.read(PIECE)
                except (OSError, RuntimeError):
                    # The connection broke: received bytes are kept, and the client asks for the offset.
                    return
                if not data:
                    return
                left = self.upload.size - self.at
                if len(data) > left:
                    self.at = self.synced
                    raise TooLarge(msg("收到的内容比文件声明的大小还多。"))
                self._write(fd, data)
                if self.digest is None and self._due():
                    self._sync(fd)

    def _write(self, fd: int, data: bytes) -> None:
        if self.digest is not None:
            self.digest.update(data)
        view = memoryview(data)
        require_space(self.path.parent, len(data), self.runtime.settings.disk_reserve)
        with self._my_turn() as mine:
            if not mine:
                raise Conflict(msg("这个文件正在另一处继续上传。"))
            while view:
                try:
                    written = os.pwrite(fd, view, self.at)
                except OSError as error:
                    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
                        raise StorageFull from error
                    raise
                self.at += written
                view = view[written:]

    def _due(self) -> bool:
        return self.at - self.synced >= SYNC_BYTES or time.monotonic() - self.synced_at >= SYNC_S

    def keep(self, expected: bytes | None) -> None:
        """Acknowledge the written bytes, or drop the whole piece if its checksum is wrong."""
        if self.digest is not None and expected is not None and self.digest.digest() != expected:
            self.at = self.synced
            raise ChecksumMismatch(msg("这一段在传输中出了差错，将自动重传。"))
        if self.at > self.synced:
            # A missing file was terminated, or moved into the library by the request that completed it.
            with contextlib.suppress(FileNotFoundError), self._part() as fd:
                self._sync(fd)

    def _sync(self, fd: int) -> None:
        os.fdatasync(fd)
        with self._my_turn() as mine:
            if not mine:
                return  # the request that took over counts from the acknowledged offset

            def write(tx: Tx) -> bool:
                row = tx.get(Upload, self.upload.id, with_for_update=True, populate_existing=True)
                if row is None or row.offset != self.synced:
                    return False
                row.offset, row.expires_at = self.at, clock.now() + LIFETIME
                if row.offset == row.size:
                    _complete(tx, self.path, self.actor, row)
                return True

            if not self.runtime.db.run_in_transaction(write):
                return
        self.synced, self.synced_at = self.at, time.monotonic()

    @contextlib.contextmanager
    def _part(self, create: int = 0) -> Iterator[int]:
        fd = os.open(self.path, os.O_RDWR | create | os.O_CLOEXEC, 0o600)
        try:
            yield fd
        finally:
            os.close(fd)

    @contextlib.contextmanager
    def _my_turn(self) -> Iterator[bool]:
        """Hold the lock; yields whether this request may still write. Without a lock file the upload has ended."""
        if not self.lock.exists():
            yield False
            return
        with self._locked() as lock:
            yield os.pread(lock, len(self.turn), 0) == self.turn

    @contextlib.contextmanager
    def _locked(self, create: int = 0) -> Iterator[int]:
        try:
            fd = os.open(self.lock, os.O_RDWR | create | os.O_CLOEXEC, 0o600)
        except FileNotFoundError as error:
            raise Conflict(msg("这个文件正在另一处继续上传。")) from error
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield fd
        finally:
            os.close(fd)


def part_path(settings: Settings, public_id: str) -> Path:
    """Path of the growing file."""
    return uploads_folder(settings) / f"{public_id}.part"


def _complete(tx: Tx, path: Path, actor: Actor, upload: Upload) -> None:
    """The last byte and the file's row in one transaction: a complete upload always becomes a file."""
    asset = service.create_asset(tx, actor, upload.account_id, path, upload.filename, upload.purpose, upload.size)
    upload.asset_id, upload.completed_at = asset.id, clock.now()
    tx.after_commit(lambda: path.with_suffix(".lock").unlink(missing_ok=True))


def terminate_upload(runtime: Runtime, actor: Actor, public_id: str) -> None:
    """Terminate an unfinished upload.

    Raises:
        NotFound: missing or somebody else's.
        Conflict: it is complete and has become a file of the library.
    """

    def write(tx: Tx) -> None:
        upload = access_own_upload(tx, actor, public_id)
        if upload.completed_at is not None:
            raise Conflict(msg("文件已经传完，不能再取消上传。"))
        tx.delete(upload)
        record(tx, actor, "upload.given_up", f"upload:{public_id}")

    runtime.db.run_in_transaction(write)
    _unlink(runtime.settings, public_id)


def expire(runtime: Runtime, upload_id: int) -> None:
    """Remove an expired upload; check again later if it was used meanwhile."""

    def write(tx: Tx) -> str | None:
        upload = tx.get(Upload, upload_id)
        if upload is None or upload.completed_at is not None:
            return None
        if upload.expires_at > clock.now():
            _expire_later(tx, upload)
            return None
        tx.delete(upload)
        record(tx, SYSTEM, "upload.expired", f"upload:{upload.public_id}")
        return upload.public_id

    public_id = runtime.db.run_in_transaction(write)
    if public_id is not None:
        _unlink(runtime.settings, public_id)


def _unlink(settings: Settings, public_id: str) -> None:
    path = part_path(settings, public_id)
    path.unlink(missing_ok=True)
    path.with_suffix(".lock").unlink(missing_ok=True)
