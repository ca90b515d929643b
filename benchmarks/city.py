"""A city of any size for benchmarks: rows put straight into the tables, trainings opened by the service.

Kept under .cache/ and used again unless `fresh`.
"""

import datetime as dt
import json
import random
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from sqlalchemy import insert, select, text
from sqlalchemy.orm import DeclarativeBase

from academy import components
from academy.accounts.models import Account
from academy.cli.database import alembic_config
from academy.core import clock
from academy.core.actor import SYSTEM
from academy.core.database import Tx
from academy.core.runtime import Runtime
from academy.core.settings import Settings
from academy.learning.models import Completion, CourseStart
from academy.library.kinds import VersionState
from academy.library.models import Category, Course, CourseVersion
from academy.people.models import Member, Membership, Organisation, OrganisationSpell
from academy.trainings import service, sql
from academy.trainings.models import Training
from academy.trainings.service import TrainingPlan
from tests.support.services import postgres

SECRET = "a-secret-for-benchmarks-only-012345"
COUNTIES, TOWNS = 12, 150
WINDOW_DAYS = 90
SECTORS = ("rural", "community", "government", "institution", "enterprise", "private", "education_health")
CHUNK = 50_000


@contextmanager
def open_runtime(kind: str, name: str, *, fresh: bool) -> Iterator[tuple[Runtime, Path]]:
    """A runtime on SQLite or on a PostgreSQL of its own, in a cache folder."""
    folder = Path(".cache").absolute() / "coverage" / f"{kind}-{name}"
    if fresh or not (folder / "ready.json").exists():
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    components.import_all()
    with ExitStack() as stack:
        url = f"sqlite:///{folder / 'city.db'}"
        if kind == "postgresql":
            url = stack.enter_context(postgres(folder / "pg", durable=True, keep=True))
        command.upgrade(alembic_config(url), "head")
        runtime = Runtime.build(Settings(secret_key=SECRET, data_key=SECRET, database_url=url, data_dir=folder / "var"))
        try:
            yield runtime, folder
        finally:
            runtime.db.dispose()


def prepare(runtime: Runtime, folder: Path, members: int, branches: int, trainings: int) -> dict[str, Any]:
    """Fill an empty runtime; returns ids and how long opening took."""
    ready = folder / "ready.json"
    if ready.exists():
        found: dict[str, Any] = json.loads(ready.read_text())
        return found
    lot = random.Random(members)
    with _long(runtime) as tx:
        homes = _organisations(tx, branches)
        _members(tx, members, homes, lot)
        courses = _courses(tx, trainings + 1)
    with _long(runtime) as tx:
        _completions(tx, members, courses, lot)
    with _long(runtime) as tx:
        tx.execute(text("ANALYZE"))
    ids, seconds = [], []
    for number in range(trainings):
        with _long(runtime) as tx:
            city = tx.scalars(select(Organisation).where(Organisation.parent_id.is_(None))).one()
            plan = TrainingPlan(
                title=f"Training {number}",
                opens_on=clock.today() - dt.timedelta(days=WINDOW_DAYS),
                closes_on=clock.today() + dt.timedelta(days=30),
                courses=[courses[number], courses[-1]],
            )
            training = service.create_training(tx, SYSTEM, city, plan)
            begun = dt.datetime.now(dt.UTC)
            service.open_training(tx, SYSTEM, training)
        seconds.append((dt.datetime.now(dt.UTC) - begun).total_seconds())
        ids.append(training.id)
    with _long(runtime) as tx:
        tx.execute(text("ANALYZE"))
    found = {"trainings": ids, "courses": courses, "open_s": round(max(seconds), 2)}
    ready.write_text(json.dumps(found))
    return found


@contextmanager
def _long(runtime: Runtime) -> Iterator[Tx]:
    """A transaction whose statements may take as long as those of the job that opens a training."""
    with runtime.db.begin() as tx:
        sql.take_time(tx)
        yield tx


