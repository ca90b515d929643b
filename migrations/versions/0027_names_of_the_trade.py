"""Tables and stored jobs are renamed to the terms of the trade.

A worker finds a job by the name in its row: a name that the code does not know any more would wait for ever. So rows
of jobs, with the keys that keep them single, and the plan of recurring ones are renamed together with the code. Kinds
of events and verbs of the audit trail stay as they are: the first did not change, and the trail's chain covers the
second.

Revision ID: 0027
Revises: 0026
"""

import re

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

TABLES = {
    "hearings": "transcriptions",
    "leases": "playback_leases",
    "notices": "notifications",
    "outbox_facts": "outbox_events",
    "reminded": "reminder_recipients",
}
REFERRING = {"leases": ("refusals",)}
"""Tables whose foreign keys lead to one that is renamed."""

JOBS = {
    "media.hear": "media.transcribe",
    "media.words": "media.settle_transcript",
    "notices.forget": "notifications.forget",
    "on.AssetFailed.media.jobs.tell_owner": "on.AssetFailed.media.notify_owner_of_failure",
    "on.AssetReady.media.speech.asking.hear_new": "on.AssetReady.media.transcribe_new",
    "on.AssetReady.search.jobs.index_ready": "on.AssetReady.search.index_ready",
    "on.CoursePublished.progress.jobs.derive_course": "on.CoursePublished.learning.derive_course",
    "on.CoursePublished.search.jobs.index_published": "on.CoursePublished.search.index_published",
    "on.CourseWithdrawn.search.jobs.drop_withdrawn": "on.CourseWithdrawn.search.drop_withdrawn",
    "on.TermChanged.search.jobs.index_mentions": "on.TermChanged.search.index_mentions",
    "on.TranscriptChanged.search.jobs.index_transcript": "on.TranscriptChanged.search.index_transcript",
    "progress.carry_over": "learning.carry_over",
    "progress.derive": "learning.derive",
    "progress.repair": "learning.repair",
}
ALSO = {
    # Between the renaming of the code and this revision.
    "on.AssetReady.media.transcription.requests.transcribe_new": "on.AssetReady.media.transcribe_new",
    "on.CoursePublished.learning.jobs.derive_course": "on.CoursePublished.learning.derive_course",
}
KEYS = {
    "media.transcribe": ("asset:%:hear", ":hear", ":transcribe"),
    "media.settle_transcript": ("asset:%:words", ":words", ":settle"),
    "learning.carry_over": ("progress.carry_over:%", "progress.carry_over:", "learning.carry_over:"),
}


def upgrade() -> None:
    for old, new in TABLES.items():
        _rename(old, new, REFERRING.get(old, ()))
    _rename_jobs(JOBS | ALSO)
    for name, (like, before, after) in KEYS.items():
        _rename_key(name, like, before, after)


def downgrade() -> None:
    back = {new: old for old, new in JOBS.items()}
    for name, (like, before, after) in KEYS.items():
        _rename_key(name, like.replace(before, after), after, before)
    _rename_jobs(back)
    for old, new in TABLES.items():
        _rename(new, old, REFERRING.get(old, ()))


def _rename_jobs(names: dict[str, str]) -> None:
    connection = op.get_bind()
    for old, new in names.items():
        words = {"old": old, "new": new, "old_key": f"recurring:{old}", "new_key": f"recurring:{new}"}
        connection.execute(sa.text("UPDATE jobs SET name = :new WHERE name = :old"), words)
        connection.execute(sa.text("UPDATE jobs SET key = :new_key WHERE key = :old_key"), words)
        connection.execute(sa.text("UPDATE recurrences SET name = :new WHERE name = :old"), words)


def _rename_key(name: str, like: str, before: str, after: str) -> None:
    op.get_bind().execute(
        sa.text("UPDATE jobs SET key = REPLACE(key, :before, :after) WHERE name = :name AND key LIKE :like"),
        {"before": before, "after": after, "name": name, "like": like},
    )


def _rename(old: str, new: str, referring: tuple[str, ...]) -> None:
    """A table with its constraints and indexes, and the constraints of those that refer to it."""
    if op.get_bind().dialect.name == "sqlite":
        _remake(old, old, new)
        for table in referring:
            _remake(table, old, new)
        return
    op.rename_table(old, new)
    op.execute(f"ALTER SEQUENCE IF EXISTS {old}_id_seq RENAME TO {new}_id_seq")
    inspector = sa.inspect(op.get_bind())
    for table in (new, *referring):
        constraints = [
            inspector.get_pk_constraint(table),
            *inspector.get_unique_constraints(table),
            *inspector.get_check_constraints(table),
            *inspector.get_foreign_keys(table),
        ]
        unique = {one["name"] for one in constraints}
        for name in sorted(str(one["name"]) for one in constraints):
            if _renamed(name, old, new) != name:
                op.execute(f"ALTER TABLE {table} RENAME CONSTRAINT {name} TO {_renamed(name, old, new)}")
        for name in sorted(str(one["name"]) for one in inspector.get_indexes(table) if one["name"] not in unique):
            if _renamed(name, old, new) != name:
                op.execute(f"ALTER INDEX {name} RENAME TO {_renamed(name, old, new)}")


def _renamed(words: str, old: str, new: str) -> str:
    """A table's name where it stands alone, begins a constraint's name or ends a reference's."""
    words = re.sub(rf"\b(pk|uq|ck|fk|ix)_{old}(?=_|\b)", rf"\1_{new}", words)
    words = re.sub(rf"\b(fk_\w+)_{old}\b", rf"\1_{new}", words)
    return re.sub(rf"(?<![\w.]){old}(?!\w)", new, words)


def _remake(table: str, old: str, new: str) -> None:
    """SQLite keeps the names of constraints in the table's own words only: make it anew from those, renamed."""
    connection = op.get_bind()
    master = sa.text("SELECT name, sql FROM sqlite_master WHERE tbl_name = :table AND type = :kind AND sql IS NOT NULL")
    ((_, words),) = connection.execute(master, {"table": table, "kind": "table"}).all()
    indexes = connection.execute(master, {"table": table, "kind": "index"}).all()
    into = _renamed(table, old, new)
    kept = f"{into}_kept"
    op.execute(_renamed(words, old, new).replace(into, kept, 1))
    op.execute(f"INSERT INTO {kept} SELECT * FROM {table}")  # noqa: S608
    op.drop_table(table)
    op.rename_table(kept, into)
    for _, index in indexes:
        op.execute(_renamed(index, old, new))
