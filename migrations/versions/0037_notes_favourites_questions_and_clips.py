"""Notes, favourites, questions and clips; a reminder can have a clip with it.

Revision ID: 0037
Revises: 0036
"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "favourites",
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("course_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_favourites_account_id_accounts")),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_favourites_course_id_courses")),
        sa.PrimaryKeyConstraint("account_id", "course_id", name=op.f("pk_favourites")),
    )
    op.create_table(
        "clips",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("made_version", sa.Integer(), nullable=False),
        sa.Column("made_start", sa.Integer(), nullable=False),
        sa.Column("made_end", sa.Integer(), nullable=False),
        sa.Column("last_start", sa.Integer(), nullable=False),
        sa.Column("last_quote", sa.String(length=300), nullable=False),
        sa.Column("last_words", sa.String(length=300), nullable=False),
        sa.Column("earlier_last", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item_version", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(length=8), nullable=False),
        sa.Column("place_start", sa.Integer(), nullable=False),
        sa.Column("place_end", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(length=8), nullable=False),
        sa.Column("quote", sa.String(length=300), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=False),
        sa.Column("earlier_version", sa.Integer(), nullable=True),
        sa.Column("earlier_start", sa.Integer(), nullable=True),
        sa.Column("earlier_end", sa.Integer(), nullable=True),
        sa.CheckConstraint("place IN ('same', 'edited', 'cut')", name=op.f("ck_clips_place")),
        sa.CheckConstraint("unit IN ('ms', 'page')", name=op.f("ck_clips_unit")),
        sa.CheckConstraint("place_end > place_start AND place_start >= 0", name=op.f("ck_clips_span")),
        sa.ForeignKeyConstraint(["item_id"], ["course_items.id"], name=op.f("fk_clips_item_id_course_items")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clips")),
        sa.UniqueConstraint(
            "item_id",
            "made_version",
            "made_start",
            "made_end",
            name=op.f("uq_clips_item_id_made_version_made_start_made_end"),
        ),
        sa.UniqueConstraint("public_id", name=op.f("uq_clips_public_id")),
    )
    op.create_table(
        "notes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("writer", sa.String(length=40), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item_version", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(length=8), nullable=False),
        sa.Column("place_start", sa.Integer(), nullable=False),
        sa.Column("place_end", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(length=8), nullable=False),
        sa.Column("quote", sa.String(length=300), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=False),
        sa.Column("earlier_version", sa.Integer(), nullable=True),
        sa.Column("earlier_start", sa.Integer(), nullable=True),
        sa.Column("earlier_end", sa.Integer(), nullable=True),
        sa.CheckConstraint("place IN ('same', 'edited', 'cut')", name=op.f("ck_notes_place")),
        sa.CheckConstraint("unit IN ('ms', 'page')", name=op.f("ck_notes_unit")),
        sa.CheckConstraint("place_end > place_start AND place_start >= 0", name=op.f("ck_notes_span")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_notes_account_id_accounts")),
        sa.ForeignKeyConstraint(["item_id"], ["course_items.id"], name=op.f("fk_notes_item_id_course_items")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
        sa.UniqueConstraint("account_id", "key", name=op.f("uq_notes_account_id_key")),
    )
    with op.batch_alter_table("notes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notes_account_id_item_id"), ["account_id", "item_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_notes_item_id"), ["item_id"], unique=False)

    op.create_table(
        "questions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("course_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("by_lecturer", sa.Boolean(), nullable=False),
        sa.Column("refusal", sa.String(length=12), nullable=True),
        sa.Column("comment", sa.String(length=300), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item_version", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(length=8), nullable=False),
        sa.Column("place_start", sa.Integer(), nullable=False),
        sa.Column("place_end", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(length=8), nullable=False),
        sa.Column("quote", sa.String(length=300), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=False),
        sa.Column("earlier_version", sa.Integer(), nullable=True),
        sa.Column("earlier_start", sa.Integer(), nullable=True),
        sa.Column("earlier_end", sa.Integer(), nullable=True),
        sa.CheckConstraint("(state = 'refused') = (refusal IS NOT NULL)", name=op.f("ck_questions_refused")),
        sa.CheckConstraint("place IN ('same', 'edited', 'cut')", name=op.f("ck_questions_place")),
        sa.CheckConstraint(
            "refusal IN ('elsewhere', 'off_topic', 'personal', 'improper', 'other')", name=op.f("ck_questions_refusal")
        ),
        sa.CheckConstraint("state <> 'answered' OR answer <> ''", name=op.f("ck_questions_answered")),
        sa.CheckConstraint("state IN ('waiting', 'shown', 'answered', 'refused')", name=op.f("ck_questions_state")),
        sa.CheckConstraint("unit IN ('ms', 'page')", name=op.f("ck_questions_unit")),
        sa.CheckConstraint(
            "decided_by IS NULL OR account_id IS NULL OR decided_by <> account_id",
            name=op.f("ck_questions_second_person"),
        ),
        sa.CheckConstraint("place_end > place_start AND place_start >= 0", name=op.f("ck_questions_span")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_questions_account_id_accounts")),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_questions_course_id_courses")),
        sa.ForeignKeyConstraint(["decided_by"], ["accounts.id"], name=op.f("fk_questions_decided_by_accounts")),
        sa.ForeignKeyConstraint(["item_id"], ["course_items.id"], name=op.f("fk_questions_item_id_course_items")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questions")),
        sa.UniqueConstraint("account_id", "key", name=op.f("uq_questions_account_id_key")),
        sa.UniqueConstraint("public_id", name=op.f("uq_questions_public_id")),
    )
    with op.batch_alter_table("questions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_questions_item_id_state"), ["item_id", "state"], unique=False)
        batch_op.create_index(
            "ix_questions_open",
            ["course_id", "id"],
            unique=False,
            sqlite_where=sa.text("state IN ('waiting', 'shown')"),
            postgresql_where=sa.text("state IN ('waiting', 'shown')"),
        )

    with op.batch_alter_table("reminders", schema=None) as batch_op:
        batch_op.add_column(sa.Column("clip_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_reminders_clip_id_clips"), "clips", ["clip_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("reminders", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_reminders_clip_id_clips"), type_="foreignkey")
        batch_op.drop_column("clip_id")

    with op.batch_alter_table("questions", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_questions_open",
            sqlite_where=sa.text("state IN ('waiting', 'shown')"),
            postgresql_where=sa.text("state IN ('waiting', 'shown')"),
        )
        batch_op.drop_index(batch_op.f("ix_questions_item_id_state"))

    op.drop_table("questions")
    with op.batch_alter_table("notes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notes_item_id"))
        batch_op.drop_index(batch_op.f("ix_notes_account_id_item_id"))

    op.drop_table("notes")
    op.drop_table("clips")
    op.drop_table("favourites")
