"""A database whose transactions are savepoints of one that the test takes back, and the runtime that goes with it.

What a test does costs no copy of a database and leaves nothing behind. Only one connection is there: where threads,
processes or a failing commit are the matter, ask for `committed` instead.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine

from academy.core.crypto import Sealer
from academy.core.database import Database, Tx
from academy.core.runtime import Runtime
from academy.core.settings import Settings


class SavepointDatabase(Database):
    """Every transaction within `undone` is a savepoint of one outer transaction, which is rolled back at the end."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._outer: Connection | None = None
        _send_savepoints_plainly(self.engine)

    @contextmanager
    def undone(self) -> Iterator[Connection]:
        """Everything that is written within the block is forgotten."""
        engine = self.engine.execution_options(academy_write=True)
        with engine.connect() as connection:
            outer = connection.begin()
            self._outer = connection
            try:
                yield connection
            finally:
                self._outer = None
            outer.rollback()

    @contextmanager
    def write_lock(self) -> Iterator[None]:
        """There is one connection only: nobody to queue with."""
        yield

    def _session(self, engine: Engine) -> Tx:
        assert self._outer is not None, "used outside `undone`"
        return Tx(bind=self._outer, join_transaction_mode="create_savepoint", expire_on_commit=False)


def _send_savepoints_plainly(engine: Engine) -> None:
    """SQLAlchemy compiles the three statements of each savepoint anew: nine of ten compilations of a run."""

    def plainly(words: str) -> Callable[[Connection, str], None]:
        return lambda connection, name: connection.exec_driver_sql(f"{words} {name}") and None

    engine.dialect.do_savepoint = plainly("SAVEPOINT")  # type: ignore[method-assign]
    engine.dialect.do_rollback_to_savepoint = plainly("ROLLBACK TO SAVEPOINT")  # type: ignore[method-assign]
    engine.dialect.do_release_savepoint = plainly("RELEASE SAVEPOINT")  # type: ignore[method-assign]


class CurrentRuntime(Runtime):
    """Stands for the runtime of whichever test runs: an application that serves many tests asks it at each use."""

    def __init__(self, settings: Settings, db: Database, sealer: Sealer) -> None:
        self.put(Runtime(settings, db, sealer))

    @classmethod
    def of(cls, now: Runtime) -> "CurrentRuntime":
        """One that begins with this runtime."""
        return cls(now.settings, now.db, now.sealer)

    def put(self, now: Runtime) -> None:
        """From here on it stands for this one."""
        vars(self)["now"] = now

    def __getattribute__(self, name: str) -> Any:
        if name in ("settings", "db", "sealer"):
            return getattr(object.__getattribute__(self, "now"), name)
        return super().__getattribute__(name)
