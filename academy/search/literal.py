"""Literal matching: texts and queries as characters, independent of segmentation. Pure.

A text is searched in two forms. `plain` is the text without punctuation, spaces and the two scripts' differences: any
part of a text has a plain form that is a part of the text's. `counted` is the same with every numeral in its one form,
so that 二十大 and 20大 match there. The index contains the pairs of neighbouring characters of both; there a numeral is
one character, whatever its length, because 一个 would else be looked up among everything that is counted.
"""

from __future__ import annotations

import itertools
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from academy.core.lazy import lazy_property
from academy.search.numerals import BEGIN, END, POINT, counted, may_count, numerals
from academy.search.text import is_han, normalise_mapped, plain, spelled, spelled_otherwise, squeeze, squeeze_mapped

Numbers = np.ndarray[tuple[int], np.dtype[np.uint32]]

MOST_PAIRS = 48
"""Maximum of pairs queried for a long query; the index's matches are read again."""
STRETCH = 7
"""Characters, without symbols, that are in one window wherever they occur (`lectures.OVERLAP`)."""

EQUAL, RUNS, WRITTEN, INSIDE, WHOLE = 1, 2, 3, 4, 5
"""Quality of a literal match: with other numerals; all of its parts; ignoring punctuation and spaces; as typed, inside
a longer Latin word or number; as typed. 0: none."""

_INNER = "[0-9a-z]"
_SIGNED = re.compile(f"{BEGIN}([^{BEGIN}{END}]*){END}")
_NUMBERS = 0xF0000
"""The plane of private use whose characters stand for numerals in pairs."""


@dataclass(frozen=True)
class Literal:
    """A stretch of a query, to be matched literally."""

    typed: str
    exactly: bool = False
    """Without its counted form."""

    @lazy_property
    def written(self) -> Literal:
        """The same, without its counted form."""
        return replace(self, exactly=True) if self.is_counted else self

    @lazy_property
    def _normal(self) -> str:
        return plain(self.typed)

    @lazy_property
    def raw(self) -> str:
        """Without spaces, with its punctuation."""
        return _packed(self._normal)

    @lazy_property
    def plain(self) -> str:
        return squeeze(self._normal)

    @lazy_property
    def counted(self) -> str:
        return _counted(self._normal, self.plain)

    @lazy_property
    def is_counted(self) -> bool:
        """Whether a text may contain it in its counted form only."""
        return (
            not self.exactly and len(self.plain) > 1 and (self.counted != self.plain or spelled_otherwise(self.plain))
        )

    @lazy_property
    def pairs(self) -> tuple[tuple[int, ...], ...]:
        """Numbers of the pairs that a text must contain: of the plain form; then, if it differs, of the counted one.
        A single character is a number of its own, which only the card of a lecture has."""
        first = _pairs_of(self.plain) if len(self.plain) != 1 else (_code(self.plain),)
        if len(self.plain) > 1 and not self.exactly and self.counted != self.plain:
            form = _as_characters(self.counted)
            # A numeral by itself is the pair of it with itself.
            return first, _pairs_of(form if len(form) > 1 else 2 * form)
        return (first,)

    @lazy_property
    def stretches(self) -> tuple[tuple[tuple[int, ...], ...], ...]:
        """For each form that may extend from one window into the next, the pairs of its stretches: a matching lecture
        has each of them in some window. Empty for a form short enough to be in one."""
        forms = dict.fromkeys((self.plain, self.counted) if self.is_counted else (self.plain,))
        found = (tuple(map(_pairs_of, _stretches(form))) for form in forms if len(form) > STRETCH)
        return tuple(form for form in found if form)

    @property
    def is_written_variously(self) -> bool:
        """Whether a text may contain it with symbols between its characters, as Wi-Fi, or with other numerals."""
        return self.is_counted or not all(map(is_han, self.plain))

    @property
    def is_doubtful(self) -> bool:
        """Whether a text may have all the pairs without containing it."""
        return any(len(pairs) > 1 for pairs in self.pairs)


class LiteralText:
    """A text in its forms, each computed on first use."""

    def __init__(self, text: str) -> None:
        self.normal = plain(text)

    @lazy_property
    def words(self) -> str:
        """The normal form, with unified spelling of words."""
        return spelled(self.normal)

    @lazy_property
    def raw(self) -> str:
        return _packed(self.normal)

    @lazy_property
    def plain(self) -> str:
        return squeeze(self.normal)

    @lazy_property
    def counted(self) -> str:
        return _counted(self.normal, self.plain)

    def holds(self, sought: Literal) -> bool:
        """Whether it is contained, in either form."""
        if not sought.plain or sought.plain in self.plain:
            return True
        return sought.is_counted and sought.counted in self.counted

    def count(self, sought: Literal) -> int:
        """Number of occurrences, in the form with more of them."""
        counted = self.counted.count(sought.counted) if sought.is_counted else 0
        return max(self.plain.count(sought.plain), counted)

    def level(self, whole: Literal) -> int:
        """Quality of the match, between 0 and `WHOLE`."""
        if whole.raw in self.raw:
            return WHOLE if _stands_free(whole.raw, self.normal) else INSIDE
        if whole.plain in self.plain:
            return WRITTEN
        return EQUAL if self.holds(whole) else 0


