"""Since when the present content of a course is published: members who had completed all of it by then completed it on
that day.

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

from academy.core.types import Instant

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("courses", schema=None) as batch_op:
        batch_op.add_column(sa.Column("content_since", Instant(), nullable=True))
    courses = sa.table(
        "courses",
        sa.column("content_since", Instant()),
        sa.column("published_at", Instant()),
        sa.column("updated_at", Instant()),
        sa.column("published_version", sa.Integer),
    )
    # A later version was published at the latest with the last publication of the course.
    since = sa.case((courses.c.published_version == 1, courses.c.published_at), else_=courses.c.updated_at)
    op.execute(sa.update(courses).where(courses.c.published_version.is_not(None)).values(content_since=since))


def downgrade() -> None:
    with op.batch_alter_table("courses", schema=None) as batch_op:
        batch_op.drop_column("content_since")
