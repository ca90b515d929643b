"""The rules of credit: what a claim earns. Pure; uses no clock and no database.

A span is ``[start, end)`` in units of the item: milliseconds of a film or recording, pages of a document, where page n
is ``[n - 1, n)``. Held spans are sorted and disjoint.
"""

import enum
import math
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Span = tuple[int, int]


class Unit(enum.StrEnum):
    """What spans, positions and lengths of an item count."""

    MS = "ms"
    PAGE = "page"


PAGE_MS = 10_000
"""Time of study that a page stands for beside milliseconds of media: the clock, which allows twice real time, lets a
page be read in five seconds, and a course of films and documents weighs each part by it."""
HOLE_MS = 400
"""Gaps up to this many ms are closed: players lose a moment at segment edges and at both ends. Closed gaps are paid for
by the clock like other time, so that closing never invents time."""
MAX_CLAIM = 500
"""Maximum number of spans in one claim; no real player sends more."""
MAX_HELD = 2_000
"""Maximum number of spans in a ledger; claims that fragment it further are refused to keep every heartbeat cheap."""
END_SLACK_MS = 2_000
"""Milliseconds by which a browser's end of a lecture may exceed the probed duration."""
_HOLES = {Unit.MS: HOLE_MS, Unit.PAGE: 0}
_END_SLACKS = {Unit.MS: END_SLACK_MS, Unit.PAGE: 0}
_UNIT_MS = {Unit.MS: 1, Unit.PAGE: PAGE_MS}


class BadClaim(ValueError):
    """A claim that no correct player makes; the text is for programmers."""


@dataclass(frozen=True, slots=True)
class Credit:
    """Result of a claim: all held spans afterwards, how many units are new, what was refused and why."""

    held: tuple[Span, ...]
    gained: int
    refused: tuple[Span, ...] = ()
    reason: str = ""


def pack_spans(spans: Iterable[Span]) -> bytes:
    """Spans as little-endian uint32 pairs."""
    flat = [moment for span in spans for moment in span]
    return struct.pack(f"<{len(flat)}I", *flat)


def unpack_spans(packed: bytes) -> tuple[Span, ...]:
    """The reverse of `pack`."""
    flat = struct.unpack(f"<{len(packed) // 4}I", packed)
    return tuple(zip(flat[::2], flat[1::2], strict=True))


def length(spans: Iterable[Span]) -> int:
    """Units in disjoint spans."""
    return sum(end - start for start, end in spans)


def study_ms(amount: int, unit: Unit) -> int:
    """Units as time of study in milliseconds."""
    return amount * _UNIT_MS[unit]


