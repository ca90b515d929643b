"""The one writer of the index: facts in, commits out. Every handler may run twice."""

from academy.core.house import House
from academy.jobs import JobContext, enqueue, job, on
from academy.library.facts import CoursePublished, CourseWithdrawn
from academy.media.facts import AssetReady, TranscriptChanged
from academy.search import queries
from academy.search.engine import backend
from academy.search.facts import TermChanged


def refresh(house: House, course_id: int) -> None:
    """Make the index say of a course what the tables say now; of every course where there is no index."""
    index = backend(house)
    if not index.exists():
        rebuild_all(house)
        return
    with house.db.read() as tx:
        lectures = queries.lectures(tx, [course_id])
        segmenter = queries.segmenter(tx)
    if lectures:
        index.index_lecture(lectures[0], segmenter)
    else:
        index.delete_lecture(course_id)
    if index.wants_merge():
        with house.db.begin() as tx:
            enqueue(tx, "search.merge", key="search.merge", delay_s=5)


def rebuild_all(house: House) -> None:
    """Make the index anew from the tables; searching goes on with the old one."""
    with house.db.read() as tx:
        segmenter = queries.segmenter(tx)
    backend(house).rebuild(queries.all_lectures(house.db), segmenter)


@on(CoursePublished)
def index_published(context: JobContext, fact: CoursePublished) -> None:
    """A new or edited course is found from now on."""
    refresh(context.house, fact.course_id)


@on(CourseWithdrawn)
def drop_withdrawn(context: JobContext, fact: CourseWithdrawn) -> None:
    """No search shows it any more already; this frees the space."""
    refresh(context.house, fact.course_id)


@on(TranscriptChanged)
def index_transcript(context: JobContext, fact: TranscriptChanged) -> None:
    """What is said changed under a published course."""
    _refresh_asset(context.house, fact.asset_id)


@on(AssetReady)
def index_ready(context: JobContext, fact: AssetReady) -> None:
    """A file was replaced or finished under a published course."""
    _refresh_asset(context.house, fact.asset_id)


def _refresh_asset(house: House, asset_id: int) -> None:
    with house.db.read() as tx:
        courses = queries.courses_of_asset(tx, asset_id)
    for course_id in courses:
        refresh(house, course_id)


@job("search.merge")
def merge(context: JobContext) -> None:
    """Make the index compact: beside the old one, then swapped."""
    backend(context.house).merge()


@job("search.rebuild")
def rebuild(context: JobContext) -> None:
    """Make the index anew from the tables."""
    rebuild_all(context.house)


@on(TermChanged)
def index_mentions(context: JobContext, fact: TermChanged) -> None:
    """Cut again what holds the word: nothing else is touched."""
    with context.db.read() as tx:
        courses = queries.courses_mentioning(tx, fact.text)
    for course_id in courses:
        refresh(context.house, course_id)