def level(texts: Sequence[LiteralText], whole: Literal, runs: Sequence[Literal]) -> int:
    """Quality of the match in several texts: all of it in one, or every run in any; between 0 and `WHOLE`."""
    if not whole.plain:
        return 0
    best = max(text.level(whole) for text in texts)
    if best > RUNS or len(runs) < 2:
        return best
    if all(any(run.plain in text.plain for text in texts) for run in runs):
        return RUNS
    return max(best, EQUAL if all(any(text.holds(run) for text in texts) for run in runs) else 0)


def numbers(texts: Iterable[LiteralText]) -> Numbers:
    """Pairs of neighbouring characters of the texts, in both forms, as numbers, ascending, each once."""
    found = [np.empty(0, np.uint32)]
    for text in texts:
        points = _points(text.plain)
        found.append(points[:-1] << np.uint32(16) | points[1:])
        if text.counted != text.plain:
            form = _as_characters(text.counted)
            points = _points(form)
            found.append(points[:-1] << np.uint32(16) | points[1:])
            alone = _points("".join({one for one in form if _is_numeral(one)}))
            found.append(alone << np.uint32(16) | alone)
    return np.unique(np.concatenate(found))


def characters(texts: Iterable[LiteralText]) -> Numbers:
    """Numbers of the texts' single characters, ascending, each once."""
    return _points("".join(sorted({character for text in texts for character in text.plain})))


def pair_number(pair: str) -> int:
    """The number of one pair: exact for all but the rarest characters."""
    return _pairs_of(pair)[0]


def spans(text: str, sought: Iterable[Literal]) -> Iterator[tuple[int, int]]:
    """Matches in the original text: beginning and end."""
    normal, places = normalise_mapped(text)
    form, kept = squeeze_mapped(normal)
    sought = list(sought)
    for one in sought:
        wanted = squeeze(spelled(one.plain))
        for match in re.finditer(re.escape(wanted), form) if wanted else ():
            yield places[kept[match.start()]], places[kept[match.end() - 1] + 1]
    others = [one.counted for one in sought if one.is_counted]
    form, begins, ends = _counted_mapped(normal) if others else ("", [], [])
    for wanted in others:
        for match in re.finditer(re.escape(wanted), form):
            yield places[begins[match.start()]], places[ends[match.end() - 1] + 1]


def _counted_mapped(normal: str) -> tuple[str, list[int], list[int]]:
    """The counted form, with the position in `normal` of the first and last character that each stands for."""
    made: list[str] = []
    begins: list[int] = []
    ends: list[int] = []
    end = 0
    for start, stop, sign in [*numerals(normal), (len(normal), len(normal), "")]:
        made += [normal[end:start], sign]
        begins += [*range(end, start), *[start] * len(sign)]
        ends += [*range(end, start), *[stop - 1] * len(sign)]
        end = stop
    form, kept = squeeze_mapped("".join(made))
    return form, [begins[n] for n in kept], [ends[n] for n in kept]


def _counted(normal: str, squeezed: str) -> str:
    """The counted form of a normal text; most texts of a few words have none of their own."""
    words = spelled(normal)
    if words == normal and not may_count(words):
        return squeezed
    return squeeze(counted(words))


def _as_characters(form: str) -> str:
    """A counted form with each numeral as one character: small numbers have one of their own, the others share."""
    return _SIGNED.sub(_character, form)


@lru_cache(maxsize=4096)
def _number(signs: str) -> int:
    if POINT not in signs and len(signs) < 5:
        return int("".join(chr(ord(sign) - 0xE000 + 48) for sign in signs) or 0)
    return zlib.crc32(signs.encode())


def _character(numeral: re.Match[str]) -> str:
    return chr(_NUMBERS + _number(numeral[1]) % 0xFFFE)


def _is_numeral(character: str) -> bool:
    return ord(character) >> 16 == _NUMBERS >> 16


def _stretches(form: str) -> Iterator[str]:
    """Overlapping parts of a form that were at most so many characters of a text. A numeral that is longer belongs to
    none: the stretches around it must do."""
    parts = re.findall(f"{BEGIN}[^{END}]*{END}|.", form, re.DOTALL)
    start = 0
    while start < len(parts) - 1:
        end, size = start, 0
        while end < len(parts) and size + len(parts[end]) <= STRETCH:
            size += len(parts[end])
            end += 1
        if end - start > 1:
            yield _as_characters("".join(parts[start:end]))
        start = max(end - 1, start + 1)


def _packed(normal: str) -> str:
    return "".join(normal.split())


def _stands_free(raw: str, normal: str) -> bool:
    """Whether one occurrence is not part of a longer Latin word or number."""
    before = f"(?<!{_INNER})" if re.match(_INNER, raw) else ""
    after = f"(?!{_INNER})" if re.match(_INNER, raw[-1]) else ""
    if not before and not after:
        return True
    return re.search(before + r"\s*".join(map(re.escape, raw)) + after, normal) is not None


def _points(text: str) -> Numbers:
    points = np.frombuffer(text.encode("utf-32-le", "replace"), dtype="<u4")
    # Characters beyond the first plane share a number with others, which reading the text resolves.
    return (points & np.uint32(0xFFFF)) ^ (points >> np.uint32(16)) * np.uint32(0x9E37) & np.uint32(0xFFFF)


def _code(character: str) -> int:
    """`_points` of one character."""
    point = ord(character)
    return point & 0xFFFF ^ (point >> 16) * 0x9E37 & 0xFFFF


def _pairs_of(form: str) -> tuple[int, ...]:
    codes = [*map(_code, form)]
    return tuple({before << 16 | after: None for before, after in itertools.pairwise(codes)})[:MOST_PAIRS]
