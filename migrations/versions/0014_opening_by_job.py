"""Trainings refer to the job that opens them.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

from academy.core.types import Key as KEY

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("trainings", schema=None) as batch_op:
        batch_op.add_column(sa.Column("opening_job_id", KEY, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("trainings", schema=None) as batch_op:
        batch_op.drop_column("opening_job_id")
