"""The registry of jobs, and the context of a running job."""

import dataclasses
from collections.abc import Callable
from typing import Any

from academy.core.database import Database
from academy.core.i18n import Message
from academy.core.runtime import Runtime
from academy.core.settings import Settings

FAST = "fast"
BRIEF = "brief"
HEAVY = "heavy"
LANES = (FAST, BRIEF, HEAVY)
"""Lanes: seconds; some minutes (a poster, a document's pages); unlimited (an encoding)."""


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
        from academy.jobs import queue

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
        from academy.jobs import queue

        attempt = queue.Attempt(self.job_id, self.attempt)
        self.db.run_in_transaction(lambda tx: queue.keep_result(tx, attempt, values))


@dataclasses.dataclass(frozen=True)
class JobSpec:
    """A kind of job: its function, lane and number of attempts."""

    name: str
    run: Callable[..., None]
    lane: str
    max_attempts: int
    on_failure: Callable[..., None] | None


_specs: dict[str, JobSpec] = {}


def job(
    name: str, *, lane: str = FAST, max_attempts: int = 3, on_failure: Callable[..., None] | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register `fn(context, **args)` under a name that is stored in rows: rename only with a migration.

    `on_failure(tx, message, **args)` runs in the transaction that marks the job failed. An
    `AcademyError` fails the job at once (its message is for users); any other exception is retried.
    """

    def register(fn: Callable[..., None]) -> Callable[..., None]:
        _specs[name] = JobSpec(name, fn, lane, max_attempts, on_failure)
        return fn

    return register


def spec(name: str) -> JobSpec | None:
    """The registered job of that name; None if this version has none."""
    return _specs.get(name)


def names_in(lane: str) -> list[str]:
    """Names of the registered jobs of a lane."""
    return [spec.name for spec in _specs.values() if spec.lane == lane]


def all_specs() -> list[JobSpec]:
    """Every registered job, by name."""
    return [_specs[name] for name in sorted(_specs)]
