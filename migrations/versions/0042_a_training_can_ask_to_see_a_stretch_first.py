"""A training can ask to see a stretch of a lecture first.

Revision ID: 0042
Revises: 0038
"""

import sqlalchemy as sa
from alembic import op

revision = '0042'
down_revision = '0038'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('trainings', schema=None) as batch_op:
        batch_op.add_column(sa.Column('clip_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_trainings_clip_id_clips'), 'clips', ['clip_id'], ['id'])


def downgrade() -> None:
    with op.batch_alter_table('trainings', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_trainings_clip_id_clips'), type_='foreignkey')
        batch_op.drop_column('clip_id')
