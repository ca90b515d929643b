"""The clock of playing without a network, against brute force: every second of a person, and every second of the wall.

A world of some hours: a playback with a network that opens, plays, falls silent and ends, lectures kept on several
phones, and reports at any time. What an account of all seconds allows is never exceeded, whatever is claimed; what one
person really played, one thing at a time, is credited to the last second.
"""

import random
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from academy.learning import offline_rules, rules
from academy.learning.offline_rules import OfflineClock, OnlineTime
from academy.learning.rules import Unit

RATE, SLACK_MS = 2.0, 10_000


@dataclass
class Online:
    """One playback with a network, by the rules of `rules`."""

    until_ms: int
    last_ms: int
    lapses_ms: int = 0
    ended_ms: int | None = None

    def claimable(self, now: int) -> int:
        return rules.claimable_from(self.until_ms, self.last_ms, self.lapses_ms, now)

    def claim(self, now: int, wanted: int) -> int:
        if self.ended_ms is not None:
            gained = min(wanted, rules.allowance(self.ended_ms, self.until_ms, RATE, 0))
            self.until_ms = rules.spend(self.until_ms, gained, RATE)
            return gained
        since = self.claimable(now)
        gained = min(wanted, rules.allowance(now, since, RATE, SLACK_MS))
        self.lapses_ms = rules.lapse_after(since, self.last_ms, self.lapses_ms, now)
        self.until_ms, self.last_ms = rules.spend(since, gained, RATE), max(self.last_ms, now)
        return gained

    def end(self, now: int) -> None:
        self.until_ms, self.ended_ms = self.claimable(now), now


@dataclass
class World:
    """A member's time as the server keeps it."""

    now: int = 0
    earned: int = 0
    onlines: list[Online] = field(default_factory=list)
    clocks: list[OfflineClock] = field(default_factory=list)

    def windows(self) -> list[OnlineTime]:
        return [
            OnlineTime(one.until_ms, one.ended_ms)
            if one.ended_ms is not None
            else OnlineTime(min(one.claimable(self.now), self.now), self.now)
            for one in self.onlines
        ]

    def open(self) -> None:
        self.close()
        begun = max([self.now, *(one.until_ms for one in self.onlines)])
        self.onlines.append(Online(begun, self.now))

    def close(self) -> None:
        if self.onlines and self.onlines[-1].ended_ms is None:
            self.onlines[-1].end(self.now)

    def play(self, number: int, wanted: int) -> int:
        gained = self.onlines[number % len(self.onlines)].claim(self.now, wanted) if self.onlines else 0
        self.earned += gained
        return gained

    def keep(self) -> None:
        self.clocks.append(offline_rules.begin(self.now, self.earned, self.windows(), RATE))

    def report(self, number: int, wanted: int) -> int:
        number %= len(self.clocks)
        clock = offline_rules.begun_anew(self.clocks[number], self.now)
        windows = self.windows()
        gained = min(wanted, offline_rules.allowance(clock, self.now, self.earned, windows, RATE))
        left = offline_rules.charge(clock, self.now, self.earned, windows, RATE, gained)
        for online, before, window in zip(self.onlines, windows, left, strict=True):
            if window.start_ms > before.start_ms:
                online.until_ms = max(online.until_ms, window.start_ms)
        self.clocks = [offline_rules.beside(clock, other, gained, RATE) for other in self.clocks]
        self.earned += gained
        self.clocks[number] = offline_rules.reported(clock, self.now, self.earned, self.windows(), RATE)
        return gained


acts = st.tuples(
    st.sampled_from(["open", "close", "keep", "play", "report", "report"]),
    st.one_of(st.integers(0, 40), st.integers(0, 4 * 3600)),
    st.integers(0, 3),
    st.one_of(st.integers(0, 60), st.integers(0, 10 * 3600)),
)


@given(st.lists(acts, max_size=40))
@settings(max_examples=60, deadline=None)
def test_no_device_and_no_claim_earns_more_than_the_wall_clock(history: list[tuple[str, int, int, int]]) -> None:
    world = World()
    for act, wait, number, seconds in history:
        world.now += wait * 1000
        if act == "play":
            world.play(number, seconds * 1000)
        elif act == "report" and world.clocks:
            world.report(number, seconds * 1000)
        elif act in ("open", "close", "keep"):
            getattr(world, act)()
        assert world.earned <= RATE * world.now + SLACK_MS, "more than the time since the beginning"
        promised = RATE * offline_rules.outstanding(world.windows())
        assert world.earned + promised <= RATE * world.now + SLACK_MS + 2, "what is promised is not spent twice"


@given(st.lists(st.tuples(st.integers(0, 4 * 3600), st.integers(0, 10 * 3600)), max_size=20))
@settings(max_examples=60, deadline=None)
def test_one_kept_lecture_earns_what_an_account_of_every_second_allows(history: list[tuple[int, int]]) -> None:
    """Seconds are free from the day it is kept; those before the last report lapse half a silence after it."""
    world = World()
    world.keep()
    free: set[int] = set()
    now = last = lapses = 0
    for wait, wanted in history:
        free |= set(range(now, now + wait))
        now += wait
        world.now = now * 1000
        if now > lapses:
            free = {second for second in free if second >= last}
        paid = sorted(free)[: wanted // 2]
        assert world.report(0, wanted // 2 * 2 * 1000) == 2000 * len(paid)
        free -= set(paid)
        lapses = max(lapses, now + (now - last) // 2)
        last = now


@given(st.integers(0, 2**32), st.integers(1, 3), st.integers(1, 2))
@settings(max_examples=60, deadline=None)
def test_one_person_who_plays_one_thing_at_a_time_loses_nothing(seed: int, phones: int, speed: int) -> None:
    """Sometimes with a network, sometimes on one of their phones without; each phone reports when it is back."""
    dice, world = random.Random(seed), World()
    waiting = [0] * phones
    for _ in range(phones):
        world.now += dice.randint(0, 7200) * 1000
        world.keep()
    for _ in range(dice.randint(1, 40)):
        act, seconds = dice.randrange(phones + 3), dice.choice([5, 15, 60, 900, 3600])
        if act < phones:
            world.now += seconds * 1000
            waiting[act] += seconds * speed * 1000
        elif act == phones:
            world.now += seconds * 1000  # rest
        elif act == phones + 1:
            world.open()
            for _ in range(dice.randint(1, 5)):
                world.now += 15_000
                assert world.play(-1, 15_000 * speed) == 15_000 * speed
            world.close()
        else:
            phone = dice.randrange(phones)
            while waiting[phone]:  # in several parts
                part = min(waiting[phone], dice.choice([waiting[phone], 30_000]))
                assert world.report(phone, part) == part
                waiting[phone] -= part
    for phone, left in enumerate(waiting):
        assert world.report(phone, left) == left


@given(st.integers(1, 10 * 3600), st.integers(1, 10 * 3600))
def test_two_phones_at_once_share_one_clock(seconds: int, claimed: int) -> None:
    world = World()
    world.keep()
    world.keep()
    world.now = seconds * 1000
    both = world.report(0, claimed * 1000) + world.report(1, claimed * 1000)
    assert both == min(2 * claimed, 2 * seconds) * 1000


def test_a_page_is_read_or_not() -> None:
    clock = offline_rules.begin(0, 0, [], RATE)
    assert offline_rules.allowance(clock, 4_999, 0, [], RATE, Unit.PAGE) == 0
    assert offline_rules.allowance(clock, 5_000, 0, [], RATE, Unit.PAGE) == 1
