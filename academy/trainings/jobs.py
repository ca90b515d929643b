"""What trainings do by themselves: settle counts, end on time, look at the calendar."""

from sqlalchemy import select

from academy.core import clock
from academy.core.db import Tx
from academy.core.i18n import Message, msg
from academy.jobs import BRIEF, JobContext, enqueue, job
from academy.trainings import service, tally
from academy.trainings.models import Training, TrainingState


@job(tally.SETTLE)
def settle(context: JobContext) -> None:
    """Move changes into cells, a batch a transaction, so that nobody waits long."""
    while True:
        with context.db.begin() as tx:
            if not tally.settle(tx):
                return


def _not_opened(tx: Tx, message: Message, training_id: int, by: int | None) -> None:
    service.give_up_opening(tx, training_id)


@job(service.OPEN, lane=BRIEF, on_failure=_not_opened)
def open_(context: JobContext, training_id: int, by: int | None) -> None:
    """Enrol a large audience: all of it in one transaction, so a killed run leaves nothing and runs again."""
    context.progress(100, msg("正在列入参训党员…"))
    with context.db.begin() as tx:
        service.finish_opening(tx, training_id, by)


@job(service.CLOSE)
def close(context: JobContext, training_id: int) -> None:
    """End a training after its last day."""
    with context.db.begin() as tx:
        service.close_when_over(tx, training_id)


@job(service.MIDNIGHT)
def midnight(context: JobContext) -> None:
    """Exemptions begin and end by the calendar: look at everybody once a day, one training at a time."""
    with context.db.read() as tx:
        running = list(tx.scalars(select(Training.id).where(Training.state == TrainingState.OPEN)))
    for number, training_id in enumerate(running):
        with context.db.begin() as tx:
            service.refresh_audience(tx, tx.get_one(Training, training_id))
        context.progress(1000 * (number + 1) // len(running))
    with context.db.begin() as tx:
        if running:
            day = clock.today().isoformat()
            enqueue(tx, service.MIDNIGHT, key=f"{service.MIDNIGHT}:{day}", delay_s=service.until_tomorrow())
