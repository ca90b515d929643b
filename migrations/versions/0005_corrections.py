"""Completions corrected by hand: proposed by one, decided by another."""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table(
        'corrections',
        sa.Column('id', KEY, nullable=False),
        sa.Column('public_id', sa.String(length=16), nullable=False),
        sa.Column('member_id', KEY, nullable=False),
        sa.Column('course_id', KEY, nullable=False),
        sa.Column('course_version', sa.Integer(), nullable=False),
        sa.Column('kind', sa.String(length=12), nullable=False),
        sa.Column('studied_on', sa.Date(), nullable=True),
        sa.Column('reason', sa.String(length=200), nullable=False),
        sa.Column('detail', sa.JSON(), nullable=False),
        sa.Column('proposed_by', KEY, nullable=False),
        sa.Column('proposed_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('decided_by', KEY, nullable=True),
        sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('decision', sa.String(length=12), nullable=True),
        sa.CheckConstraint("kind IN ('register','strike')", name=op.f('ck_corrections_kind')),
        sa.CheckConstraint(
            "decision IN ('approved','declined','withdrawn')", name=op.f('ck_corrections_decision')
        ),
        sa.CheckConstraint(
            "decision IS NULL OR decision <> 'approved' OR decided_by <> proposed_by",
            name=op.f('ck_corrections_second_pair_of_eyes'),
        ),
        sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('fk_corrections_member_id_members')),
        sa.ForeignKeyConstraint(['course_id'], ['courses.id'], name=op.f('fk_corrections_course_id_courses')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_corrections')),
        sa.UniqueConstraint('public_id', name=op.f('uq_corrections_public_id')),
    )
    where = sa.text('decision IS NULL')
    op.create_index(
        'uq_corrections_waiting', 'corrections', ['member_id', 'course_id'], unique=True,
        sqlite_where=where, postgresql_where=where,
    )
    op.create_index(op.f('ix_corrections_member_id_decided_at'), 'corrections', ['member_id', 'decided_at'])


def downgrade() -> None:
    op.drop_table('corrections')
