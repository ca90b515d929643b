"""A training's progress is read from completions; the mask of 61 bits in enrolments is gone.

Which courses a member has completed follows from `completions` and `training_courses`, so a training may have any
number of courses. The days of start and completion stay as they are.

Revision ID: 0031
Revises: 0030
"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_DAY = {
    "sqlite": "date(c.completed_at, '+8 hours')",
    "postgresql": "CAST(c.completed_at AT TIME ZONE 'Asia/Shanghai' AS date)",
}
_COUNTED = """
    FROM completions c
    JOIN training_courses tc ON tc.course_id = c.course_id AND tc.version <= c.course_version
    JOIN trainings t ON t.id = tc.training_id
    WHERE t.id = enrolments.training_id AND c.member_id = enrolments.member_id
    AND {day} <= t.closes_on AND (t.closed_at IS NULL OR c.completed_at < t.closed_at)
"""


def upgrade() -> None:
    op.drop_column("enrolments", "done")
    op.drop_column("enrolments", "last_on")
    _position("position >= 0")


def downgrade() -> None:
    if op.get_bind().scalar(sa.text("SELECT max(position) FROM training_courses WHERE position > 61")) is not None:
        raise RuntimeError("a training has more than 62 courses: the earlier release cannot hold its progress")
    _position("position BETWEEN 0 AND 61")
    op.add_column("enrolments", sa.Column("done", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("enrolments", sa.Column("last_on", sa.Date, nullable=True))
    day = _DAY[op.get_bind().dialect.name]
    counted = _COUNTED.format(day=day)
    bits = f"SELECT DISTINCT CAST(1 AS BIGINT) << tc.position AS bit {counted}"
    # The day of the latest course, each by its first completion.
    days = f"SELECT min({day}) AS day {counted} GROUP BY tc.course_id"
    op.execute(
        f"UPDATE enrolments SET done = COALESCE((SELECT CAST(sum(bit) AS BIGINT) FROM ({bits}) AS found), 0), "  # noqa: S608
        f"last_on = (SELECT max(day) FROM ({days}) AS found)"
    )


def _position(rule: str) -> None:
    with op.batch_alter_table("training_courses", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_training_courses_position"), type_="check")
        batch_op.create_check_constraint(op.f("ck_training_courses_position"), sa.text(rule))
