"""From a query to ranked lectures: the index's hits, read again; corrections."""

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field, replace

from academy.core.database import Tx
from academy.search import queries
from academy.search.backends.interface import Found, SearchBackend
from academy.search.lectures import join
from academy.search.literal import EQUAL, RUNS, WHOLE, WRITTEN, LiteralText
from academy.search.query_parser import Query, looser, parse
from academy.search.ranking import closeness, contains_phrases
from academy.search.spelling import pinyin_words, repairs
from academy.search.text import Segmenter

UNREAD = RUNS
"""Order of lectures: literal matches known from the index precede matches with other numerals."""
CANDIDATES = 100
"""Windows that are read again; measured: the answer is among the first fifty, or not among three hundred."""
MOST_READ = 20
"""Lectures that are read completely, because they may contain the query across several windows."""
MOST_VERIFIED = 100
"""Windows that are read again for a phrase, the newest lectures first; for the others the count relies on all pairs of
characters being in one window. Everything shown was read."""
LONGEST_MENDED = 40
MOST_WORDS_MENDED = 4
CLEARLY, NEARLY, MOST_IN_TURN = 1.2, 1.15, 3
"""How much better a correction must score than a typed sentence to replace it (for words with spaces between, any
improvement is enough); how much less than the best a correction may score to be shown with it; and how many beside the
typed query."""


@dataclass
class VerifiedHits:
    """Results of reading the index's hits, by lecture."""

    scores: dict[int, float] = field(default_factory=dict)
    levels: dict[int, int] = field(default_factory=dict)
    """Quality of the lecture's literal match (`literal`)."""
    complete: set[int] = field(default_factory=set)
    """Lectures with a text that has every word, or the complete query."""

    def add(self, question: Query, lecture_id: int, texts: Sequence[LiteralText]) -> None:
        """Add a window of a lecture and its names."""
        level = question.level(texts)
        self.levels[lecture_id] = max(level, self.levels.get(lecture_id, 0))
        if level or question.has_words(texts):
            self.complete.add(lecture_id)


@dataclass
class SearchAnswer:
    """Ranked lectures, for the query that was finally used."""

    question: Query
    ranked: list[int]
    found: Found
    meant: str = ""


def answer(
    tx: Tx,
    index: SearchBackend,
    question: Query,
    segmenter: Segmenter,
    visible: Set[int],
    allowed: Set[int] | None,
    *,
    literally: bool = False,
) -> SearchAnswer:
    """Results of a query; when nothing matches all of it, of a looser one, or of a homophone."""
    ranked, found = answers(tx, index, question, visible, allowed)
    for other in looser(question, segmenter) if not found.lectures else ():
        ranked, found = answers(tx, index, other, visible, allowed)
        if found.lectures:
            return SearchAnswer(other, ranked, replace(found, relaxed=True))
    typed = SearchAnswer(question, ranked, found)
    if literally or question.phrases or _is_meant(index, question, found):
        return typed
    return _meant(tx, index, typed, segmenter, visible, allowed)


def _is_meant(index: SearchBackend, question: Query, found: Found) -> bool:
    """Whether the typed query needs no correction: it occurs literally, or all of its words occur as words. Where each
    is only part of other words (和作社: 作社), another character may have been meant."""
    if found.literal or found.equal:
        return True
    if found.relaxed or not found.lectures:
        return False
    return all(index.frequencies(question.words).values())


def _meant(
    tx: Tx, index: SearchBackend, typed: SearchAnswer, segmenter: Segmenter, visible: Set[int], allowed: Set[int] | None
) -> SearchAnswer:
    """The first correction that matches completely; else, if one scores better than the typed query, results of each
    good one in turn: one word is wrong, and it is unknown which."""
    tried: list[SearchAnswer] = []
    for offer in _offers(typed.question, segmenter, index):
        other = parse(offer, segmenter)
        found = index.search(other, visible, allowed, CANDIDATES)
        if found.lectures and not found.relaxed:
            return SearchAnswer(other, *rank(tx, other, found, allowed), offer)
        tried.append(SearchAnswer(other, [], found, offer))
    best = max(tried, key=lambda one: _covered(one.found), default=typed)
    enough = CLEARLY if len(typed.question.runs) < 2 else 1.0
    if _covered(best.found) <= enough * _covered(typed.found):
        return typed
    good = [one for one in tried if _covered(one.found) * NEARLY >= _covered(best.found)]
    good = sorted(good, key=lambda one: -_covered(one.found))[:MOST_IN_TURN]
    for one in good:
        one.ranked, one.found = rank(tx, one.question, one.found, allowed)
    good.insert(1, typed)  # perhaps there is no mistake
    everything = frozenset[int]().union(*(one.found.lectures for one in good))
    return SearchAnswer(
        best.question, _in_turn([one.ranked for one in good]), replace(best.found, lectures=everything), best.meant
    )


