"""Background jobs of the watch ledger: repair of missing consequences, carrying credit over to a recut."""

import datetime as dt

from academy.jobs import api as jobs
from academy.jobs.api import JobContext
from academy.learning import recuts
from academy.learning import repair as repairing
from academy.library.api import CoursePublished


@jobs.every("learning.repair", minutes=5)
def repair(context: JobContext) -> None:
    """Write starts, completions and hours that follow from credit and were not written with it."""
    repairing.repair_ledgers(context.db)


@jobs.handles(CoursePublished, lane=jobs.BRIEF)
def derive_course(context: JobContext, event: CoursePublished) -> None:
    """Complete a course for members who fulfil its present requirements: a new publication may require less."""
    repairing.derive_from_ledgers(context.db, event.course_id, context.progress)


@jobs.nightly("learning.derive", at=dt.time(3, 40), lane=jobs.BRIEF)
def derive(context: JobContext) -> None:
    """Derive all consequences from every ledger row again, and write those missing."""
    repairing.derive_from_ledgers(context.db, progress=context.progress)


@jobs.job(recuts.CARRY, lane=jobs.BRIEF)
def carry_over(context: JobContext, recut_id: int) -> None:
    """Carry everybody's credit of an old version over to the new one, a few members a transaction."""
    recuts.carry_all(context.db, recut_id, context.progress)
