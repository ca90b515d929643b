"""Today's coverage in one row a course: the sum of the existing cells."""

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None

# SQLite assigns row ids only to a key that is declared INTEGER.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        'coverage_totals',
        sa.Column('training_id', KEY, autoincrement=False, nullable=False),
        sa.Column('organisation_id', KEY, autoincrement=False, nullable=False),
        sa.Column('course_id', KEY, autoincrement=False, nullable=False),
        sa.Column('due', sa.Integer(), nullable=False),
        sa.Column('exempt', sa.Integer(), nullable=False),
        sa.Column('reached', sa.Integer(), nullable=False),
        sa.Column('completed', sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint('training_id', 'organisation_id', 'course_id', name=op.f('pk_coverage_totals')),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO coverage_totals (training_id, organisation_id, course_id, due, exempt, reached, completed) "
        "SELECT training_id, organisation_id, course_id, sum(due), sum(exempt), sum(reached), sum(completed) "
        "FROM coverage_cells GROUP BY training_id, organisation_id, course_id"
    )


def downgrade() -> None:
    op.drop_table('coverage_totals')
