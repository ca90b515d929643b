"""Which database errors are transient: they may succeed when the same transaction is run again."""

import random
import sqlite3
import time

from sqlalchemy.exc import DBAPIError, IntegrityError

ATTEMPTS = 5
"""How often a transaction is run before its collision is an error for the caller."""
PAUSE_S = 0.01
"""Upper limit of the first pause in seconds; each further one may be twice as long."""

# PostgreSQL: serialization_failure, deadlock_detected. The other transaction went on; this one may be retried.
_PASSING_STATES = frozenset({"40001", "40P01"})
_UNIQUE_STATE = "23505"
_UNIQUE_CODES = frozenset({sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY})
_BUSY_CODES = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


def is_passing(error: BaseException) -> bool:
    """Whether two transactions collided: a deadlock, a serialisation failure, a busy SQLite."""
    if not isinstance(error, DBAPIError):
        return False
    code = getattr(error.orig, "sqlite_errorcode", None)
    return getattr(error.orig, "sqlstate", None) in _PASSING_STATES or (code is not None and code & 0xFF in _BUSY_CODES)


def is_duplicate(error: BaseException) -> bool:
    """Whether a unique key was taken. Run again, the transaction sees the other's row."""
    if not isinstance(error, IntegrityError):
        return False
    state, code = getattr(error.orig, "sqlstate", None), getattr(error.orig, "sqlite_errorcode", None)
    return state == _UNIQUE_STATE or code in _UNIQUE_CODES


def is_retryable(error: BaseException) -> bool:
    """Whether running the whole transaction again may succeed."""
    return is_passing(error) or is_duplicate(error)


def pause(attempt: int) -> None:
    """Wait a random moment before the next attempt, so that two that collided do not collide again."""
    time.sleep(random.uniform(0, PAUSE_S * 2**attempt))  # noqa: S311
