"""A city's watch ledger to measure on: made once, kept in the cache, and the real server over it."""

import datetime as dt
import itertools
import random
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic import command
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from sqlalchemy import insert, inspect, select, text, update

from academy import components
from academy.accounts.models import Account, LoginSession
from academy.accounts.queries import digest
from academy.cli.database import alembic_config
from academy.core import clock
from academy.core.database import Base, Database
from academy.core.ids import new_id
from academy.core.settings import Settings
from academy.learning.models import CourseStart, PlaybackLease, WatchLedger
from academy.learning.rules import pack_spans
from academy.learning.tokens import Grant, Signer
from academy.library.kinds import VersionState
from academy.library.models import Category, Course, CourseItem, CourseVersion, ItemVersion
from academy.media.models import Asset, AssetState
from academy.people.models import Member, Organisation
from tests.support.services import free_port

ROOT = Path(__file__).parents[1]
CACHE = ROOT / ".cache" / "ledger"
SECRET = "a-secret-for-benchmarks-only-012345"
ITEMS = 14
DURATION_MS = 3 * 3600 * 1000
BEAT_MS = 15_000
SESSION = "bench-session"
CHUNK = 20_000


def settings_for(url: str, folder: Path) -> Settings:
    """Settings of a server over a database."""
    return Settings(
        secret_key=SECRET,
        data_key=SECRET,
        data_dir=folder / "var",
        media_dir=folder / "media",
        database_url=url,
        port=free_port(),
        log_level="ERROR",
    )


def prepare(url: str, rows: int, *, fresh: bool = False) -> None:
    """Make the schema and `rows` ledger rows of 14 items a member, unless they are there."""
    components.import_all()
    db = Database(url, statement_ms=0)
    members = rows // ITEMS
    try:
        if fresh or _is_outdated(db):
            _drop(db)
        command.upgrade(alembic_config(url), "head")
        with db.read() as tx:
            there = tx.scalar(select(WatchLedger.member_id).where(WatchLedger.member_id == members).limit(1))
            more = tx.scalar(select(WatchLedger.member_id).where(WatchLedger.member_id == members + 1).limit(1))
        if there is not None and more is None:
            return
        _drop(db)
        command.upgrade(alembic_config(url), "head")
        _fill(db, members)
    finally:
        db.dispose()


def _is_outdated(db: Database) -> bool:
    """Whether the cache was made by an earlier schema."""
    look = inspect(db.engine)
    there = {name: {column["name"] for column in look.get_columns(name)} for name in look.get_table_names()}
    wanted = {table.name: {column.name for column in table.columns} for table in Base.metadata.sorted_tables}
    return any(there.get(name) != columns for name, columns in wanted.items())


def _drop(db: Database) -> None:
    db.dispose()
    if db.is_sqlite:
        for end in ("", "-wal", "-shm"):
            Path(f"{db.url.database}{end}").unlink(missing_ok=True)
        return
    with db.engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    db.dispose()


def _fill(db: Database, members: int) -> None:
    dice = random.Random(7)
    now = clock.now()
    with db.begin() as tx:
        tx.execute(insert(Organisation), [_row(id=1, code="B", name="测试组织", kind="branch", path="/1/")])
        tx.execute(insert(Account), [_row(id=1, username="bench", display_name="bench")])
        tx.execute(
            insert(LoginSession),
            [_row(id=1, digest=digest(SESSION), account_id=1, expires_at=now + dt.timedelta(days=3650))],
        )
        tx.execute(insert(Category), [{"id": 1, "slug": "c", "name": "c"}])
        _lectures(tx, now)
    _many(db, Member, ({"id": n, "number": f"M{n:07}", "name": f"党员{n}", "organisation_id": 1} for n in _to(members)))
    since = int(now.timestamp() * 1000) - 86_400_000
    _many(
        db,
        PlaybackLease,
        (
            {
                "id": n,
                "member_id": n,
                "item_id": n % ITEMS + 1,
                "item_version": 1,
                "course_id": n % ITEMS + 1,
                "extent": DURATION_MS,
                "threshold_permille": 950,
                "expires_at": now + dt.timedelta(days=3650),
                "credited_until_ms": since,
            }
            for n in _to(members)
        ),
    )
    _many(
        db,
        CourseStart,
        ({"member_id": n, "course_id": i, "started_at": now} for n in _to(members) for i in _to(ITEMS)),
    )
    _many(db, WatchLedger, (_ledger(dice, n, i, since) for n in _to(members) for i in _to(ITEMS)))
    with db.engine.connect() as connection:
        if db.is_sqlite:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            for table in (PlaybackLease, CourseStart, WatchLedger, Member):
                name = table.__tablename__
                if "id" in table.__table__.c:
                    connection.execute(
                        text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))")
                    )
            connection.commit()
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))


