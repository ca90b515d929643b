"""Who has begun a course is `started` in every figure, and a ledger's newest heartbeat is called so.

Columns are renamed in place: rules and indexes that name them follow, on both databases.

Revision ID: 0029
Revises: 0028
"""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

COLUMNS = {
    "course_starts": ("reached_at", "started_at"),
    "coverage_cells": ("reached", "started"),
    "coverage_changes": ("reached", "started"),
    "coverage_totals": ("reached", "started"),
    "enrolments": ("reached_on", "started_on"),
    "published_figures": ("reached", "started"),
    "watch_ledgers": ("last_beat_ms", "last_heartbeat_ms"),
}


def upgrade() -> None:
    for table, (old, new) in COLUMNS.items():
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}")


def downgrade() -> None:
    for table, (old, new) in COLUMNS.items():
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {new} TO {old}")
