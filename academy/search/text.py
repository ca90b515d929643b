"""Normalisation and segmentation of text for search. Pure."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

import rjieba
from opencc import OpenCC

from academy.core.text import normal_form
from academy.search.numerals import END, SIGNS

HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff\u3007"
# Symbols that belong to the character before them: C++, C#, 3.5%, 1+1+N, 互联网+.
_SIGN = r"(?<=[0-9])\.(?=[0-9])|(?<=[0-9])[%‰]|(?<=[a-z])\#|(?<=[^\W_])\+|(?<=\+)\+"
_RUN = re.compile(rf"[{HAN}]+|[^\W_{HAN}](?:[^\W_{HAN}]|{_SIGN})*")
_KEPT = re.compile(rf"(?:[^\W_{SIGNS}]|[{SIGNS}]|(?<={END})[%‰+]|{_SIGN})+")
_HAN = re.compile(rf"[{HAN}]")
_COMMON = re.compile("[\u4e00-\u9fa5]*")
_HAN_RUN = re.compile(rf"[{HAN}]+")
_BLOCKS = ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0x20000, 0x2FA20))
"""Ranges of Chinese characters that Unicode's own normal form leaves unchanged."""
LONGEST_TEXT = 2_000_000
"""Maximum characters of one text: a window of a lecture is a few hundred, a summary a few thousand."""
LONGEST = 60
"""Longer tokens are noise (addresses, base64); they are cut so that they cannot swell the index."""


@lru_cache(maxsize=1)
def _simplified() -> dict[int, int]:
    """Traditional to simplified, as opencc converts each character by itself."""
    every = [chr(code) for block in _BLOCKS for code in range(*block)]
    # One a line, so that none is converted as part of a word.
    found = OpenCC("t2s").convert("\n".join(every)).split("\n")
    table = {ord(one): ord(plain) for one, plain in zip(every, found, strict=True) if one != plain and len(plain) == 1}
    # Pairs that opencc distinguishes, or by context only: unified on both sides, so that both spellings match.
    for variants, kept in (
        ("著", "着"),
        ("乾", "干"),
        ("瞭", "了"),
        ("麼麽", "么"),
        ("裡裏", "里"),
        ("臺", "台"),
        ("藉", "借"),
        ("甦", "苏"),
        ("甯", "宁"),
        ("礆", "硷"),
    ):
        table |= {ord(c): ord(kept) for c in variants}
    return table


# Words with a different spelling of the same length in each script: opencc knows them by context only.
_SPELLINGS = (("计画", "计划"), ("座标", "坐标"))


def plain(text: str) -> str:
    """Normalises full and half width, upper and lower case, traditional and simplified, character by character: a part
    of a text has a part of its form."""
    if _COMPOSED.search(text) is None:
        return text[:LONGEST_TEXT].translate(_FORMS)
    return normal_form(text, LONGEST_TEXT).casefold().translate(_simplified())


# Characters that may combine with their neighbours: outside these ranges each is normalised by itself.
_COMPOSED = re.compile(
    "[^\0-\u02ff\u2000-\u20cf\u2100-\u2bff\u2e80-\u2fff\u3001-\u3029\u3030-\u3098\u309b-\u30ff\u3400-\u9fff\uff00-\uff9d]"
)


class _Forms(dict[int, str]):
    """The form of a single character, computed on first use."""

    def __missing__(self, code: int) -> str:
        form = normal_form(chr(code), 1).casefold().translate(_simplified())
        self[code] = form
        return form


_FORMS = _Forms()


def spelled(normal: str) -> str:
    """A plain text with unified spelling of words that the two scripts spell differently."""
    for variant, kept in _SPELLINGS:
        normal = normal.replace(variant, kept)
    return normal


def spelled_otherwise(normal: str) -> bool:
    """Whether one of its words has another spelling in the other script."""
    return any(kept in normal for _, kept in _SPELLINGS)


def normalise(text: str) -> str:
    """Normal form: full and half width, upper and lower case, traditional and simplified."""
    return spelled(plain(text))


def normalise_mapped(text: str) -> tuple[str, list[int]]:
    """The normal form, and for each of its characters the position in `text` that it came from."""
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
    """Segments normal text into words: jieba's dictionary and the city's own terms."""

    def __init__(self, terms: Iterable[str] = ()) -> None:
        self._cut = rjieba.Jieba()
        self.terms = frozenset(normalise(term) for term in terms)
        for term in self.terms:
            # Frequent enough to win over any other segmentation.
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
    """Overlapping pairs of neighbouring Chinese characters; punctuation does not separate neighbours."""
    for run in _HAN_RUN.findall(squeeze(normal)):
        for i in range(len(run) - 1):
            yield run[i : i + 2]


def squeeze(normal: str) -> str:
    """Searchable characters only: for exact phrases, across punctuation and the ends of lines."""
    packed = "".join(normal.split())
    return packed if _COMMON.fullmatch(packed) else "".join(_KEPT.findall(normal))


def squeeze_mapped(normal: str) -> tuple[str, list[int]]:
    """The squeezed text, and for each of its characters its position in `normal`."""
    kept = [(match[0], match.start()) for match in _KEPT.finditer(normal)]
    return "".join(text for text, _ in kept), [place + n for text, place in kept for n in range(len(text))]
