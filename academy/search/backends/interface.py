"""Interface of an index. The cue table is authoritative; an index can be rebuilt at any time."""

from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from academy.search.lectures import Lecture
from academy.search.query_parser import Query
from academy.search.text import Segmenter

Progress = Callable[[int], None]


class IndexBroken(Exception):
    """The index cannot be read or is inconsistent: it must be rebuilt."""


class Hit(NamedTuple):
    """A matching window with the index's score. `item_id` 0: the title, not the transcript."""

    lecture_id: int
    item_id: int
    first: int
    last: int
    score: float


@dataclass(frozen=True)
class Found:
    """Result of an index query."""

    hits: list[Hit] = field(default_factory=list)
    """Best first; a lecture may occur several times."""
    lectures: frozenset[int] = frozenset()
    """Every visible lecture that matches, not only those among the hits: for counts."""
    named: dict[int, float] = field(default_factory=dict)
    """Lectures whose title, lecturer or summary matches, with the score of that."""
    relaxed: bool = False
    """Nothing had all the words: these have some of them."""
    literal: frozenset[int] = frozenset()
    """Those of the lectures that contain every character of the query, each beside the next, in one window or in their
    names; a superset of the literal matches."""
    equal: frozenset[int] = frozenset()
    """The same for the query with its numerals in their one form."""
    stretched: frozenset[int] = frozenset()
    """Visible lectures that contain every stretch of the query, possibly in different windows: candidates to be read.
    """
    each: int = 0
    """Maximum hits of one lecture; 0: no limit by lecture."""
    weights: dict[str, float] = field(default_factory=dict)
    """Weight (rarity) of each word, for the choice of sentences."""


@dataclass(frozen=True)
class Health:
    """Health of an index."""

    ok: bool
    documents: int = 0
    lectures: int = 0
    segments: int = 0
    size: int = 0
    problem: str = ""


class SearchBackend(Protocol):
    """An index. One writer at a time; any number of readers."""

    def index_lecture(self, lecture: Lecture, segmenter: Segmenter) -> None:
        """Replace a lecture in the index, in one commit."""

    def delete_lecture(self, lecture_id: int) -> None:
        """Remove a lecture. It need not be there."""

    def search(self, question: Query, visible: Set[int], allowed: Set[int] | None = None, limit: int = 300) -> Found:
        """Which of the `visible` lectures match, and the matching windows in those `allowed` (None: all)."""

    def suggest(self, prefix: str, limit: int = 8) -> list[tuple[str, frozenset[int]]]:
        """Names that begin with the prefix, with the lectures they belong to."""

    def sounding(self, sounds: Iterable[str]) -> dict[str, list[tuple[str, int]]]:
        """The library's words of each pronunciation (syllables without tones and spaces), most frequent first."""

    def frequencies(self, words: Iterable[str]) -> dict[str, int]:
        """In how many windows and names each word is."""

    def together(self, wordings: Sequence[Sequence[str]]) -> list[int]:
        """For each wording, in how many windows and names all of its words occur."""

    def rebuild(self, lectures: Iterable[Lecture], segmenter: Segmenter, progress: Progress | None = None) -> int:
        """Rebuild the index beside the old one, then swap; returns how many lectures it holds."""

    def merge(self) -> None:
        """Compact the index, beside the old one, then swap."""

    def exists(self) -> bool:
        """Whether there is an index of this kind and version; otherwise it must be rebuilt."""

    def damaged(self) -> bool:
        """Whether a search found damage, and continued with an older generation."""

    def wants_merge(self) -> bool:
        """Whether there are so many segments that searching becomes slow."""

    def inventory(self) -> dict[int, int]:
        """Every indexed lecture, with the digest of its content."""

    def health(self, *, thorough: bool = False) -> Health:
        """Whether the index can be read; thorough: every byte of it."""
