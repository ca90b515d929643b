"""The database: one place that opens transactions and the only place that commits.

Reading:  ``with db.read() as tx: …``   a snapshot, never committed
Writing:  ``with db.begin() as tx: …``  one transaction: rows, audit row, facts; all or nothing
          ``db.run_in_transaction(work)``  the same, run again when another transaction was in the way

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
from sqlalchemy import Connection, Engine, MetaData, create_engine, event
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
        """Have `call` run once the commit is on disk; never if the transaction fails."""
        if call not in self._afterwards:
            self._afterwards.append(call)

    def run_afterwards(self) -> None:
        """For whoever commits: run what was waiting for the commit."""
        calls, self._afterwards = self._afterwards, []
        for call in calls:
            call()


class Database:
    """An engine and the two ways to use it."""

    def __init__(self, url: str, *, pool_size: int = 16, statement_ms: int = 60_000) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        options: dict[str, Any] = {"pool_size": pool_size, "max_overflow": pool_size, "pool_timeout": 30}
        # What a statement was given are names and phones: an error that is logged must not tell them.
        options["hide_parameters"] = True
        options["query_cache_size"] = 2_000  # the application asks some thousand different questions, not five hundred
        if self.is_sqlite:
            options["connect_args"] = {"timeout": 30, "check_same_thread": False}
        else:
            self.url = self.url.set(drivername="postgresql+psycopg")
            options["pool_pre_ping"] = True
            # To compile a statement takes longer than any of ours gains by it: a county's report took twice as long.
            session = f"-c statement_timeout={statement_ms} -c timezone=UTC -c jit=off"
            options["connect_args"] = {"options": session}
        self.engine: Engine = create_engine(self.url, **options)
        self._snapshot_engine = self.engine
        if not self.is_sqlite:
            self._snapshot_engine = self.engine.execution_options(isolation_level="REPEATABLE READ")
        self._writing_engine = self.engine.execution_options(academy_write=True)
        self._local = threading.local()
        self._bound: Connection | None = None
        if self.is_sqlite:
            if self.url.database:
                file = Path(self.url.database)
                # At the first connection, not here: a command that refuses to start leaves no file behind.
                event.listen(self.engine, "do_connect", lambda *_args: _private(file))
            event.listen(self.engine, "connect", _sqlite_connect)
            event.listen(self.engine, "begin", _sqlite_begin)
            event.listen(self.engine, "checkin", _sqlite_checkin)
        else:
            event.listen(self.engine, "checkin", _postgresql_checkin)

    @contextmanager
    def read(self, *, snapshot: bool = False) -> Iterator[Tx]:
        """A transaction to read from. It is rolled back at the end, whatever was done in it.

        With `snapshot` every query sees the same moment; on SQLite that is always so.
        """
        with self._session(self._snapshot_engine if snapshot else self.engine) as tx:
            yield tx

    @contextmanager
    def begin(self) -> Iterator[Tx]:
        """A transaction to write in; committed when the block ends, rolled back if it raises.

        Raises:
            RuntimeError: this thread is already writing (it would wait for itself for ever).
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
        """`work(tx)` in a write transaction; run again from its start when another one was in the way.

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
        """`call()`, again after a deadlock, a serialisation failure, a busy SQLite or a unique collision.

        Never again once this thread has committed inside the call: what is on disk is not written twice.
        `prepare` is asked before each further attempt and forbids it by returning False.
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
        """Within the block each write transaction of this thread ends with `check(tx)`; what that raises undoes it.

        For whoever may lose the right to write while they work. What `check` locks stays so until the commit.
        """
        self._local.guard = check
        try:
            yield
        finally:
            self._local.guard = None

    @contextmanager
    def write_lock(self) -> Iterator[None]:
        """SQLite's writers, in a queue across threads and processes. Elsewhere nothing is held."""
        if not self.is_sqlite or not self.url.database or self._bound is not None:
            yield
            return
        # A descriptor of its own, because flock belongs to the open file: threads queue like processes.
        fd = os.open(self.url.database + ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)

    @contextmanager
    def bound_to(self, connection: Connection) -> Iterator[None]:
        """For tests: all work goes to one connection; commits become savepoints."""
        self._bound = connection
        try:
            yield
        finally:
            self._bound = None

    def _session(self, engine: Engine) -> Tx:
        if self._bound is not None:
            return Tx(bind=self._bound, join_transaction_mode="create_savepoint", expire_on_commit=False)
        return Tx(bind=engine, expire_on_commit=False)

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


MOST_ATTACHED = 8
"""SQLite takes ten."""


def attach(tx: Tx, path: Path) -> str | None:
    """Have the tables of another SQLite file at hand, by the name that is returned, until the transaction is over.

    None where that cannot be: on PostgreSQL, or when the transaction holds too many already.
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
    """A database that nobody else on the machine can read; SQLite gives its journals the same rights.

    An existing database is never opened here: to close any descriptor of a file drops every POSIX lock that this
    process holds on it, SQLite's among them. The next process that closes its last connection would then take
    itself for the last of all and delete the journal under our feet, with every commit in it.
    See https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        # Made under another name and closed before anybody can connect to it.
        fd, made = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        os.close(fd)
        try:
            with contextlib.suppress(FileExistsError):
                path.hardlink_to(made)
        finally:
            Path(made).unlink()
    for one in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))):
        # One that was made by an earlier release, and is ours.
        with contextlib.suppress(FileNotFoundError, PermissionError):
            if one.stat().st_mode & 0o077:
                one.chmod(0o600)


def _sqlite_connect(connection: Any, _record: Any) -> None:
    # The driver must not begin transactions by itself: `_sqlite_begin` decides which kind.
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


# A COMMIT that fails (a full disk, a deferred constraint) leaves SQLite's transaction open, and SQLAlchemy takes the
# connection for clean: back in the pool it would hold the write lock of the whole city.


def _sqlite_checkin(connection: Any, record: Any) -> None:
    if connection is None:
        return
    if connection.in_transaction:
        connection.rollback()
    for name in record.info.pop(_ATTACHED, ()):  # within the transaction it is locked
        connection.execute(f"DETACH {name}")


def _postgresql_checkin(connection: Any, _record: Any) -> None:
    if connection is not None and connection.info.transaction_status != TransactionStatus.IDLE:
        connection.rollback()
