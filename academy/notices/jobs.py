"""What notices do in the background."""

import datetime as dt

from academy.core.retention import days_ago, delete_in_batches
from academy.jobs import JobContext, nightly
from academy.notices.models import Notice


@nightly("notices.forget", at=dt.time(2, 25))
def forget(context: JobContext) -> None:
    """Delete old messages, read or not."""
    delete_in_batches(context.db, Notice, Notice.created_at < days_ago(context.settings.keep_notices_days))