def _in_turn(lists: Iterable[list[int]]) -> list[int]:
    """The first of each, the second of each, and so on, each once."""
    return list(dict.fromkeys(one for row in itertools.zip_longest(*lists) for one in row if one is not None))


def _covered(found: Found) -> float:
    """Share of the query in the best window. Its score alone would favour corrections with rare words, not all of which
    need match."""
    asked = sum(found.weights.values())
    # Literal matches come first, whatever their score.
    return max(hit.score for hit in found.hits) / asked if found.hits and asked else 0.0


def _offers(question: Query, segmenter: Segmenter, index: SearchBackend) -> list[str]:
    """Suggested corrections; none for a long query."""
    readings = pinyin_words(question.normal, index)
    if readings or len(question.normal) > LONGEST_MENDED or len(question.words) > MOST_WORDS_MENDED:
        return readings
    return repairs(question.normal, segmenter, index)


def answers(
    tx: Tx, index: SearchBackend, question: Query, visible: Set[int], allowed: Set[int] | None
) -> tuple[list[int], Found]:
    """Matching lectures, best first. Phrases are verified in every lecture: the index only finds candidates, and the
    filters' counts need all of them."""
    if question.phrases:
        return rank(tx, question, index.search(question, visible, None, MOST_VERIFIED), allowed)
    ranked, found = rank(tx, question, index.search(question, visible, allowed, CANDIDATES), allowed)
    if not found.lectures and found.each and found.hits:
        # Lectures with every character had no word: as if nothing had been found.
        scattered = replace(question, scattered=True)
        return rank(tx, question, index.search(scattered, visible, allowed, CANDIDATES), allowed)
    return ranked, found


def rank(tx: Tx, question: Query, found: Found, allowed: Set[int] | None) -> tuple[list[int], Found]:
    """Ranked lectures: the index chose the windows, reading each determines the order."""
    looked = _look(tx, question, found)
    found = _read_whole(tx, question, found, looked, allowed)
    scores, levels = looked.scores, looked.levels
    for lecture_id, worth in found.named.items():
        if lecture_id in scores:
            scores[lecture_id] += worth
    if not question.phrases:
        found = _without_false(question, found, looked)
    level = dict.fromkeys(found.literal, UNREAD) | levels

    def order(lecture_id: int) -> tuple[float, float, int]:
        return -level.get(lecture_id, 0), -scores[lecture_id], lecture_id

    ranked = sorted((one for one in scores if one in found.lectures or question.phrases), key=order)
    if question.phrases:
        read = {hit.lecture_id for hit in found.hits}
        if len(found.hits) >= MOST_VERIFIED:
            read.discard(found.hits[-1].lecture_id)  # its further windows were not
        without = read - scores.keys()
        held = [hit for hit in found.hits if hit.lecture_id in scores]
        found = replace(found, lectures=found.lectures - without, hits=held)
        ranked += sorted(found.lectures - scores.keys(), reverse=True)
        return [lecture_id for lecture_id in ranked if allowed is None or lecture_id in allowed], found
    # Further down than anybody scrolls: matched, not read, newest first; literal matches still precede the others.
    rest = (found.lectures if allowed is None else found.lectures & allowed) - scores.keys()
    literal, equal = rest & found.literal, (rest & found.equal) - found.literal
    sure = sum(level.get(lecture_id, 0) >= UNREAD for lecture_id in ranked)
    near = sum(level.get(lecture_id, 0) >= EQUAL for lecture_id in ranked)
    return [
        *ranked[:sure],
        *sorted(literal, reverse=True),
        *ranked[sure:near],
        *sorted(equal, reverse=True),
        *ranked[near:],
        *sorted(rest - literal - equal, reverse=True),
    ], found


