"""S3-compatible storage: the same keys as on a disk, in one bucket.

Uploads and sets in progress are on a disk (`uploads/`, `work/`), because encoders seek; only finished files are
objects. So several machines share those two folders, not the library.
"""

import contextlib
import fcntl
import functools
import hashlib
import io
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO

import boto3
import botocore.config
from boto3.exceptions import S3UploadFailedError
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from academy.core.errors import StorageFull
from academy.core.settings import Settings
from academy.media.delivery import CONTENT_TYPES
from academy.media.storage.file_storage import checked_key, fetched_folder, full_disk_reported

PART = 32 << 20
AT_ONCE = 8
BATCH = 1000
"""Maximum keys of one deletion, by the protocol."""
KEEP_S = 3600.0
"""Seconds after which an unused local copy of an original is removed."""
LINK_S = 300
"""Seconds within which nginx must request an object; the response itself may take longer."""
INTERNAL_LOCATION = "/_objects"
"""nginx's internal location that fetches objects; not reachable from outside."""
_GONE = frozenset({"404", "NoSuchKey", "NotFound"})
_FULL = frozenset({"507", "InsufficientStorage", "XMinioStorageFull", "QuotaExceeded", "InsufficientCapacity"})


class S3Storage:
    """One bucket."""

    def __init__(self, settings: Settings) -> None:
        self.bucket = settings.s3_bucket
        self.client = client_of(
            settings.s3_endpoint, settings.s3_region, settings.s3_key, settings.s3_secret, settings.s3_style
        )
        self.copies = Copies(fetched_folder(settings))

    def put_file(self, key: str, source: Path, *, move: bool = False) -> None:
        self._drop_parts(key)
        with _errors_mapped(key):
            self.client.upload_file(
                str(source), self.bucket, checked_key(key), ExtraArgs=_facts(key), Config=TransferConfig(PART, 4, PART)
            )
        if move:
            # The following steps read it; an existing local copy need not be fetched.
            self.copies.adopt(key, source)
        else:
            self.copies.forget(key)

    def _drop_parts(self, key: str) -> None:
        """Abort multipart uploads of killed workers: they would be stored, and paid for, for ever."""
        with _errors_mapped(key):
            left = self.client.list_multipart_uploads(Bucket=self.bucket, Prefix=key).get("Uploads", [])
            for upload in left:
                if upload["Key"] == key:
                    self.client.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=upload["UploadId"])

    def put_folder(self, prefix: str, source: Path) -> None:
        sent = source.with_name(f"{source.name}.sent")
        if source.exists():
            files = {f"{prefix}/{file.relative_to(source).as_posix()}": file for file in source.rglob("*")}
            files = {checked_key(key): file for key, file in files.items() if file.is_file()}
            _all(lambda key: self._put_small(key, files[key]), files)
            self._delete(key for key in self._keys(prefix) if key not in files)
            # One rename: a partly removed folder must never look like a set that is still to be sent.
            shutil.rmtree(sent, ignore_errors=True)
            source.rename(sent)
        shutil.rmtree(sent, ignore_errors=True)

    def _put_small(self, key: str, file: Path) -> None:
        config = TransferConfig(PART, 1, PART, use_threads=False)
        with _errors_mapped(key):
            self.client.upload_file(str(file), self.bucket, key, ExtraArgs=_facts(key), Config=config)

    @contextlib.contextmanager
    def local(self, key: str) -> Iterator[Path]:
        with self.copies.hold(key, self._fetch) as path:
            yield path

    def _fetch(self, key: str, target: Path) -> None:
        with _errors_mapped(key), full_disk_reported():
            self.client.download_file(self.bucket, checked_key(key), str(target), Config=TransferConfig(PART, 4, PART))

    def open(self, key: str) -> BinaryIO:
        copy = self.copies.path(checked_key(key))
        with contextlib.suppress(FileNotFoundError):
            return copy.open("rb")
        return io.BufferedReader(StoredObject(self.client, self.bucket, key), 1 << 18)

    def exists(self, key: str) -> bool:
        try:
            self.size(key)
        except FileNotFoundError:
            return False
        return True

    def size(self, key: str) -> int:
        with _errors_mapped(key):
            return int(self.client.head_object(Bucket=self.bucket, Key=checked_key(key))["ContentLength"])

    def rename_folder(self, prefix: str, to: str) -> None:
        keys = list(self._keys(prefix))
        _all(lambda key: self._copy(key, f"{to}{key[len(prefix) :]}"), keys)
        self._delete(keys)

    def _copy(self, key: str, to: str) -> None:
        with _errors_mapped(key):
            self.client.copy({"Bucket": self.bucket, "Key": key}, self.bucket, to)

    def delete_folder(self, prefix: str) -> None:
        self._delete(self._keys(prefix))
        self.copies.forget(prefix)

    def internal_path(self, key: str) -> str:
        """Path for nginx's internal redirect: an address under `INTERNAL_LOCATION`, signed and expiring soon.

        nginx finds out whether the object exists.
        """
        return INTERNAL_LOCATION + "/" + self._signed(checked_key(key)).split("://", 1)[1].split("/", 1)[1]

    def origin(self) -> str:
        """Scheme and host of the storage for nginx."""
        return "/".join(self._signed("x").split("/", 3)[:3])

    def _signed(self, key: str) -> str:
        asked = {"Bucket": self.bucket, "Key": key}
        return str(self.client.generate_presigned_url("get_object", Params=asked, ExpiresIn=LINK_S))

    def _keys(self, prefix: str) -> Iterator[str]:
        pages = self.client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.bucket, Prefix=f"{checked_key(prefix)}/"):
            yield from (entry["Key"] for entry in page.get("Contents", []))

    def _delete(self, keys: Iterable[str]) -> None:
        wanted = list(keys)
        for first in range(0, len(wanted), BATCH):
            asked = {"Objects": [{"Key": key} for key in wanted[first : first + BATCH]], "Quiet": True}
            answer = self.client.delete_objects(Bucket=self.bucket, Delete=asked)
            if answer.get("Errors"):
                raise OSError(f"{len(answer['Errors'])} objects were not deleted: {answer['Errors'][0].get('Code')}")


