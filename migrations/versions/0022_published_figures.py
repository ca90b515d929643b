"""Figures of groups are kept as they were published.

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

from academy.core.types import Key as KEY

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

NUMBERS = ("due", "exempt", "reached", "completed", "rest_due", "rest_exempt", "rest_reached", "rest_completed")


def upgrade() -> None:
    op.create_table(
        "published_figures",
        sa.Column("id", KEY, nullable=False),
        sa.Column("training_id", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("source", sa.String(length=600), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("cell", sa.String(length=600), nullable=False),
        sa.Column("is_withheld", sa.Boolean(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in NUMBERS),
        sa.CheckConstraint("size = due + exempt", name=op.f("ck_published_figures_size")),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_published_figures_organisation_id_organisations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["training_id"],
            ["trainings.id"],
            name=op.f("fk_published_figures_training_id_trainings"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_published_figures")),
        sa.UniqueConstraint(
            "training_id",
            "organisation_id",
            "source",
            "day",
            "cell",
            name="uq_published_figures_cell",
        ),
    )


def downgrade() -> None:
    op.drop_table("published_figures")
