"""A device on which somebody watches, with the queue of the player's script, and the network before it."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.faults.learning_server import Answer

BEATS, LEASES = "/api/v1/progress/heartbeats", "/api/v1/progress/leases"
KEEP = "/api/v1/offline/lectures"
MOST_SPANS, MOST_RECORDS = 500, 200
HTML = "text/html"
PAGES = (
    Answer(200, HTML),  # a captive portal
    Answer(404, HTML),
    Answer(403, HTML),
    Answer(302, HTML),
    Answer(502, HTML),
    Answer(429, HTML),
    Answer(200, "application/json", {"code": 0, "msg": "ok"}),  # a gateway that is polite
    Answer(200, "application/json", [1, 2]),
)
Span = tuple[int, int]
Seconds = set[tuple[int, int]]
"""item, second of the lecture"""


@dataclass
class Record:
    """Seconds that were played under a lease and wait for the server's word."""

    lease: str
    item: int
    seq: int
    spans: list[Span]
    position: int


@dataclass
class Request:
    """What a device sends now: a path and a body, of which records."""

    path: str
    body: dict[str, Any]
    records: list[Record] = field(default_factory=list)
    heard: bool = True
    """False of a farewell: the page is gone when the answer comes."""


def merged(spans: list[Span]) -> list[Span]:
    """The same time in fewer spans, in order."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def seconds(item: int, spans: list[Span]) -> Seconds:
    """The seconds that lie in spans of milliseconds."""
    return {(item, second) for start, end in spans for second in range(start // 1000, end // 1000)}


def acknowledged(answer: Answer | None, seq: int) -> dict[str, Any] | None:
    """What the academy says of a beat, None when nobody of ours has spoken: as the player's script decides it."""
    if answer is None or answer.status >= 500 or answer.status in (429, 408):
        return None
    if answer.status == 204:
        return {}
    said = answer.said if "json" in answer.kind and isinstance(answer.said, dict) else None
    return said if said is not None and said.get("seq") == seq else None


class Device:
    """One browser: what plays on it, and what waits in its queue."""

    def __init__(self, name: str, dice: random.Random, lengths: list[int]) -> None:
        self.name, self.dice, self.lengths = name, dice, lengths
        self.online, self.playing, self.speed = True, False, 1
        self.item, self.place = 0, 0
        self.lease, self.seq = "", 0
        self.kept: dict[int, str] = {}
        """Leases of the items that are kept on it, for where there is no network."""
        self.queue: list[Record] = []
        self.tries, self.not_before = 0, 0.0
        self.played: Seconds = set()
        self.told: dict[str, Seconds] = {}
        """What the server said was not credited, by reason."""
        self.claimed_more = 0

    def watch(self, wall_s: int) -> None:
        """Play for so many seconds of the wall clock; the record of it goes into the queue."""
        end = min(self.place + wall_s * self.speed, self.lengths[self.item])
        if not self.playing or not self.lease:
            return
        if end > self.place:
            self._record((self.place * 1000, end * 1000))
        self.place = end
        if end == self.lengths[self.item]:
            self.playing = False

    def leap(self) -> None:
        """Claim a stretch that was never played."""
        start = self.dice.randrange(self.lengths[self.item] - 1)
        if self.lease:
            self._record((start * 1000, self.lengths[self.item] * 1000))
            self.claimed_more += 1

    def _record(self, span: Span) -> None:
        self.seq += 1
        self.played |= seconds(self.item, [span])
        self.queue.append(Record(self.lease, self.item, self.seq, [span], span[1]))

    def close_page(self) -> Iterator[Request]:
        """The page goes, with a beacon whose answer nobody hears; the queue is on disk."""
        mine = [record for record in self.queue if record.lease == self.lease]
        if mine and self.online:
            farewell = self._heartbeat(mine)
            farewell.heard = False
            yield farewell
        self.playing, self.lease = False, ""

    def opening(self, public_ids: list[str], *, take_over: bool) -> Request:
        """Ask for the lease of the item that is to be played."""
        body = {"item": public_ids[self.item], "device": self.name, "take_over": take_over}
        return Request(LEASES, body)

    def opened(self, answer: Answer | None) -> None:
        """Begin where the answer says, if it is one of ours."""
        if answer is not None and answer.status == 201 and isinstance(answer.said, dict):
            self.lease, self.seq, self.playing = answer.said["token"], answer.said["seq"], True

    def keeping(self, public_ids: list[str], form: str) -> Request:
        """Ask for the lease of the item, to be played without a network later."""
        return Request(KEEP, {"item": public_ids[self.item], "form": form, "device": f"{self.name}-kept"})

    def keeps(self, item: int, answer: Answer | None) -> None:
        """It is kept, if the answer is one of ours."""
        if answer is not None and answer.status == 201 and isinstance(answer.said, dict):
            self.kept[item] = answer.said["token"]

    def play_kept(self) -> None:
        """Without a network: what is kept of this item, or of another."""
        if self.item not in self.kept:
            self.item, self.place = self.dice.choice(list(self.kept)), 0
        self.lease, self.seq, self.playing = self.kept[self.item], self.seq + 1, True
        if self.place >= self.lengths[self.item]:
            self.place = 0

    def next_beat(self, now: float) -> Request | None:
        """What the queue sends now, if it may."""
        if not self.queue or not self.online or now < self.not_before:
            return None
        leases = list(dict.fromkeys(record.lease for record in self.queue))
        chosen = leases[self.tries % len(leases)]
        return self._heartbeat([record for record in self.queue if record.lease == chosen][:MOST_RECORDS])

    def _heartbeat(self, records: list[Record]) -> Request:
        spans = merged([span for record in records for span in record.spans])[:MOST_SPANS]
        seq = max(record.seq for record in records)
        body = {"lease": records[-1].lease, "seq": seq, "spans": [list(span) for span in spans]}
        return Request(BEATS, body | {"position": records[-1].position}, records)

    def answered(self, request: Request, answer: Answer | None, now: float) -> None:
        """Let go of what was acknowledged; else wait, longer each time."""
        said = acknowledged(answer, request.body["seq"])
        if said is None:
            self.tries += 1
            self.not_before = now + min(60, 2 ** min(self.tries, 6)) * self.dice.uniform(0.5, 1.5)
            return
        self.tries, self.not_before = 0, 0.0
        self.queue = [record for record in self.queue if record not in request.records]
        if "reason" in said:
            refused = seconds(request.records[0].item, [(a, b) for a, b in said["refused"]])
            self.told.setdefault(said["reason"], set()).update(refused)
        ended = said.get("ended") or (answer is not None and answer.status == 409)
        if ended:
            self.kept = {item: token for item, token in self.kept.items() if token != request.body["lease"]}
        if ended and request.body["lease"] == self.lease:
            self.playing, self.lease = False, ""
