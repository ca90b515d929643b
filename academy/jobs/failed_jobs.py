"""Failed jobs: the operator's list, and the retry."""

from sqlalchemy import select

from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, NotFound
from academy.core.i18n import msg
from academy.core.paging import Page, count_of, page_of
from academy.jobs import registry
from academy.jobs.access import allow_operator
from academy.jobs.models import Job, JobState
from academy.jobs.queue import retry_job

SIZE = 20
_FAILED = select(Job).where(Job.state == JobState.FAILED)


def list_failed_jobs(tx: Tx, actor: Actor, number: int = 1) -> Page[Job]:
    """Failed jobs and dead letters, newest first."""
    allow_operator(actor, "jobs")
    return page_of(tx, _FAILED.order_by(Job.id.desc()), number, SIZE)


def count_failed_jobs(tx: Tx, actor: Actor) -> int:
    """How many jobs `list_failed_jobs` lists."""
    allow_operator(actor, "jobs")
    return count_of(tx, _FAILED)


def is_retried_elsewhere(job: Job) -> bool:
    """Whether the job's component handled the failure (a file waits for its owner, a training is a draft again) and
    offers the retry itself; run from here, the job would find nothing to do."""
    spec = registry.spec(job.name)
    return spec is not None and spec.on_failure is not None


def retry_failed_job(tx: Tx, actor: Actor, public_id: str) -> None:
    """Run it again, with crashes and deaths reset.

    Raises:
        NotFound: there is no such job.
        Conflict: it did not fail, is retried elsewhere, or the same work is under way.
    """
    allow_operator(actor, f"job:{public_id}")
    job = tx.scalar(select(Job).where(Job.public_id == public_id))
    if job is None:
        raise NotFound
    if is_retried_elsewhere(job):
        raise Conflict(msg("请在出现问题的文件或培训那里重试。"))
    retry_job(tx, job)
    record(tx, actor, "job.retried", f"job:{public_id}", name=job.name)
