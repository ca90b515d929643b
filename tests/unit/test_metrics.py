"""Counters of beats: exact among threads and processes, and never falling when a process is gone."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from academy.learning import metrics

ROOT = Path(__file__).resolve().parents[2]
COUNTING = """
import sys
from academy.learning.metrics import Meter
meter = Meter()
for _ in range(int(sys.argv[1])):
    meter.answered("credited", 0.004, 5_000)
    meter.committed(1, 0.002)
print(meter.expose())
"""


def series(text: str) -> dict[str, float]:
    """Value by name and labels."""
    lines = (line.rpartition(" ") for line in text.splitlines() if line and line[0] != "#")
    return {name: float(value) for name, _, value in lines}


def counted_by_a_process(folder: dict[str, str], beats: int) -> dict[str, float]:
    """What a process shows that has counted so many beats; it is gone when this returns."""
    ran = subprocess.run(
        [sys.executable, "-c", COUNTING, str(beats)], cwd=ROOT, env=folder, capture_output=True, text=True, check=True
    )
    return series(ran.stdout)


@pytest.mark.thorough
def test_processes_add_up_and_those_that_are_gone_still_count(tmp_path: Path) -> None:
    folder = metrics.new_metrics_folder(tmp_path)
    for so_far, beats in ((3, 3), (8, 5), (8, 0)):
        shown = counted_by_a_process(folder, beats)
        assert shown['academy_heartbeats_total{answer="credited"}'] == so_far
        assert shown["academy_credited_media_seconds_total"] == so_far * 5
        assert (
            shown["academy_heartbeat_seconds_count"]
            == shown['academy_heartbeat_commit_size_bucket{le="1.0"}']
            == so_far
        )
        assert shown['academy_heartbeat_seconds_bucket{le="0.0025"}'] == 0
    assert counted_by_a_process(metrics.new_metrics_folder(tmp_path), 1)["academy_heartbeat_seconds_count"] == 1, (
        "begun anew"
    )


def test_threads_lose_nothing_and_every_series_is_there_from_the_start() -> None:
    meter = metrics.Meter()
    before = series(meter.expose())
    assert set(before.values()) == {0.0}

    def count() -> None:
        for _ in range(200):
            meter.answered("refused", 0.5, reason="idle")

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    after = series(meter.expose())
    assert before.keys() == after.keys()
    assert after['academy_heartbeats_total{answer="refused"}'] == after["academy_heartbeat_seconds_count"] == 800
    assert (
        after['academy_heartbeat_refusals_total{reason="idle"}'] == 800
        and after["academy_heartbeat_seconds_sum"] == 400
    )
    assert not {name for name in after if name.endswith("_created")}
