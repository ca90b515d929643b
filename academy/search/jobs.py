"""The writer of the index: events in, commits out. Every handler is idempotent."""

import datetime as dt
import logging

from academy.core import clock
from academy.core.logging import log_event
from academy.core.retention import delete_in_batches
from academy.core.runtime import Runtime
from academy.jobs import api as jobs
from academy.jobs.api import JobContext
from academy.library.api import CoursePublished, CourseWithdrawn
from academy.media.api import AssetReady, TranscriptChanged
from academy.search import queries
from academy.search.backends.selection import search_backend
from academy.search.events import TermChanged
from academy.search.index_check import check_index
from academy.search.indexing import rebuild_all, refresh
from academy.search.models import QueryLog

log = logging.getLogger(__name__)


@jobs.handles(CoursePublished)
def index_published(context: JobContext, event: CoursePublished) -> None:
    """Index a new or edited course."""
    refresh(context.runtime, event.course_id)


@jobs.handles(CourseWithdrawn)
def drop_withdrawn(context: JobContext, event: CourseWithdrawn) -> None:
    """Remove it from the index; searches already exclude it."""
    refresh(context.runtime, event.course_id)


@jobs.handles(TranscriptChanged)
def index_transcript(context: JobContext, event: TranscriptChanged) -> None:
    """The transcript of a published course changed."""
    _refresh_asset(context.runtime, event.asset_id)


@jobs.handles(AssetReady)
def index_ready(context: JobContext, event: AssetReady) -> None:
    """A file of a published course was replaced or finished."""
    _refresh_asset(context.runtime, event.asset_id)


def _refresh_asset(runtime: Runtime, asset_id: int) -> None:
    with runtime.db.read() as tx:
        courses = queries.courses_of_asset(tx, asset_id)
    for course_id in courses:
        refresh(runtime, course_id)


@jobs.job("search.merge")
def merge(context: JobContext) -> None:
    """Compact the index: beside the old one, then swapped."""
    search_backend(context.runtime).merge()


@jobs.nightly("search.night", at=dt.time(3, 10))
def night(context: JobContext) -> None:
    """Nightly: compare the index with the tables, repair differences, compact."""
    report = check_index(context.runtime, mend=True)
    log_event(log, "search.night", healthy=report.healthy, found=report.describe())
    search_backend(context.runtime).merge()


@jobs.job("search.rebuild")
def rebuild(context: JobContext) -> None:
    """Make the index anew from the tables."""
    with context.db.read() as tx:
        total = max(1, len(queries.published_course_ids(tx)))
    rebuild_all(context.runtime, lambda done: context.progress(1000 * done // total))


@jobs.handles(TermChanged)
def index_mentions(context: JobContext, event: TermChanged) -> None:
    """Index again the courses that contain the term, and no others."""
    with context.db.read() as tx:
        courses = queries.courses_mentioning(tx, event.text)
    for course_id in courses:
        refresh(context.runtime, course_id)


@jobs.nightly("search.forget", at=dt.time(2, 40))
def forget(context: JobContext) -> None:
    """Delete old search statistics."""
    first_day = clock.today() - dt.timedelta(days=context.settings.keep_searches_days)
    delete_in_batches(context.db, QueryLog, QueryLog.day < first_day)
