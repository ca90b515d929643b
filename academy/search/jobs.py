"""The one writer of the index: facts in, commits out. Every handler may run twice."""

import datetime as dt
import logging

from academy.core import clock
from academy.core.house import House
from academy.core.logging import event
from academy.core.retention import delete_in_batches
from academy.jobs import JobContext, job, nightly, on
from academy.library.facts import CoursePublished, CourseWithdrawn
from academy.media.facts import AssetReady, TranscriptChanged
from academy.search import queries
from academy.search.doctor import examine
from academy.search.engine import backend
from academy.search.facts import TermChanged
from academy.search.models import QueryLog
from academy.search.writing import rebuild_all, refresh

log = logging.getLogger(__name__)


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


@nightly("search.night", at=dt.time(3, 10))
def night(context: JobContext) -> None:
    """While the city sleeps: compare the index with the tables, mend what differs, make it compact."""
    report = examine(context.house, mend=True)
    event(log, "search.night", healthy=report.healthy, found=report.describe())
    backend(context.house).merge()


@job("search.rebuild")
def rebuild(context: JobContext) -> None:
    """Make the index anew from the tables."""
    with context.db.read() as tx:
        total = max(1, len(queries.published_ids(tx)))
    rebuild_all(context.house, lambda done: context.progress(1000 * done // total))


@on(TermChanged)
def index_mentions(context: JobContext, fact: TermChanged) -> None:
    """Cut again what holds the word: nothing else is touched."""
    with context.db.read() as tx:
        courses = queries.courses_mentioning(tx, fact.text)
    for course_id in courses:
        refresh(context.house, course_id)


@nightly("search.forget", at=dt.time(2, 40))
def forget(context: JobContext) -> None:
    """Delete what was searched long ago."""
    first_day = clock.today() - dt.timedelta(days=context.settings.keep_searches_days)
    delete_in_batches(context.db, QueryLog, QueryLog.day < first_day)
