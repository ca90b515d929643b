"""Reviewers pin comments to a place of a lecture, and are answered there; the credit of a course follows its length.

What was published, and drafts that are older than this, keep the credit that they have.

Revision ID: 0035
Revises: 0034
"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("course_versions", sa.Column("credit_chosen", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.create_table(
        "review_comments",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("course_version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("edit_number", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item_number", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reviewer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("(settled_at IS NULL) = (settled_by IS NULL)", name=op.f("ck_review_comments_settled")),
        sa.CheckConstraint("position >= 0", name=op.f("ck_review_comments_place")),
        sa.CheckConstraint("reviewer_id <> author_id", name=op.f("ck_review_comments_second_pair_of_eyes")),
        sa.ForeignKeyConstraint(["author_id"], ["accounts.id"], name=op.f("fk_review_comments_author_id_accounts")),
        sa.ForeignKeyConstraint(
            ["course_version_id"],
            ["course_versions.id"],
            name=op.f("fk_review_comments_course_version_id_course_versions"),
        ),
        sa.ForeignKeyConstraint(["item_id"], ["course_items.id"], name=op.f("fk_review_comments_item_id_course_items")),
        sa.ForeignKeyConstraint(["review_id"], ["reviews.id"], name=op.f("fk_review_comments_review_id_reviews")),
        sa.ForeignKeyConstraint(["reviewer_id"], ["accounts.id"], name=op.f("fk_review_comments_reviewer_id_accounts")),
        sa.ForeignKeyConstraint(["settled_by"], ["accounts.id"], name=op.f("fk_review_comments_settled_by_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_comments")),
        sa.UniqueConstraint("public_id", name=op.f("uq_review_comments_public_id")),
    )
    with op.batch_alter_table("review_comments", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_review_comments_course_version_id_id"), ["course_version_id", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_review_comments_review_id"), ["review_id"], unique=False)

    op.create_table(
        "review_answers",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("comment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_review_answers_account_id_accounts")),
        sa.ForeignKeyConstraint(
            ["comment_id"], ["review_comments.id"], name=op.f("fk_review_answers_comment_id_review_comments")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_answers")),
    )
    with op.batch_alter_table("review_answers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_review_answers_comment_id_id"), ["comment_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_column("course_versions", "credit_chosen")
    with op.batch_alter_table("review_answers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_review_answers_comment_id_id"))

    op.drop_table("review_answers")
    with op.batch_alter_table("review_comments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_review_comments_review_id"))
        batch_op.drop_index(batch_op.f("ix_review_comments_course_version_id_id"))

    op.drop_table("review_comments")
