"""Text as search sees it: one form for all spellings, cut into words and pairs of characters. Pure."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib import resources

import numpy as np
import rjieba

from academy.core.text import normal_form

HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff\u3007"
_RUN = re.compile(rf"[{HAN}]+|[^\W_{HAN}]+")
_HAN = re.compile(rf"[{HAN}]")
_HAN_RUN = re.compile(rf"[{HAN}]+")
LONGEST_TEXT = 2_000_000
"""Characters of one text that are looked at: a window of a lecture is a few hundred, a summary a few thousand."""
LONGEST = 60
"""Longer tokens are noise (addresses, base64); they are cut off so that they cannot swell the index."""


@lru_cache(maxsize=1)
def _simplified() -> dict[int, int]:
    """Traditional to simplified, character by character, from opencc's table."""
    table: dict[int, int] = {}
    text = resources.files("opencc").joinpath("dictionary/TSCharacters.txt").read_text("utf-8")
    for line in text.splitlines():
        source, _, targets = line.partition("\t")
        first = targets.split(" ")[0]
        if len(source) == len(first) == 1:
            table[ord(source)] = ord(first)
    # Pairs that opencc tells apart by context only: one form on both sides, so both spellings meet.
    for variants, kept in (
        ("著", "着"),
        ("乾", "干"),
        ("瞭", "了"),
        ("麼麽", "么"),
        ("裡裏", "里"),
        ("臺", "台"),
        ("藉", "借"),
    ):
        table |= {ord(c): ord(kept) for c in variants}
    return table


# Words of which each script has its own spelling, of the same length: opencc knows them by context only.
_SPELLINGS = (("计画", "计划"), ("座标", "坐标"))


def normalise(text: str) -> str:
    """One form for full and half width, upper and lower case, traditional and simplified."""
    normal = normal_form(text, LONGEST_TEXT).lower().translate(_simplified())
    for variant, kept in _SPELLINGS:
        normal = normal.replace(variant, kept)
    return normal


def normalise_mapped(text: str) -> tuple[str, list[int]]:
    """The normal form, and for each of its characters the place in `text` that it came from."""
    whole = normalise(text)
    if len(whole) == len(text):
        return whole, list(range(len(text) + 1))
    made: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        part = normalise(character)
        made.append(part)
        places.extend([place] * len(part))
    return "".join(made), [*places, len(text)]


def is_han(text: str) -> bool:
    """Whether there is any Chinese character in it."""
    return _HAN.search(text) is not None


class Segmenter:
    """Cuts normal text into words: jieba's dictionary and the city's own terms."""

    def __init__(self, terms: Iterable[str] = ()) -> None:
        self._cut = rjieba.Jieba()
        self.terms = frozenset(normalise(term) for term in terms)
        for term in self.terms:
            # Frequent enough to win over any way of cutting it.
            self._cut.add_word(term, 2_000_000, None)

    def words(self, normal: str) -> list[str]:
        """Words of already normal text, in order; punctuation and spaces are dropped."""
        found: list[str] = []
        for run in _RUN.findall(normal):
            if _HAN.match(run):
                found.extend(self._cut.cut(run))
            else:
                found.append(run[:LONGEST])
        return found


def pairs(normal: str) -> Iterator[str]:
    """Overlapping pairs of neighbouring Chinese characters; punctuation does not part neighbours."""
    for run in _HAN_RUN.findall(squeeze(normal)):
        for i in range(len(run) - 1):
            yield run[i : i + 2]


BUCKET_BITS = 18
FIRST, SECOND = 0x9E3779B1, 0x85EBCA77
"""Odd numbers without pattern, by which the characters of a pair are mixed."""


def buckets(normal: str) -> "np.ndarray[tuple[int], np.dtype[np.uint32]]":
    """The buckets of a normal text's `pairs`, ascending, each once.

    Some pairs share a bucket, which keeps the index's list of terms short: what is found by pairs is
    read again anyway, and a false candidate costs that look and nothing else.
    """
    points = np.frombuffer(squeeze(normal).encode("utf-32-le", "replace"), dtype="<u4")
    if len(points) < 2:
        return np.empty(0, np.uint32)
    han = _HAN_POINTS[np.minimum(points, len(_HAN_POINTS) - 1)]
    hashed = (points[:-1] * np.uint32(FIRST) + points[1:] * np.uint32(SECOND)).astype(np.uint32)
    return np.unique((hashed >> np.uint32(32 - BUCKET_BITS))[han[:-1] & han[1:]])


def bucket(pair: str) -> str:
    """The bucket of one pair, as the index writes it."""
    first, second = map(ord, pair)
    return named_bucket((first * FIRST + second * SECOND & 0xFFFFFFFF) >> 32 - BUCKET_BITS)


def named_bucket(number: int) -> str:
    """A bucket's number as the index writes it; names sort as numbers do."""
    return f"{number:05x}"


def _han_points() -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    known = np.zeros(0x40001, np.bool_)
    for low, high in re.findall(r"(.)(?:-(.))?", HAN.encode().decode("unicode_escape")):
        known[ord(low) : ord(high or low) + 1] = True
    known[-1] = False
    return known


_HAN_POINTS = _han_points()


def singles(normal: str) -> list[str]:
    """Every Chinese character."""
    return _HAN.findall(normal)


def squeeze(normal: str) -> str:
    """Only what can be searched: for exact phrases, across punctuation and the ends of lines."""
    return "".join(_RUN.findall(normal))
