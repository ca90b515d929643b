"""Which workers of this machine are alive, as its kernel knows it.

A worker holds a lock on a file of its own for as long as it lives; the kernel lets go of it however the
process ends. So the next one that starts knows at once which jobs were left behind, also beside a sibling
that is alive. Workers of other machines are known by their heartbeats only.
"""

import contextlib
import fcntl
import os
import socket
from collections.abc import Collection
from pathlib import Path

from academy.core.ids import new_id

SUFFIX = ".lock"


class Presence:
    """One worker's sign of life."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.worker = f"{socket.gethostname()[:40]}-{new_id()}"
        self._fd: int | None = None

    def begin(self) -> None:
        """Be alive from now on."""
        self.folder.mkdir(parents=True, exist_ok=True)
        begun = self.folder / f"{self.worker}.new"
        self._fd = os.open(begun, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._fd, fcntl.LOCK_EX)
        # Locked before it bears the name that others look for: nobody finds it without its lock.
        begun.rename(self._file(self.worker))

    def end(self) -> None:
        """Leave, with nothing left behind."""
        if self._fd is not None:
            self._file(self.worker).unlink(missing_ok=True)
            os.close(self._fd)
            self._fd = None

    def dead(self) -> list[str]:
        """Workers of this machine that ended without a word."""
        names = [file.name.removesuffix(SUFFIX) for file in self.folder.glob(f"*{SUFFIX}")]
        return [name for name in names if name != self.worker and self._is_dead(name)]

    def forget(self, workers: Collection[str]) -> None:
        """Their jobs have been taken care of."""
        for name in workers:
            self._file(name).unlink(missing_ok=True)

    def _file(self, worker: str) -> Path:
        return self.folder / f"{worker}{SUFFIX}"

    def _is_dead(self, worker: str) -> bool:
        try:
            fd = os.open(self._file(worker), os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False  # it left, or somebody else has seen to it
        with contextlib.closing(os.fdopen(fd)):
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True
