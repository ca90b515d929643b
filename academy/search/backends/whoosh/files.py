"""Memory-mapped segment files: parts share the mapping, and only requested data is copied."""

from __future__ import annotations

import mmap
import os
from pathlib import Path

from whoosh.filedb.structfile import StructFile


class Mapped(StructFile):  # type: ignore[misc]
    """A file, or a part of one, for Whoosh's readers."""

    def __init__(self, buffer: memoryview, name: str) -> None:
        super().__init__(_Cursor(buffer), name)
        self._buffer = buffer

    @classmethod
    def open(cls, path: Path) -> Mapped:
        """The whole file.

        Raises:
            OSError, ValueError: it is not there; it is empty.
        """
        with path.open("rb") as file:
            whole = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        whole.madvise(mmap.MADV_WILLNEED)  # prefetch in the background, before the first query
        return cls(memoryview(whole), path.name)

    def get(self, position: int, length: int) -> bytes:
        return bytes(self._buffer[position : position + length])

    @property
    def buffer(self) -> memoryview:
        """All of it, without copying."""
        return self._buffer

    def subset(self, offset: int, length: int, name: str | None = None) -> Mapped:
        return Mapped(self._buffer[offset : offset + length], name or self._name)


class _Cursor:
    """Reads a buffer from an offset, like a file."""

    def __init__(self, buffer: memoryview) -> None:
        self._buffer, self._at = buffer, 0

    def read(self, size: int = -1) -> bytes:
        end = len(self._buffer) if size < 0 else min(len(self._buffer), self._at + size)
        found = bytes(self._buffer[self._at : end])
        self._at += len(found)
        return found

    def readline(self) -> bytes:
        """Only old pickle protocols read by lines, but the unpickler requires the method."""
        line = bytearray()
        while (character := self.read(1)) and not line.endswith(b"\n"):
            line += character
        return bytes(line)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: len(self._buffer)}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at
