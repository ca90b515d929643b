"""Named cohorts; reminders that ask branches to act."""

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table(
        'cohorts',
        sa.Column('id', KEY, nullable=False),
        sa.Column('public_id', sa.String(length=16), nullable=False),
        sa.Column('organisation_id', KEY, nullable=False),
        sa.Column('name', sa.String(length=60), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ['organisation_id'], ['organisations.id'], name=op.f('fk_cohorts_organisation_id_organisations')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_cohorts')),
        sa.UniqueConstraint('organisation_id', 'name', name=op.f('uq_cohorts_organisation_id_name')),
        sa.UniqueConstraint('public_id', name=op.f('uq_cohorts_public_id')),
    )
    op.create_table(
        'cohort_members',
        sa.Column('cohort_id', KEY, nullable=False),
        sa.Column('member_id', KEY, nullable=False),
        sa.Column('added_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['cohort_id'], ['cohorts.id'], name=op.f('fk_cohort_members_cohort_id_cohorts')),
        sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('fk_cohort_members_member_id_members')),
        sa.PrimaryKeyConstraint('cohort_id', 'member_id', name=op.f('pk_cohort_members')),
    )
    op.create_index(op.f('ix_cohort_members_member_id'), 'cohort_members', ['member_id'])
    with op.batch_alter_table('reminders') as batch_op:
        batch_op.add_column(sa.Column('kind', sa.String(length=12), nullable=False, server_default='members'))
        batch_op.add_column(sa.Column('missing', sa.Integer(), nullable=False, server_default='0'))


def downgrade() -> None:
    with op.batch_alter_table('reminders') as batch_op:
        batch_op.drop_column('missing')
        batch_op.drop_column('kind')
    op.drop_table('cohort_members')
    op.drop_table('cohorts')
