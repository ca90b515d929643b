"""A commit that fails leaves nothing behind: no open transaction in the pool, no lock that the next writer meets."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError

from academy.core.database import Database
from tests.support import templates

pytestmark = pytest.mark.faults


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with templates.database(request.param, tmp_path) as url:
        db = Database(url, pool_size=2)
        with db.begin() as tx:
            tx.execute(text("CREATE TABLE parents (id INTEGER PRIMARY KEY)"))
            tx.execute(
                text(
                    "CREATE TABLE children (id INTEGER PRIMARY KEY, "
                    "parent INTEGER REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)"
                )
            )
        yield db
        db.dispose()


def _free(db: Database) -> None:
    """Two writers after each other, on whatever connections the pool has: none of them waits or meets anything."""
    for _ in range(3):
        with db.begin() as tx:
            tx.execute(text("INSERT INTO children (id) VALUES (7)"))
            tx.execute(text("DELETE FROM children"))
        with db.read() as tx, db.read() as other:
            for one in (tx, other):
                assert one.scalar(text("SELECT count(*) FROM children")) == 0


def test_a_commit_that_the_database_refuses(database: Database) -> None:
    with pytest.raises(IntegrityError), database.begin() as tx:
        tx.execute(text("INSERT INTO children (id, parent) VALUES (1, 99)"))  # looked at when it is committed
    _free(database)


def test_a_commit_that_is_never_sent(database: Database) -> None:
    """An error between the last statement and the commit."""

    def fail(_connection: object) -> None:
        raise MemoryError

    event.listen(database.engine, "commit", fail, once=True)
    with pytest.raises(MemoryError), database.begin() as tx:
        tx.execute(text("INSERT INTO children (id) VALUES (1)"))
    _free(database)
