"""Published files as a reader of them needs them: opened here, or by the address at which nginx fetches them."""

import io
import os
from typing import BinaryIO

from academy.core.settings import Settings
from academy.media.storage.file_storage import checked_key, local_storage

PIECE = 1 << 18
"""Bytes read from the object storage at a time."""


def open_published(settings: Settings, key: str) -> tuple[BinaryIO, int, str]:
    """A published file, its size in bytes and its entity tag; the caller closes it.

    Raises:
        FileNotFoundError, IsADirectoryError: no file has this key.
    """
    if settings.s3_bucket:
        from academy.media.storage.s3_storage import S3Storage, StoredObject

        here = S3Storage(settings)
        found = StoredObject(here.client, here.bucket, checked_key(key))
        return io.BufferedReader(found, PIECE), found.length, found.etag
    file = local_storage(settings).open(key)
    seen = os.fstat(file.fileno())
    return file, seen.st_size, f"{seen.st_mtime_ns:x}-{seen.st_size:x}"


def internal_path_of(settings: Settings, key: str) -> str | None:
    """Path at which nginx fetches the file from the object storage; None where the application sends it itself."""
    if not (settings.s3_by_nginx and settings.s3_bucket):
        return None
    from academy.media.storage.s3_storage import S3Storage

    return S3Storage(settings).internal_path(key)


def object_origin(settings: Settings) -> tuple[str, str]:
    """Address of the object storage, and nginx's internal location in front of it; for the configuration of nginx."""
    from academy.media.storage.s3_storage import INTERNAL_LOCATION, S3Storage

    return S3Storage(settings).origin(), INTERNAL_LOCATION
