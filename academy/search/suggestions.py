"""Suggestions while typing: titles and lecturers, by prefix and in pinyin. Pure."""

from collections.abc import Iterator

from academy.search.lectures import Lecture
from academy.search.pinyin import sound
from academy.search.text import Segmenter, normalise

LONGEST_KEY = 40
MOST_STARTS = 6


def suggestions(lecture: Lecture, segmenter: Segmenter) -> Iterator[tuple[str, str]]:
    """(key, shown text): a name is found from its beginning, from any of its words, and in pinyin."""
    for shown in dict.fromkeys((lecture.title, lecture.lecturer, *(part.title for part in lecture.parts))):
        if shown:
            yield from ((key, shown) for key in keys(shown, segmenter))


def keys(shown: str, segmenter: Segmenter) -> list[str]:
    """Possible inputs for a name."""
    words = segmenter.words(normalise(shown))
    found = []
    for start in range(min(len(words), MOST_STARTS)):
        found.append("".join(words[start:])[:LONGEST_KEY])
    found.append("".join(sound(word) or word for word in words)[:LONGEST_KEY])
    found.append("".join(sound(c)[:1] for word in words for c in word)[:LONGEST_KEY])
    return [key for key in dict.fromkeys(found) if key]
