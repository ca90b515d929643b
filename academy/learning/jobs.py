"""Background jobs of the watch ledger: repair of missing consequences, carrying credit over to a recut."""

import datetime as dt

from academy.jobs import BRIEF, JobContext, every, handles, job, nightly
from academy.learning import recuts
from academy.learning import repair as repairing
from academy.library.events import CoursePublished


@every("learning.repair", minutes=5)
def repair(context: JobContext) -> None:
    """Write starts, completions and hours that follow from credit and were not written with it."""
    repairing.repair_ledgers(context.db)


@handles(CoursePublished, lane=BRIEF)
def derive_course(context: JobContext, event: CoursePublished) -> None:
    """Complete a course for members who fulfil its present requirements: a new publication may require less."""
    repairing.derive_from_ledgers(context.db, event.course_id, context.progress)


@nightly("learning.derive", at=dt.time(3, 40), lane=BRIEF)
def derive(context: JobContext) -> None:
    """Derive all consequences from every ledger row again, and write those missing."""
    repairing.derive_from_ledgers(context.db, progress=context.progress)


@job(recuts.CARRY, lane=BRIEF)
def carry_over(context: JobContext, recut_id: int) -> None:
    """Carry everybody's credit of an old version over to the new one, a few members a transaction."""
    recuts.carry_all(context.db, recut_id, context.progress)
