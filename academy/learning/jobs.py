"""What the watch ledger does by itself: write what a failure left unwritten, carry credit over to a re-cut."""

import datetime as dt

from academy.jobs import BRIEF, JobContext, every, handles, job, nightly
from academy.learning import recuts
from academy.learning import repair as repairing
from academy.library.events import CoursePublished


@every("learning.repair", minutes=5)
def repair(context: JobContext) -> None:
    """Write starts, completions and hours that follow from credit and were not written when it was given."""
    repairing.repair(context.db)


@handles(CoursePublished, lane=BRIEF)
def derive_course(context: JobContext, event: CoursePublished) -> None:
    """Complete a course for whoever had done all that it asks for since it was published again: it may ask for less."""
    repairing.derive(context.db, event.course_id, context.progress)


@nightly("learning.derive", at=dt.time(3, 40), lane=BRIEF)
def derive(context: JobContext) -> None:
    """Derive everything from every ledger row once more, and write what nobody wrote, for whatever reason."""
    repairing.derive(context.db, progress=context.progress)


@job(recuts.CARRY, lane=BRIEF)
def carry_over(context: JobContext, recut_id: int) -> None:
    """Give everybody's credit of an old version to the new one, a few members a transaction."""
    recuts.carry_all(context.db, recut_id, context.progress)
