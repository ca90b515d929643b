"""Which course of the library is the recording of a lecture.

Revision ID: 0050
Revises: 0049
"""

import sqlalchemy as sa
from alembic import op

revision = '0050'
down_revision = '0049'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('lecture_recordings',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('lecture_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('course_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('linked_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('linked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('taken_down_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['course_id'], ['courses.id'], name=op.f('fk_lecture_recordings_course_id_courses')),
    sa.ForeignKeyConstraint(['lecture_id'], ['programme_lectures.id'], name=op.f('fk_lecture_recordings_lecture_id_programme_lectures')),
    sa.ForeignKeyConstraint(['linked_by'], ['accounts.id'], name=op.f('fk_lecture_recordings_linked_by_accounts')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_lecture_recordings')),
    sa.UniqueConstraint('course_id', name=op.f('uq_lecture_recordings_course_id')),
    sa.UniqueConstraint('lecture_id', name=op.f('uq_lecture_recordings_lecture_id'))
    )


def downgrade() -> None:
    op.drop_table('lecture_recordings')
