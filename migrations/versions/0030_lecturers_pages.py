"""Lecturers have a portrait and a biography; their courses are found by an index.

Revision ID: 0030
Revises: 0029
"""

import sqlalchemy as sa
from alembic import op

from academy.core.types import Key as KEY

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        op.f("ix_courses_lecturer_id_state_published_at"), "courses", ["lecturer_id", "state", "published_at"]
    )
    with op.batch_alter_table("lecturers") as batch:
        batch.add_column(sa.Column("biography", sa.Text(), nullable=False, server_default=""))
        batch.add_column(sa.Column("portrait_asset_id", KEY, nullable=True))
        batch.create_foreign_key(op.f("fk_lecturers_portrait_asset_id_assets"), "assets", ["portrait_asset_id"], ["id"])
    with op.batch_alter_table("lecturers") as batch:
        batch.alter_column("biography", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("lecturers") as batch:
        batch.drop_constraint(op.f("fk_lecturers_portrait_asset_id_assets"), type_="foreignkey")
        batch.drop_column("portrait_asset_id")
        batch.drop_column("biography")
    op.drop_index(op.f("ix_courses_lecturer_id_state_published_at"), table_name="courses")
