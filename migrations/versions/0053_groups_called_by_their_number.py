"""Discussion groups without a name of their own are called by their number, in the reader's language.

Why a place ended is kept where a person wrote it; that its member left the register is said of the member.

Revision ID: 0053
Revises: 0052
"""

import sqlalchemy as sa
from alembic import op

revision = '0053'
down_revision = '0052'
branch_labels = None
depends_on = None

DEALT = """'第 ' || "position" || ' 组'"""
"""What groups that were dealt had for a name."""

GONE = "已经不在册"
"""What was written where nobody gave a reason."""


def upgrade() -> None:
    with op.batch_alter_table('discussion_groups', schema=None) as batch_op:
        batch_op.alter_column('name', existing_type=sa.String(length=40), nullable=True)
    op.execute(f"UPDATE discussion_groups SET name = NULL WHERE name = {DEALT}")  # noqa: S608
    places = sa.table('class_members', sa.column('left_reason'))
    op.execute(places.update().where(places.c.left_reason == GONE).values(left_reason=''))


def downgrade() -> None:
    op.execute(f"UPDATE discussion_groups SET name = {DEALT} WHERE name IS NULL")  # noqa: S608
    with op.batch_alter_table('discussion_groups', schema=None) as batch_op:
        batch_op.alter_column('name', existing_type=sa.String(length=40), nullable=False)
