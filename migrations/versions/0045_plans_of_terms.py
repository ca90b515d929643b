"""Plans of terms: assignments, what was left out, and rulings with their price.

Revision ID: 0045
Revises: 0044
"""

import sqlalchemy as sa
from alembic import op

revision = '0045'
down_revision = '0044'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('term_plans',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('term_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('planned_revision', sa.Integer(), nullable=False),
    sa.Column('planned_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('failure', sa.JSON(), nullable=True),
    sa.Column('created_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('decided_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state IN ('draft', 'decided')", name=op.f('ck_term_plans_state')),
    sa.ForeignKeyConstraint(['created_by'], ['accounts.id'], name=op.f('fk_term_plans_created_by_accounts')),
    sa.ForeignKeyConstraint(['decided_by'], ['accounts.id'], name=op.f('fk_term_plans_decided_by_accounts')),
    sa.ForeignKeyConstraint(['term_id'], ['teaching_terms.id'], name=op.f('fk_term_plans_term_id_teaching_terms')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_term_plans')),
    sa.UniqueConstraint('public_id', name=op.f('uq_term_plans_public_id')),
    sa.UniqueConstraint('term_id', name=op.f('uq_term_plans_term_id'))
    )
    op.create_table('assignments',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('plan_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('request_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('lecturer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('reasons', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['lecturer_id'], ['lecturers.id'], name=op.f('fk_assignments_lecturer_id_lecturers')),
    sa.ForeignKeyConstraint(['plan_id'], ['term_plans.id'], name=op.f('fk_assignments_plan_id_term_plans')),
    sa.ForeignKeyConstraint(['request_id'], ['topic_requests.id'], name=op.f('fk_assignments_request_id_topic_requests')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_assignments')),
    sa.UniqueConstraint('plan_id', 'request_id', name=op.f('uq_assignments_plan_id_request_id')),
    sa.UniqueConstraint('public_id', name=op.f('uq_assignments_public_id'))
    )
    # The board of a plan, in the order of its evenings.
    with op.batch_alter_table('assignments', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_assignments_plan_id_day'), ['plan_id', 'day'], unique=False)

    op.create_table('plan_omissions',
    sa.Column('plan_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('request_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('reason', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['plan_id'], ['term_plans.id'], name=op.f('fk_plan_omissions_plan_id_term_plans')),
    sa.ForeignKeyConstraint(['request_id'], ['topic_requests.id'], name=op.f('fk_plan_omissions_request_id_topic_requests')),
    sa.PrimaryKeyConstraint('plan_id', 'request_id', name=op.f('pk_plan_omissions'))
    )
    op.create_table('plan_rulings',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('plan_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('request_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('lecturer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('day', sa.Date(), nullable=True),
    sa.Column('is_wanted', sa.Boolean(), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('price', sa.JSON(), nullable=True),
    sa.Column('is_possible', sa.Boolean(), nullable=False),
    sa.Column('slipping', sa.JSON(), nullable=False),
    sa.Column('ruled_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('ruled_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("(state = 'asked') = (price IS NULL)", name=op.f('ck_plan_rulings_priced')),
    sa.CheckConstraint("state IN ('asked', 'priced', 'confirmed')", name=op.f('ck_plan_rulings_state')),
    sa.CheckConstraint('day IS NULL OR is_wanted', name=op.f('ck_plan_rulings_day')),
    sa.ForeignKeyConstraint(['lecturer_id'], ['lecturers.id'], name=op.f('fk_plan_rulings_lecturer_id_lecturers')),
    sa.ForeignKeyConstraint(['plan_id'], ['term_plans.id'], name=op.f('fk_plan_rulings_plan_id_term_plans')),
    sa.ForeignKeyConstraint(['request_id'], ['topic_requests.id'], name=op.f('fk_plan_rulings_request_id_topic_requests')),
    sa.ForeignKeyConstraint(['ruled_by'], ['accounts.id'], name=op.f('fk_plan_rulings_ruled_by_accounts')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_plan_rulings')),
    sa.UniqueConstraint('public_id', name=op.f('uq_plan_rulings_public_id'))
    )
    # The rulings of a plan that are in force.
    with op.batch_alter_table('plan_rulings', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_plan_rulings_plan_id_state'), ['plan_id', 'state'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('plan_rulings', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_plan_rulings_plan_id_state'))

    op.drop_table('plan_rulings')
    op.drop_table('plan_omissions')
    with op.batch_alter_table('assignments', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_assignments_plan_id_day'))

    op.drop_table('assignments')
    op.drop_table('term_plans')
