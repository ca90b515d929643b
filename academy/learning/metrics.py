"""Metrics of heartbeats: counters and histograms for Prometheus.

`flask server run` names a folder for the web processes (PROMETHEUS_MULTIPROC_DIR), where each keeps its counters in
memory-mapped files; any process adds them up on request, with those of ended processes, so that no counter ever
falls. Without that folder a process shows its own.
"""

import os
import shutil
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from academy.learning.models import RefusalReason

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that prometheus_client reads when it is imported."""
BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128)
ANSWERS = ("credited", "duplicate", "refused", "ended", "invalid", "busy", "failed")
REASONS = tuple(RefusalReason)

disable_created_metrics()  # start times of series are not used


class Meter:
    """This process's metrics. Created once a process where a folder is named: its files are by process."""

    def __init__(self) -> None:
        own = self._shown = CollectorRegistry()
        heartbeats = Counter("academy_heartbeats", "Heartbeats by response.", ["answer"], registry=own)
        refusals = Counter(
            "academy_heartbeat_refusals", "Heartbeats with refused time, by reason.", ["reason"], registry=own
        )
        # Every series exists from the start: a rate needs the zero before the first event.
        self._heartbeats = {answer: heartbeats.labels(answer) for answer in ANSWERS}
        self._refusals = {str(reason): refusals.labels(reason) for reason in REASONS}
        self._seconds = Histogram(
            "academy_heartbeat_seconds",
            "Seconds from a heartbeat's arrival to its response.",
            buckets=BUCKETS_S,
            registry=own,
        )
        self._commit_seconds = Histogram(
            "academy_heartbeat_commit_seconds",
            "Seconds of one group commit, including the wait for the write lock.",
            buckets=BUCKETS_S,
            registry=own,
        )
        self._commit_size = Histogram(
            "academy_heartbeat_commit_size", "Heartbeats in one group commit.", buckets=SIZES, registry=own
        )
        self._credited = Counter("academy_credited_media_seconds", "New media time credited.", registry=own)
        if FOLDER in os.environ:
            self._shown = CollectorRegistry()
            MultiProcessCollector(self._shown)

    def answered(self, answer: str, seconds: float, gained_ms: int = 0, reason: str = "") -> None:
        """Count one response to a heartbeat."""
        self._heartbeats[answer].inc()
        if reason in self._refusals:
            self._refusals[reason].inc()
        if gained_ms:
            self._credited.inc(gained_ms / 1000)
        self._seconds.observe(seconds)

    def committed(self, size: int, seconds: float) -> None:
        """Count one group commit."""
        self._commit_size.observe(size)
        self._commit_seconds.observe(seconds)

    def expose(self) -> str:
        """Every process' counters added up, in Prometheus' text format."""
        return str(generate_latest(self._shown), "utf-8")


def new_metrics_folder(data_dir: Path) -> dict[str, str]:
    """Environment of new web processes: an empty folder for their counters."""
    folder = (data_dir / "metrics").absolute()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return {FOLDER: str(folder)}
