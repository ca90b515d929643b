"""Invitations of a plan's lecturers, their answers, and edits of planned lectures.

Revision ID: 0047
Revises: 0045
"""

import sqlalchemy as sa
from alembic import op

revision = '0047'
down_revision = '0045'
branch_labels = None
depends_on = None

CHECKS = {
    'state': "state IN ('draft', 'proposed', 'accepted', 'declined', 'other_day', 'confirmed', 'withdrawn')",
    'answer_way': "answer_way IN ('link', 'office')",
    'lecture': "state <> 'confirmed' OR lecture_id IS NOT NULL",
    'other_day': "state <> 'other_day' OR asked_day IS NOT NULL",
    'link': 'link >= 0',
}
# Until now a decision put every assignment on the timetable: on its day, under the topic's title.
DECIDED = """
    UPDATE assignments SET state = 'confirmed', lecture_id = (
        SELECT min(lecture.id) FROM programme_lectures AS lecture
        JOIN term_plans AS plan ON plan.term_id = lecture.term_id
        JOIN topic_requests AS request ON request.title = lecture.title
        WHERE plan.id = assignments.plan_id AND request.id = assignments.request_id
        AND lecture.kind = 'forum' AND lecture.state IN ('planned', 'held') AND lecture.day = assignments.day
    ) WHERE EXISTS (
        SELECT 1 FROM programme_lectures AS lecture
        JOIN term_plans AS plan ON plan.term_id = lecture.term_id
        JOIN topic_requests AS request ON request.title = lecture.title
        WHERE plan.id = assignments.plan_id AND plan.state = 'decided' AND request.id = assignments.request_id
        AND lecture.kind = 'forum' AND lecture.state IN ('planned', 'held') AND lecture.day = assignments.day
    )
"""
LEFT = """
    UPDATE assignments SET state = 'withdrawn' WHERE state = 'draft'
    AND plan_id IN (SELECT id FROM term_plans WHERE state = 'decided')
"""


def upgrade() -> None:
    op.create_table('lecture_edits',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('lecture_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('before', sa.JSON(), nullable=False),
    sa.Column('after', sa.JSON(), nullable=False),
    sa.Column('edited_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('edited_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['edited_by'], ['accounts.id'], name=op.f('fk_lecture_edits_edited_by_accounts')),
    sa.ForeignKeyConstraint(['lecture_id'], ['programme_lectures.id'], name=op.f('fk_lecture_edits_lecture_id_programme_lectures')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_lecture_edits'))
    )
    with op.batch_alter_table('lecture_edits', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_lecture_edits_lecture_id'), ['lecture_id'], unique=False)

    with op.batch_alter_table('assignments', schema=None) as batch_op:
        batch_op.add_column(sa.Column('state', sa.String(length=12), nullable=False, server_default='draft'))
        batch_op.add_column(sa.Column('link', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('link_is_on', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('answer_by', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('invited_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('asked_day', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('answer_way', sa.String(length=8), nullable=True))
        batch_op.add_column(sa.Column('answered_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.add_column(sa.Column('reason', sa.String(length=200), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('lecture_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.drop_constraint(batch_op.f('uq_assignments_plan_id_request_id'), type_='unique')

    op.execute(DECIDED)
    op.execute(LEFT)
    with op.batch_alter_table('assignments', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_assignments_lecture_id'), ['lecture_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_assignments_lecturer_id'), ['lecturer_id'], unique=False)
        batch_op.create_index('uq_assignments_evening', ['plan_id', 'day'], unique=True, sqlite_where=sa.text("state IN ('proposed', 'accepted', 'other_day', 'confirmed')"), postgresql_where=sa.text("state IN ('proposed', 'accepted', 'other_day', 'confirmed')"))
        batch_op.create_index('uq_assignments_topic', ['plan_id', 'request_id'], unique=True, sqlite_where=sa.text("state NOT IN ('declined', 'withdrawn')"), postgresql_where=sa.text("state NOT IN ('declined', 'withdrawn')"))
        batch_op.create_foreign_key(batch_op.f('fk_assignments_answered_by_accounts'), 'accounts', ['answered_by'], ['id'])
        batch_op.create_foreign_key(batch_op.f('fk_assignments_lecture_id_programme_lectures'), 'programme_lectures', ['lecture_id'], ['id'])
        for name, condition in CHECKS.items():
            batch_op.create_check_constraint(batch_op.f(f'ck_assignments_{name}'), condition)

    with op.batch_alter_table('plan_rulings', schema=None) as batch_op:
        batch_op.add_column(sa.Column('answer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.create_unique_constraint(batch_op.f('uq_plan_rulings_answer_id'), ['answer_id'])
        batch_op.create_foreign_key(batch_op.f('fk_plan_rulings_answer_id_assignments'), 'assignments', ['answer_id'], ['id'])

    with op.batch_alter_table('term_plans', schema=None) as batch_op:
        batch_op.add_column(sa.Column('classroom_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_term_plans_classroom_id_classrooms'), 'classrooms', ['classroom_id'], ['id'])


def downgrade() -> None:
    # A topic stood in a plan once: what was declined or withdrawn has no place there.
    op.execute("DELETE FROM plan_rulings WHERE answer_id IS NOT NULL")
    op.execute("DELETE FROM assignments WHERE state IN ('declined', 'withdrawn')")
    with op.batch_alter_table('term_plans', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_term_plans_classroom_id_classrooms'), type_='foreignkey')
        batch_op.drop_column('classroom_id')

    with op.batch_alter_table('plan_rulings', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_plan_rulings_answer_id_assignments'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('uq_plan_rulings_answer_id'), type_='unique')
        batch_op.drop_column('answer_id')

    with op.batch_alter_table('assignments', schema=None) as batch_op:
        for name in CHECKS:
            batch_op.drop_constraint(batch_op.f(f'ck_assignments_{name}'), type_='check')
        batch_op.drop_constraint(batch_op.f('fk_assignments_lecture_id_programme_lectures'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_assignments_answered_by_accounts'), type_='foreignkey')
        batch_op.drop_index('uq_assignments_topic', sqlite_where=sa.text("state NOT IN ('declined', 'withdrawn')"), postgresql_where=sa.text("state NOT IN ('declined', 'withdrawn')"))
        batch_op.drop_index('uq_assignments_evening', sqlite_where=sa.text("state IN ('proposed', 'accepted', 'other_day', 'confirmed')"), postgresql_where=sa.text("state IN ('proposed', 'accepted', 'other_day', 'confirmed')"))
        batch_op.drop_index(batch_op.f('ix_assignments_lecturer_id'))
        batch_op.drop_index(batch_op.f('ix_assignments_lecture_id'))
        batch_op.create_unique_constraint(batch_op.f('uq_assignments_plan_id_request_id'), ['plan_id', 'request_id'])
        batch_op.drop_column('lecture_id')
        batch_op.drop_column('reason')
        batch_op.drop_column('answered_by')
        batch_op.drop_column('answer_way')
        batch_op.drop_column('answered_at')
        batch_op.drop_column('asked_day')
        batch_op.drop_column('invited_at')
        batch_op.drop_column('answer_by')
        batch_op.drop_column('link_is_on')
        batch_op.drop_column('link')
        batch_op.drop_column('state')

    with op.batch_alter_table('lecture_edits', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_lecture_edits_lecture_id'))

    op.drop_table('lecture_edits')
