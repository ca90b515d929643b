"""Properties of crediting: nothing is invented, nothing is lost, order does not matter."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from academy.learning import rules
from academy.learning.rules import BadClaim, Span

DURATION = 60_000
LOTS = 10**9


@st.composite
def spans(draw: st.DrawFn, count: int = 6) -> list[Span]:
    found = []
    for _ in range(draw(st.integers(0, count))):
        start = draw(st.integers(0, DURATION - 1))
        found.append((start, draw(st.integers(start + 1, DURATION))))
    return found


def moments(held: tuple[Span, ...]) -> set[int]:
    return {moment for start, end in held for moment in range(start, end)}


def tidy(held: tuple[Span, ...]) -> bool:
    return all(a < b for a, b in held) and all(held[i][1] < held[i + 1][0] for i in range(len(held) - 1))


def credit_all(claims: list[list[Span]], allowed: int = LOTS) -> rules.Credit:
    result = rules.Credit((), 0)
    for claim in claims:
        result = rules.credit(result.held, claim, allowed, DURATION)
    return result


@given(spans())
def test_packing_loses_nothing(claim: list[Span]) -> None:
    held = rules.merge(claim)
    assert rules.unpack_spans(rules.pack_spans(held)) == held
    assert tidy(held)


@given(spans(), spans())
def test_merge_and_subtract_agree_with_sets_of_milliseconds(a: list[Span], b: list[Span]) -> None:
    small = [(s // 100, e // 100 + 1) for s, e in a]
    other = [(s // 100, e // 100 + 1) for s, e in b]
    merged, taken = rules.merge(small), rules.merge(other)
    assert moments(merged) == {m for s, e in small for m in range(s, e)}
    assert moments(rules.subtract(merged, taken)) == moments(merged) - moments(taken)


@given(st.lists(spans(), max_size=6), st.randoms(use_true_random=False))
def test_order_repeats_and_splits_change_nothing(claims: list[list[Span]], dice: random.Random) -> None:
    expected = credit_all(claims)
    shuffled = [*claims, *dice.choices(claims, k=3)] if claims else []
    dice.shuffle(shuffled)
    assert credit_all(shuffled).held == expected.held
    assert credit_all([[span for claim in claims for span in claim]]).held == expected.held


@pytest.mark.thorough
@given(spans(), spans(), st.integers(0, 2 * DURATION))
def test_bounded_by_the_clock_and_by_the_duration(before: list[Span], claim: list[Span], allowed: int) -> None:
    held = credit_all([before]).held
    result = rules.credit(held, claim, allowed, DURATION)
    assert result.gained == rules.length(result.held) - rules.length(held) <= allowed
    assert rules.length(result.held) <= DURATION
    assert tidy(result.held)
    assert moments(held) <= moments(result.held), "credit once given is never taken back"


@pytest.mark.thorough
@given(spans(), st.integers(0, 2 * DURATION))
def test_what_is_claimed_is_either_held_or_refused(claim: list[Span], allowed: int) -> None:
    result = rules.credit((), claim, allowed, DURATION)
    assert moments(rules.merge(claim)) <= moments(result.held) | moments(result.refused)
    assert not moments(result.held) & moments(result.refused)
    assert bool(result.refused) <= (result.reason == "too_fast")


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 9_000)), max_size=40))
def test_however_often_it_is_asked_the_clock_lends_its_slack_once(beats: list[tuple[int, int]]) -> None:
    """The bank account of a lease: total credit ≤ time × rate + slack, at every moment."""
    now = until = 1_000_000
    total = 0
    for wait, wish in beats:
        now += wait
        gained = min(wish, rules.allowance(now, until, 2.0, 10_000))
        until = rules.spend(until, gained, 2.0)
        total += gained
        assert total <= (now - 1_000_000) * 2 + 10_000


def test_an_hour_claimed_after_five_seconds_earns_twenty_seconds() -> None:
    allowed = rules.allowance(5_000, 0, 2.0, 10_000)
    result = rules.credit((), [(0, 3_600_000)], allowed, 3_600_000)
    assert (result.held, result.gained) == (((0, 20_000),), 20_000)
    assert result.refused == ((20_000, 3_600_000),)


def test_small_holes_close_and_large_ones_stay() -> None:
    held = rules.close((), [(200, 10_000), (10_200, 20_000), (21_000, 59_700)], DURATION)
    assert held == ((0, 20_000), (21_000, 60_000))


def test_holes_are_paid_for_by_the_clock() -> None:
    claim = [(i * 400, i * 400 + 1) for i in range(100)]
    assert rules.credit((), claim, 1_000, DURATION).gained <= 1_000


def test_crumbs_are_refused_whole() -> None:
    claim = [(i * 500, i * 500 + 1) for i in range(rules.MAX_HELD + 1)]
    result = rules.credit((), claim, LOTS, 10_000_000)
    assert (result.held, result.reason) == ((), "fragments")


@pytest.mark.parametrize(
    "bad",
    [
        None,
        {},
        "0,1",
        [[1]],
        [[0, 1, 2]],
        [["0", "1"]],
        [[0.0, 5.0]],
        [[True, 5]],
        [[float("nan"), 5]],
        [[0, float("inf")]],
        [[-1, 5]],
        [[5, 5]],
        [[6, 5]],
        [[0, DURATION + rules.END_SLACK_MS + 1]],
        [[0, 10]] * (rules.MAX_CLAIM + 1),
        [(0, 5)],
    ],
)
def test_what_is_no_claim_is_refused(bad: object) -> None:
    with pytest.raises(BadClaim):
        rules.check_claim(bad, DURATION)


def test_a_claim_a_little_past_the_end_is_cut_to_it() -> None:
    assert rules.check_claim([[59_000, 60_500], [60_000, 61_000]], DURATION) == ((59_000, 60_000),)


@given(st.integers(0, 10**8), st.integers(1, 10**8), st.integers(1, 1000))
def test_completion_is_by_share_of_unique_time(covered: int, duration: int, threshold: int) -> None:
    assert rules.completes(covered, duration, threshold) == (covered / duration >= threshold / 1000) or (
        covered * 1000 == duration * threshold
    )


@given(spans(), st.integers(0, DURATION // 2), st.integers(1, DURATION // 2))
def test_a_recut_keeps_exactly_what_stayed(claim: list[Span], cut: int, size: int) -> None:
    held = rules.merge(claim)
    moved = rules.remap_spans(held, [(cut, cut + size, 0)])
    assert rules.length(moved) == rules.length(held) - rules.length(rules.subtract(held, [(cut, cut + size)]))
    assert not moved or moved[-1][1] <= size


def test_a_mapping_may_not_count_time_twice() -> None:
    rules.check_mapping([(0, 100, 50), (200, 300, 150)], 1_000, 250)
    for kept in ([], [(0, 100, 0), (50, 150, 100)], [(0, 100, 0), (200, 300, 99)], [(0, 2_000, 0)], [(0, 100, 200)]):
        with pytest.raises(BadClaim):
            rules.check_mapping(kept, 1_000, 250)
