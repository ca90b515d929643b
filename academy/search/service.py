"""Search, from what somebody typed to what the page shows."""

from collections.abc import Set
from dataclasses import replace
from threading import Lock

from academy.core.actor import Actor
from academy.core.db import Tx
from academy.core.errors import Busy
from academy.core.house import House
from academy.core.i18n import msg
from academy.core.pages import Page
from academy.jobs import enqueue
from academy.search import queries
from academy.search.backend import Found, IndexBroken, SearchBackend
from academy.search.engine import backend
from academy.search.facets import facets, fitting
from academy.search.lectures import join
from academy.search.page import lectures_found
from academy.search.question import Question, clean, looser, parse
from academy.search.ranking import closeness, holding, holds_phrases, mark, score_lines
from academy.search.results import Filters, LectureFound, Results, Sentence
from academy.search.sounds import sound
from academy.search.spelling import near_terms, pinyin_words, repairs
from academy.search.text import Segmenter, normalise

SIZE = 10
CANDIDATES = 100
"""Windows that are read again; measured: the answer is among the first fifty, or not among three hundred."""
MOST_VERIFIED = 150
"""Windows that are read again for a phrase, the newest lectures first; of the others it is enough for the count
that all its pairs of characters are in one minute. Whatever is shown was read."""
LONGEST_MENDED = 40
MOST_WORDS_MENDED = 4
MOST_TRIED, CLEARLY = 4, 1.15
"""Readings tried that do not have everything, and how much better one must be to be taken for what was meant."""

_guard = Lock()
_shelves: dict[str, tuple[queries.Stamp, dict[int, queries.OnShelf]]] = {}


def _shelf(house: House, tx: Tx) -> dict[int, queries.OnShelf]:
    """Every published course; kept until one is published, edited or withdrawn."""
    stamp = queries.shelf_stamp(tx)
    key = str(house.db.url)
    kept = _shelves.get(key)
    if kept is None or kept[0] != stamp:
        kept = (stamp, queries.shelf(tx))
        with _guard:
            _shelves.clear()
            _shelves[key] = kept
    return kept[1]


def search(
    house: House, actor: Actor, text: str, filters: Filters | None = None, page: int = 1, *, literally: bool = False
) -> Results:
    """What the actor may see of what answers `text`, one page of it, with counts for the filters.

    Raises:
        Busy: the index is missing or damaged and is being made anew.
    """
    try:
        found = _search(house, actor, text, filters or Filters(), page, literally)
        hurt = backend(house).damaged()
    except IndexBroken as error:
        _mend(house)
        raise Busy(msg("搜索正在整理，请过一会儿再试。"), retry_after=30) from error
    if hurt:
        _mend(house)
    return found


def _mend(house: House) -> None:
    """Ask for a new index; asked once, however many searches meet the damage."""
    with house.db.begin() as tx:
        enqueue(tx, "search.rebuild", key="search.rebuild")


