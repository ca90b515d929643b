"""A worker killed at every step; `tests.faults.kill_encoder` does it as often as one likes."""

import random
from pathlib import Path

import pytest

from tests.faults.kill_encoder import PART_S, STEPS, run
from tests.support.running import academy

pytestmark = [pytest.mark.faults, pytest.mark.needs("ffmpeg")]


def test_a_worker_killed_at_every_step_leaves_nothing_half_done(tmp_path: Path) -> None:
    with academy(tmp_path, part_s=PART_S) as of:
        found = run(of, rounds=len(STEPS), seconds=26, draw=random.Random(3))
    assert found["stuck"] == found["lost"] == 0
    kills = found["kills"]
    assert isinstance(kills, dict)
    assert len(kills.keys() & set(STEPS)) >= 5, f"the kills fell elsewhere: {kills}"
