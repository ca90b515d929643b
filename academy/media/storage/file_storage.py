"""The storage interface: keys name files, a put is atomic.

Originals are under ``assets/<public_id>/original``, each derived set under ``assets/<public_id>/<generation>/…``.
A set is written before any row refers to it and never changed afterwards, so publishing is one column's change and a
reader never sees a partial set.
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
"""With less free space than this, an incomplete file is blamed on the disk."""


class Storage(Protocol):
    """Interface of a place for files."""

    def put_file(self, key: str, source: Path, *, move: bool = False) -> None:
        """Store a local file under a key; with `move` the source is consumed. A concurrent reader sees the old file or
        the new one, complete.

        Raises:
            StorageFull: no space; the earlier file is untouched.
        """

    def put_folder(self, prefix: str, source: Path) -> None:
        """Store everything below a local folder, which is consumed; may be repeated after a crash.

        Raises:
            StorageFull: no space.
        """

    def local(self, key: str) -> AbstractContextManager[Path]:
        """Context manager: a local path of the file, valid inside the block.

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
        """Rename a set, so that links to the old name become invalid; no effect if it is gone."""

    def delete_folder(self, prefix: str) -> None:
        """Remove everything below a prefix; no effect if there is nothing."""


def checked_key(key: str) -> str:
    """The validated key: parts of some come from a URL.

    Raises:
        FileNotFoundError: not a possible key of this component.
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
        return self.root / checked_key(key)

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
        """Move to another disk: copied beside its target first, and the source is removed by one rename, so that after
        an interruption a complete set is in one place or the other, and partial copies are cleaned up."""
        draft = target.with_name(f"draft-{target.name}")
        shutil.rmtree(draft, ignore_errors=True)
        try:
            # One by one: copytree continues after a full disk and then reports no errno.
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
        # Renamed first: a reader finds the complete set or nothing.
        doomed = self.root / "trash" / prefix.replace("/", "-")
        doomed.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            self.path(prefix).rename(doomed)
        shutil.rmtree(doomed, ignore_errors=True)


def local_storage(settings: Settings) -> LocalStorage:
    """Storage on this machine's disk, in the configured folder."""
    return LocalStorage(settings.media_dir.absolute())


def original_key(asset_public_id: str) -> str:
    """Key of the original file."""
    return f"assets/{asset_public_id}/original"


def set_key(asset_public_id: str, generation: str) -> str:
    """Key of the folder of one derived set."""
    return f"assets/{asset_public_id}/{generation}"


def uploads_folder(settings: Settings) -> Path:
    """Folder of open uploads; on the same disk as the assets, so that storing one is a rename."""
    return settings.media_dir.absolute() / "uploads"


def fetched_folder(settings: Settings) -> Path:
    """Folder of local copies of originals for processing, where storage is remote."""
    return settings.media_dir.absolute() / "fetched"


def work_folder(settings: Settings, generation: str) -> Path:
    """Folder in which a derived set is made before it is published."""
    return settings.media_dir.absolute() / "work" / generation


def parts_folder(settings: Settings, generation: str) -> Path:
    """Folder in which the parts of a long film are kept until they are joined."""
    return settings.media_dir.absolute() / "work" / f"{generation}-parts"


def sync_file(path: Path) -> None:
    """fsync a file."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def sync_folder(path: Path) -> None:
    """fsync a folder."""
    sync_file(path)


def is_cramped(folder: Path) -> bool:
    """Whether a failure in this folder is probably a full disk: tools report it in many ways."""
    return shutil.disk_usage(folder).free < SPARE_BYTES


@contextlib.contextmanager
def full_disk_reported() -> Iterator[None]:
    """Context manager: raise StorageFull for a full disk.

    Raises:
        StorageFull: no space; earlier files are untouched.
    """
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StorageFull from error
        raise
