"""Notifications leave by channels that people choose: their choices, deliveries, and what is in each.

What was written before counts as looked at: an upgrade mails nobody the messages of two years.

Revision ID: 0032
Revises: 0031
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('deliveries',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('channel', sa.String(length=4), nullable=False),
    sa.Column('pace', sa.String(length=8), nullable=False),
    sa.Column('is_urgent', sa.Boolean(), nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('claimed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('error', sa.String(length=200), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("channel IN ('mail', 'sms', 'app')", name=op.f('ck_deliveries_channel')),
    sa.CheckConstraint("pace IN ('at_once', 'daily', 'weekly')", name=op.f('ck_deliveries_pace')),
    sa.CheckConstraint("state IN ('waiting', 'sending', 'sent', 'failed', 'dropped')", name=op.f('ck_deliveries_state')),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_deliveries_account_id_accounts')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deliveries')),
    sa.UniqueConstraint('public_id', name=op.f('uq_deliveries_public_id'))
    )
    with op.batch_alter_table('deliveries', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_deliveries_account_id_channel_sent_at'), ['account_id', 'channel', 'sent_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_deliveries_state_due_at'), ['state', 'due_at'], unique=False)
        batch_op.create_index('uq_deliveries_open_digest', ['account_id', 'channel', 'pace', 'due_at'], unique=True, sqlite_where=sa.text("pace <> 'at_once' AND state = 'waiting'"), postgresql_where=sa.text("pace <> 'at_once' AND state = 'waiting'"))

    op.create_table('notification_choices',
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('topic', sa.String(length=12), nullable=False),
    sa.Column('in_app', sa.Boolean(), nullable=False),
    sa.Column('mail', sa.Boolean(), nullable=False),
    sa.Column('sms', sa.Boolean(), nullable=False),
    sa.Column('app', sa.Boolean(), nullable=False),
    sa.Column('pace', sa.String(length=8), nullable=False),
    sa.CheckConstraint("pace IN ('at_once', 'daily', 'weekly')", name=op.f('ck_notification_choices_pace')),
    sa.CheckConstraint("topic IN ('trainings', 'record', 'courses', 'security')", name=op.f('ck_notification_choices_topic')),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_notification_choices_account_id_accounts')),
    sa.PrimaryKeyConstraint('account_id', 'topic', name=op.f('pk_notification_choices'))
    )
    op.create_table('notification_settings',
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('mail_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('mail_confirmed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('mail_asked_on', sa.Date(), nullable=True),
    sa.Column('mail_asks', sa.Integer(), nullable=False),
    sa.Column('quiet_from', sa.Integer(), nullable=False),
    sa.Column('quiet_to', sa.Integer(), nullable=False),
    sa.Column('calendar_version', sa.Integer(), nullable=False),
    sa.Column('calendar_is_on', sa.Boolean(), nullable=False),
    sa.CheckConstraint('mail_confirmed_at IS NULL OR mail_sealed IS NOT NULL', name=op.f('ck_notification_settings_confirmed_address')),
    sa.CheckConstraint('quiet_from BETWEEN 0 AND 1439 AND quiet_to BETWEEN 0 AND 1439', name=op.f('ck_notification_settings_minutes_of_a_day')),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_notification_settings_account_id_accounts')),
    sa.PrimaryKeyConstraint('account_id', name=op.f('pk_notification_settings'))
    )
    op.create_table('delivery_items',
    sa.Column('notification_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('channel', sa.String(length=4), nullable=False),
    sa.Column('delivery_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.CheckConstraint("channel IN ('mail', 'sms', 'app')", name=op.f('ck_delivery_items_channel')),
    sa.ForeignKeyConstraint(['delivery_id'], ['deliveries.id'], name=op.f('fk_delivery_items_delivery_id_deliveries'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['notification_id'], ['notifications.id'], name=op.f('fk_delivery_items_notification_id_notifications'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('notification_id', 'channel', name=op.f('pk_delivery_items'))
    )
    with op.batch_alter_table('delivery_items', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_delivery_items_delivery_id'), ['delivery_id'], unique=False)

    with op.batch_alter_table('notifications', schema=None) as batch_op:
        batch_op.add_column(sa.Column('planned_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index('ix_notifications_unplanned', ['id'], unique=False, sqlite_where=sa.text('planned_at IS NULL'), postgresql_where=sa.text('planned_at IS NULL'))

    op.execute("UPDATE notifications SET planned_at = created_at")


def downgrade() -> None:
    with op.batch_alter_table('notifications', schema=None) as batch_op:
        batch_op.drop_index('ix_notifications_unplanned', sqlite_where=sa.text('planned_at IS NULL'), postgresql_where=sa.text('planned_at IS NULL'))
        batch_op.drop_column('planned_at')

    with op.batch_alter_table('delivery_items', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_delivery_items_delivery_id'))

    op.drop_table('delivery_items')
    op.drop_table('notification_settings')
    op.drop_table('notification_choices')
    with op.batch_alter_table('deliveries', schema=None) as batch_op:
        batch_op.drop_index('uq_deliveries_open_digest', sqlite_where=sa.text("pace <> 'at_once' AND state = 'waiting'"), postgresql_where=sa.text("pace <> 'at_once' AND state = 'waiting'"))
        batch_op.drop_index(batch_op.f('ix_deliveries_state_due_at'))
        batch_op.drop_index(batch_op.f('ix_deliveries_account_id_channel_sent_at'))

    op.drop_table('deliveries')
