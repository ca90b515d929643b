"""Two accounts on PostgreSQL: one owns the tables, the other, which the service runs as, can only use them."""

from collections.abc import Iterator

import pytest
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ProgrammingError

from academy.accounts import service
from academy.cli.database import bring_up_to_date
from academy.core import audit
from academy.core.actor import SYSTEM
from academy.core.runtime import Runtime
from academy.search.indexing import rebuild_all
from tests.conftest import make_settings
from tests.support import factories
from tests.support.services import postgres

pytestmark = [pytest.mark.faults, pytest.mark.needs("postgresql")]

FORBIDDEN = (
    "CREATE TABLE more (id int)",
    "ALTER TABLE members ADD COLUMN more int",
    "ALTER TABLE audit_entries DISABLE TRIGGER ALL",
    "DROP TABLE members",
    "DROP INDEX ix_audit_entries_at",
    "TRUNCATE audit_entries",
    "UPDATE audit_entries SET verb = 'nothing'",
    "UPDATE audit_entries SET account_id = NULL",
    "UPDATE alembic_version SET version_num = '0'",
    "DELETE FROM alembic_version",
    "CREATE ROLE another",
    "SET ROLE owner",
    "COPY members TO PROGRAM 'true'",
)


@pytest.fixture(scope="module")
def runtimes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Runtime]]:
    """The service's house for each search backend, in a database of its own."""
    folder = tmp_path_factory.mktemp("accounts")
    with postgres(folder / "pg") as url:
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        found = {}
        with engine.connect() as connection:
            connection.execute(text("CREATE ROLE owner LOGIN"))
            connection.execute(text("CREATE ROLE service LOGIN"))
            for search in ("whoosh", "postgresql"):
                connection.execute(text(f"CREATE DATABASE of_{search} OWNER owner"))
                at = make_url(url).set(database=f"of_{search}")
                owner, plain = (at.set(username=name).render_as_string() for name in ("owner", "service"))
                settings = make_settings(
                    folder / search, database_url=plain, migration_url=owner, search_backend=search
                )
                found[search] = Runtime.build(settings)
                bring_up_to_date(found[search])
        engine.dispose()
        yield found
        for runtime in found.values():
            runtime.db.dispose()


@pytest.mark.parametrize("search", ["whoosh", "postgresql"])
def test_the_service_does_its_work_and_can_do_nothing_else(runtimes: dict[str, Runtime], search: str) -> None:
    runtime = runtimes[search]
    bring_up_to_date(runtime)  # a second time changes nothing
    with runtime.db.begin() as tx:
        person = factories.member(tx, factories.organisation(tx, level="city"), number="A7")
        code = service.issue_activation_code(tx, SYSTEM, person)
    assert service.activate_account(runtime, "A7", code, "春天的第一课2026")
    assert service.sign_in(runtime, "A7", "春天的第一课2026")
    with runtime.db.read() as tx:
        assert audit.verify(tx).whole
    rebuild_all(runtime)
    allowed = FORBIDDEN[:1] if search == "postgresql" else ()
    for statement in FORBIDDEN:
        if statement not in allowed:
            with pytest.raises(ProgrammingError) as caught, runtime.db.begin() as tx:
                tx.execute(text(statement))
            assert isinstance(caught.value.orig, InsufficientPrivilege), statement
