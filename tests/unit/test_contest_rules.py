"""Rules of the contest: points, trimming, ties, bars."""

import statistics
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from academy.faculty.contests import rules
from academy.faculty.contests.rules import Bar, Finding, LectureFacts

POINTS = st.lists(st.integers(0, 100).map(Fraction), max_size=12)


@given(POINTS, st.integers(0, 3))
def test_extreme_scores_do_not_count_where_enough_are_left(given_: list[Fraction], trimmed: int) -> None:
    found = rules.total(given_, trimmed)
    if not given_:
        assert found is None
        return
    left = list(given_)
    if len(left) >= 2 * trimmed + rules.LEFT:
        for _ in range(trimmed):
            left.remove(max(left))
            left.remove(min(left))
    assert found == statistics.mean(left)


@given(POINTS.filter(lambda points: len(points) >= 5), st.data())
def test_one_judge_cannot_move_a_trimmed_result_out_of_what_the_others_gave(
    given_: list[Fraction], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(given_) - 1))
    others = given_[:place] + given_[place + 1 :]
    for extreme in (Fraction(0), Fraction(100)):
        found = rules.total([*others, extreme], 1)
        assert found is not None and min(others) <= found <= max(others)


@given(st.dictionaries(st.integers(), st.integers(0, 10_000), max_size=20), st.integers(1, 10))
def test_as_many_as_there_are_places_and_all_equal_to_the_last(totals: dict[int, int], places: int) -> None:
    found = rules.chosen(totals, places)
    assert len(found) >= min(places, len(totals))
    out = [value for key, value in totals.items() if key not in found]
    assert all(totals[key] > value for key in found for value in out)
    if len(found) > places:
        worst = min(totals[key] for key in found)
        assert sum(totals[key] > worst for key in found) < places


@given(st.dictionaries(st.sampled_from("abcde"), st.tuples(st.integers(0, 100), st.integers(1, 100)), min_size=1))
def test_points_are_the_weighted_mean(drawn: dict[str, tuple[int, int]]) -> None:
    scores = {key: score for key, (score, _) in drawn.items()}
    weights = {key: weight for key, (_, weight) in drawn.items()}
    found = rules.points(scores, weights)
    assert found == Fraction(sum(s * w for s, w in drawn.values())) / sum(w for _, w in drawn.values())
    for wrong in (scores | {"x": 1}, {}, scores | {next(iter(scores)): 101}, scores | {next(iter(scores)): -1}):
        with pytest.raises(ValueError, match="criteria"):
            rules.points(wrong, weights)


@pytest.mark.parametrize(
    ("judge", "units", "taught", "nominated", "bar"),
    [
        ("/1/2/5/", ["/1/3/"], False, False, None),
        ("/1/2/5/", ["/1/2/"], False, False, Bar.SAME_UNIT),
        ("/1/2/", ["/1/2/"], False, False, Bar.SAME_UNIT),
        ("/1/2/", ["/1/2/5/"], False, False, None),
        ("/1/20/", ["/1/2/"], False, False, None),
        ("/1/2/5/", ["/1/"], False, False, None),
        ("/1/", ["/1/"], False, False, Bar.SAME_UNIT),
        ("/1/2/5/", ["/1/", "/1/2/5/"], False, False, Bar.SAME_UNIT),
        ("/1/2/5/", [], True, False, Bar.TAUGHT),
        ("/1/2/5/", [], False, True, Bar.NOMINATED),
    ],
)
def test_nobody_scores_their_unit(judge: str, units: list[str], taught: bool, nominated: bool, bar: Bar | None) -> None:
    found = rules.bar_of(judge_path=judge, unit_paths=units, root_path="/1/", taught=taught, nominated=nominated)
    assert found == bar


@given(st.tuples(st.booleans(), st.booleans(), st.booleans(), st.booleans()))
def test_each_thing_that_is_missing_is_named(facts: tuple[bool, bool, bool, bool]) -> None:
    found = rules.findings(LectureFacts(*facts))
    assert found == [finding for finding, is_met in zip(Finding, facts, strict=True) if not is_met]


@given(st.fractions(0, 100))
def test_hundredths_are_rounded_to_the_nearest(value: Fraction) -> None:
    assert abs(rules.hundredths(value) - value * 100) <= Fraction(1, 2)
