"""Background jobs of outreach: notices that nobody has to send."""

import datetime as dt
from collections.abc import Callable

from academy.core.database import Tx
from academy.jobs import api as jobs
from academy.jobs.api import JobContext
from academy.outreach import notices
from academy.trainings.api import TrainingOpened


@jobs.handles(TrainingOpened, lane=jobs.BRIEF)
def announce(context: JobContext, event: TrainingOpened) -> None:
    """Notify everybody who is enrolled and has an account that the training has opened."""
    _in_batches(context, notices.notify_opening, event.training_id)


@jobs.nightly("outreach.closing", at=dt.time(8, 5), lane=jobs.BRIEF)
def closing(context: JobContext) -> None:
    """Notify those who are not done that a training closes in a week, or tomorrow."""
    with context.db.read() as tx:
        running = notices.running_trainings(tx)
    for training_id in running:
        _in_batches(context, notices.notify_closing, training_id)


def _in_batches(context: JobContext, notify: Callable[[Tx, int, int], int | None], training_id: int) -> None:
    """A batch a transaction, so that a city's notices hold nobody up; begun again, a batch that was written stays."""
    last: int | None = 0
    while last is not None:
        last = context.db.run_in_transaction(lambda tx, after=last: notify(tx, training_id, after))  # type: ignore[misc]