def _lectures(tx: Any, now: dt.datetime) -> None:
    for i in _to(ITEMS):
        tx.execute(
            insert(Asset),
            [
                _row(
                    id=i,
                    account_id=1,
                    kind="video",
                    filename="a.mp4",
                    size=1,
                    state=AssetState.READY,
                    duration_ms=DURATION_MS,
                )
            ],
        )
        tx.execute(
            insert(Course),
            [
                _row(
                    id=i,
                    organisation_id=1,
                    created_by=1,
                    published_at=now,
                )
            ],
        )
        said = {"title": f"课程{i}", "category_id": 1, "state": VersionState.PUBLISHED, "published_at": now}
        tx.execute(insert(CourseVersion), [said | {"id": i, "course_id": i}])
        tx.execute(insert(CourseItem), [_row(id=i, course_id=i)])
        listed = {"course_version_id": i, "item_id": i, "position": 1}
        tx.execute(insert(ItemVersion), [listed | {"kind": "video", "title": "讲", "asset_id": i}])
        tx.execute(update(Course).where(Course.id == i).values(published_version_id=i))


def _ledger(dice: random.Random, member: int, item: int, since: int) -> dict[str, Any]:
    covered = dice.randrange(1, 240) * BEAT_MS
    extra = [] if dice.random() < 0.7 else [(DURATION_MS - 600_000, DURATION_MS - 540_000)]
    return {
        "member_id": member,
        "item_id": item,
        "item_version": 1,
        "spans": pack_spans([(0, covered), *extra]),
        "covered": covered + sum(b - a for a, b in extra),
        "position": covered,
        "updated_ms": since,
        "lease_id": member if member % ITEMS + 1 == item else None,
        "credited_until_ms": since,
        "seq": 0,
    }


def _row(**values: Any) -> dict[str, Any]:
    return {"public_id": new_id(), **values}


def _to(n: int) -> range:
    return range(1, n + 1)


def _many(db: Database, model: type[Base], rows: Iterable[dict[str, Any]]) -> None:
    """Insert by the thousands; the columns' own defaults fill the rest."""
    needs_id = "public_id" in model.__table__.c
    source = iter(rows)
    if not db.is_sqlite and not needs_id:
        _copy(db, model.__tablename__, source)
        return
    while chunk := list(itertools.islice(source, CHUNK)):
        if needs_id:
            for row in chunk:
                row["public_id"] = new_id()
        with db.begin() as tx:
            tx.execute(insert(model), chunk)


def _copy(db: Database, table: str, rows: Iterator[dict[str, Any]]) -> None:
    """PostgreSQL's own way, for the millions."""
    first = next(rows)
    with db.engine.begin() as connection:
        cursor: Any = connection.connection.cursor()
        cursor.execute("SET LOCAL session_replication_role = replica")  # the keys are right by construction
        with cursor.copy(f"COPY {table} ({', '.join(first)}) FROM STDIN") as copy:
            for row in itertools.chain([first], rows):
                copy.write_row(tuple(row.values()))


@dataclass(frozen=True)
class Watching:
    """One viewer: the token of their lease and how far they are."""

    token: str
    member_id: int
    item_id: int
    covered: int
    seq: int


def watchers(url: str, count: int, *, seed: int | None = None) -> list[Watching]:
    """Viewers chosen at random among those with room for more and whose clock has rested.

    wrk claims faster than anybody plays: whoever was driven a moment ago has claimed time that is still to pass, and
    the clock grants them less than they send, which is no loss.

    Raises:
        SystemExit: there is nobody.
    """
    db = Database(url)
    signer = Signer(Settings(secret_key=SECRET))
    expires = int(time.time()) + 7 * 86_400
    rested = int(time.time() * 1000) - 2 * BEAT_MS
    with db.read() as tx:
        rows = tx.execute(
            select(
                WatchLedger.lease_id, WatchLedger.member_id, WatchLedger.item_id, WatchLedger.spans, WatchLedger.seq
            ).where(WatchLedger.lease_id.is_not(None), WatchLedger.credited_until_ms <= rested)
        ).all()
    db.dispose()
    random.Random(seed).shuffle(rows)
    chosen = []
    for lease, member, item, spans, seq in rows:
        covered = int.from_bytes(spans[4:8], "little")
        if covered > DURATION_MS * 0.8:
            continue
        grant = Grant(lease, member, item, item, 1, DURATION_MS, 950, expires)
        chosen.append(Watching(signer.sign(grant), member, item, covered, seq))
        if len(chosen) == count:
            break
    if not chosen:
        raise SystemExit("every viewer was driven a moment ago: wait, or make the rows again with --fresh")
    return chosen


def credited_ms(url: str) -> int:
    """All media time in the ledger."""
    db = Database(url)
    with db.read() as tx:
        total = int(tx.scalar(text("SELECT sum(covered) FROM watch_ledgers")) or 0)
    db.dispose()
    return total


def cookie() -> str:
    """The session cookie of the one account that is signed in."""
    app = Flask("cookie")
    app.secret_key = SECRET
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert signer is not None
    return "academy=" + str(signer.dumps({"_user_id": SESSION, "_fresh": True}))
