"""The operator's view of beats: counters of every process, in Prometheus' text format.

Each process keeps its counters in a small mapped file of its own under the data folder, so that
whichever process is asked can add them up; files of dead processes are cleared when one starts.
"""

import contextlib
import mmap
import os
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128)
ANSWERS = ("credited", "duplicate", "refused", "ended", "invalid", "busy", "failed")
REASONS = (
    "too_fast",
    "fragments",
    "taken_over",
    "moved",
    "idle",
    "withdrawn",
    "replaced",
    "expired",
    "finished",
    "signed_out",
    "unknown",
)


def _names() -> Iterator[str]:
    for answer in ANSWERS:
        yield f'academy_beats_total{{answer="{answer}"}}'
    for reason in REASONS:
        yield f'academy_beat_refusals_total{{reason="{reason}"}}'
    for name, bounds in (
        ("academy_beat_seconds", BUCKETS_S),
        ("academy_beat_commit_seconds", BUCKETS_S),
        ("academy_beat_commit_size", SIZES),
    ):
        for bound in (*bounds, "+Inf"):
            yield f'{name}_bucket{{le="{bound}"}}'
        yield f"{name}_sum"
        yield f"{name}_count"
    yield "academy_credited_media_seconds_total"


NAMES = tuple(_names())
_PLACE = {name: place for place, name in enumerate(NAMES)}
_FORM = struct.Struct(f"<{len(NAMES)}d")

HELP = {
    "academy_beats_total": ("counter", "Beats by what was answered."),
    "academy_beat_refusals_total": ("counter", "Beats of which something was not credited, by reason."),
    "academy_beat_seconds": ("histogram", "From a beat's arrival to its answer."),
    "academy_beat_commit_seconds": ("histogram", "One group commit, with its wait for the write lock."),
    "academy_beat_commit_size": ("histogram", "Beats in one group commit."),
    "academy_credited_media_seconds_total": ("counter", "New media time credited."),
}


class Meter:
    """The counters of this process."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        sweep(folder)
        self._guard = threading.Lock()
        self._values = [0.0] * len(NAMES)
        self._folder = folder
        self._pid = 0
        self._map: mmap.mmap | None = None

    def answered(self, answer: str, seconds: float, gained_ms: int = 0, reason: str = "") -> None:
        """One beat was answered."""
        with self._guard:
            self._values[_PLACE[f'academy_beats_total{{answer="{answer}"}}']] += 1
            if reason in REASONS:
                self._values[_PLACE[f'academy_beat_refusals_total{{reason="{reason}"}}']] += 1
            if gained_ms:
                self._values[_PLACE["academy_credited_media_seconds_total"]] += gained_ms / 1000
            self._observe("academy_beat_seconds", BUCKETS_S, seconds)

    def committed(self, size: int, seconds: float) -> None:
        """One group commit ended."""
        with self._guard:
            self._observe("academy_beat_commit_size", SIZES, size)
            self._observe("academy_beat_commit_seconds", BUCKETS_S, seconds)
            self._write()

    def _observe(self, name: str, bounds: tuple[float, ...], value: float) -> None:
        first = _PLACE[f'{name}_bucket{{le="{bounds[0]}"}}']
        values = self._values
        for place, bound in enumerate(bounds):
            if value <= bound:
                values[first + place] += 1
                break
        else:
            values[first + len(bounds)] += 1
        values[first + len(bounds) + 1] += value
        values[first + len(bounds) + 2] += 1

    def _write(self) -> None:
        if self._pid != os.getpid():
            self._pid = os.getpid()
            path = self._folder / f"beats-{self._pid}.bin"
            with path.open("wb+") as file:
                file.truncate(_FORM.size)
                self._map = mmap.mmap(file.fileno(), _FORM.size)
        assert self._map is not None
        _FORM.pack_into(self._map, 0, *self._values)

    def expose(self) -> str:
        """Every process' counters added up, as text."""
        with self._guard:
            self._write()
        totals = [0.0] * len(NAMES)
        for path in self._folder.glob("beats-*.bin"):
            with contextlib.suppress(OSError, struct.error):
                totals = [a + b for a, b in zip(totals, _FORM.unpack(path.read_bytes()), strict=True)]
        return _text(totals)


def _text(totals: list[float]) -> str:
    lines, family, running = [], "", 0.0
    for name, value in zip(NAMES, totals, strict=True):
        base = name.partition("{")[0]
        if (base if base in HELP else base.rsplit("_", 1)[0]) != family:
            family, running = base if base in HELP else base.rsplit("_", 1)[0], 0.0
            kind, told = HELP[family]
            lines += [f"# HELP {family} {told}", f"# TYPE {family} {kind}"]
        if "_bucket{" in name:
            running += value  # buckets are kept apart and told as running totals
            value = running
        lines.append(f"{name} {round(value, 6):.15g}")
    return "\n".join(lines) + "\n"


def sweep(folder: Path) -> None:
    """Forget counters of processes that are gone."""
    for path in folder.glob("beats-*.bin"):
        pid = path.stem.partition("-")[2]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            path.unlink(missing_ok=True)