def pages_of(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Spans in milliseconds, as readers before 0.1.0 counted pages, as pages: one that was begun is claimed as a whole,
    because such a reader claims its rest apart and the clock allows no page twice."""
    return merge((start // PAGE_MS, -(-end // PAGE_MS)) for start, end in spans)


def milliseconds_of(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The reverse."""
    return tuple((start * PAGE_MS, end * PAGE_MS) for start, end in spans)


def merge(spans: Iterable[Span], hole: int = 0) -> tuple[Span, ...]:
    """Sorted disjoint spans covering the same, gaps up to `hole` closed."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start - merged[-1][1] <= hole:
            if end > merged[-1][1]:
                merged[-1] = (merged[-1][0], end)
        elif end > start:
            merged.append((start, end))
    return tuple(merged)


def subtract(spans: Sequence[Span], taken: Sequence[Span]) -> tuple[Span, ...]:
    """What of `spans` is not in `taken`; both sorted and disjoint."""
    left: list[Span] = []
    place = 0
    for start, end in spans:
        while place < len(taken) and taken[place][1] <= start:
            place += 1
        look = place
        while look < len(taken) and taken[look][0] < end:
            if taken[look][0] > start:
                left.append((start, taken[look][0]))
            start = max(start, taken[look][1])
            look += 1
        if start < end:
            left.append((start, end))
    return tuple(left)


def check_claim(spans: object, extent: int, unit: Unit = Unit.MS) -> tuple[Span, ...]:
    """Parse and check spans of a request against the length of the item.

    Raises:
        BadClaim: not pairs of whole units within the item, in order, or too many.
    """
    most = extent + _END_SLACKS[unit]
    if not isinstance(spans, list) or len(spans) > MAX_CLAIM:
        raise BadClaim("spans")
    claimed = []
    for span in spans:
        if type(span) is not list or len(span) != 2 or type(span[0]) is not int or type(span[1]) is not int:
            raise BadClaim("span")
        start, end = span
        if not 0 <= start < end <= most:
            raise BadClaim("range")
        if start < extent:
            claimed.append((start, min(end, extent)))
    return tuple(claimed)


def claimable_from(until_ms: int, last_heartbeat_ms: int, lapses_ms: int, at_ms: int) -> int:
    """The moment from which wall-clock time may still be claimed at `at_ms`.

    Credit is claimed of the time since the last heartbeat. Unspent time before it (more heartbeats of the same queue
    may be under way) lapses at `lapses_ms`: an hour at single speed does not save up for an hour of skipping.
    """
    return max(until_ms, last_heartbeat_ms) if at_ms > lapses_ms else until_ms


def lapse_after(from_ms: int, last_heartbeat_ms: int, lapses_ms: int, at_ms: int) -> int:
    """When the time left unspent by a heartbeat at `at_ms` lapses: half as long after it as the silence before it.

    A queue that waited forty minutes for the network has twenty to deliver all its heartbeats; with heartbeats every
    fifteen seconds nothing is left over by the next one.
    """
    silence = max(0, at_ms - max(from_ms, last_heartbeat_ms))
    return max(lapses_ms, at_ms + silence // 2)


def allowance(at_ms: int, from_ms: int, rate: float, slack_ms: int, unit: Unit = Unit.MS) -> int:
    """Units that the clock allows at `at_ms` when time may be claimed from `from_ms` on; whole pages only.

    Spending more than has passed moves the clock into the future: slack is granted once, not at every heartbeat, so a
    hundred heartbeats a second earn no more than one.
    """
    return max(0, math.floor((at_ms - from_ms) * rate) + slack_ms) // _UNIT_MS[unit]


def spend(from_ms: int, gained: int, rate: float, unit: Unit = Unit.MS) -> int:
    """The clock after `gained` units were credited."""
    return from_ms + math.ceil(study_ms(gained, unit) / rate)


def close(held: Sequence[Span], claimed: Iterable[Span], extent: int, unit: Unit = Unit.MS) -> tuple[Span, ...]:
    """The union, with small gaps between spans and at both ends closed; a missing page is no small gap."""
    hole = _HOLES[unit]
    spans = list(merge((*held, *claimed), hole))
    if spans:
        if spans[0][0] <= hole:
            spans[0] = (0, spans[0][1])
        if extent - spans[-1][1] <= hole:
            spans[-1] = (spans[-1][0], max(extent, spans[-1][1]))
    return tuple(spans)


def credit(held: Sequence[Span], claimed: Sequence[Span], allowed: int, extent: int, unit: Unit = Unit.MS) -> Credit:
    """Add a claim to the held spans: their union, but never more new units than `allowed`.

    Of a larger claim the earliest part is credited, the rest is refused.
    """
    target = close(held, claimed, extent, unit) if claimed else tuple(held)
    gained = length(target) - length(held)
    if len(target) > MAX_HELD:
        return Credit(tuple(held), 0, merge(claimed), "fragments")
    if gained <= allowed:
        return Credit(target, gained)
    taken: list[Span] = []
    left = allowed
    for start, end in subtract(target, held):
        if left <= 0:
            break
        taken.append((start, min(end, start + left)))
        left -= end - start
    kept = merge((*held, *taken))
    return Credit(kept, length(kept) - length(held), subtract(merge(claimed), kept), "too_fast")


def completes(covered: int, extent: int, threshold_permille: int) -> bool:
    """Whether what was watched or read, each part once, reaches the course's threshold."""
    return extent > 0 and covered * 1000 >= extent * threshold_permille


def remap_spans(held: Sequence[Span], kept: Sequence[tuple[int, int, int]]) -> tuple[Span, ...]:
    """Carry spans over to a re-cut: `kept` lists (old start, old end, new start) of what stayed."""
    moved = []
    for start, end, target in kept:
        for a, b in held:
            low, high = max(a, start), min(b, end)
            if low < high:
                moved.append((low - start + target, high - start + target))
    return merge(moved)


def remap_moment(moment: int, kept: Sequence[tuple[int, int, int]]) -> int | None:
    """Where a moment of the old file lies in a re-cut; None where it was cut out. `kept` as in `remap_spans`."""
    for start, end, target in kept:
        if start <= moment < end:
            return moment - start + target
    return None


def check_mapping(kept: Sequence[tuple[int, int, int]], old_ms: int, new_ms: int) -> None:
    """Check a declared mapping.

    Raises:
        BadClaim: ranges that overlap (time would count twice) or lie outside either version.
    """
    if not kept:
        raise BadClaim("empty")
    old, new = [], []
    for start, end, target in kept:
        if not 0 <= start < end <= old_ms or not 0 <= target <= new_ms - (end - start):
            raise BadClaim("range")
        old.append((start, end))
        new.append((target, target + end - start))
    for ranges in (sorted(old), sorted(new)):
        if any(ranges[i][1] > ranges[i + 1][0] for i in range(len(ranges) - 1)):
            raise BadClaim("overlap")
