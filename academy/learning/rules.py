"""The rules of credit: which media time a claim earns. Pure; uses no clock and no database.

A span is ``[start, end)`` in milliseconds of media. Held spans are sorted and disjoint.
"""

import math
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Span = tuple[int, int]

HOLE_MS = 400
"""Gaps up to this many ms are closed: players lose a moment at segment edges and at both ends. Closed gaps are paid for
by the clock like other time, so that closing never invents time."""
MAX_CLAIM = 500
"""Maximum number of spans in one claim; no real player sends more."""
MAX_HELD = 2_000
"""Maximum number of spans in a ledger; claims that fragment it further are refused to keep every heartbeat cheap."""
END_SLACK_MS = 2_000
"""Milliseconds by which a browser's end of a lecture may exceed the probed duration."""


class BadClaim(ValueError):
    """A claim that no correct player makes; the text is for programmers."""


@dataclass(frozen=True, slots=True)
class Credit:
    """Result of a claim: all held spans afterwards, how many ms are new, what was refused and why."""

    held: tuple[Span, ...]
    gained_ms: int
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
    """Milliseconds in disjoint spans."""
    return sum(end - start for start, end in spans)


def merge(spans: Iterable[Span], hole_ms: int = 0) -> tuple[Span, ...]:
    """Sorted disjoint spans covering the same time, gaps up to `hole_ms` closed."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start - merged[-1][1] <= hole_ms:
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


def check_claim(spans: object, duration_ms: int) -> tuple[Span, ...]:
    """Parse and check spans of a request.

    Raises:
        BadClaim: not pairs of whole milliseconds within the media, in order, or too many.
    """
    if not isinstance(spans, list) or len(spans) > MAX_CLAIM:
        raise BadClaim("spans")
    claimed = []
    for span in spans:
        if type(span) is not list or len(span) != 2 or type(span[0]) is not int or type(span[1]) is not int:
            raise BadClaim("span")
        start, end = span
        if not 0 <= start < end <= duration_ms + END_SLACK_MS:
            raise BadClaim("range")
        if start < duration_ms:
            claimed.append((start, min(end, duration_ms)))
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


def allowance(at_ms: int, from_ms: int, rate: float, slack_ms: int) -> int:
    """Media milliseconds that the clock allows at `at_ms` when time may be claimed from `from_ms` on.

    Spending more than has passed moves the clock into the future: slack is granted once, not at every heartbeat, so a
    hundred heartbeats a second earn no more than one.
    """
    return max(0, math.floor((at_ms - from_ms) * rate) + slack_ms)


def spend(from_ms: int, gained_ms: int, rate: float) -> int:
    """The clock after `gained_ms` of media were credited."""
    return from_ms + math.ceil(gained_ms / rate)


def close(held: Sequence[Span], claimed: Iterable[Span], duration_ms: int) -> tuple[Span, ...]:
    """The union, with small gaps between spans and at both ends closed."""
    spans = list(merge((*held, *claimed), HOLE_MS))
    if spans:
        if spans[0][0] <= HOLE_MS:
            spans[0] = (0, spans[0][1])
        if duration_ms - spans[-1][1] <= HOLE_MS:
            spans[-1] = (spans[-1][0], max(duration_ms, spans[-1][1]))
    return tuple(spans)


def credit(held: Sequence[Span], claimed: Sequence[Span], allowed_ms: int, duration_ms: int) -> Credit:
    """Add a claim to the held spans: their union, but never more new time than `allowed_ms`.

    Of a larger claim the earliest part is credited, the rest is refused.
    """
    target = close(held, claimed, duration_ms) if claimed else tuple(held)
    gained = length(target) - length(held)
    if len(target) > MAX_HELD:
        return Credit(tuple(held), 0, merge(claimed), "fragments")
    if gained <= allowed_ms:
        return Credit(target, gained)
    taken: list[Span] = []
    left = allowed_ms
    for start, end in subtract(target, held):
        if left <= 0:
            break
        taken.append((start, min(end, start + left)))
        left -= end - start
    kept = merge((*held, *taken))
    return Credit(kept, length(kept) - length(held), subtract(merge(claimed), kept), "too_fast")


def completes(covered_ms: int, duration_ms: int, threshold_permille: int) -> bool:
    """Whether the unique media time watched reaches the course's threshold."""
    return duration_ms > 0 and covered_ms * 1000 >= duration_ms * threshold_permille


def remap(held: Sequence[Span], kept: Sequence[tuple[int, int, int]]) -> tuple[Span, ...]:
    """Carry spans over to a re-cut: `kept` lists (old start, old end, new start) of what stayed."""
    moved = []
    for start, end, target in kept:
        for a, b in held:
            low, high = max(a, start), min(b, end)
            if low < high:
                moved.append((low - start + target, high - start + target))
    return merge(moved)


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
