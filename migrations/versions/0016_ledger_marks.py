"""Ledger rows mark pending consequences of credit, and carry the state of the clock.

Rows whose start, completion or course is missing already are marked, so that the first repair finds them.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

INDEX = "ix_watch_ledgers_pending"

# The duration is in the lease of the playback; the file may have been replaced since.
_MARK = """
UPDATE watch_ledgers SET pending_since_ms = COALESCE(completed_ms, updated_ms)
WHERE covered_ms > 0 AND (
    NOT EXISTS (
        SELECT 1 FROM course_starts s JOIN course_items i ON i.course_id = s.course_id
        WHERE i.id = watch_ledgers.item_id AND s.member_id = watch_ledgers.member_id
    )
    OR (
        NOT EXISTS (
            SELECT 1 FROM item_completions c
            WHERE c.member_id = watch_ledgers.member_id AND c.item_id = watch_ledgers.item_id
            AND c.item_version = watch_ledgers.item_version
        )
        AND EXISTS (
            SELECT 1 FROM leases l
            WHERE l.member_id = watch_ledgers.member_id AND l.item_id = watch_ledgers.item_id
            AND l.item_version = watch_ledgers.item_version
            AND CAST(watch_ledgers.covered_ms AS BIGINT) * 1000 >= CAST(l.duration_ms AS BIGINT) * l.threshold_permille
        )
    )
)
"""


def upgrade() -> None:
    # Plain ALTER TABLE on both: SQLite would copy the city's largest table otherwise.
    zero = sa.text("0")
    op.add_column("watch_ledgers", sa.Column("last_beat_ms", sa.BigInteger(), nullable=False, server_default=zero))
    op.add_column("watch_ledgers", sa.Column("lapses_ms", sa.BigInteger(), nullable=False, server_default=zero))
    op.add_column("watch_ledgers", sa.Column("pending_since_ms", sa.BigInteger(), nullable=True))
    op.create_index(
        INDEX,
        "watch_ledgers",
        ["pending_since_ms"],
        sqlite_where=sa.text("pending_since_ms IS NOT NULL"),
        postgresql_where=sa.text("pending_since_ms IS NOT NULL"),
    )
    op.execute(_MARK)


def downgrade() -> None:
    op.drop_index(INDEX, "watch_ledgers")
    for name in ("pending_since_ms", "lapses_ms", "last_beat_ms"):
        op.drop_column("watch_ledgers", name)
