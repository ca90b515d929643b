"""A runtime whose transactions are real, on either database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from academy.core.runtime import Runtime
from tests.conftest import make_settings
from tests.support import templates


@pytest.fixture(params=["sqlite", "postgresql"])
def real_runtime(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Runtime]:
    """A runtime whose transactions are real: every thread has a connection of its own."""
    with templates.database(request.param, tmp_path) as url:
        runtime = Runtime.build(make_settings(tmp_path, database_url=url))
        yield runtime
        runtime.db.dispose()
