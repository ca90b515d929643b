"""A disk that is soon full, and fixtures that quicker tests use too."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.components.corrected_city import city, plan
from tests.contracts.access_calls import world

__all__ = ["city", "plan", "small_disk", "world"]


@pytest.fixture
def small_disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """24 MB, or as the test says; nothing is on it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    size = f"size={getattr(request, 'param', '24m')}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", disk], check=True)
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", disk], check=True)
