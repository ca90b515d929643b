"""The space that is left free on every disk, so that the database can always be written.

Whoever writes much asks before each piece, not only when it is announced: five files that each fitted have filled a
disk together. Programs that write by themselves (encoders) are watched and ended at the reserve.
"""

import contextlib
import shutil
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path

from academy.core.errors import StorageFull

_reserve: ContextVar[int | None] = ContextVar("disk_reserve", default=None)


def free_bytes(folder: Path) -> int:
    """Bytes that may still be written below a folder."""
    return shutil.disk_usage(folder).free


def require_space(folder: Path, size: int = 0, reserve: int | None = None) -> None:
    """Be sure that `size` bytes go into a folder's disk and the reserve stays; both in bytes.

    Raises:
        StorageFull: they do not.
    """
    kept = _reserve.get() if reserve is None else reserve
    if kept is not None and free_bytes(folder) < size + kept:
        raise StorageFull


def is_at_reserve(folder: Path) -> bool:
    """Whether the reserve of the present `keeping` is being used up."""
    kept = _reserve.get()
    return kept is not None and free_bytes(folder) < kept


@contextlib.contextmanager
def reserving(reserve: int) -> Iterator[None]:
    """Within this block, leave so many bytes free: `require_room` and the tools that are run go by it."""
    token = _reserve.set(reserve)
    try:
        yield
    finally:
        _reserve.reset(token)
