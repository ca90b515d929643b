"""Figures by group tell little of anybody: the law of the noise, exactly, and what is shown of it."""

import collections
import itertools
import math

import pytest

from academy.core import disclosure

FAR = 80
"""Noise beyond this has a chance of less than 10**-11."""


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disclosure, "_key", b"a city's secret")


def chance(number: int) -> float:
    """What the law says: the chance that this is added."""
    keep = 1 / disclosure.FACTOR
    return (1 - keep) / (1 + keep) * keep ** abs(number)


def shown(number: int) -> dict[int, float]:
    """The chances of what is shown of a true figure."""
    found: dict[int, float] = collections.defaultdict(float)
    for extra in range(-FAR, FAR + 1):
        found[disclosure.rounded(number + extra)] += chance(extra)
    return found


def test_noise_is_drawn_as_the_law_says() -> None:
    drawn = collections.Counter(disclosure.noise(f"group {n}") for n in range(40_000))
    for number in range(-12, 13):
        wanted = 40_000 * chance(number)
        assert abs(drawn[number] - wanted) < 5 * math.sqrt(wanted), number


def test_one_person_more_changes_the_odds_of_no_figure_by_more_than_the_factor() -> None:
    """So four figures together change them fourfold at most, whatever else is known of everybody."""
    for number in range(45):
        one, other = shown(number), shown(number + 1)
        for figure in set(one) | set(other):
            if max(one[figure], other[figure]) > 1e-8:  # what lies beyond `FAR` is not summed up
                ratio = one[figure] / other[figure]
                assert 1 / disclosure.FACTOR - 1e-3 <= ratio <= disclosure.FACTOR + 1e-3, (number, figure)
    assert pytest.approx(4) == disclosure.FACTOR**4


def test_no_sum_or_difference_of_figures_is_a_number_of_few() -> None:
    figures = [
        figure
        for n in range(200)
        for figure in disclosure.release("women", n, [(n, n + 1), (n // 2, n + 1), (n // 3, n + 1)]) or []
    ]
    assert figures and all(figure % disclosure.BASE == 0 and figure >= 0 for figure in figures)
    for some in itertools.combinations(sorted(set(figures))[:12], 4):
        for signs in itertools.product((-1, 0, 1), repeat=4):
            total = sum(sign * figure for sign, figure in zip(signs, some, strict=True))
            assert abs(total) not in range(1, disclosure.SMALLEST)


def test_few_are_withheld_whatever_was_drawn() -> None:
    for size, draw in itertools.product(range(disclosure.SMALLEST), range(200)):
        assert disclosure.release("women", size, [(size, draw + 1)]) is None
    assert any(disclosure.release("women", 5, [(5, draw)]) is not None for draw in range(1, 200))


def test_the_same_people_give_the_same_figure_and_others_another_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for again, nothing can be averaged; once anybody joined, all groups are drawn anew and not one alone."""
    first = [disclosure.release("women", 50, [(50, 77), (20, 7)]) for _ in range(3)]
    assert first[0] == first[1] == first[2]
    for group in ("women", "men"):
        assert len({str(disclosure.release(group, 50, [(50, n)])) for n in range(1, 200)}) > 3
    before = [disclosure.noise(f"women {n}") for n in range(20)]
    monkeypatch.setattr(disclosure, "_key", b"another city's secret")
    assert [disclosure.noise(f"women {n}") for n in range(20)] != before


def test_where_nobody_at_all_is_counted_nothing_is_made_up() -> None:
    assert all(disclosure.release("women", 50, [(50, n), (0, 0)])[1:] == [0] for n in range(1, 50))  # type: ignore[index]
