"""What tests stand on: a migrated database a worker and kind, each test in a savepoint; the same tests on both."""

import dataclasses
import gc
import itertools
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache, Undefined, UndefinedError
from jinja2.utils import missing
from sqlalchemy import create_engine, event, make_url

from academy import components
from academy.accounts.authentication import passwords
from academy.app import create_app
from academy.core.runtime import Runtime
from tests.conftest import make_settings
from tests.support import templates
from tests.support.savepoints import CurrentRuntime, SavepointDatabase
from tests.support.services import postgres

components.import_all()

REAL_HASHER, REAL_NOBODY = passwords._hasher, passwords._NOBODY
# Hundreds of tests sign somebody in, and a hash is slow on purpose. `real_passwords` gives back what it costs.
passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
passwords._NOBODY = passwords._hasher.hash("nobody has this password")


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: to look through it again and again for rubbish took a
    tenth of all the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def pytest_sessionfinish() -> None:
    """Five times over pytest looks for what nobody closed: once through all, then only through what is new."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def real_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are hashed as slowly as for people."""
    monkeypatch.setattr(passwords, "_hasher", REAL_HASHER)
    monkeypatch.setattr(passwords, "_NOBODY", REAL_NOBODY)


class Schemas:
    """Migrated databases, copied at first use and kept for the session."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self.stack = folder, stack
        self.urls: dict[str, str] = {}
        self.databases: dict[str, SavepointDatabase] = {}

    def database(self, kind: str) -> SavepointDatabase:
        """One for all tests: its engine remembers every statement that it has compiled."""
        if kind not in self.databases:
            self.databases[kind] = SavepointDatabase(self.url(kind))
            self.stack.callback(self.databases[kind].dispose)
        return self.databases[kind]

    def url(self, kind: str) -> str:
        if kind not in self.urls:
            if kind == "sqlite":
                file = shutil.copy(templates.sqlite_file(), self.folder / "template.db")
                url = f"sqlite:///{file}"
            else:
                url = self.stack.enter_context(postgres(self.folder / "pg", like=templates.postgres_folder()))
            self.urls[kind] = url
        return self.urls[kind]

    @contextmanager
    def committed(self, kind: str, folder: Path) -> Iterator[str]:
        """The URL of a migrated database of a test's own, whose transactions commit."""
        if kind == "sqlite":
            templates.migrated(folder / "committed.db")
            yield f"sqlite:///{folder / 'committed.db'}"
            return
        self.database(kind).dispose()  # PostgreSQL copies no database that somebody is connected to
        url, name = make_url(self.url(kind)), f"committed_{next(_numbers)}"
        server = create_engine(url.set(database="template1"), isolation_level="AUTOCOMMIT")
        with server.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {url.database}")
        try:
            yield url.set(database=name).render_as_string(hide_password=False)
        finally:
            with server.connect() as connection:
                connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
            server.dispose()


_numbers = itertools.count()


@pytest.fixture(scope="session")
def schemas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Schemas]:
    with ExitStack() as stack:
        yield Schemas(tmp_path_factory.mktemp("db"), stack)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Override with `@pytest.mark.parametrize("database_kind", ["sqlite"])` where one kind is enough."""
    return str(request.param)


@pytest.fixture
def runtime(request: pytest.FixtureRequest, database_kind: str, schemas: Schemas, tmp_path: Path) -> Iterator[Runtime]:
    """A runtime whose database forgets everything after the test. Every transaction is a savepoint of one connection;
    with `@pytest.mark.commits` it is a real one, in a database of the test's own."""
    if request.node.get_closest_marker("commits"):
        with schemas.committed(database_kind, tmp_path) as url:
            real = Runtime.build(make_settings(tmp_path, database_url=url))
            yield real
            real.db.dispose()
        return
    built = Runtime.build(make_settings(tmp_path, database_url=schemas.url(database_kind)))
    database = schemas.database(database_kind)
    with database.undone():
        yield dataclasses.replace(built, db=database)


@pytest.fixture(scope="session")
def compiled() -> FileSystemBytecodeCache:
    """Templates compiled once, by whichever worker comes first."""
    return FileSystemBytecodeCache(str(templates.pages_folder()))


@pytest.fixture
def fresh_app(runtime: Runtime, compiled: FileSystemBytecodeCache) -> Flask:
    """An application of the test's own, to add to."""
    return _make_app(runtime, compiled)


class NamedUndefined(Undefined):
    """Refuses a name that nobody gave to a template as soon as it is used, also where the template only asks whether it
    is none: a page that a renamed value did not reach would silently show something else."""

    def __init__(self, hint: str | None = None, obj: object = missing, name: str | None = None, *more: object) -> None:
        if obj is missing and name is not None and hint is None:
            raise UndefinedError(f"{name!r} is given to this template by nobody")
        super().__init__(hint, obj, name, *more)  # type: ignore[arg-type]


def _make_app(runtime: Runtime, compiled: FileSystemBytecodeCache) -> Flask:
    app = create_app(runtime)
    app.jinja_env.undefined = NamedUndefined
    app.jinja_env.bytecode_cache = compiled
    app.testing = False  # handlers turn errors into pages here too, as for people
    app.config["WTF_CSRF_ENABLED"] = False
    return app


_made: dict[str, tuple[Flask, CurrentRuntime, dict[str, object]]] = {}
"""Settings but for their places → an application, its runtime and its configuration as it was when new. To make one
takes longer than most tests."""


@pytest.fixture
def app(runtime: Runtime, compiled: FileSystemBytecodeCache) -> Flask:
    """An application that the test may configure, and must not add to: it serves others after this."""
    places = {"database_url": "", "data_dir": Path(), "media_dir": Path()}
    like = repr(dataclasses.replace(runtime.settings, **places))  # type: ignore[arg-type]
    if like not in _made:
        current = CurrentRuntime.of(runtime)
        new = _make_app(current, compiled)
        _made[like] = new, current, dict(new.config)
    app, current, config = _made[like]
    current.put(runtime)
    app.config.clear()
    app.config.update(config)
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def count_queries(runtime: Runtime) -> Callable[[Callable[[], object]], int]:
    """`count_queries(call)`: how many statements the call sends to the database."""

    def count(call: Callable[[], object]) -> int:
        sent: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            sent.append(statement)

        event.listen(runtime.db.engine, "before_cursor_execute", note)
        try:
            call()
        finally:
            event.remove(runtime.db.engine, "before_cursor_execute", note)
        return len(sent)

    return count
