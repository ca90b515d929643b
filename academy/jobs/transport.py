"""huey carries ids of jobs to the worker; the rows stay the truth."""

import logging
from collections.abc import Callable

from huey import Huey, RedisHuey, SqliteHuey

from academy.core.settings import Settings

log = logging.getLogger(__name__)

_wake: Callable[[], None] | None = None


def make_huey(settings: Settings, lane: str) -> Huey:
    """The queue of one lane: SQLite file in the data folder, or Redis."""
    if settings.redis_url:
        return RedisHuey(f"academy-{lane}", url=settings.redis_url, results=False)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return SqliteHuey(
        f"academy-{lane}", filename=str(settings.data_dir / f"queue-{lane}.db"), results=False, fsync=False
    )


def connect(call: Callable[[], None] | None) -> None:
    """Set what wakes the worker after a commit; `create_app` and `create_worker` wire it."""
    global _wake
    _wake = call


def wake() -> None:
    """Tell the worker there is something new. It looks by itself too, so a lost call only delays."""
    if _wake is not None:
        try:
            _wake()
        except Exception:  # the rows are committed: a queue that is down must not fail the request
            log.exception("jobs.wake_failed")
