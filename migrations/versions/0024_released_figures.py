"""Figures of groups are released with noise; stored true figures are deleted.

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

from academy.core.types import Key as KEY

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

NUMBERS = ("due", "exempt", "reached", "completed")
RESTS = tuple(f"rest_{name}" for name in NUMBERS)


def upgrade() -> None:
    op.drop_table("published_figures")
    _create(
        [sa.Column(name, sa.Integer(), nullable=False) for name in NUMBERS],
        sa.CheckConstraint(
            "NOT is_withheld OR (due = 0 AND exempt = 0 AND reached = 0 AND completed = 0)",
            name=op.f("ck_published_figures_withheld"),
        ),
    )


def downgrade() -> None:
    op.drop_table("published_figures")
    _create(
        [sa.Column(name, sa.Integer(), nullable=False) for name in ("size", *NUMBERS, *RESTS)],
        sa.CheckConstraint("size = due + exempt", name=op.f("ck_published_figures_size")),
    )


def _create(numbers: list[sa.Column[int]], check: sa.CheckConstraint) -> None:
    op.create_table(
        "published_figures",
        sa.Column("id", KEY, nullable=False),
        sa.Column("training_id", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("source", sa.String(length=600), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("cell", sa.String(length=600), nullable=False),
        sa.Column("is_withheld", sa.Boolean(), nullable=False),
        *numbers,
        check,
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
            "training_id", "organisation_id", "source", "day", "cell", name="uq_published_figures_cell"
        ),
    )