def _search(house: House, actor: Actor, text: str, filters: Filters, page: int, literally: bool) -> Results:
    """The search itself.

    When nothing has all the words, pinyin and characters that sound alike are tried in their place,
    unless the reader insists on what was typed (`literally`).
    """
    index = backend(house)
    with house.db.read() as tx:
        segmenter = queries.segmenter(tx)
        question = parse(text, segmenter)
        if question.is_empty:
            return Results(question, filters, Page[LectureFound]([], 0, 1, SIZE))
        shelf = _shelf(house, tx)
        if shelf and not index.exists():
            # None yet, or one of an earlier version: "nothing found" would be a lie.
            raise IndexBroken("there is no index")
        done = queries.finished(tx, actor.member_id)
        allowed = fitting(shelf, done, filters) if filters.any else None
        typed, meant = question, ""
        ranked, found = _answers(tx, index, question, shelf.keys(), allowed)
        for other in looser(question, segmenter) if not found.lectures else ():
            ranked, found = _answers(tx, index, other, shelf.keys(), allowed)
            if found.lectures:
                question, found = other, replace(found, relaxed=True)
                break
        if (found.relaxed or not found.lectures) and not typed.phrases and not literally:
            other, better, offer = _better(index, question, found, segmenter, shelf.keys(), allowed)
            if offer:
                question, meant = other, offer
                ranked, found = rank(tx, question, better, allowed)
        if filters.sort == "new":
            ranked.sort(key=lambda course_id: shelf[course_id].published_at, reverse=True)
        page = min(page, max(1, -(-len(ranked) // SIZE)))
        shown = _exact(tx, question, found, ranked[(page - 1) * SIZE : page * SIZE])
        return Results(
            typed,
            filters,
            Page(lectures_found(tx, question, found, shown, shelf, done), len(ranked), page, SIZE),
            facets(tx, shelf, found.lectures, done, filters),
            found.relaxed,
            meant,
            near_terms(question, index) if not ranked and not filters.any else [],
        )


def _better(
    index: SearchBackend,
    question: Question,
    found: Found,
    segmenter: Segmenter,
    visible: Set[int],
    allowed: Set[int] | None,
) -> tuple[Question, Found, str]:
    """What was perhaps meant and what it finds: the first reading that has everything, else the one
    whose best window is clearly better than what was typed finds."""
    kept, best = (question, found, ""), _worth(found)
    for number, offer in enumerate(_offers(question, segmenter, index)):
        other = parse(offer, segmenter)
        better = index.search(other, visible, allowed, CANDIDATES)
        if better.lectures and not better.relaxed:
            return other, better, offer
        if _worth(better) > best * CLEARLY:
            kept, best = (other, better, offer), _worth(better)
        if number >= MOST_TRIED:
            break
    return kept


def _worth(found: Found) -> float:
    return found.hits[0].score if found.hits else 0.0


def _offers(question: Question, segmenter: Segmenter, index: SearchBackend) -> list[str]:
    """What may have been meant; a long question is no slip of the finger."""
    readings = pinyin_words(question.normal, index)
    if readings or len(question.normal) > LONGEST_MENDED or len(question.words) > MOST_WORDS_MENDED:
        return readings
    return repairs(question.normal, segmenter, index)


def _answers(
    tx: Tx, index: SearchBackend, question: Question, visible: Set[int], allowed: Set[int] | None
) -> tuple[list[int], Found]:
    """Lectures that answer, best first. Phrases are looked for in every lecture: what the index finds is
    only near them, and the filters' counts need all of them."""
    if question.phrases:
        return rank(tx, question, index.search(question, visible, None, MOST_VERIFIED), allowed)
    return rank(tx, question, index.search(question, visible, allowed, CANDIDATES), allowed)


def rank(tx: Tx, question: Question, found: Found, allowed: Set[int] | None) -> tuple[list[int], Found]:
    """Lectures in order, best first: the index chose the windows, a close look at each says which is best."""
    spoken = [hit for hit in found.hits if hit.item_id]
    lines = queries.window_lines(tx, [(hit.item_id, hit.first, hit.last) for hit in spoken])
    texts = [normalise(join(line.text for line in window)) for window in lines]
    scores: dict[int, float] = {}
    for hit, window, score in zip(spoken, lines, closeness(question, found.weights, texts), strict=True):
        if question.phrases and not holds_phrases(question, window):
            continue
        if score >= scores.get(hit.lecture_id, 0.0):
            scores[hit.lecture_id] = score
    cards = {hit.lecture_id for hit in found.hits if not hit.item_id}
    for lecture_id in holding(question, queries.about(tx, cards)) if question.phrases else cards:
        scores.setdefault(lecture_id, 0.0)
    for lecture_id, worth in found.named.items():
        if lecture_id in scores:
            scores[lecture_id] += worth
    ranked = sorted(scores, key=lambda lecture_id: (-scores[lecture_id], lecture_id))
    if question.phrases:
        read = {hit.lecture_id for hit in found.hits}
        if len(found.hits) >= MOST_VERIFIED:
            read.discard(found.hits[-1].lecture_id)  # its further windows were not
        without = read - scores.keys()
        held = [hit for hit in found.hits if hit.lecture_id in scores]
        found = replace(found, lectures=found.lectures - without, hits=held)
        ranked += sorted(found.lectures - scores.keys(), reverse=True)
        return [lecture_id for lecture_id in ranked if allowed is None or lecture_id in allowed], found
    # Further down than anybody looks: matched, not looked at closely, newest first.
    rest = (found.lectures if allowed is None else found.lectures & allowed) - scores.keys()
    return [*ranked, *sorted(rest, reverse=True)], found


def _exact(tx: Tx, question: Question, found: Found, course_ids: list[int]) -> list[int]:
    """Those lectures of a page that hold the phrases: far down are some of which only the index thinks so."""
    unread = set(course_ids) - {hit.lecture_id for hit in found.hits} if question.phrases else set()
    if not unread:
        return course_ids
    holders = set(holding(question, queries.about(tx, unread)))
    for lecture in queries.lectures(tx, sorted(unread)):
        if any(holds_phrases(question, part.lines) for part in lecture.parts):
            holders.add(lecture.lecture_id)
    return [course_id for course_id in course_ids if course_id not in unread or course_id in holders]


def suggest(house: House, text: str, limit: int = 8) -> list[str]:
    """What may be meant while somebody types: names of what is published, then the city's own words."""
    typed = normalise(clean(text)).replace(" ", "").replace("'", "")
    if not typed:
        return []
    with house.db.read() as tx:
        visible = _shelf(house, tx).keys()
        terms = queries.terms(tx)
    found = [shown for shown, lectures in backend(house).suggest(typed, limit * 2) if lectures & visible]
    found += [term for term in terms if term.startswith(typed) or sound(term).startswith(typed)]
    return list(dict.fromkeys(found))[:limit]


def within_item(house: House, item_id: int, text: str) -> list[Sentence]:
    """Every line of one item that answers, in the order they are said."""
    with house.db.read() as tx:
        question = parse(text, queries.segmenter(tx))
        lines = queries.item_lines(tx, [item_id]).get(item_id, [])
    if question.is_empty:
        return []
    sought = (*question.words, *question.phrases)
    return [
        Sentence("", scored.line.seq, scored.line.start_ms, mark(scored.line.text, sought), scored.line.page)
        for scored in score_lines(question, {}, lines)
    ]
