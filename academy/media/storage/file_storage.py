"""Where files live, behind one interface: keys name files, a put is all or nothing.

Originals stand under ``assets/<public_id>/original``, each derived set under
``assets/<public_id>/<generation>/…``. A set is written before anything points at it and never
changed afterwards, so publishing is one column's change and a reader never sees half a set.
"""

import contextlib
import errno
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, Protocol

from academy.core.disk import require_space
from academy.core.errors import StorageFull
from academy.core.settings import Settings

_KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")
PIECE = 1 << 20
SPARE_BYTES = 64 << 20
"""With less room than this, a file that is not whole was stopped by the disk."""


class Storage(Protocol):
    """What the media component needs of a place for files."""

    def put_file(self, key: str, source: Path, *, move: bool = False) -> None:
        """Store a local file under a key; with `move` the source is used up. Somebody reading the key sees
        the old file or the new one whole.

        Raises:
            StorageFull: no space; what was there before is untouched.
        """

    def put_folder(self, prefix: str, source: Path) -> None:
        """Store everything below a local folder, which is used up; asking again after a crash does no harm.

        Raises:
            StorageFull: no space.
        """

    def local(self, key: str) -> AbstractContextManager[Path]:
        """A path from which the file can be read while the block lasts.

        Raises:
            FileNotFoundError: there is no such key.
        """

    def open(self, key: str) -> BinaryIO:
        """The file's bytes; seekable.

        Raises:
            FileNotFoundError: there is no such key.
        """

    def exists(self, key: str) -> bool:
        """Whether the key has a file."""

    def size(self, key: str) -> int:
        """Bytes of the file.

        Raises:
            FileNotFoundError: there is no such key.
        """

    def rename_folder(self, prefix: str, to: str) -> None:
        """Give a set another name, so that links to the old one are dead; nothing happens if it is gone."""

    def delete_folder(self, prefix: str) -> None:
        """Remove everything below a prefix; nothing happens if there is nothing."""


def checked(key: str) -> str:
    """The key itself, if it can be one: parts of some come from a URL.

    Raises:
        FileNotFoundError: it names nothing that this component ever stores.
    """
    if not _KEY.fullmatch(key):
        raise FileNotFoundError(key)
    return key


class LocalStorage:
    """Files under one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, key: str) -> Path:
        """The path of a key.

        Raises:
            FileNotFoundError: not a key.
        """
        return self.root / checked(key)

    def put_file(self, key: str, source: Path, *, move: bool = False) -> None:
        target = self.path(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        with full_disk_reported():
            if move:
                with contextlib.suppress(OSError):
                    sync_file(source)
                    source.replace(target)
                    sync_folder(target.parent)
                    return
            draft = Path(tempfile.mkdtemp(dir=target.parent, prefix="draft-")) / "file"
            try:
                require_space(draft.parent, source.stat().st_size)
                shutil.copyfile(source, draft)
                sync_file(draft)
                draft.replace(target)
                sync_folder(target.parent)
            finally:
                shutil.rmtree(draft.parent, ignore_errors=True)
        if move:
            source.unlink(missing_ok=True)

    def put_folder(self, prefix: str, source: Path) -> None:
        target = self.path(prefix)
        if target.exists() and not source.exists():
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        with full_disk_reported():
            for file in source.rglob("*"):
                if file.is_file():
                    sync_file(file)
            if target.exists():
                shutil.rmtree(target)
            try:
                source.rename(target)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                self._carry(source, target)
            sync_folder(target.parent)

    def _carry(self, source: Path, target: Path) -> None:
        """Over to another disk: copied beside its place first, and the source goes in one stroke, so that
        whoever is interrupted finds a whole set in one place or the other, and no space is kept by half of one."""
        draft = target.with_name(f"draft-{target.name}")
        shutil.rmtree(draft, ignore_errors=True)
        try:
            # One by one: copytree goes on after a full disk and then tells no errno.
            for file in source.rglob("*"):
                if file.is_file():
                    copied = draft / file.relative_to(source)
                    copied.parent.mkdir(parents=True, exist_ok=True)
                    require_space(copied.parent, file.stat().st_size)
                    shutil.copyfile(file, copied)
                    sync_file(copied)
            draft.rename(target)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        sync_folder(target.parent)
        sent = source.with_name(f"{source.name}.sent")
        shutil.rmtree(sent, ignore_errors=True)
        source.rename(sent)
        shutil.rmtree(sent, ignore_errors=True)

    @contextlib.contextmanager
    def local(self, key: str) -> Iterator[Path]:
        path = self.path(key)
        if not path.is_file():
            raise FileNotFoundError(key)
        yield path

    def open(self, key: str) -> BinaryIO:
        return self.path(key).open("rb")

    def exists(self, key: str) -> bool:
        return self.path(key).is_file()

    def size(self, key: str) -> int:
        return self.path(key).stat().st_size

    def rename_folder(self, prefix: str, to: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            self.path(prefix).rename(self.path(to))

    def delete_folder(self, prefix: str) -> None:
        # Renamed first: a reader finds the whole set or nothing.
        doomed = self.root / "trash" / prefix.replace("/", "-")
        doomed.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            self.path(prefix).rename(doomed)
        shutil.rmtree(doomed, ignore_errors=True)


def local_storage(settings: Settings) -> LocalStorage:
    """Files on this machine's disk, wherever the settings put them."""
    return LocalStorage(settings.media_dir.absolute())


def storage_of(settings: Settings) -> Storage:
    """The place that the settings name."""
    if settings.s3_bucket:
        # Only here: the library takes as long to import as the rest of this component.
        from academy.media.storage.s3_storage import S3Storage

        return S3Storage(settings)
    return local_storage(settings)


def original_key(asset_public_id: str) -> str:
    """Where the file as the trainer gave it is kept."""
    return f"assets/{asset_public_id}/original"


def set_key(asset_public_id: str, generation: str) -> str:
    """The folder of one derived set."""
    return f"assets/{asset_public_id}/{generation}"


def uploads_folder(settings: Settings) -> Path:
    """Where uploads grow; beside the assets, so that storing one is a rename."""
    return settings.media_dir.absolute() / "uploads"


def fetched_folder(settings: Settings) -> Path:
    """Copies of originals that steps work on, where storage is elsewhere."""
    return settings.media_dir.absolute() / "fetched"


def work_folder(settings: Settings, generation: str) -> Path:
    """Where a derived set is made before it is published."""
    return settings.media_dir.absolute() / "work" / generation


def parts_folder(settings: Settings, generation: str) -> Path:
    """Where the parts of a long film are kept until they are joined."""
    return settings.media_dir.absolute() / "work" / f"{generation}-parts"


def sync_file(path: Path) -> None:
    """Have the file's bytes on the disk."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def sync_folder(path: Path) -> None:
    """Have the folder's names on the disk."""
    sync_file(path)


def is_cramped(folder: Path) -> bool:
    """Whether a failure in this folder is the disk's: tools say all kinds of things when they find no space."""
    return shutil.disk_usage(folder).free < SPARE_BYTES


@contextlib.contextmanager
def full_disk_reported() -> Iterator[None]:
    """Turn a full disk into the sentence for it.

    Raises:
        StorageFull: no space; what was there before is untouched.
    """
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StorageFull from error
        raise
