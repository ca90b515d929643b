"""What progress does inside other rooms' transactions."""

from academy.core.db import Tx
from academy.jobs import within
from academy.library.facts import CourseWithdrawn
from academy.progress import service


@within(CourseWithdrawn)
def end_playbacks(tx: Tx, fact: CourseWithdrawn) -> None:
    """A withdrawn course earns nothing from this moment on."""
    service.end_leases_of(tx, "withdrawn", course_id=fact.course_id)
