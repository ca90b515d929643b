"""Result types of search."""

import datetime as dt
from dataclasses import dataclass, field

from academy.core.i18n import Message
from academy.core.paging import Page
from academy.search.query_parser import Query
from academy.search.ranking import Marked

LENGTH_FILTERS = {"short": (0, 600_000), "middle": (600_000, 1_800_000), "long": (1_800_000, 1 << 62)}
SORT_ORDERS = ("best", "new")
FINISHED_FILTER = ("yes", "no")


@dataclass(frozen=True)
class SearchFilters:
    """The reader's filters; an empty value is no filter."""

    category: int | None = None
    lecturer: int | None = None
    year: int | None = None
    length: str = ""
    finished: str = ""
    """yes, no or empty."""
    sort: str = "best"

    @property
    def any(self) -> bool:
        return bool(self.category or self.lecturer or self.year or self.length or self.finished)


@dataclass(frozen=True)
class FacetChoice:
    """One value of a filter, and its number of lectures."""

    value: str
    label: str | Message
    count: int
    chosen: bool


@dataclass(frozen=True)
class Facet:
    """A filter and its choices."""

    name: str
    label: Message
    choices: list[FacetChoice]


@dataclass(frozen=True)
class Sentence:
    """A matching line, with its second or its page."""

    item: str
    seq: int
    start_ms: int
    text: Marked
    page: int = 0

    @property
    def second(self) -> int:
        return self.start_ms // 1000


@dataclass(frozen=True)
class Timeline:
    """Positions of the hits in an item."""

    item: str
    title: str
    duration_ms: int
    hits: list[int]
    """Milliseconds, or pages of a document; ascending."""
    pages: int = 0
    """Number of pages of a document; 0 for audio and video."""

    def place(self, hit: int) -> int:
        """Per mille of the item's length."""
        done, whole = (hit - 1, self.pages) if self.pages else (hit, self.duration_ms)
        return min(1000, done * 1000 // max(1, whole))


@dataclass(frozen=True)
class LectureFound:
    """One lecture of the results."""

    course_id: int
    public_id: str
    title: Marked
    lecturer: Marked
    category: str
    published_at: dt.datetime | None
    duration_ms: int
    finished: bool
    sentences: list[Sentence] = field(default_factory=list)
    timelines: list[Timeline] = field(default_factory=list)
    first_item: str = ""


@dataclass(frozen=True)
class Results:
    """A page of lectures, with hints."""

    question: Query
    filters: SearchFilters
    page: Page[LectureFound]
    facets: list[Facet] = field(default_factory=list)
    relaxed: bool = False
    """No lecture has all the words; these have some."""
    meant: str = ""
    """Suggested corrections, when next to nothing was found."""
    near: list[str] = field(default_factory=list)
    """Terms of the library similar to the query, for an empty page."""
