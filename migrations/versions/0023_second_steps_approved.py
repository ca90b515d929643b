"""A second step enables roles once a security officer has approved it; those in use stay enabled.

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

from academy.core.types import Instant
from academy.core.types import Key as KEY

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("second_factors", schema=None) as batch_op:
        batch_op.add_column(sa.Column("session_id", KEY, nullable=True))
        batch_op.add_column(sa.Column("next_secret_sealed", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("next_until", Instant(), nullable=True))
        batch_op.add_column(sa.Column("check_number", sa.String(length=6), server_default="", nullable=False))
        batch_op.add_column(sa.Column("approved_at", Instant(), nullable=True))
        batch_op.add_column(sa.Column("approved_by", KEY, nullable=True))
    op.execute("UPDATE second_factors SET approved_at = confirmed_at WHERE confirmed_at IS NOT NULL")


def downgrade() -> None:
    with op.batch_alter_table("second_factors", schema=None) as batch_op:
        for name in ("approved_by", "approved_at", "check_number", "next_until", "next_secret_sealed", "session_id"):
            batch_op.drop_column(name)
