"""Events, background jobs and the worker.

A component publishes an event in its transaction; `@handles(Event, in_transaction=True)` runs inside that transaction
(database only, quick), `@handles(Event)` after the commit, at least once, so it must be idempotent. `@job` names work
that `enqueue` starts; `@nightly` and `@every` are recurring jobs.
"""

from academy.jobs.access import OPERATORS
from academy.jobs.context import JobContext
from academy.jobs.events import Event, handles, publish
from academy.jobs.failed_jobs import count_failed_jobs, is_retried_elsewhere, list_failed_jobs, retry_failed_job
from academy.jobs.models import Job, JobState
from academy.jobs.queries import count_jobs, find_job, find_own_job, jobs_by_id, latest_traces
from academy.jobs.queue import DIED, GAVE_UP, cancel_jobs, enqueue
from academy.jobs.registry import BRIEF, HEAVY, job
from academy.jobs.scheduler import every, nightly
from academy.jobs.worker import Worker, run_job

__all__ = [
    "BRIEF",
    "DIED",
    "GAVE_UP",
    "HEAVY",
    "OPERATORS",
    "Event",
    "Job",
    "JobContext",
    "JobState",
    "Worker",
    "cancel_jobs",
    "count_failed_jobs",
    "count_jobs",
    "enqueue",
    "every",
    "find_job",
    "find_own_job",
    "handles",
    "is_retried_elsewhere",
    "job",
    "jobs_by_id",
    "latest_traces",
    "list_failed_jobs",
    "nightly",
    "publish",
    "retry_failed_job",
    "run_job",
]