class StoredObject(io.RawIOBase):
    """An object as a seekable file: one request for each contiguous read."""

    def __init__(self, client: Any, bucket: str, key: str) -> None:
        self._client, self._bucket, self._key = client, bucket, key
        self._at, self._body = 0, None
        answer = self._get()
        self._body, self.length, self.etag = (
            answer["Body"],
            int(answer["ContentLength"]),
            str(answer["ETag"]).strip('"'),
        )

    def _get(self, **more: str) -> Any:
        with _errors_mapped(self._key):
            return self._client.get_object(Bucket=self._bucket, Key=self._key, **more)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.length}[whence]
        if start + offset != self._at:
            self._drop()
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        if self._at >= self.length:
            return 0
        if self._body is None:
            self._body = self._get(Range=f"bytes={self._at}-")["Body"]
        data = self._body.read(len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        self._drop()
        super().close()

    def _drop(self) -> None:
        if self._body is not None:
            self._body.close()
        self._body = None


class Copies:
    """Local copies of objects, because encoders and probes seek. Each copy is locked while a step reads it; one unused
    for an hour is removed when the next is fetched."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, key: str) -> Path:
        """Path of the copy; its prefix is the asset, so that all copies of one can be removed."""
        return self.root / f"{key.replace('/', '-')}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"

    @contextlib.contextmanager
    def hold(self, key: str, fetch: Callable[[str, Path], None]) -> Iterator[Path]:
        """Context manager: the copy, fetched if needed, locked inside the block."""
        self.sweep()
        path = self.path(checked_key(key))
        self.root.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            # A shared lock: a step that reads for hours must not block the next reader.
            with self._locked(path, fcntl.LOCK_EX):
                if not path.exists():
                    self._fill(key, path, fetch)
        with self._locked(path, fcntl.LOCK_SH):
            os.utime(path)
            yield path

    def _fill(self, key: str, path: Path, fetch: Callable[[str, Path], None]) -> None:
        draft = Path(tempfile.mkdtemp(dir=self.root, prefix=".draft-")) / "file"
        try:
            fetch(key, draft)
            draft.replace(path)
        finally:
            shutil.rmtree(draft.parent, ignore_errors=True)

    @contextlib.contextmanager
    def _locked(self, path: Path, how: int) -> Iterator[None]:
        fd = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, how)
            yield
        finally:
            os.close(fd)

    def adopt(self, key: str, source: Path) -> None:
        """Use a file that was just stored as its copy."""
        self.root.mkdir(parents=True, exist_ok=True)
        try:
            source.replace(self.path(key))
        except OSError:
            source.unlink(missing_ok=True)  # on another disk: fetched when needed

    def forget(self, prefix: str) -> None:
        """Remove the copies of a key, or of everything below it."""
        for path in self.root.glob(f"{prefix.replace('/', '-')}-*"):
            path.unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove copies that have not been used for long and are not being read."""
        for path in self.root.glob("[!.]*"):
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > KEEP_S:
                    with self._locked(path, fcntl.LOCK_EX | fcntl.LOCK_NB):
                        path.unlink()
                    path.with_name(f".{path.name}.lock").unlink()


@functools.lru_cache
def client_of(endpoint: str, region: str, key: str, secret: str, style: str) -> Any:
    """A client for the storage, one a process: creating one takes a tenth of a second, and it is thread-safe."""
    config = botocore.config.Config(
        signature_version="s3v4",
        s3={"addressing_style": style},
        max_pool_connections=2 * AT_ONCE,
        retries={"mode": "standard", "max_attempts": 4},
        connect_timeout=5,
        read_timeout=60,
    )
    return boto3.session.Session().client(
        "s3",
        endpoint_url=endpoint or None,
        region_name=region,
        aws_access_key_id=key or None,
        aws_secret_access_key=secret or None,
        config=config,
    )


def _facts(key: str) -> dict[str, str]:
    """Metadata of an object: a content type from our own list, never from the uploader."""
    return {"ContentType": CONTENT_TYPES.get(os.path.splitext(key)[1], "application/octet-stream")}  # noqa: PTH122 - a key


def _all(act: Callable[[str], None], keys: Iterable[str]) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for _ in pool.map(act, keys):
            pass


@contextlib.contextmanager
def _errors_mapped(key: str) -> Iterator[None]:
    """Context manager: map the storage's errors to this component's.

    Raises:
        FileNotFoundError: there is no such key.
        StorageFull: the storage has no space.
    """
    try:
        yield
    except (ClientError, S3UploadFailedError) as error:
        cause = error if isinstance(error, ClientError) else error.__cause__ or error.__context__
        code = str(cause.response["Error"].get("Code", "")) if isinstance(cause, ClientError) else str(error)
        status = cause.response["ResponseMetadata"].get("HTTPStatusCode") if isinstance(cause, ClientError) else None
        if code in _GONE:
            raise FileNotFoundError(key) from error
        if status == 507 or code in _FULL:
            raise StorageFull from error
        raise
