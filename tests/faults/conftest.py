"""A disk that is soon full."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services import missing


@pytest.fixture
def small_disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """24 MB, or as the test says; nothing is on it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={getattr(request, 'param', '24m')}", "tmpfs", disk],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        missing("a small disk (mount of a tmpfs)")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", disk], check=True)
