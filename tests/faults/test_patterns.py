"""Every pattern that may meet text from outside takes time that grows with the text's length, and no faster."""

import re

import pytest

from tests.faults.pattern_growth import Found, patterns, slowest

BOUNDED: dict[str, tuple[int, str]] = {}
"""Patterns that only ever meet short texts: how many characters, and who cuts them."""

FOUND, MADE = patterns()
MADE_FROM_DATA = 9
"""Patterns that are put together from escaped words; whoever adds one looks at it and counts it here."""


@pytest.mark.parametrize("found", FOUND, ids=[one.place for one in FOUND])
def test_a_pattern_takes_time_that_grows_with_its_text(found: Found) -> None:
    most, _ = BOUNDED.get(found.place, (16_384, ""))
    assert slowest(found, most) == ""


def test_patterns_made_from_data_are_known() -> None:
    assert len(MADE) <= MADE_FROM_DATA, "\n".join(MADE)


@pytest.mark.parametrize(
    ("pattern", "method"),
    [
        (r"</?[A-Za-z][^<>]*>|<\d[\d:.]*>|\{\\[^}]*\}", "sub"),
        (r'<(?:\w+:)?c\b[^>]*?\br="([A-Z]{1,3})([0-9]{1,7})"[^>]*>\s*<(?:\w+:)?f[\s>/]', "finditer"),
        (r"(a+)+$", "match"),
        (r"\s+$", "sub"),
        (r"(.*?),(.*?),(.*?)!", "search"),
        (r"[（(].*?[）)]", "sub"),
        (r"(x|xx)*y", "fullmatch"),
    ],
)
def test_the_measure_finds_patterns_that_stopped_us_or_others(pattern: str, method: str) -> None:
    assert slowest(Found("x", re.compile(pattern), (method,))) != ""
