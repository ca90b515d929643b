"""Presentation times of a file's packets: measured, because headers estimate, round up or lack them.

ffmpeg copies the packets into a list (``framecrc``) without decoding them. Its corrections while reading (a clock that
restarts in the middle, edit lists) apply to the list too, as they will for the encoder.
"""

import array
import dataclasses
import itertools
import statistics
import tempfile
from fractions import Fraction
from pathlib import Path

from academy.core.settings import Settings
from academy.media import tools
from academy.media.rules import UNEVEN_FPS
from academy.media.tools import Limits

_MEASURE = Limits(seconds=1800, cpu_s=900, memory_mib=2048, file_mib=64)
_DISCARD = 0x4
_NO_TIME = -(1 << 62)
EVEN = 0.2
"""Share of a step by which most steps of a constant frame rate may differ: containers round to milliseconds."""
MAX_PACKETS = 20_000_000
_NEAR = 0.01
RATES = (
    *(Fraction(n) for n in (5, 6, 8, 10, 12, 15, 16, 18, 20, 24, 25, 30, 48, 50, 60, 90, 100, 120, 240)),
    *(Fraction(n * 1000, 1001) for n in (12, 15, 24, 30, 48, 60, 120, 240)),
)
"""Nominal frame rates of cameras and recorders."""


@dataclasses.dataclass(frozen=True)
class Track:
    """The packets of one stream; seconds from the file's own beginning, as the encoder counts them."""

    count: int
    start: float
    end: float
    last: float
    """Start of the last packet."""
    rate: float = 0.0
    """Packets a second without pauses; 0 where there are too few."""


class _Times:
    """Collects the lines of `framecrc` for one stream."""

    def __init__(self) -> None:
        self.base = Fraction(1)
        self.shown = array.array("q")
        self.end = _NO_TIME

    def add(self, shown: int, duration: int) -> None:
        self.shown.append(shown)
        self.end = max(self.end, shown + max(0, duration))


def measure(settings: Settings, reading: list[str], path: Path, streams: list[int]) -> list[Track | None]:
    """The tracks of these streams; None for one without a packet. `reading` are the options of the input.

    Raises:
        ToolFailed: the container cannot be read.
    """
    found = [_Times() for _ in streams]
    command = [tools.ffmpeg_path(settings), "-nostdin", "-v", "error", *reading, "-i", f"file:{path}"]
    for index in streams:
        command += ["-map", f"0:{index}"]
    command += ["-c", "copy", "-copyinkf", "-max_muxing_queue_size", "65536", "-f", "framecrc", "pipe:1"]
    with tempfile.TemporaryDirectory(prefix="packets-") as folder:
        tools.run(
            command,
            folder=Path(folder),
            limits=_MEASURE,
            on_line=lambda line: _read(line, found),
            sees=tools.needs(command, path),
        )
    return [_track(times) for times in found]


def _read(line: str, found: list[_Times]) -> None:
    if line.startswith("#tb "):
        number, _, base = line[4:].partition(":")
        found[int(number)].base = Fraction(base.strip())
    elif line and line[0].isdigit():
        fields = line.split(",", 6)
        flags = fields[6].strip() if len(fields) > 6 else ""
        if flags.startswith("F=") and int(flags[2:].partition(",")[0], 16) & _DISCARD:
            return  # an edit list has it decoded and not shown
        decoded, shown = int(fields[1]), int(fields[2])
        when = shown if shown > _NO_TIME else decoded
        if when > _NO_TIME and len(found[int(fields[0])].shown) < MAX_PACKETS:
            found[int(fields[0])].add(when, int(fields[3]))


def _track(times: _Times) -> Track | None:
    if not times.shown:
        return None
    shown = sorted(times.shown)
    steps = [b - a for a, b in itertools.pairwise(shown) if b > a]
    base = float(times.base)
    # In many containers the last packet has no duration of its own.
    end = times.end if times.end > shown[-1] else shown[-1] + (statistics.median(steps) if steps else 0)
    return Track(len(shown), shown[0] * base, end * base, shown[-1] * base, rate_of([s * base for s in steps]))


def rate_of(steps: list[float]) -> float:
    """Frame rate from the steps between pictures, in seconds.

    For a constant rate the mean of the steps without pauses, for a variable one the rate of the quicker steps, so that
    each picture is shown close to its time.
    """
    if not steps:
        return 0.0
    ordered = sorted(steps)
    tenth, middle, most = (ordered[int(share * (len(ordered) - 1))] for share in (0.1, 0.5, 0.9))
    if most - tenth <= EVEN * middle:
        usual = [s for s in ordered if 0.5 * middle <= s <= 1.5 * middle]
        rate = len(usual) / sum(usual)
    else:
        rate = max(1 / tenth, UNEVEN_FPS)
    near = min(RATES, key=lambda known: abs(known - Fraction(rate)))
    return float(near) if abs(float(near) - rate) <= _NEAR * rate else rate
