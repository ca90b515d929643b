"""The clock of playing without a network: what may be credited when it is reported later. Pure; no clock, no database.

A phone's clock may lie, so its times are not asked for. What counts is the server's: a second of wall-clock time is
worth `rate` seconds of study, once, whatever played meanwhile and on however many devices. A lecture that is kept on a
phone has a clock that begins when it is kept. At each report the member may have earned no more than

    what was earned or could still be claimed when the clock began + rate * the time since

which is one sum for everything: other kept lectures, other devices, playing with a network. Time that playbacks with a
network may still claim (`OnlineTime`) stays theirs; where too little is left beside it, they lose what is credited
here. After a report the clock begins anew, once half as long as the silence before it has passed: a queue is sent in
several parts, and an hour at single speed does not save up for an hour of skipping (as in `rules.lapse_after`).
See docs/decisions/0058-offline.md.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from academy.learning import rules
from academy.learning.rules import Unit


@dataclass(frozen=True, slots=True)
class OnlineTime:
    """Wall-clock time, in milliseconds of the server, that one playback with a network may still claim."""

    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class OfflineClock:
    """The clock of one kept lecture. All times are the server's; `base_ms` is time of study."""

    since_ms: int
    """From when time may be claimed: when the lecture was kept, or the last report whose grace is over."""
    base_ms: int
    """What the member had earned or could still claim with a network at `since_ms`."""
    last_ms: int
    """The newest report."""
    last_base_ms: int
    """The same as `base_ms`, after that report."""
    lapses_ms: int
    """Until when time before `last_ms` may still be claimed."""


def outstanding(windows: Sequence[OnlineTime], from_ms: int | None = None, until_ms: int | None = None) -> int:
    """Milliseconds of wall clock in the windows, or in what of them lies between two moments."""
    total = 0
    for window in windows:
        start = window.start_ms if from_ms is None else max(window.start_ms, from_ms)
        end = window.end_ms if until_ms is None else min(window.end_ms, until_ms)
        total += max(0, end - start)
    return total


def begin(at_ms: int, earned_ms: int, windows: Sequence[OnlineTime], rate: float) -> OfflineClock:
    """The clock of a lecture that is kept now by a member who has earned so much time of study."""
    base = earned_ms + math.floor(rate * outstanding(windows))
    return OfflineClock(at_ms, base, at_ms, base, at_ms)


def begun_anew(clock: OfflineClock, at_ms: int) -> OfflineClock:
    """The clock as it is at a moment: unspent time before the last report lapses."""
    if at_ms <= clock.lapses_ms:
        return clock
    return replace(clock, since_ms=clock.last_ms, base_ms=clock.last_base_ms)


def allowance(
    clock: OfflineClock, at_ms: int, earned_ms: int, windows: Sequence[OnlineTime], rate: float, unit: Unit = Unit.MS
) -> int:
    """Units that may be credited at a moment; whole pages only. `clock` is `begun_anew`."""
    study = _potential(clock, at_ms, rate) - earned_ms - math.ceil(rate * outstanding(windows, until_ms=clock.since_ms))
    return max(0, study) // rules.study_ms(1, unit)


def _potential(clock: OfflineClock, at_ms: int, rate: float) -> int:
    """What the member may have earned at a moment, by this clock."""
    return clock.base_ms + math.floor(rate * max(0, at_ms - clock.since_ms))


def charge(
    clock: OfflineClock, at_ms: int, earned_ms: int, windows: Sequence[OnlineTime], rate: float, gained_ms: int
) -> list[OnlineTime]:
    """The windows after `gained_ms` of study were credited: what was not free is taken from their newest time."""
    free = _potential(clock, at_ms, rate) - earned_ms - math.ceil(rate * outstanding(windows))
    missing = math.ceil(max(0, gained_ms - free) / rate)
    left = list(windows)
    for place in sorted(range(len(left)), key=lambda n: left[n].end_ms, reverse=True):
        taken = min(missing, max(0, left[place].end_ms - left[place].start_ms))
        missing -= taken
        left[place] = replace(left[place], start_ms=left[place].start_ms + taken)
    return left


def reported(
    clock: OfflineClock, at_ms: int, earned_ms: int, windows: Sequence[OnlineTime], rate: float
) -> OfflineClock:
    """The clock after a report; `earned_ms` and `windows` are those after it."""
    silence = max(0, at_ms - clock.last_ms)
    return replace(
        clock,
        last_ms=max(clock.last_ms, at_ms),
        last_base_ms=earned_ms + math.floor(rate * outstanding(windows)),
        lapses_ms=max(clock.lapses_ms, at_ms + silence // 2),
    )


def beside(clock: OfflineClock, other: OfflineClock, gained_ms: int, rate: float) -> OfflineClock:
    """Another kept lecture's clock after `gained_ms` were credited by `clock`: what may have been played before the
    other began is not held against it."""
    return replace(
        other,
        base_ms=_attributed(clock, other.since_ms, other.base_ms, gained_ms, rate),
        last_base_ms=_attributed(clock, other.last_ms, other.last_base_ms, gained_ms, rate),
    )


def _attributed(clock: OfflineClock, at_ms: int, base_ms: int, gained_ms: int, rate: float) -> int:
    if at_ms <= clock.since_ms:
        return base_ms
    return max(base_ms, min(base_ms + gained_ms, _potential(clock, at_ms, rate)))
