"""Lists and evidence packs of the lecture programme are exported.

Revision ID: 0051
Revises: 0050
"""

from alembic import op

revision = '0051'
down_revision = '0050'
branch_labels = None
depends_on = None

BEFORE = ("names", "table", "groups", "evidence", "period", "secretaries", "floating", "exemptions", "quality")
ADDED = ("programme", "programme_pack")


def _allow(kinds: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table('exports', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_exports_kind'), type_='check')
        batch_op.create_check_constraint(batch_op.f('ck_exports_kind'), f"kind IN ({listed})")


def upgrade() -> None:
    _allow((*BEFORE, *ADDED))


def downgrade() -> None:
    listed = ", ".join(f"'{kind}'" for kind in ADDED)
    # The links of such files lie within a week; the older program cannot make them.
    op.execute(f"DELETE FROM exports WHERE kind IN ({listed})")  # noqa: S608
    _allow(BEFORE)
