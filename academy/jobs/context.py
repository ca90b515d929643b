"""The context of a running job."""

from typing import Any

from academy.core.database import Database
from academy.core.i18n import Message
from academy.core.runtime import Runtime
from academy.core.settings import Settings
from academy.jobs import queue


class JobContext:
    """What a running job may use: the runtime, and progress reports.

    A transaction of its thread commits only while the attempt is still its own (`queue.fence`).
    """

    def __init__(self, runtime: Runtime, job_id: int, attempt: int = 0) -> None:
        self.runtime = runtime
        self.job_id = job_id
        self.attempt = attempt
        self._reported = -1

    @property
    def db(self) -> Database:
        return self.runtime.db

    @property
    def settings(self) -> Settings:
        return self.runtime.settings

    def progress(self, permille: int, note: Message | None = None) -> None:
        """Report progress, 0 to 1000, and refresh the heartbeat. Cheap when nothing changed.

        Raises:
            academy.jobs.queue.Cancelled: the job was cancelled or taken by another worker; do not catch it.
        """
        permille = max(0, min(1000, permille))
        if permille != self._reported or note is not None:
            self._reported = permille
            attempt = queue.Attempt(self.job_id, self.attempt)
            self.db.run_in_transaction(lambda tx: queue.note_progress(tx, attempt, permille, note))

    def result(self, **values: Any) -> None:
        """Store the job's result for its requester (JSON values).

        Raises:
            academy.jobs.queue.Cancelled: as `progress`.
        """
        attempt = queue.Attempt(self.job_id, self.attempt)
        self.db.run_in_transaction(lambda tx: queue.keep_result(tx, attempt, values))
