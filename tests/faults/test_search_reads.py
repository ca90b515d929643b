"""Reads while the index is written, at a size for every day; the command does the hundred thousand."""

from pathlib import Path

import pytest

from tests.faults.search_reads import run

pytestmark = pytest.mark.faults


def test_no_read_fails_while_lectures_are_replaced_and_merged(tmp_path: Path) -> None:
    told = run(tmp_path, reads=4_000, readers=2)
    assert (told["reads"], told["errors"], told["wrong"]) == (4_000, 0, 0), told
    assert isinstance(told["commits"], int) and told["commits"] > 5 and told["merges"], told
