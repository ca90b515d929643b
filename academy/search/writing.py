"""Making the index say what the tables say: one course, or all of them. Safe to do twice."""

from academy.core.house import House
from academy.jobs import enqueue
from academy.search import queries
from academy.search.backend import Progress
from academy.search.engine import backend


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
        house.db.run_in_transaction(lambda tx: enqueue(tx, "search.merge", key="search.merge", delay_s=5))


def rebuild_all(house: House, progress: Progress | None = None) -> int:
    """Make the index anew from the tables, courses one by one; searching goes on with the old one.

    `progress` is called after each course. Returns how many courses the index holds.
    """
    with house.db.read() as tx:
        segmenter = queries.segmenter(tx)
    return backend(house).rebuild(queries.all_lectures(house.db), segmenter, progress)
