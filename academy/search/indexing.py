"""Updates the index from the tables: one course, or all of them. Idempotent."""

from academy.core.runtime import Runtime
from academy.jobs import api as jobs
from academy.search import queries
from academy.search.backends.interface import Progress
from academy.search.backends.selection import search_backend
from academy.search.lectures import Lecture
from academy.search.text import Segmenter


def refresh(runtime: Runtime, course_id: int) -> None:
    """Update a course in the index; all courses where there is no index."""
    index = search_backend(runtime)
    if not index.exists():
        rebuild_all(runtime)
        return
    lecture, segmenter = _read(runtime, course_id)
    while True:
        if lecture is not None:
            index.index_lecture(lecture, segmenter)
        else:
            index.delete_lecture(course_id)
        # Data read before taking the index's lock may be older than what another worker wrote meanwhile: read once more
        # after writing.
        written = lecture
        lecture, segmenter = _read(runtime, course_id)
        if _digest(lecture) == _digest(written):
            break
    if index.wants_merge():
        runtime.db.run_in_transaction(lambda tx: jobs.enqueue(tx, "search.merge", key="search.merge", delay_s=5))


def _read(runtime: Runtime, course_id: int) -> tuple[Lecture | None, Segmenter]:
    with runtime.db.read() as tx:
        return next(iter(queries.lectures(tx, [course_id])), None), queries.load_segmenter(tx)


def _digest(lecture: Lecture | None) -> int | None:
    return lecture.digest() if lecture is not None else None


def rebuild_all(runtime: Runtime, progress: Progress | None = None) -> int:
    """Rebuild the index from the tables, course by course; searching continues with the old one.

    `progress` is called after each course. Returns how many courses the index holds.
    """
    with runtime.db.read() as tx:
        segmenter = queries.load_segmenter(tx)
    return search_backend(runtime).rebuild(queries.stream_lectures(runtime.db), segmenter, progress)
