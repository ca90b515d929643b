"""Jobs of the queue itself."""

import datetime as dt

from academy.core.retention import days_ago, delete_in_batches
from academy.jobs.context import JobContext
from academy.jobs.models import Job, JobState, OutboxEvent
from academy.jobs.scheduler import nightly


@nightly("jobs.forget", at=dt.time(2, 20))
def forget(context: JobContext) -> None:
    """Delete jobs that were done long ago and delivered events; failed jobs are kept for the operator."""
    old = days_ago(context.settings.keep_jobs_days)
    delete_in_batches(context.db, Job, Job.state.in_((JobState.DONE, JobState.CANCELLED)), Job.finished_at < old)
    delete_in_batches(context.db, OutboxEvent, OutboxEvent.delivered_at < old)
