"""Lines of printed text: nothing is lost, words stay whole, and no line begins with what closes a phrase."""

import itertools
import re

from hypothesis import given
from hypothesis import strategies as st

from academy.reports import pdf

PARTS = ["党", "课程", "，", "”", "。", " ", "flask", "evidence", "pool_units.csv", "a" * 90]


@given(st.lists(st.sampled_from(PARTS), max_size=60), st.floats(20, 120))
def test_lines_hold_the_whole_text_in_whole_words(parts: list[str], width: float) -> None:
    text, most = "".join(parts), width / (pdf.SIZE * pdf.POINT)
    lines = pdf._wrapped(text, width, pdf.SIZE)
    assert "".join(lines) == text
    places = set(itertools.accumulate(map(len, lines)))
    for word in re.finditer(r"[!-~]+", text):
        if pdf._letters(word[0]) <= most:
            assert not places & set(range(word.start() + 1, word.end())), word[0]
    for line, following in itertools.pairwise(lines):
        assert pdf._letters(line) <= most
        words = pdf._WORDS.findall(line)
        last = max((place for place, word in enumerate(words) if word not in pdf._CLOSING), default=0)
        cannot_be_helped = last == 0 or pdf._letters("".join(words[last:]) + following[0]) > most
        assert following[0] not in pdf._CLOSING or cannot_be_helped