def bulk(tx: Tx, model: type[DeclarativeBase], columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Insert many rows the quickest way the database has."""
    table = model.__tablename__
    raw = tx.connection().connection.dbapi_connection
    assert raw is not None
    if tx.get_bind().dialect.name == "postgresql":
        with raw.cursor() as cursor, cursor.copy(f"COPY {table} ({','.join(columns)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    else:
        places = ",".join("?" * len(columns))
        raw.executemany(f"INSERT INTO {table} ({','.join(columns)}) VALUES ({places})", map(_plain, rows))


def _plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(
        v.strftime("%Y-%m-%d %H:%M:%S.%f")
        if isinstance(v, dt.datetime)
        else v.isoformat()
        if isinstance(v, dt.date)
        else v
        for v in row
    )


def _organisations(tx: Tx, branches: int) -> list[int]:
    """City, counties, towns, branches; returns the branches' ids."""
    rows: list[dict[str, Any]] = []

    def add(parent: dict[str, Any] | None, level: str, kind: str) -> dict[str, Any]:
        number = len(rows) + 1
        above = parent["path"] if parent else "/"
        row = {
            "id": number,
            "code": f"O{number:06d}",
            "name": f"{level} {number}",
            "kind": kind,
            "level": level,
            "sector": SECTORS[number % 7] if level == "branch" else None,
            "parent_id": parent["id"] if parent else None,
            "path": f"{above}{number}/",
            "depth": parent["depth"] + 1 if parent else 0,
            "opened_on": dt.date(2020, 1, 1),
        }
        rows.append(row)
        return row

    city = add(None, "city", "committee")
    counties = [add(city, "county", "committee") for _ in range(COUNTIES)]
    towns = [add(counties[n % COUNTIES], "town", "committee") for n in range(TOWNS)]
    homes = [add(towns[n % TOWNS], "branch", "branch")["id"] for n in range(branches)]
    tx.execute(insert(Organisation), rows)
    spells = [
        {"organisation_id": r["id"], "parent_id": r["parent_id"], "name": r["name"], "valid_from": r["opened_on"]}
        for r in rows
    ]
    tx.execute(insert(OrganisationSpell), spells)
    return homes


def _members(tx: Tx, members: int, homes: list[int], lot: random.Random) -> None:
    now = clock.now()
    columns = (
        "id",
        "public_id",
        "number",
        "name",
        "status",
        "birth_date",
        "organisation_id",
        "created_at",
        "updated_at",
    )
    bulk(
        tx,
        Member,
        columns,
        (
            (n, f"m{n:015d}", f"{n:010d}", f"党员{n}", "active", _birthday(lot), homes[n % len(homes)], now, now)
            for n in range(1, members + 1)
        ),
    )
    start = dt.date(2020, 1, 1)
    places = ((n, homes[n % len(homes)], start) for n in range(1, members + 1))
    bulk(tx, Membership, ("member_id", "organisation_id", "valid_from"), places)


def _birthday(lot: random.Random) -> dt.date:
    return dt.date(1940, 1, 1) + dt.timedelta(days=lot.randrange(24_000))


def _courses(tx: Tx, number: int) -> list[int]:
    shelf = Category(slug="bench", name="bench")
    author = Account(username="bench", display_name="bench")
    tx.add_all([shelf, author])
    tx.flush()
    made = [
        CourseVersion(
            course=Course(organisation_id=1, created_by=author.id, published_at=clock.now()),
            title=f"Course {n}",
            category_id=shelf.id,
            state=VersionState.PUBLISHED,
            published_at=clock.now(),
        )
        for n in range(number)
    ]
    tx.add_all(made)
    tx.flush()
    for version in made:
        version.course.published = version
    tx.flush()
    return [version.course_id for version in made]


def _completions(tx: Tx, members: int, courses: list[int], lot: random.Random) -> None:
    """Six of ten members complete each course, spread over the window."""
    now = clock.now()
    first = now - dt.timedelta(days=WINDOW_DAYS)
    span = WINDOW_DAYS * 86_400 - 3_600

    def rows() -> Iterator[tuple[int, int, dt.datetime]]:
        for course in courses:
            for member in range(1, members + 1):
                if lot.random() < 0.6:
                    yield member, course, first + dt.timedelta(seconds=lot.randrange(span))

    for chunk in _chunks(rows()):
        bulk(
            tx,
            Completion,
            ("member_id", "course_id", "course_version", "completed_at", "evidence"),
            ((m, c, 1, at, "watched") for m, c, at in chunk),
        )
        bulk(tx, CourseStart, ("member_id", "course_id", "started_at"), chunk)


def _chunks(rows: Iterator[Any]) -> Iterator[list[Any]]:
    while True:
        chunk = [row for _, row in zip(range(CHUNK), rows, strict=False)]
        if not chunk:
            return
        yield chunk


def training_of(tx: Tx, training_id: int) -> Training:
    """A training by its row id."""
    return tx.get_one(Training, training_id)
