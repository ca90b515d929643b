"""What of an evaluation is shown gives away no group of fewer than five, however figures are compared."""

import itertools
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from academy.faculty.evaluations import rules

COUNTS = st.dictionaries(st.one_of(st.none(), st.integers(1, 9)), st.integers(0, 12), max_size=7)


@given(COUNTS)
def test_no_difference_of_shown_figures_is_that_of_fewer_than_five(counts: dict[int | None, int]) -> None:
    groups = rules.shown_groups(counts)
    whole = frozenset(key for key, count in counts.items() if count)
    parts = [frozenset(part) for part in groups.values()]
    assert all(not one & other for one, other in itertools.combinations(parts, 2)), "each answer is in one group"
    if not parts:
        return
    assert frozenset().union(*parts) == whole, "or the rest would be what is left of the whole"
    assert len(parts) > 1
    # Whatever is added up of the groups, and taken from the whole:
    for number in range(1, len(parts) + 1):
        for some in itertools.combinations(parts, number):
            added = sum(counts[key] for part in some for key in part)
            left = sum(counts[key] for key in whole) - added
            assert added >= rules.LEAST
            assert left == 0 or left >= rules.LEAST


@given(COUNTS)
def test_groups_are_shown_where_they_can_be(counts: dict[int | None, int]) -> None:
    large = [key for key, count in counts.items() if key is not None and count >= rules.LEAST]
    if len(large) >= 2 and all(count == 0 or count >= rules.LEAST for count in counts.values()):
        assert set(large) <= set(rules.shown_groups(counts))


@given(st.lists(st.integers(1, 5), max_size=40), st.sampled_from((0, 1, rules.LEAST)))
def test_figures_are_those_of_the_marks_or_none(marks: list[int], least: int) -> None:
    found = rules.figures(marks, least)
    if not marks or len(marks) < least:
        assert found is None
    else:
        assert found is not None
        assert found.count == len(marks)
        assert found.mean == pytest.approx(statistics.fmean(marks), abs=0.0051)
        assert found.spread == pytest.approx(statistics.pstdev(marks), abs=0.0051)


@given(st.integers(2000, 2100), st.integers(1, 12), st.integers(-40, 40))
def test_months_go_forth_and_back(year: int, month: int, months: int) -> None:
    there = rules.months_after(year, month, months)
    assert 1 <= there[1] <= 12
    assert rules.months_after(*there, -months) == (year, month)
    assert (there[0] - year) * 12 + there[1] - month == months
