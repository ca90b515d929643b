"""What the watch ledger does by itself: write what a failure left unwritten."""

from academy.jobs import JobContext, every
from academy.progress import repairing


@every("progress.repair", minutes=5)
def repair(context: JobContext) -> None:
    """Write starts, completions and hours that follow from credit and were not written when it was given."""
    repairing.repair(context.db)
