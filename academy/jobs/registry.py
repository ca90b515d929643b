"""The registry of jobs."""

import dataclasses
from collections.abc import Callable

FAST = "fast"
BRIEF = "brief"
HEAVY = "heavy"
LANES = (FAST, BRIEF, HEAVY)
"""Lanes: seconds; some minutes (a poster, a document's pages); unlimited (an encoding)."""


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
