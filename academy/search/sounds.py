"""How words sound, for what is typed in pinyin or with the wrong character. Pure."""

import re
from functools import lru_cache

from pypinyin.constants import PHRASES_DICT, PINYIN_DICT

_PLAIN = str.maketrans("āáǎàēéěèếềōóǒòīíǐìūúǔùǖǘǚǜüńňǹḿ", "aaaaeeeeeeooooiiiiuuuuvvvvvnnnm", "\u0300\u0301\u0304\u030c")


@lru_cache(maxsize=1 << 16)
def _character(character: str) -> str:
    reading: str = PINYIN_DICT.get(ord(character), "")
    return reading.partition(",")[0].translate(_PLAIN)


LONGEST = 6


def sound(word: str) -> str:
    """The word's syllables without tones and spaces; empty for what is not Chinese throughout."""
    if word in PHRASES_DICT:
        return "".join(reading[0] for reading in PHRASES_DICT[word]).translate(_PLAIN)
    syllables = [_character(character) for character in word]
    return "".join(syllables) if all(syllables) else ""


@lru_cache(maxsize=1)
def _syllables() -> frozenset[str]:
    readings = {reading.translate(_PLAIN) for row in PINYIN_DICT.values() for reading in row.split(",")}
    return frozenset(s for s in readings if s.isascii() and s.isalpha() and len(s) <= LONGEST)


_LATIN = re.compile(r"[a-z]+")


def is_pinyin(text: str) -> bool:
    """Whether Latin letters can be read as syllables."""
    if not _LATIN.fullmatch(text):
        return False
    syllables = _syllables()
    reached = {0}
    for end in range(1, len(text) + 1):
        if any(start in reached and text[start:end] in syllables for start in range(max(0, end - LONGEST), end)):
            reached.add(end)
    return len(text) in reached
