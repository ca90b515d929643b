"""Which workers of this machine are alive, according to its kernel.

A worker holds a lock on its own file while it lives; the kernel releases it however the process ends. So the next one
that starts finds abandoned jobs at once, even while other workers are alive. Workers of other machines are known by
their heartbeats only.
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
    """Presence file of one worker."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.worker = f"{socket.gethostname()[:40]}-{new_id()}"
        self._fd: int | None = None

    def begin(self) -> None:
        """Lock this worker's file."""
        self.folder.mkdir(parents=True, exist_ok=True)
        begun = self.folder / f"{self.worker}.new"
        self._fd = os.open(begun, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._fd, fcntl.LOCK_EX)
        # Locked before it is renamed to its final name: no other worker sees it without its lock.
        begun.rename(self._file(self.worker))

    def end(self) -> None:
        """Remove this worker's file."""
        if self._fd is not None:
            self._file(self.worker).unlink(missing_ok=True)
            os.close(self._fd)
            self._fd = None

    def dead(self) -> list[str]:
        """Workers of this machine that ended without removing their file."""
        names = [file.name.removesuffix(SUFFIX) for file in self.folder.glob(f"*{SUFFIX}")]
        return [name for name in names if name != self.worker and self._is_dead(name)]

    def forget(self, workers: Collection[str]) -> None:
        """Remove the files of workers whose jobs were released."""
        for name in workers:
            self._file(name).unlink(missing_ok=True)

    def _file(self, worker: str) -> Path:
        return self.folder / f"{worker}{SUFFIX}"

    def _is_dead(self, worker: str) -> bool:
        try:
            fd = os.open(self._file(worker), os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False  # it ended normally, or another worker removed it
        with contextlib.closing(os.fdopen(fd)):
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True
