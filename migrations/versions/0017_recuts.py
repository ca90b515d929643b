"""Declared mappings of recuts, with the progress of the job that carries credit over.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

from academy.core.types import Key as KEY

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recuts",
        sa.Column("id", KEY, nullable=False),
        sa.Column("item_id", KEY, nullable=False),
        sa.Column("from_version", sa.Integer(), nullable=False),
        sa.Column("to_version", sa.Integer(), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("kept", sa.JSON(), nullable=False),
        sa.Column("created_by", KEY, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("job_id", KEY, nullable=True),
        sa.Column("carried_to", KEY, nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("from_version < to_version", name=op.f("ck_recuts_forwards")),
        sa.ForeignKeyConstraint(["item_id"], ["course_items.id"], name="fk_recuts_item_id_course_items"),
        sa.PrimaryKeyConstraint("id", name="pk_recuts"),
    )
    op.create_index("ix_recuts_item_id_from_version", "recuts", ["item_id", "from_version"])


def downgrade() -> None:
    op.drop_table("recuts")
