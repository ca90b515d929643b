"""Search: from the typed text to the results page."""

from threading import Lock

from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.errors import Busy
from academy.core.i18n import msg
from academy.core.paging import Page
from academy.core.runtime import Runtime
from academy.jobs import api as jobs
from academy.learning import api as learning
from academy.search import queries
from academy.search.backends.interface import IndexBroken
from academy.search.backends.selection import search_backend
from academy.search.facets import facets, fitting
from academy.search.pinyin import sound
from academy.search.query_parser import clean, parse
from academy.search.ranking import mark, score_lines
from academy.search.result_page import lectures_found
from academy.search.results import LectureFound, Results, SearchFilters, Sentence
from academy.search.retrieval import answer, exact
from academy.search.spelling import near_terms
from academy.search.text import normalise

SIZE = 10

_guard = Lock()
_shelves: dict[str, tuple[queries.Stamp, dict[int, queries.OnShelf]]] = {}


def _shelf(runtime: Runtime, tx: Tx) -> dict[int, queries.OnShelf]:
    """Every published course; cached until one is published, edited or withdrawn."""
    stamp = queries.shelf_stamp(tx)
    key = str(runtime.db.url)
    kept = _shelves.get(key)
    if kept is None or kept[0] != stamp:
        kept = (stamp, queries.shelf(tx))
        with _guard:
            _shelves.clear()
            _shelves[key] = kept
    return kept[1]


def search_lectures(
    runtime: Runtime,
    actor: Actor,
    text: str,
    filters: SearchFilters | None = None,
    page: int = 1,
    *,
    literally: bool = False,
) -> Results:
    """Visible results for `text`, one page of them, with counts for the filters.

    Raises:
        Busy: the index is missing or damaged and is being rebuilt.
    """
    try:
        found = _search(runtime, actor, text, filters or SearchFilters(), page, literally)
        hurt = search_backend(runtime).damaged()
    except IndexBroken as error:
        _mend(runtime)
        raise Busy(msg("搜索正在整理，请过一会儿再试。"), retry_after=30) from error
    if hurt:
        _mend(runtime)
    return found


def _mend(runtime: Runtime) -> None:
    """Enqueue a rebuild; once, however many searches find the damage."""
    runtime.db.run_in_transaction(lambda tx: jobs.enqueue(tx, "search.rebuild", key="search.rebuild"))


def _search(runtime: Runtime, actor: Actor, text: str, filters: SearchFilters, page: int, literally: bool) -> Results:
    """Run the search.

    When nothing has all the words, pinyin and homophones are tried in their place, unless the reader insists on the
    typed text (`literally`).
    """
    index = search_backend(runtime)
    with runtime.db.read() as tx:
        segmenter = queries.load_segmenter(tx)
        question = parse(text, segmenter)
        if question.is_empty:
            return Results(question, filters, Page[LectureFound]([], 0, 1, SIZE))
        shelf = _shelf(runtime, tx)
        if shelf and not index.exists():
            # None yet, or one of an earlier version: "nothing found" would be false.
            raise IndexBroken("there is no index")
        done = learning.completed_versions(tx, actor.member_id) if actor.member_id else {}
        allowed = fitting(shelf, done, filters) if filters.any else None
        found = answer(tx, index, question, segmenter, shelf.keys(), allowed, literally=literally)
        ranked = found.ranked
        if filters.sort == "new":
            ranked.sort(key=lambda course_id: shelf[course_id].published_at, reverse=True)
        page = min(page, max(1, -(-len(ranked) // SIZE)))
        shown = exact(tx, found.question, found.found, ranked[(page - 1) * SIZE : page * SIZE])
        return Results(
            question,
            filters,
            Page(lectures_found(tx, found.question, found.found, shown, shelf, done), len(ranked), page, SIZE),
            facets(tx, shelf, found.found.lectures, done, filters),
            found.found.relaxed,
            found.meant,
            near_terms(question, index) if not ranked and not filters.any else [],
        )


def suggest_queries(runtime: Runtime, text: str, limit: int = 8) -> list[str]:
    """Suggestions while typing: names of published courses, then the city's own terms."""
    typed = normalise(clean(text)).replace(" ", "").replace("'", "")
    if not typed:
        return []
    with runtime.db.read() as tx:
        visible = _shelf(runtime, tx).keys()
        terms = queries.terms(tx)
    found = [shown for shown, lectures in search_backend(runtime).suggest(typed, limit * 2) if lectures & visible]
    found += [term for term in terms if term.startswith(typed) or sound(term).startswith(typed)]
    return list(dict.fromkeys(found))[:limit]


def search_item(runtime: Runtime, item_id: int, text: str) -> list[Sentence]:
    """Every matching line of one item: those with the exact query, then the others, in their order."""
    with runtime.db.read() as tx:
        question = parse(text, queries.load_segmenter(tx))
        lines = queries.item_lines(tx, [item_id]).get(item_id, [])
    if question.is_empty:
        return []
    scored = sorted(score_lines(question, {}, lines), key=lambda one: -one.level)
    return [
        Sentence("", one.line.seq, one.line.start_ms, mark(one.line.text, question), one.line.page) for one in scored
    ]
