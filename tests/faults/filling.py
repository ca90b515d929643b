"""Disks that are filled."""

import os
from pathlib import Path


def fill(disk: Path, left: int = 0) -> Path:
    """Leave so many bytes; the system counts in pages of 4096."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
    os.truncate(filler, filler.stat().st_size - left)
    return filler
