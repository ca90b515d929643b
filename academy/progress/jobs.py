"""What the watch ledger does by itself: write what a failure left unwritten, carry credit over to a re-cut."""

from academy.jobs import BRIEF, JobContext, every, job
from academy.progress import recutting, repairing


@every("progress.repair", minutes=5)
def repair(context: JobContext) -> None:
    """Write starts, completions and hours that follow from credit and were not written when it was given."""
    repairing.repair(context.db)


@job(recutting.CARRY, lane=BRIEF)
def carry_over(context: JobContext, recut_id: int) -> None:
    """Give everybody's credit of an old version to the new one, a few members a transaction."""
    recutting.carry_all(context.db, recut_id, context.progress)
