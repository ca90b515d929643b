"""Where a quotation stands after captions were edited or a film was cut anew. Pure; no clock and no database.

A place is a span ``[start, end)`` in the unit of the item (milliseconds, or pages of a document) with the words that
were said there. When the text changes, `place_again` looks for it in this order:

1. A declared cut: a mapping that keeps nothing of the span takes the place away, whatever stands elsewhere.
2. The same words near the expected time: one line, several into which the sentence was split, or a longer one
   that it was joined into.
3. Similar words near it (half of the pairs of characters): the sentence was edited.
4. The same words anywhere, if they are long enough to be no coincidence: the captions were moved.
5. The expected time itself, where the film is the same or the mapping keeps it: the note stays at its second.
6. Otherwise, in another file without a mapping, similar words anywhere, or the place is lost: it was cut.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from academy.core.text import normal_form
from academy.learning import api as learning
from academy.learning.api import Span, Unit
from academy.talk.kinds import PlaceState

QUOTE_LENGTH = 300
"""Characters of a quotation: three sentences, or the beginning of a page."""
LINE_LENGTH = 2_000
"""Characters of a line that are compared."""
NEAR = {Unit.MS: 60_000, Unit.PAGE: 3}
"""Distance from the expected place at which words count as the same sentence, in the item's unit."""
DISTINCTIVE = 8
"""Letters from which on the same words elsewhere are no coincidence."""
MOST_LINES = 5
"""Lines into which one sentence may have been split."""
SIMILAR = 0.5
"""Share of a quotation's pairs of characters that an edited sentence still has."""

Kept = Sequence[tuple[int, int, int]]
"""(old start, old end, new start) of what stayed of a film."""


@dataclass(frozen=True, slots=True)
class ScriptLine:
    """A line of the transcript, or a page of a document."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a quotation stands now, and the words there; of a place that was cut, where it stood last."""

    start: int
    end: int
    words: str
    state: PlaceState


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive lines that may be the sentence."""

    first: int
    last: int


def letters_of(text: str) -> str:
    """What is compared of a text: letters and digits, without punctuation, spaces and case."""
    plain = normal_form(text[:LINE_LENGTH], LINE_LENGTH)
    return "".join(character for character in plain.casefold() if character.isalnum())


def _pairs(letters: str) -> Counter[str]:
    return Counter(letters[n : n + 2] for n in range(len(letters) - 1))


@dataclass
class Script:
    """The lines of an item, ready to be searched; made once for all places of the item."""

    lines: Sequence[ScriptLine]
    unit: Unit = Unit.MS
    _letters: str = field(init=False)
    _begins: list[int] = field(init=False)
    """Where each line begins in the letters of all; empty lines begin where the next one does."""
    _starts: list[int] = field(init=False)
    _each: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.lines = sorted(self.lines, key=lambda line: (line.start, line.end))
        self._each = [letters_of(line.text) for line in self.lines]
        self._begins = []
        total = 0
        for letters in self._each:
            self._begins.append(total)
            total += len(letters)
        self._letters = "".join(self._each)
        self._starts = [line.start for line in self.lines]

    def line_at(self, moment: int) -> ScriptLine | None:
        """The line during which a moment lies, or the last one before it; the first for moments before all."""
        found = bisect_right(self._starts, moment) - 1
        return self.lines[max(0, found)] if self.lines else None

    def words(self, start: int, end: int) -> str:
        """The text of the lines that begin in a span, cut to a quotation's length."""
        first, last = bisect_left(self._starts, start), bisect_left(self._starts, end)
        return " ".join(line.text for line in self.lines[first:last])[:QUOTE_LENGTH]

    def placed(self, run: Run, state: PlaceState) -> Placement:
        """The place that these lines are."""
        found = self.lines[run.first : run.last + 1]
        text = " ".join(line.text for line in found)[:QUOTE_LENGTH]
        return Placement(found[0].start, max(line.end for line in found), text, state)

    def _same(self, letters: str) -> Iterator[Run]:
        """Every run of lines that holds these letters."""
        at = self._letters.find(letters) if letters else -1
        while at >= 0:
            first = bisect_right(self._begins, at) - 1
            last = bisect_left(self._begins, at + len(letters)) - 1
            yield Run(first, last)
            at = self._letters.find(letters, at + 1)

    def nearest_same(self, letters: str, expected: Span) -> Run | None:
        """The run with these letters nearest to a span: of several inside it the one with least beside them, then the
        earlier."""
        return min(self._same(letters), key=lambda run: self._rank(run, expected), default=None)

    def _rank(self, run: Run, expected: Span) -> tuple[int, int, int]:
        start, end = self.lines[run.first].start, self.lines[run.last].end
        apart = max(0, start - expected[1] + 1, expected[0] - end + 1)
        return apart, sum(len(self._each[n]) for n in range(run.first, run.last + 1)), abs(start - expected[0])

    def is_near(self, run: Run, expected: Span) -> bool:
        """Whether a run is near enough to be the same sentence."""
        return self._rank(run, expected)[0] <= NEAR[self.unit]

    def most_similar(self, letters: str, expected: Span | None) -> Run | None:
        """The run with most of the quotation's pairs of characters (half or more): the shortest, then the nearest."""
        asked = _pairs(letters)
        if not asked:
            return None
        first, last = 0, len(self.lines)
        if expected is not None:
            first = bisect_left(self._starts, expected[0] - NEAR[self.unit])
            last = bisect_right(self._starts, expected[0] + NEAR[self.unit])
        found: list[tuple[float, int, int, Run]] = []
        for begin in range(first, last):
            if not any(pair in self._each[begin] for pair in asked):
                continue  # a sentence does not begin in a line that has nothing of it
            joined = ""
            for end in range(begin, min(last, begin + MOST_LINES)):
                joined += self._each[end]
                share = (asked & _pairs(joined)).total() / asked.total()
                away = abs(self.lines[begin].start - expected[0]) if expected is not None else 0
                if share >= SIMILAR:
                    found.append((-share, len(joined), away, Run(begin, end)))
                if share == 1 or len(joined) > 3 * len(letters):
                    break
        return min(found, key=lambda one: one[:3])[3] if found else None

    def at(self, expected: Span) -> Placement:
        """The place by its time alone: the lines that begin in it, or the one that runs there."""
        first, last = bisect_left(self._starts, expected[0]), bisect_left(self._starts, expected[1])
        if first < last:
            return self.placed(Run(first, last - 1), PlaceState.EDITED)
        before = first - 1
        if before >= 0 and self.lines[before].end > expected[0]:
            return self.placed(Run(before, before), PlaceState.EDITED)
        return Placement(*expected, "", PlaceState.EDITED)


