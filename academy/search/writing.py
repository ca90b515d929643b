"""Making the index say what the tables say: one course, or all of them. Safe to do twice."""

from academy.core.house import House
from academy.jobs import enqueue
from academy.search import queries
from academy.search.backend import Progress
from academy.search.engine import backend
from academy.search.lectures import Lecture
from academy.search.text import Segmenter


def refresh(house: House, course_id: int) -> None:
    """Make the index say of a course what the tables say now; of every course where there is no index."""
    index = backend(house)
    if not index.exists():
        rebuild_all(house)
        return
    lecture, segmenter = _read(house, course_id)
    while True:
        if lecture is not None:
            index.index_lecture(lecture, segmenter)
        else:
            index.delete_lecture(course_id)
        # What was read before the index's lock was ours may be older than what another worker wrote meanwhile:
        # whoever writes last looks once more.
        written = lecture
        lecture, segmenter = _read(house, course_id)
        if _digest(lecture) == _digest(written):
            break
    if index.wants_merge():
        house.db.run_in_transaction(lambda tx: enqueue(tx, "search.merge", key="search.merge", delay_s=5))


def _read(house: House, course_id: int) -> tuple[Lecture | None, Segmenter]:
    with house.db.read() as tx:
        return next(iter(queries.lectures(tx, [course_id])), None), queries.segmenter(tx)


def _digest(lecture: Lecture | None) -> int | None:
    return lecture.digest() if lecture is not None else None


def rebuild_all(house: House, progress: Progress | None = None) -> int:
    """Make the index anew from the tables, courses one by one; searching goes on with the old one.

    `progress` is called after each course. Returns how many courses the index holds.
    """
    with house.db.read() as tx:
        segmenter = queries.segmenter(tx)
    return backend(house).rebuild(queries.all_lectures(house.db), segmenter, progress)
