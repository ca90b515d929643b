"""A worker killed in mid-encode; `tests.faults.kill_encoder` does it as often as one likes."""

import random
from pathlib import Path

import pytest

from tests.faults.kill_encoder import run
from tests.running import academy

pytestmark = pytest.mark.faults


def test_a_worker_killed_in_mid_encode_leaves_nothing_half_done(tmp_path: Path) -> None:
    with academy(tmp_path) as of:
        found = run(of, rounds=3, seconds=20, draw=random.Random(3))
    assert found["stuck"] == found["lost"] == 0
