"""Playbacks refer to the session that opened them."""

import sqlalchemy as sa
from alembic import op

# SQLite assigns row ids only to a key that is declared INTEGER.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('leases', sa.Column('session_id', KEY, nullable=True))
    op.create_index(
        'ix_leases_active_session',
        'leases',
        ['session_id'],
        sqlite_where=sa.text('ended_at IS NULL'),
        postgresql_where=sa.text('ended_at IS NULL'),
    )


def downgrade() -> None:
    op.drop_index('ix_leases_active_session', table_name='leases')
    op.drop_column('leases', 'session_id')
