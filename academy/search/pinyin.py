"""Pronunciation of words, for input in pinyin or with wrong characters. Pure."""

import re
from collections.abc import Mapping
from functools import cache, lru_cache

_PLAIN = str.maketrans("āáǎàēéěèếềōóǒòīíǐìūúǔùǖǘǚǜüńňǹḿ", "aaaaeeeeeeooooiiiiuuuuvvvvvnnnm", "\u0300\u0301\u0304\u030c")


@cache
def _phrases() -> Mapping[str, list[list[str]]]:
    # The dictionary takes half a second to load: processes that do not search should not wait for it.
    from pypinyin.constants import PHRASES_DICT

    return dict(PHRASES_DICT)


@cache
def _readings() -> Mapping[int, str]:
    from pypinyin.constants import PINYIN_DICT

    return dict(PINYIN_DICT)


@lru_cache(maxsize=1 << 16)
def _character(character: str) -> str:
    reading = _readings().get(ord(character), "")
    return reading.partition(",")[0].translate(_PLAIN)


LONGEST = 6


def sound(word: str) -> str:
    """The word's syllables without tones and spaces; empty unless all of it is Chinese."""
    phrase = _phrases().get(word)
    if phrase:
        return "".join(reading[0] for reading in phrase).translate(_PLAIN)
    syllables = [_character(character) for character in word]
    return "".join(syllables) if all(syllables) else ""


@lru_cache(maxsize=1)
def _syllables() -> frozenset[str]:
    readings = {reading.translate(_PLAIN) for row in _readings().values() for reading in row.split(",")}
    return frozenset(s for s in readings if s.isascii() and s.isalpha() and len(s) <= LONGEST)


_LATIN = re.compile(r"[a-z]+")


def is_pinyin(text: str) -> bool:
    """Whether Latin letters are valid syllables."""
    if not _LATIN.fullmatch(text):
        return False
    syllables = _syllables()
    reached = {0}
    for end in range(1, len(text) + 1):
        if any(start in reached and text[start:end] in syllables for start in range(max(0, end - LONGEST), end)):
            reached.add(end)
    return len(text) in reached
