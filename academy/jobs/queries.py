"""Reads about jobs for the components that requested them."""

from collections.abc import Iterable, Sequence

from sqlalchemy import func, select

from academy.core.actor import Actor
from academy.core.database import Tx
from academy.jobs.models import Job


def find_job(tx: Tx, job_id: int | None) -> Job | None:
    """The job of a row id; None without an id, or after the row was deleted."""
    return tx.get(Job, job_id) if job_id else None


def find_own_job(tx: Tx, actor: Actor, public_id: str) -> Job | None:
    """The job of this public id, if the actor's account requested it."""
    return tx.scalar(select(Job).where(Job.public_id == public_id, Job.account_id == actor.account_id))


def jobs_by_id(tx: Tx, job_ids: Iterable[int | None]) -> dict[int, Job]:
    """Jobs by row id, in one query; ids of deleted rows are left out."""
    wanted = {job_id for job_id in job_ids if job_id}
    return {job.id: job for job in tx.scalars(select(Job).where(Job.id.in_(wanted)))} if wanted else {}


def latest_traces(tx: Tx, keys: Iterable[str]) -> dict[str, str]:
    """Stack trace of the newest job of each key; empty text where it did not fail."""
    rows = tx.execute(select(Job.key, Job.trace).where(Job.key.in_(set(keys))).order_by(Job.id))
    return {key: trace for key, trace in rows if key is not None}


def count_jobs(tx: Tx) -> Sequence[tuple[str, str, int]]:
    """Number of jobs by name and state, sorted by name."""
    query = select(Job.name, Job.state, func.count()).group_by(Job.name, Job.state).order_by(Job.name)
    return [(name, state, count) for name, state, count in tx.execute(query)]
