"""Failures at a chosen statement, for tests of what a broken transaction leaves behind."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import event
from sqlalchemy.exc import IntegrityError, OperationalError

from academy.core.database import Database


class Collision(Exception):
    """What the driver says when it gave one of two transactions up."""

    def __init__(self, state: str = "40P01") -> None:
        super().__init__(f"collision {state}")
        self.sqlstate = state


class Busy(Exception):
    """What SQLite's driver says when another process holds the file."""

    sqlite_errorcode = 5


def deadlock() -> Exception:
    return OperationalError("injected", {}, Collision("40P01"))


def serialisation() -> Exception:
    return OperationalError("injected", {}, Collision("40001"))


def busy() -> Exception:
    return OperationalError("injected", {}, Busy("database is locked"))


def duplicate() -> Exception:
    return IntegrityError("injected", {}, Collision("23505"))


def broken() -> Exception:
    return RuntimeError("injected")


COLLISIONS = (deadlock, serialisation, busy, duplicate)


class Statements:
    """Counts statements, and raises at those whose number is in `fail`."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.failed: list[str] = []


@contextmanager
def failing(
    db: Database,
    make: Callable[[], Exception] = broken,
    *,
    at: Callable[[int, str], bool] = lambda _number, _statement: False,
) -> Iterator[Statements]:
    """Within the block the statement for which `at(number, text)` holds fails before it is sent; numbers from 0."""
    seen = Statements()

    def before(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        number = len(seen.sent)
        seen.sent.append(statement)
        if at(number, statement):
            seen.failed.append(statement)
            raise make()

    event.listen(db.engine, "before_cursor_execute", before)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", before)
