"""What an index must be able to do. The cue table is the truth; an index can always be made again."""

from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass, field
from typing import Protocol

from academy.search.lectures import Lecture
from academy.search.query_parser import Query
from academy.search.text import Segmenter

Progress = Callable[[int], None]


class IndexBroken(Exception):
    """The index cannot be read or does not hold what it says it holds: it must be built again."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A window that answers, with the score the index gave it. `item_id` 0: the title, not what is said."""

    lecture_id: int
    item_id: int
    first: int
    last: int
    score: float


@dataclass(frozen=True)
class Found:
    """What an index found."""

    hits: list[Hit] = field(default_factory=list)
    """Best first; a lecture may come several times."""
    lectures: frozenset[int] = frozenset()
    """Every visible lecture that matches, not only those among the hits: for counting."""
    named: dict[int, float] = field(default_factory=dict)
    """Lectures whose title, lecturer or summary matches, with what that is worth."""
    relaxed: bool = False
    """Nothing had all the words: these have some of them."""
    literal: frozenset[int] = frozenset()
    """Those of the lectures that have every character of what was typed, each beside the next, in one minute or
    in their names: all that literally hold it are among them."""
    equal: frozenset[int] = frozenset()
    """The same, of what was typed with its numerals in their one form."""
    stretched: frozenset[int] = frozenset()
    """Visible lectures that have every stretch of what was typed, though perhaps not in one minute: to be read."""
    each: int = 0
    """So many windows of a lecture are among the hits at most; 0: the lectures are not told apart so."""
    weights: dict[str, float] = field(default_factory=dict)
    """How telling each word is (its rarity), for the choice of sentences."""


@dataclass(frozen=True)
class Health:
    """How an index is."""

    ok: bool
    documents: int = 0
    lectures: int = 0
    segments: int = 0
    size: int = 0
    problem: str = ""


class SearchBackend(Protocol):
    """An index. Writers call it from one place at a time; readers from anywhere, at any time."""

    def index_lecture(self, lecture: Lecture, segmenter: Segmenter) -> None:
        """Put a lecture in place of whatever the index held of it, in one commit."""

    def delete_lecture(self, lecture_id: int) -> None:
        """Take a lecture out. It need not be there."""

    def search(self, question: Query, visible: Set[int], allowed: Set[int] | None = None, limit: int = 300) -> Found:
        """Which of the `visible` lectures match, and the windows that answer in those `allowed` (None: all)."""

    def suggest(self, prefix: str, limit: int = 8) -> list[tuple[str, frozenset[int]]]:
        """Names that begin with the prefix, with the lectures they belong to."""

    def sounding(self, sounds: Iterable[str]) -> dict[str, list[tuple[str, int]]]:
        """The library's words of each sound (syllables without tones and spaces), most frequent first."""

    def frequencies(self, words: Iterable[str]) -> dict[str, int]:
        """In how many windows and names each word is."""

    def together(self, wordings: Sequence[Sequence[str]]) -> list[int]:
        """For each wording, in how many windows and names all of its words are."""

    def rebuild(self, lectures: Iterable[Lecture], segmenter: Segmenter, progress: Progress | None = None) -> int:
        """Make the index anew beside the old one, then swap; returns how many lectures it holds."""

    def merge(self) -> None:
        """Make the index compact again, beside the old one, then swap."""

    def exists(self) -> bool:
        """Whether there is an index of this kind and version; otherwise it must be built."""

    def damaged(self) -> bool:
        """Whether a search met damage, and went on with an older generation."""

    def wants_merge(self) -> bool:
        """Whether so many commits lie side by side that searching grows slow."""

    def inventory(self) -> dict[int, int]:
        """Every lecture held, with the digest of what was indexed."""

    def health(self, *, thorough: bool = False) -> Health:
        """Whether the index can be read; thorough: every byte of it."""
