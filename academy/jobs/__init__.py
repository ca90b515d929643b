"""Events and jobs: other components react to events, and long work survives a kill.

`@handles(Event, in_transaction=True)` runs in the publisher's transaction (database only, quick); `@handles(Event)` is
delivered by the worker after the commit, at least once, to a handler that is idempotent; `@job` is work that a
component starts with `enqueue`; `@nightly` and `@every` are recurring jobs.
"""

from academy.jobs.events import Event, handles, publish
from academy.jobs.models import Job, JobState
from academy.jobs.queue import DIED, GAVE_UP, cancel_jobs, enqueue, retry_job
from academy.jobs.registry import BRIEF, HEAVY, JobContext, job
from academy.jobs.scheduler import every, nightly

__all__ = [
    "BRIEF",
    "DIED",
    "GAVE_UP",
    "HEAVY",
    "Event",
    "Job",
    "JobContext",
    "JobState",
    "cancel_jobs",
    "enqueue",
    "every",
    "handles",
    "job",
    "nightly",
    "publish",
    "retry_job",
]
