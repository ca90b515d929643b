"""Completions and credit hours are clustered by member, so that a year of a city is read sequentially.

A credit hour is named by its member, rule and source; a number of its own was one index more for
every completion to write.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

from academy.core.types import Key as KEY

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

INDEX = "ix_completions_course_id_completed_at"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _completions(with_rowid=False)
        _hours(numbered=False)
        return
    with op.batch_alter_table("credit_hours") as batch_op:
        batch_op.drop_constraint("pk_credit_hours", type_="primary")
        batch_op.drop_column("id")
        batch_op.drop_constraint("uq_credit_hours_member_id_rule_source", type_="unique")
        batch_op.create_primary_key("pk_credit_hours", ["member_id", "rule", "source"])


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _completions(with_rowid=True)
        _hours(numbered=True)
        return
    with op.batch_alter_table("credit_hours") as batch_op:
        batch_op.drop_constraint("pk_credit_hours", type_="primary")
    op.execute("ALTER TABLE credit_hours ADD COLUMN id BIGSERIAL CONSTRAINT pk_credit_hours PRIMARY KEY")
    with op.batch_alter_table("credit_hours") as batch_op:
        batch_op.create_unique_constraint("uq_credit_hours_member_id_rule_source", ["member_id", "rule", "source"])


def _completions(*, with_rowid: bool) -> None:
    op.drop_index(INDEX, "completions")
    op.rename_table("completions", "completions_before")
    op.create_table(
        "completions",
        sa.Column("member_id", KEY, nullable=False),
        sa.Column("course_id", KEY, nullable=False),
        sa.Column("course_version", sa.Integer(), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("evidence", sa.String(20), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name="fk_completions_course_id_courses"),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_completions_member_id_members"),
        sa.PrimaryKeyConstraint("member_id", "course_id", "course_version", name="pk_completions"),
        sqlite_with_rowid=with_rowid,
    )
    _fill("completions", "member_id, course_id, course_version, completed_at, evidence", "member_id, course_id")
    op.create_index(INDEX, "completions", ["course_id", "completed_at"])


def _hours(*, numbered: bool) -> None:
    op.rename_table("credit_hours", "credit_hours_before")
    key: list[sa.schema.SchemaItem] = [
        sa.PrimaryKeyConstraint("member_id", "rule", "source", name="pk_credit_hours")
    ]
    if numbered:
        key = [
            sa.Column("id", KEY, nullable=False),
            sa.PrimaryKeyConstraint("id", name="pk_credit_hours"),
            sa.UniqueConstraint("member_id", "rule", "source", name="uq_credit_hours_member_id_rule_source"),
        ]
    op.create_table(
        "credit_hours",
        sa.Column("member_id", KEY, nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(40), nullable=False),
        sa.Column("source", sa.String(60), nullable=False),
        sa.Column("earned_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_credit_hours_member_id_members"),
        *key,
        sqlite_with_rowid=numbered,
    )
    _fill("credit_hours", "member_id, minutes, rule, source, earned_at", "member_id, rule, source")


def _fill(table: str, columns: str, order: str) -> None:
    op.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {table}_before ORDER BY {order}")
    op.drop_table(f"{table}_before")
