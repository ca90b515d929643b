"""Background jobs of trainings: settle counts, end on time, apply calendar changes."""

import datetime as dt

from academy.core.database import Tx
from academy.core.i18n import Message, msg
from academy.jobs import api as jobs
from academy.jobs.api import JobContext
from academy.trainings import coverage_cells, service
from academy.trainings.models import Training


@jobs.every(coverage_cells.SETTLE, minutes=5)
def settle(context: JobContext) -> None:
    """Settle changes into cells, a batch a transaction, so that locks are short."""
    while context.db.run_in_transaction(coverage_cells.settle_cells):
        pass


def _not_opened(tx: Tx, message: Message, training_id: int, by: int | None) -> None:
    service.give_up_opening(tx, training_id)


@jobs.job(service.OPEN, lane=jobs.BRIEF, on_failure=_not_opened)
def open_(context: JobContext, training_id: int, by: int | None) -> None:
    """Enrol a large audience: all of it in one transaction, so that a killed run leaves nothing and is restarted."""
    context.progress(100, msg("正在列入参训党员…"))
    context.db.run_in_transaction(lambda tx: service.finish_opening(tx, training_id, by))


@jobs.job(service.CLOSE)
def close(context: JobContext, training_id: int) -> None:
    """End a training after its last day."""
    context.db.run_in_transaction(lambda tx: service.close_when_over(tx, training_id))


@jobs.job(service.REFRESH)
def refresh(context: JobContext, training_id: int) -> None:
    """Compare everybody with a running training's audience."""

    def write(tx: Tx) -> None:
        training = tx.get(Training, training_id)
        if training is not None:
            service.refresh_audience(tx, training)

    context.db.run_in_transaction(write)


@jobs.nightly("trainings.midnight", at=dt.time(0, 1))
def midnight(context: JobContext) -> None:
    """Exemptions begin and end by the calendar, and so do trainings: enqueue a job for each."""
    context.db.run_in_transaction(lambda tx: service.begin_day(tx))
