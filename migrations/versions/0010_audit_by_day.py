"""An index of the audit trail by day, and the anchor of its chain after old rows are deleted."""

import sqlalchemy as sa
from alembic import op

# SQLite assigns row ids only to a key that is declared INTEGER.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('ix_audit_entries_at', 'audit_entries', ['at'])
    op.create_table(
        'audit_anchors',
        sa.Column('id', KEY, nullable=False),
        sa.Column('seq', KEY, nullable=False),
        sa.Column('chain', sa.String(length=80), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_anchors')),
    )


def downgrade() -> None:
    op.drop_table('audit_anchors')
    op.drop_index('ix_audit_entries_at', table_name='audit_entries')
