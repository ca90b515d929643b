"""Public screens, consent, and requests of members about their data."""

import sqlalchemy as sa
from alembic import op

# SQLite assigns row ids only to a key that is declared INTEGER.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WHEN = sa.DateTime(timezone=True)

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('accounts', sa.Column('consent_version', sa.String(length=8), nullable=True))
    op.add_column('login_sessions', sa.Column('screen', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        'screen_logins',
        sa.Column('id', KEY, nullable=False),
        sa.Column('code', sa.String(length=16), nullable=False),
        sa.Column('digest', sa.String(length=64), nullable=False),
        sa.Column('number', sa.Integer(), nullable=False),
        sa.Column('device', sa.String(length=120), nullable=False),
        sa.Column('network', sa.String(length=64), nullable=False),
        sa.Column('created_at', WHEN, nullable=False),
        sa.Column('expires_at', WHEN, nullable=False),
        sa.Column('account_id', KEY, nullable=True),
        sa.Column('answered_at', WHEN, nullable=True),
        sa.Column('used_at', WHEN, nullable=True),
        sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_screen_logins_account_id_accounts')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_screen_logins')),
        sa.UniqueConstraint('code', name=op.f('uq_screen_logins_code')),
        sa.UniqueConstraint('digest', name=op.f('uq_screen_logins_digest')),
    )
    op.create_table(
        'consents',
        sa.Column('id', KEY, nullable=False),
        sa.Column('account_id', KEY, nullable=False),
        sa.Column('version', sa.String(length=8), nullable=False),
        sa.Column('language', sa.String(length=8), nullable=False),
        sa.Column('given_at', WHEN, nullable=False),
        sa.Column('withdrawn_at', WHEN, nullable=True),
        sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_consents_account_id_accounts')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_consents')),
    )
    op.create_index('ix_consents_account_id_id', 'consents', ['account_id', 'id'])
    op.create_table(
        'data_requests',
        sa.Column('id', KEY, nullable=False),
        sa.Column('public_id', sa.String(length=16), nullable=False),
        sa.Column('member_id', KEY, nullable=False),
        sa.Column('account_id', KEY, nullable=False),
        sa.Column('kind', sa.String(length=8), nullable=False),
        sa.Column('body', sa.String(length=1000), nullable=False),
        sa.Column('state', sa.String(length=10), nullable=False),
        sa.Column('first_by', KEY, nullable=True),
        sa.Column('first_at', WHEN, nullable=True),
        sa.Column('decided_by', KEY, nullable=True),
        sa.Column('decided_at', WHEN, nullable=True),
        sa.Column('answer', sa.String(length=1000), nullable=False),
        sa.Column('created_at', WHEN, nullable=False),
        sa.CheckConstraint(
            'first_by IS NULL OR decided_by IS NULL OR first_by <> decided_by',
            name=op.f('ck_data_requests_two_pairs_of_eyes'),
        ),
        sa.CheckConstraint(
            'account_id <> first_by AND account_id <> decided_by',
            name=op.f('ck_data_requests_nobody_decides_their_own'),
        ),
        sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_data_requests_account_id_accounts')),
        sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('fk_data_requests_member_id_members')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_data_requests')),
        sa.UniqueConstraint('public_id', name=op.f('uq_data_requests_public_id')),
    )
    op.create_index('ix_data_requests_state_id', 'data_requests', ['state', 'id'])
    op.create_index(
        'uq_data_requests_open',
        'data_requests',
        ['member_id', 'kind'],
        unique=True,
        sqlite_where=sa.text("state IN ('open','agreed')"),
        postgresql_where=sa.text("state IN ('open','agreed')"),
    )
    op.create_table(
        'restrictions',
        sa.Column('member_id', KEY, autoincrement=False, nullable=False),
        sa.Column('kind', sa.String(length=8), nullable=False),
        sa.Column('since', WHEN, nullable=False),
        sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('fk_restrictions_member_id_members')),
        sa.PrimaryKeyConstraint('member_id', name=op.f('pk_restrictions')),
    )


def downgrade() -> None:
    for table in ('restrictions', 'data_requests', 'consents', 'screen_logins'):
        op.drop_table(table)
    op.drop_column('login_sessions', 'screen')
    op.drop_column('accounts', 'consent_version')
