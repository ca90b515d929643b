"""A few rounds of what `python -m tests.faults.kill_server` does two hundred times."""

from pathlib import Path

import pytest

from tests.faults import kill_server
from tests.support.services import postgres

pytestmark = pytest.mark.faults


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_what_was_acknowledged_outlives_the_server(database: str, tmp_path: Path) -> None:
    if database == "sqlite":
        told = kill_server.run(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path, 3)
    else:
        with postgres(tmp_path / "pg", durable=True) as url:
            told = kill_server.run(url, tmp_path, 3)
    assert told["acknowledged"] > 0
    assert (told["missing"], told["invented_ms"]) == (0, 0)
    assert told["found"] == told["acknowledged"]
