"""A disk that is soon full, a database without tables, and fixtures that quicker tests use too."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from academy.core.database import Database
from tests.components.corrected_city import city, plan
from tests.contracts.access_calls import world
from tests.support.services import postgres

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


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without tables, for migrations."""
    with contextlib.ExitStack() as stack:
        url = f"sqlite:///{tmp_path / 'x.db'}"
        if request.param == "postgresql":
            url = stack.enter_context(postgres(tmp_path / "pg"))
        made = Database(url)
        stack.callback(made.dispose)
        yield made
