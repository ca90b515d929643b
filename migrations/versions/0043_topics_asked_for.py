"""Topics asked for, and the voices that support them.

Revision ID: 0043
Revises: 0042
"""

import sqlalchemy as sa
from alembic import op

revision = '0043'
down_revision = '0042'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('topic_requests',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('key', sa.String(length=40), nullable=False),
    sa.Column('title', sa.String(length=60), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('category_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('class_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('proposed_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('is_demanded', sa.Boolean(), nullable=False),
    sa.Column('merged_into_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('state_before_merger', sa.String(length=12), nullable=True),
    sa.Column('reason', sa.String(length=300), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('decided_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(state = 'merged') = (merged_into_id IS NOT NULL)", name=op.f('ck_topic_requests_merged')),
    sa.CheckConstraint("state <> 'declined' OR reason <> ''", name=op.f('ck_topic_requests_declined')),
    sa.CheckConstraint("state IN ('open', 'shortlisted', 'planned', 'declined', 'merged')", name=op.f('ck_topic_requests_state')),
    sa.CheckConstraint("state_before_merger IN ('open', 'shortlisted', 'planned', 'declined', 'merged')", name=op.f('ck_topic_requests_state_before_merger')),
    sa.CheckConstraint('merged_into_id IS NULL OR merged_into_id <> id', name=op.f('ck_topic_requests_not_itself')),
    sa.ForeignKeyConstraint(['category_id'], ['categories.id'], name=op.f('fk_topic_requests_category_id_categories')),
    sa.ForeignKeyConstraint(['class_id'], ['training_classes.id'], name=op.f('fk_topic_requests_class_id_training_classes')),
    sa.ForeignKeyConstraint(['decided_by'], ['accounts.id'], name=op.f('fk_topic_requests_decided_by_accounts')),
    sa.ForeignKeyConstraint(['merged_into_id'], ['topic_requests.id'], name=op.f('fk_topic_requests_merged_into_id_topic_requests')),
    sa.ForeignKeyConstraint(['proposed_by'], ['accounts.id'], name=op.f('fk_topic_requests_proposed_by_accounts')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_topic_requests')),
    sa.UniqueConstraint('proposed_by', 'key', name=op.f('uq_topic_requests_proposed_by_key')),
    sa.UniqueConstraint('public_id', name=op.f('uq_topic_requests_public_id'))
    )
    with op.batch_alter_table('topic_requests', schema=None) as batch_op:
        # What was merged into a request, whenever its voices are counted; the lists by state.
        batch_op.create_index(batch_op.f('ix_topic_requests_merged_into_id'), ['merged_into_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_topic_requests_state_id'), ['state', 'id'], unique=False)

    op.create_table('topic_voices',
    sa.Column('request_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('given_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_topic_voices_account_id_accounts')),
    sa.ForeignKeyConstraint(['request_id'], ['topic_requests.id'], name=op.f('fk_topic_voices_request_id_topic_requests')),
    sa.PrimaryKeyConstraint('request_id', 'account_id', name=op.f('pk_topic_voices'))
    )
    with op.batch_alter_table('topic_voices', schema=None) as batch_op:
        # The topics that a person supports; erasure.
        batch_op.create_index(batch_op.f('ix_topic_voices_account_id'), ['account_id'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('topic_voices', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_topic_voices_account_id'))

    op.drop_table('topic_voices')
    with op.batch_alter_table('topic_requests', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_topic_requests_state_id'))
        batch_op.drop_index(batch_op.f('ix_topic_requests_merged_into_id'))

    op.drop_table('topic_requests')
