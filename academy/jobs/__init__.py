"""Facts and jobs: what happened is told to other rooms, and long work survives a kill.

`@within(Fact)` runs in the writer's transaction (database only, quick); `@on(Fact)` is delivered
by the worker after the commit, at least once, to a handler that is idempotent; `@job` is work that
a room asks for by `enqueue`; `@nightly` and `@every` are work that comes back by itself.
"""

from academy.jobs.facts import Fact, on, publish, within
from academy.jobs.models import Job, JobState
from academy.jobs.queue import DIED, GAVE_UP, cancel_jobs, enqueue, retry_job
from academy.jobs.registry import BRIEF, HEAVY, JobContext, job
from academy.jobs.scheduler import every, nightly
from academy.jobs.worker import drain

__all__ = [
    "BRIEF",
    "DIED",
    "GAVE_UP",
    "HEAVY",
    "Fact",
    "Job",
    "JobContext",
    "JobState",
    "cancel_jobs",
    "drain",
    "enqueue",
    "every",
    "job",
    "nightly",
    "on",
    "publish",
    "retry_job",
    "within",
]