def _read_whole(tx: Tx, question: Query, found: Found, looked: VerifiedHits, allowed: Set[int] | None) -> Found:
    """With lectures that contain the complete query where nothing was read: not in one window, as a long sentence or a
    paragraph, or in one of many windows with all of its pairs of characters."""
    doubtful = {one for one in found.literal | found.equal if looked.levels.get(one) == 0}
    unread = sorted(doubtful | {one for one in found.stretched if looked.levels.get(one, 0) < WRITTEN}, reverse=True)
    unread = unread[:MOST_READ]
    literal, equal = set[int](), set[int]()
    for lecture in queries.lectures(tx, unread) if unread else ():
        texts = [LiteralText(join(line.text for line in part.lines)) for part in lecture.parts]
        level = max((text.level(question.whole) for text in texts), default=0)
        if level:
            (literal if level >= WRITTEN else equal).add(lecture.lecture_id)
            looked.levels[lecture.lecture_id] = level
            looked.complete.add(lecture.lecture_id)
    if not literal and not equal:
        return found
    for lecture_id in literal | equal if allowed is None else (literal | equal) & allowed:
        looked.scores.setdefault(lecture_id, 0.0)
    return replace(
        found,
        lectures=found.lectures | literal | equal,
        literal=found.literal | literal,
        equal=found.equal | equal,
        relaxed=False,
    )


def _look(tx: Tx, question: Query, found: Found) -> VerifiedHits:
    """Read the windows and the names that the index found."""
    in_windows = [hit for hit in found.hits if hit.item_id]
    lines = queries.window_lines(tx, [(hit.item_id, hit.first, hit.last) for hit in in_windows])
    texts = [LiteralText(join(line.text for line in window)) for window in lines]
    scores = closeness(question, found.weights, [text.words for text in texts])
    shown = {hit.lecture_id for hit in found.hits}
    cards = {hit.lecture_id for hit in found.hits if not hit.item_id}
    wanted = shown if question.is_doubtful and found.each else cards | (shown & (found.literal | found.equal))
    names = {lecture_id: [*map(LiteralText, about)] for lecture_id, about in queries.about(tx, wanted).items()}
    looked = VerifiedHits()
    for hit, window, score in zip(in_windows, texts, scores, strict=True):
        if question.phrases and not contains_phrases(question, [window]):
            continue
        looked.scores[hit.lecture_id] = max(score, looked.scores.get(hit.lecture_id, 0.0))
        if hit.lecture_id in names:
            looked.add(question, hit.lecture_id, [window, *names[hit.lecture_id]])
    for lecture_id in cards & names.keys():
        if not question.phrases or contains_phrases(question, names[lecture_id]):
            looked.scores.setdefault(lecture_id, 0.0)
            looked.add(question, lecture_id, names[lecture_id])
    if question.is_single:
        # The index is certain here, and the window that was read need not be the one with the match.
        looked.levels |= dict.fromkeys(found.literal & shown, WHOLE)
    return looked


def _without_false(question: Query, found: Found, looked: VerifiedHits) -> Found:
    """Without lectures whose hits were all read and do not match."""
    if not (found.each and question.is_doubtful) or len(found.hits) >= CANDIDATES:
        return found
    read = Counter(hit.lecture_id for hit in found.hits)
    false = {one for one, n in read.items() if n < found.each and one not in looked.complete}
    return replace(
        found,
        lectures=found.lectures - false,
        literal=found.literal - false,
        equal=found.equal - false,
        hits=[hit for hit in found.hits if hit.lecture_id not in false],
    )


def exact(tx: Tx, question: Query, found: Found, course_ids: list[int]) -> list[int]:
    """Those lectures of a page that contain the phrases: far down some are unverified candidates of the index."""
    unread = set(course_ids) - {hit.lecture_id for hit in found.hits} if question.phrases else set()
    if not unread:
        return course_ids
    abouts = queries.about(tx, unread)
    holders = {one for one, names in abouts.items() if contains_phrases(question, [*map(LiteralText, names)])}
    for lecture in queries.lectures(tx, sorted(unread)):
        if any(
            contains_phrases(question, [LiteralText(join(line.text for line in part.lines))]) for part in lecture.parts
        ):
            holders.add(lecture.lecture_id)
    return [course_id for course_id in course_ids if course_id not in unread or course_id in holders]
