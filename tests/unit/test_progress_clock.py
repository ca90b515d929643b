"""The clock that bounds credit, against a brute-force account of every second of wall-clock time."""

import random
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from academy.core.settings import Settings
from academy.learning import crediting
from academy.learning.heartbeats import Heartbeat, HeartbeatOutcome
from academy.learning.ledger_rows import LedgerRow
from academy.learning.tokens import Grant

RULES = Settings()  # twice as fast at most, ten seconds of slack
HOUR = 3600
START = 1_000_000
LENGTH = 100 * HOUR


@dataclass
class Player:
    """One lease's row, and beats that claim so many new seconds of the lecture."""

    row: LedgerRow = field(
        default_factory=lambda: LedgerRow(b"", 0, 0, 0, None, 1, START * 1000, 0, START * 1000, 0, None)
    )
    place: int = 0

    def claim(self, at: int, seconds: int) -> HeartbeatOutcome:
        """Seconds of media that nobody claimed before, at a second of the wall clock; 0 is a beat without any."""
        spans = ((self.place * 1000, (self.place + seconds) * 1000),) if seconds else ()
        self.place += seconds
        return self.send(at, spans)

    def send(self, at: int, spans: tuple[tuple[int, int], ...]) -> HeartbeatOutcome:
        grant = Grant(1, 1, 1, 1, 1, LENGTH * 1000, 1000, 2**31)
        return crediting._apply(self.row, Heartbeat(grant, 1, spans, None, at * 1000), RULES)


class Account:
    """Every second of wall-clock time by itself: free, spent, lapsed or borrowed. Knows nothing of the rules' sums."""

    def __init__(self) -> None:
        self.now, self.last, self.lapses = START, START, 0
        self.free: set[int] = set()
        self.debt = 0

    def claim(self, at: int, media_s: int) -> int:
        """Media seconds that a claim earns; a second of wall clock is worth two."""
        for second in range(self.now, at):
            if self.debt:
                self.debt -= 1
            else:
                self.free.add(second)
        self.now = at
        if at > self.lapses:
            self.free = {second for second in self.free if second >= self.last}
        silence = len([second for second in self.free if second >= self.last])
        self.lapses = max(self.lapses, at + silence / 2)
        self.last = at
        wanted = media_s // 2
        paid = sorted(self.free)[:wanted]
        self.free -= set(paid)
        borrowed = min(wanted - len(paid), 5 - self.debt)
        self.debt += borrowed
        return 2 * (len(paid) + borrowed)


waits = st.one_of(st.integers(0, 40), st.integers(0, 4 * HOUR))
claims = st.one_of(st.just(0), st.integers(0, 40), st.integers(0, 5 * HOUR)).map(lambda half: 2 * half)


@given(st.lists(st.tuples(waits, claims), max_size=25))
@settings(max_examples=60, deadline=None)
def test_credit_is_what_an_account_of_every_second_allows(history: list[tuple[int, int]]) -> None:
    player, account, at, total = Player(), Account(), START, 0
    for wait, seconds in history:
        at += wait
        gained = player.claim(at, seconds).gained
        assert gained == account.claim(at, seconds) * 1000
        total += gained
        assert total <= ((at - START) * 2 + 10) * 1000


@given(st.integers(1, 240), st.floats(0.5, 2.0), st.integers(60, 10 * HOUR))
@settings(max_examples=40, deadline=None)
def test_hours_at_single_speed_save_up_for_no_leap(beats: int, speed: float, leap: int) -> None:
    player, at = Player(), START
    for _ in range(beats):
        at += 15
        assert player.claim(at, int(15 * speed)).reason == ""
    gained = player.claim(at + 15, leap).gained
    assert gained <= (15 * 2 + 10) * 1000, "what could have been played since the last beat, and the slack"


@given(st.integers(8, 8 * HOUR), st.integers(1, 20 * HOUR))
def test_a_silence_is_worth_what_could_have_been_played_in_it(silence: int, leap: int) -> None:
    player = Player()
    player.claim(START + 15, 15)
    gained = player.claim(START + 15 + silence, leap).gained
    assert gained == min(leap, silence * 2 + 10) * 1000


@given(
    speed=st.integers(1, 2),
    outages=st.lists(st.tuples(st.integers(1, 40), st.integers(1, 480)), max_size=5),
    seed=st.integers(0, 2**16),
)
@settings(max_examples=60, deadline=None)
def test_an_honest_queue_loses_nothing_through_any_outage(
    speed: int, outages: list[tuple[int, int]], seed: int
) -> None:
    """A record each fifteen seconds of playing, kept through the outage, sent in order in chunks of 200 records, some
    twice because their answer was lost, the chunks as far apart as a weak network makes them."""
    dice, player, at, place = random.Random(seed), Player(), START, 0
    waiting: list[tuple[int, int]] = []

    def play(records: int) -> None:
        nonlocal at, place
        at += 15 * records
        for _ in range(records):
            waiting.append((place * 1000, (place + 15 * speed) * 1000))
            place += 15 * speed

    def deliver(most: int) -> None:
        while waiting:
            for _ in range(dice.randint(1, 3)):
                outcome = player.send(at, tuple(waiting[:200]))
                assert (outcome.refused, outcome.reason) == ((), "")
            del waiting[:200]
            if waiting:
                play(dice.randint(0, most))  # who watches goes on watching

    for online, offline in outages:
        for _ in range(online):
            play(1)
            deliver(0)
        play(offline)
        deliver(offline // 8)
    assert player.row.covered == place * 1000


@given(st.permutations(range(8)), st.integers(0, 3))
def test_disorder_within_one_delivery_changes_nothing(order: list[int], again: int) -> None:
    player = Player()
    for number in [*order, *order[:again]]:
        assert player.send(START + 120, ((number * 15_000, number * 15_000 + 15_000),)).reason == ""
    assert player.row.covered == 120_000
