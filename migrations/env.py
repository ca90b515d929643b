"""Alembic's environment: the models are the application's, the caller sets the URL."""

from alembic import context
from sqlalchemy import create_engine

from academy import components
from academy.core.database import Base, Database
from academy.core.types import Instant

components.import_all()


def render(kind: str, item: object, _autogen: object) -> str | bool:
    """Write our column types into migrations as the plain SQLAlchemy types they stand for."""
    if kind == "type" and isinstance(item, Instant):
        return "sa.DateTime(timezone=True)"
    return False


url = context.config.get_main_option("sqlalchemy.url") or ""
engine = Database(url).engine if url.startswith("postgresql") else create_engine(url)
try:
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_item=render,
            render_as_batch=url.startswith("sqlite"),
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
finally:  # also where a migration refuses: its connection would stay open until it is collected
    engine.dispose()
