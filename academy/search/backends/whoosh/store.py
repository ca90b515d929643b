"""Files of the Whoosh index: generations of folders, a pointer to the current one, one writer.

A commit must survive a power failure: every file of the new segment is on disk before the table of contents that names
it, and a new generation is on disk before the pointer that names it.
"""

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from whoosh.filedb.filestore import FileStorage
from whoosh.index import TOC

from academy.core.ids import new_id
from academy.search.backends.interface import IndexBroken
from academy.search.backends.whoosh.fields import schema
from academy.search.backends.whoosh.files import Mapped

POINTER = "current"
NAME = "MAIN"
FORMAT = "g8-"
"""Prefix of every generation's name; raised when the content of the index changes, so that it is rebuilt."""


SETTLED_NS = 2_000_000_000
"""Nanoseconds within which a second change may have the same time stamp."""

SEGMENT = ".seg"


class DurableStorage(FileStorage):  # type: ignore[misc]
    """Whoosh commits by renaming its table of contents: all files that it names are synced before.

    Segments are memory-mapped: Whoosh's own way of mapping copies each part of one into memory.
    """

    def __init__(self, path: str, **options: Any) -> None:
        super().__init__(path, supports_mmap=False, **options)
        self._fresh: set[str] = set()

    def open_file(self, name: str, **options: Any) -> Any:
        return Mapped.open(Path(self.folder) / name) if name.endswith(SEGMENT) else super().open_file(name, **options)

    def create_file(self, name: str, **options: Any) -> Any:
        self._fresh.add(name)
        return super().create_file(name, **options)

    def rename_file(self, oldname: str, newname: str, safe: bool = False) -> None:
        for name in self._fresh:
            with contextlib.suppress(FileNotFoundError):
                sync(Path(self.folder) / name)
        self._fresh.clear()
        super().rename_file(oldname, newname, safe)
        sync(Path(self.folder))


def sync(path: Path) -> None:
    """fsync a file or a folder."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


class Store:
    """The folder of the index."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._pointer = folder / POINTER

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """One writer at a time, across threads and processes; the kernel releases the lock of a dead one."""
        self.folder.mkdir(parents=True, exist_ok=True)
        fd = os.open(self.folder / "writer.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)

    def current(self) -> Path | None:
        """The folder to read, or None while there is none."""
        try:
            name = (self.folder / POINTER).read_text("ascii").strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise IndexBroken(str(error)) from error
        return self.folder / name if name.startswith(FORMAT) and (self.folder / name).is_dir() else None

    def stamp(self, generation: Path) -> tuple[int, ...] | None:
        """A value that changes with every commit to a generation and every swap, for two system calls; None where it is
        not
        reliable: with a coarse clock two commits may have the same time."""
        try:
            pointer, folder = self._pointer.stat(), generation.stat()
        except FileNotFoundError:
            return None
        if time.time_ns() - max(pointer.st_mtime_ns, folder.st_mtime_ns) < SETTLED_NS:
            return None
        return pointer.st_ino, pointer.st_mtime_ns, folder.st_ino, folder.st_mtime_ns

    def readable(self) -> list[Path]:
        """The current generation, then the one before, as a fallback."""
        current = self.current()
        if current is None:
            return []
        others = [path for path in self.folder.glob(f"{FORMAT}*") if path != current and self.generation(path) >= 0]
        return [current, *sorted(others, key=lambda path: -path.stat().st_mtime)]

    def generation(self, path: Path) -> int:
        """The newest commit in a generation folder."""
        return int(TOC._latest_generation(FileStorage(str(path)), NAME))

    def create(self) -> Path:
        """A new, empty generation; not read before `swap`."""
        path = self.folder / f"{FORMAT}{new_id()}"
        path.mkdir(parents=True)
        TOC.create(DurableStorage(str(path)), schema(), NAME)
        return path

    def swap(self, path: Path) -> None:
        """Make a generation the current one and remove all but it and the one before."""
        before = self._current_name()
        for file in path.iterdir():
            if file.is_file():
                sync(file)
        sync(path)
        draft = self.folder / f"{POINTER}.{new_id()}"
        draft.write_text(path.name, "ascii")
        sync(draft)
        draft.rename(self.folder / POINTER)
        sync(self.folder)
        for old in self.folder.glob("g*-*"):
            # The one before stays: a reader may have read the pointer and not yet opened the files.
            if old.name not in {path.name, before}:
                shutil.rmtree(old, ignore_errors=True)

    def _current_name(self) -> str:
        with contextlib.suppress(IndexBroken):
            path = self.current()
            return path.name if path else ""
        return ""