@dataclass(frozen=True, slots=True)
class Anchor:
    """A place as it is kept: where it was found last, what somebody noted, and the words found there last."""

    start: int
    end: int
    quote: str
    words: str


@dataclass(frozen=True, slots=True)
class Film:
    """What is known of the file that a place was found in, against the present one.

    `kept` is the declared mapping from one to the other, None where nobody declared any; `is_same`: there is no other
    file, and times are those of the same film.
    """

    is_same: bool = False
    kept: Kept | None = None


SAME_FILM = Film(is_same=True)


def follow(script: Script, anchor: Anchor, film: Film = SAME_FILM) -> Placement:
    """Where an anchor stands now: what was noted first, before the words that its place had last; what was joined and
    split again is back where it was."""
    span = (anchor.start, anchor.end)
    noted = place_again(script, span, anchor.quote, film)
    if noted.state == PlaceState.SAME or anchor.words == anchor.quote:
        return noted
    if noted.state != PlaceState.CUT and _are_similar(anchor.quote, noted.words):
        return noted
    last = place_again(script, span, anchor.words, film)
    if last.state == PlaceState.SAME:
        return replace(last, state=PlaceState.EDITED)
    return noted if last.state == PlaceState.CUT else last


def _are_similar(quote: str, words: str) -> bool:
    """Whether words still have half of a quotation's pairs of characters."""
    asked = _pairs(letters_of(quote))
    return bool(asked) and (asked & _pairs(letters_of(words))).total() >= SIMILAR * asked.total()


def place_again(script: Script, span: Span, words: str, film: Film = SAME_FILM) -> Placement:
    """Where a quotation that stood at `span` stands in `script`.

    Without words (a film without captions) only time and mapping count.
    """
    expected: Span | None = span if film.is_same else None
    if film.kept is not None:
        moved = learning.remap_spans((span,), film.kept)
        if not moved:
            return Placement(*span, words, PlaceState.CUT)
        expected = max(moved, key=lambda part: part[1] - part[0])
    return _by_words(script, span, words, expected)


def _by_words(script: Script, span: Span, words: str, expected: Span | None) -> Placement:
    letters = letters_of(words)
    nearest = script.nearest_same(letters, expected or span)
    if nearest is not None and expected is not None and script.is_near(nearest, expected):
        return script.placed(nearest, PlaceState.SAME)
    edited = script.most_similar(letters, expected)
    if expected is not None and edited is not None:
        return script.placed(edited, PlaceState.EDITED)
    if nearest is not None and len(letters) >= (DISTINCTIVE if expected is not None else DISTINCTIVE // 2):
        return script.placed(nearest, PlaceState.SAME)
    if expected is not None:
        return script.at(expected)
    if edited is not None and len(letters) >= DISTINCTIVE:
        return script.placed(edited, PlaceState.EDITED)
    return Placement(*span, words, PlaceState.CUT)


def follow_stretch(
    script: Script, span: Span, first: Anchor, last: Anchor, film: Film = SAME_FILM
) -> tuple[Placement, Placement]:
    """Where a stretch of several sentences stands: the place of all of it, with its first words, and of its last one.

    One end that was cut is moved to where the rest begins or ends, as far as the mapping says so; a stretch of which
    nothing is left was cut.
    """
    begin, end = follow(script, first, film), follow(script, last, film)
    moved = learning.remap_spans((span,), film.kept) if film.kept is not None else ((span,) if film.is_same else ())
    low = begin.start if begin.state != PlaceState.CUT else moved[0][0] if moved else None
    high = end.end if end.state != PlaceState.CUT else moved[-1][1] if moved else None
    if low is None or high is None or low >= high:
        return Placement(*span, first.words, PlaceState.CUT), end
    is_same = begin.state == end.state == PlaceState.SAME
    words = begin.words if begin.state != PlaceState.CUT else script.words(low, high)
    return Placement(low, high, words, PlaceState.SAME if is_same else PlaceState.EDITED), end
