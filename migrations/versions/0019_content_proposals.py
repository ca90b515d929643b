"""Changes to the captions and chapters of published lectures wait for a reviewer.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

from academy.core.types import Key as KEY

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


PENDING = sa.text("state IN ('open', 'returned')")


def upgrade() -> None:
    op.create_table(
        "content_proposals",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("asset_id", KEY, nullable=False),
        sa.Column("course_id", KEY, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("base_version", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reviewer_id", KEY, nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('captions', 'chapters')", name=op.f("ck_content_proposals_kind")),
        sa.CheckConstraint(
            "state IN ('open', 'returned', 'approved', 'withdrawn')", name=op.f("ck_content_proposals_state")
        ),
        sa.CheckConstraint(
            "reviewer_id IS NULL OR reviewer_id <> account_id", name=op.f("ck_content_proposals_second_pair_of_eyes")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_content_proposals_account_id_accounts")),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_content_proposals_asset_id_assets")),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_content_proposals_course_id_courses")),
        sa.ForeignKeyConstraint(
            ["reviewer_id"], ["accounts.id"], name=op.f("fk_content_proposals_reviewer_id_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_content_proposals")),
        sa.UniqueConstraint("public_id", name=op.f("uq_content_proposals_public_id")),
    )
    with op.batch_alter_table("content_proposals", schema=None) as batch_op:
        batch_op.create_index(
            "uq_content_proposals_pending",
            ["asset_id", "kind"],
            unique=True,
            sqlite_where=PENDING,
            postgresql_where=PENDING,
        )
        batch_op.create_index(batch_op.f("ix_content_proposals_state_updated_at"), ["state", "updated_at"], unique=False)


def downgrade() -> None:
    op.drop_table("content_proposals")
