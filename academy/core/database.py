"""The database: one place that opens transactions and the only place that commits.

Reading:  ``with db.read() as tx: …``   a snapshot, never committed
Writing:  ``with db.begin() as tx: …``  one transaction: rows, audit row, events; all or nothing
          ``db.run_in_transaction(work)``  the same, run again after a collision with another transaction

On SQLite a writer first takes an advisory file lock, then BEGIN IMMEDIATE: SQLite's own lock is
taken by busy-waiting, which starves writers under load, whereas the kernel queues waiters for a
file lock. Nothing leaves the process before the commit: use `Tx.after_commit`.
"""

import contextlib
import datetime as dt
import fcntl
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, ExceptionContext, MetaData, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import DeclarativeBase, Session

from academy.core import collisions
from academy.core.types import Instant

T = TypeVar("T")

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of every table. Datetimes are instants; see `academy.core.types.Instant`."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {dt.datetime: Instant()}


class Tx(Session):
    """A database transaction that services receive as their first argument. They never commit it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._afterwards: list[Callable[[], None]] = []

    def after_commit(self, call: Callable[[], None]) -> None:
        """Run `call` once the commit is on disk; never if the transaction fails."""
        if call not in self._afterwards:
            self._afterwards.append(call)

    def run_afterwards(self) -> None:
        """Run the calls that waited for the commit; for the code that commits."""
        calls, self._afterwards = self._afterwards, []
        for call in calls:
            call()


class Database:
    """An engine, and read and write transactions on it."""

    def __init__(self, url: str, *, pool_size: int = 16, statement_ms: int = 60_000) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        options: dict[str, Any] = {"pool_size": pool_size, "max_overflow": pool_size, "pool_timeout": 30}
        # Statement parameters contain names and phones, which must not appear in a logged error.
        options["hide_parameters"] = True
        options["query_cache_size"] = 2_000  # compiled statements: some thousand are used, not five hundred
        if self.is_sqlite:
            options["connect_args"] = {"timeout": 30, "check_same_thread": False}
        else:
            self.url = self.url.set(drivername="postgresql+psycopg")
            options["pool_pre_ping"] = True
            # Just-in-time compilation costs more than any of our queries gains: a county's report took twice as long.
            session = f"-c statement_timeout={statement_ms} -c timezone=UTC -c jit=off"
            options["connect_args"] = {"options": session}
        self.engine: Engine = create_engine(self.url, **options)
        self._snapshot_engine = self.engine
        if not self.is_sqlite:
            self._snapshot_engine = self.engine.execution_options(isolation_level="REPEATABLE READ")
        self._writing_engine = self.engine.execution_options(academy_write=True)
        self._local = threading.local()
        if self.is_sqlite:
            if self.url.database:
                file = Path(self.url.database)
                # On the first connection, not here: a command that refuses to start leaves no file behind.
                event.listen(self.engine, "do_connect", lambda *_args: _private(file))
            event.listen(self.engine, "connect", _sqlite_connect)
            event.listen(self.engine, "begin", _sqlite_begin)
            event.listen(self.engine, "checkin", _sqlite_checkin)
        else:
            event.listen(self.engine, "checkin", _postgresql_checkin)
            event.listen(self.engine, "handle_error", _without_values)

    @contextmanager
    def read(self, *, snapshot: bool = False) -> Iterator[Tx]:
        """A read transaction. Always rolled back at the end.

        With `snapshot` all queries see the same moment; on SQLite that is always so.
        """
        with self._session(self._snapshot_engine if snapshot else self.engine) as tx:
            yield tx

    @contextmanager
    def begin(self) -> Iterator[Tx]:
        """A write transaction; committed when the block ends, rolled back if it raises.

        Raises:
            RuntimeError: this thread is already writing (it would deadlock with itself).
        """
        if getattr(self._local, "writing", False):
            raise RuntimeError("a write transaction is already open in this thread; pass its tx on")
        self._local.writing = True
        try:
            with self.write_lock(), self._session(self._writing_engine) as tx:
                yield tx
                guard: Callable[[Tx], None] | None = getattr(self._local, "guard", None)
                if guard is not None:
                    guard(tx)
                tx.commit()
                self._local.commits = self.commits + 1
        finally:
            self._local.writing = False
        tx.run_afterwards()

    def run_in_transaction(self, work: Callable[[Tx], T]) -> T:
        """`work(tx)` in a write transaction; retried from its start after a collision.

        `work` may be called several times, so it changes nothing but rows; what leaves the process goes
        through `tx.after_commit`.

        Raises:
            DBAPIError: the collision did not pass after `collisions.ATTEMPTS` attempts.
        """

        def once() -> T:
            with self.begin() as tx:
                return work(tx)

        return self.run_again(once)

    def run_again(self, call: Callable[[], T], *, prepare: Callable[[], bool] = lambda: True) -> T:
        """`call()`, retried after a deadlock, a serialisation failure, a busy SQLite or a unique collision.

        Not retried once this thread has committed inside the call: nothing is written twice. `prepare` is called before
        each further attempt and prevents it by returning False.
        """
        before = self.commits
        for attempt in range(collisions.ATTEMPTS - 1):
            try:
                return call()
            except Exception as error:
                if not collisions.is_retryable(error) or self.commits != before or not prepare():
                    raise
            collisions.pause(attempt)
        return call()

    @property
    def commits(self) -> int:
        """How many write transactions this thread has committed."""
        return int(getattr(self._local, "commits", 0))

    @contextmanager
    def guarded(self, check: Callable[[Tx], None]) -> Iterator[None]:
        """Within the block each write transaction of this thread ends with `check(tx)`; an exception from it rolls
        back.

        For work that may lose its right to write meanwhile (leases). Rows locked by `check` stay locked until the
        commit.
        """
        self._local.guard = check
        try:
            yield
        finally:
            self._local.guard = None

    @contextmanager
    def write_lock(self) -> Iterator[None]:
        """Queue of SQLite's writers across threads and processes. No-op on other databases."""
        if not self.is_sqlite or not self.url.database:
            yield
            return
        # Its own file descriptor, because flock belongs to the open file: threads queue like processes.
        fd = os.open(self.url.database + ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)

    def _session(self, engine: Engine) -> Tx:
        return Tx(bind=engine, expire_on_commit=False)

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


