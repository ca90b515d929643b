"""Mergers of organisations with the data needed to undo them.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

from academy.core.types import Instant
from academy.core.types import Key as KEY

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mergers",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("into_id", KEY, nullable=False),
        sa.Column("merged_on", sa.Date(), nullable=False),
        sa.Column("carried", sa.JSON(), nullable=False),
        sa.Column("merged_by", KEY, nullable=True),
        sa.Column("merged_at", Instant(), nullable=False),
        sa.Column("undone_by", KEY, nullable=True),
        sa.Column("undone_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["into_id"], ["organisations.id"], name=op.f("fk_mergers_into_id_organisations")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_mergers_organisation_id_organisations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mergers")),
        sa.UniqueConstraint("public_id", name=op.f("uq_mergers_public_id")),
    )
    op.create_index(op.f("ix_mergers_organisation_id"), "mergers", ["organisation_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_mergers_organisation_id"), table_name="mergers")
    op.drop_table("mergers")
