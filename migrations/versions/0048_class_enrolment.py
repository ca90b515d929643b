"""Classes have waiting lists, groups and turns"""

import sqlalchemy as sa
from alembic import op

revision = '0048'
down_revision = '0047'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('class_applications',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('class_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('member_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('applied_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('queued_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('decided_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state <> 'declined' OR reason <> ''", name=op.f('ck_class_applications_declined')),
    sa.CheckConstraint("state <> 'waiting' OR queued_at IS NOT NULL", name=op.f('ck_class_applications_queued')),
    sa.CheckConstraint("state IN ('applied', 'waiting', 'enrolled', 'declined', 'withdrawn', 'lapsed')", name=op.f('ck_class_applications_state')),
    sa.ForeignKeyConstraint(['class_id'], ['training_classes.id'], name=op.f('fk_class_applications_class_id_training_classes')),
    sa.ForeignKeyConstraint(['decided_by'], ['accounts.id'], name=op.f('fk_class_applications_decided_by_accounts')),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('fk_class_applications_member_id_members')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_class_applications')),
    sa.UniqueConstraint('public_id', name=op.f('uq_class_applications_public_id'))
    )
    with op.batch_alter_table('class_applications', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_class_applications_class_id_state_queued_at'), ['class_id', 'state', 'queued_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_class_applications_member_id'), ['member_id'], unique=False)
        batch_op.create_index('uq_class_applications_open', ['class_id', 'member_id'], unique=True, sqlite_where=sa.text("state IN ('applied', 'waiting')"), postgresql_where=sa.text("state IN ('applied', 'waiting')"))

    op.create_table('discussion_groups',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('class_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.ForeignKeyConstraint(['class_id'], ['training_classes.id'], name=op.f('fk_discussion_groups_class_id_training_classes')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_discussion_groups')),
    sa.UniqueConstraint('class_id', 'name', name=op.f('uq_discussion_groups_class_id_name')),
    sa.UniqueConstraint('public_id', name=op.f('uq_discussion_groups_public_id'))
    )
    op.create_table('lectern_turns',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('class_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('member_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('topic', sa.String(length=120), nullable=False),
    sa.Column('minutes', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('created_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('confirmed_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(state = 'taken') = (confirmed_at IS NOT NULL)", name=op.f('ck_lectern_turns_confirmed')),
    sa.CheckConstraint("state IN ('planned', 'taken', 'cancelled')", name=op.f('ck_lectern_turns_state')),
    sa.CheckConstraint('minutes BETWEEN 1 AND 240', name=op.f('ck_lectern_turns_minutes')),
    sa.ForeignKeyConstraint(['class_id'], ['training_classes.id'], name=op.f('fk_lectern_turns_class_id_training_classes')),
    sa.ForeignKeyConstraint(['confirmed_by'], ['accounts.id'], name=op.f('fk_lectern_turns_confirmed_by_accounts')),
    sa.ForeignKeyConstraint(['created_by'], ['accounts.id'], name=op.f('fk_lectern_turns_created_by_accounts')),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('fk_lectern_turns_member_id_members')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_lectern_turns')),
    sa.UniqueConstraint('public_id', name=op.f('uq_lectern_turns_public_id'))
    )
    with op.batch_alter_table('lectern_turns', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_lectern_turns_class_id_state_day'), ['class_id', 'state', 'day'], unique=False)
        batch_op.create_index(batch_op.f('ix_lectern_turns_member_id'), ['member_id'], unique=False)

    op.create_table('group_places',
    sa.Column('class_member_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('group_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('is_leader', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['class_member_id'], ['class_members.id'], name=op.f('fk_group_places_class_member_id_class_members')),
    sa.ForeignKeyConstraint(['group_id'], ['discussion_groups.id'], name=op.f('fk_group_places_group_id_discussion_groups')),
    sa.PrimaryKeyConstraint('class_member_id', name=op.f('pk_group_places'))
    )
    with op.batch_alter_table('group_places', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_group_places_group_id'), ['group_id'], unique=False)
        batch_op.create_index('uq_group_places_leader', ['group_id'], unique=True, sqlite_where=sa.text('is_leader'), postgresql_where=sa.text('is_leader'))

    with op.batch_alter_table('class_members', schema=None) as batch_op:
        batch_op.add_column(sa.Column('left_reason', sa.String(length=200), server_default='', nullable=False))

    with op.batch_alter_table('programme_lectures', schema=None) as batch_op:
        batch_op.add_column(sa.Column('calendar_sequence', sa.Integer(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('calendar_changed_at', sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table('training_classes', schema=None) as batch_op:
        batch_op.add_column(sa.Column('apply_until', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('closing_report', sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('training_classes', schema=None) as batch_op:
        batch_op.drop_column('closing_report')
        batch_op.drop_column('apply_until')

    with op.batch_alter_table('programme_lectures', schema=None) as batch_op:
        batch_op.drop_column('calendar_changed_at')
        batch_op.drop_column('calendar_sequence')

    with op.batch_alter_table('class_members', schema=None) as batch_op:
        batch_op.drop_column('left_reason')

    with op.batch_alter_table('group_places', schema=None) as batch_op:
        batch_op.drop_index('uq_group_places_leader', sqlite_where=sa.text('is_leader'), postgresql_where=sa.text('is_leader'))
        batch_op.drop_index(batch_op.f('ix_group_places_group_id'))

    op.drop_table('group_places')
    with op.batch_alter_table('lectern_turns', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_lectern_turns_member_id'))
        batch_op.drop_index(batch_op.f('ix_lectern_turns_class_id_state_day'))

    op.drop_table('lectern_turns')
    op.drop_table('discussion_groups')
    with op.batch_alter_table('class_applications', schema=None) as batch_op:
        batch_op.drop_index('uq_class_applications_open', sqlite_where=sa.text("state IN ('applied', 'waiting')"), postgresql_where=sa.text("state IN ('applied', 'waiting')"))
        batch_op.drop_index(batch_op.f('ix_class_applications_member_id'))
        batch_op.drop_index(batch_op.f('ix_class_applications_class_id_state_queued_at'))

    op.drop_table('class_applications')