MOST_ATTACHED = 8
"""SQLite takes ten."""


def attach(tx: Tx, path: Path) -> str | None:
    """Attach another SQLite file until the transaction ends; returns the schema name.

    None where that is impossible: on PostgreSQL, or when the transaction has attached too many already.
    """
    connection = tx.connection()
    held: list[str] = connection.info.setdefault(_ATTACHED, [])
    if connection.dialect.name != "sqlite" or len(held) == MOST_ATTACHED:
        return None
    name = f"attached_{len(held)}"
    connection.exec_driver_sql(f"ATTACH ? AS {name}", (os.fspath(path),))
    held.append(name)
    return name


_ATTACHED = "academy_attached"


def _private(path: Path) -> None:
    """Create a database file that only its owner can read; SQLite gives its journals the same mode.

    An existing database is never opened here: closing any descriptor of a file drops every POSIX lock that this process
    holds on it, SQLite's included. The next process that closes its last connection would then believe itself the last
    one and delete the journal that is still in use, with every commit in it.
    See https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        # Created under another name and closed before anybody can connect to it.
        fd, made = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        os.close(fd)
        try:
            with contextlib.suppress(FileExistsError):
                path.hardlink_to(made)
        finally:
            Path(made).unlink()
    for one in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))):
        # Created by an earlier release, and owned by us.
        with contextlib.suppress(FileNotFoundError, PermissionError):
            if one.stat().st_mode & 0o077:
                one.chmod(0o600)


def _sqlite_connect(connection: Any, _record: Any) -> None:
    # The driver must not begin transactions itself: `_sqlite_begin` decides which kind.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "temp_store=MEMORY",
        "cache_size=-65536",
        "mmap_size=268435456",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _sqlite_begin(connection: Connection) -> None:
    write = connection.get_execution_options().get("academy_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


# A COMMIT that fails (a full disk, a deferred constraint) leaves SQLite's transaction open, and SQLAlchemy considers
# the connection clean: back in the pool it would hold the write lock of the whole city.


def _sqlite_checkin(connection: Any, record: Any) -> None:
    if connection is None:
        return
    if connection.in_transaction:
        connection.rollback()
    for name in record.info.pop(_ATTACHED, ()):  # attached files are locked within the transaction
        connection.execute(f"DETACH {name}")


def _postgresql_checkin(connection: Any, _record: Any) -> None:
    if connection is not None and connection.info.transaction_status != TransactionStatus.IDLE:
        connection.rollback()


def _without_values(context: ExceptionContext) -> None:
    """Take the values of rows and parameters out of an error, which may be logged.

    PostgreSQL adds them: “Failing row contains (…)”, “Key (number)=(…) already exists”, and of data that it cannot
    read the value itself.
    """
    error = context.original_exception
    state, primary = getattr(error, "sqlstate", None), getattr(getattr(error, "diag", None), "message_primary", None)
    if state is None or primary is None or state.startswith("40"):
        return  # of a deadlock it names processes only
    message = type(error).__name__ if state.startswith("22") else primary
    error.args = (message,)
    if context.sqlalchemy_exception is not None:
        context.sqlalchemy_exception.args = (f"({type(error).__name__}) {message}",)
