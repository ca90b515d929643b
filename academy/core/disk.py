"""Reserve of free space on every disk, so that the database can always be written.

Large writes check before each piece, not only at their announcement: five files that each fitted have filled a disk
together. External programs (encoders) are watched and killed at the reserve.
"""

import contextlib
import shutil
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path

from academy.core.errors import StorageFull

_reserve: ContextVar[int | None] = ContextVar("disk_reserve", default=None)


def free_bytes(folder: Path) -> int:
    """Bytes that may still be written in a folder."""
    return shutil.disk_usage(folder).free


def require_space(folder: Path, size: int = 0, reserve: int | None = None) -> None:
    """Check that `size` bytes fit on a folder's disk beside the reserve; both in bytes.

    Raises:
        StorageFull: they do not.
    """
    kept = _reserve.get() if reserve is None else reserve
    if kept is not None and free_bytes(folder) < size + kept:
        raise StorageFull


def is_at_reserve(folder: Path) -> bool:
    """Whether the reserve set by `reserving` is being used up."""
    kept = _reserve.get()
    return kept is not None and free_bytes(folder) < kept


@contextlib.contextmanager
def reserving(reserve: int) -> Iterator[None]:
    """Within this block, keep so many bytes free: `require_space` and external tools obey it."""
    token = _reserve.set(reserve)
    try:
        yield
    finally:
        _reserve.reset(token)
