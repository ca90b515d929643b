"""Lines of a page that were broken at its edge are one again."""

import pytest

from academy.media.reading_text import reading_text

BROKEN = """村规民约
第一条
为了把村里的事情办好，全体村民在村民会议上商量
决定，订立这份约定，大家共同遵守，互相监
督，不讲空话。
第二条
3 / 12"""


def test_a_paragraph_is_one_line_and_the_page_number_goes() -> None:
    assert reading_text(BROKEN).split("\n") == [
        "村规民约",
        "第一条",
        "为了把村里的事情办好，全体村民在村民会议上商量决定，订立这份约定，大家共同遵守，互相监督，不讲空话。",
        "第二条",
    ]


@pytest.mark.parametrize("text", ["", "一", "12", "甲\n乙\n丙", "\n\n"])
def test_short_lines_stay_lines(text: str) -> None:
    assert reading_text(text) in (text.strip(), "")


def test_latin_words_keep_their_space() -> None:
    text = "The quick brown fox jumps over the lazy dog and\nnever comes back to where it once began to run\nend."
    assert reading_text(text) == text.replace("\n", " ")
