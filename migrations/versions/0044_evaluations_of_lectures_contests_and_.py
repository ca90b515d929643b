"""Evaluations of lectures, contests and personnel notes"""

import sqlalchemy as sa
from alembic import op

revision = '0044'
down_revision = '0043'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('signing_keys',
    sa.Column('key_id', sa.String(length=16), nullable=False),
    sa.Column('public_key', sa.String(length=44), nullable=False),
    sa.Column('first_used_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('key_id', name=op.f('pk_signing_keys')),
    sa.UniqueConstraint('public_key', name=op.f('uq_signing_keys_public_key'))
    )
    op.create_table('contests',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('term_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('title', sa.String(length=80), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('criteria', sa.JSON(), nullable=False),
    sa.Column('places', sa.Integer(), nullable=False),
    sa.Column('least_judges', sa.Integer(), nullable=False),
    sa.Column('trimmed', sa.Integer(), nullable=False),
    sa.Column('objection_days', sa.Integer(), nullable=False),
    sa.Column('objections_until', sa.Date(), nullable=True),
    sa.Column('created_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state IN ('nominating', 'scoring', 'objecting', 'published')", name=op.f('ck_contests_state')),
    sa.CheckConstraint('least_judges BETWEEN 3 AND 30', name=op.f('ck_contests_judges')),
    sa.CheckConstraint('places BETWEEN 1 AND 50', name=op.f('ck_contests_places')),
    sa.CheckConstraint('trimmed BETWEEN 0 AND 3', name=op.f('ck_contests_trimmed')),
    sa.ForeignKeyConstraint(['created_by'], ['accounts.id'], name=op.f('fk_contests_created_by_accounts')),
    sa.ForeignKeyConstraint(['term_id'], ['teaching_terms.id'], name=op.f('fk_contests_term_id_teaching_terms')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_contests')),
    sa.UniqueConstraint('public_id', name=op.f('uq_contests_public_id')),
    sa.UniqueConstraint('term_id', name=op.f('uq_contests_term_id'))
    )
    op.create_table('evaluation_forms',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('scale', sa.Integer(), nullable=False),
    sa.Column('questions', sa.JSON(), nullable=False),
    sa.Column('open_days', sa.Integer(), nullable=False),
    sa.Column('after_months', sa.Integer(), nullable=True),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.Column('entered_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('entered_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("(kind = 'follow_up') = (after_months IS NOT NULL)", name=op.f('ck_evaluation_forms_after')),
    sa.CheckConstraint("kind IN ('self', 'participants', 'follow_up')", name=op.f('ck_evaluation_forms_kind')),
    sa.CheckConstraint('after_months IS NULL OR after_months BETWEEN 1 AND 36', name=op.f('ck_evaluation_forms_months')),
    sa.CheckConstraint('open_days BETWEEN 1 AND 120', name=op.f('ck_evaluation_forms_days')),
    sa.CheckConstraint('scale BETWEEN 3 AND 10', name=op.f('ck_evaluation_forms_scale')),
    sa.CheckConstraint('valid_to IS NULL OR valid_to > valid_from', name=op.f('ck_evaluation_forms_order')),
    sa.ForeignKeyConstraint(['entered_by'], ['accounts.id'], name=op.f('fk_evaluation_forms_entered_by_accounts')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_evaluation_forms')),
    sa.UniqueConstraint('public_id', name=op.f('uq_evaluation_forms_public_id'))
    )
    with op.batch_alter_table('evaluation_forms', schema=None) as batch_op:
        batch_op.create_index('uq_evaluation_forms_open', ['kind'], unique=True, sqlite_where=sa.text('valid_to IS NULL'), postgresql_where=sa.text('valid_to IS NULL'))

    op.create_table('panel_seats',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('contest_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('member_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('appointed_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('appointed_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['appointed_by'], ['accounts.id'], name=op.f('fk_panel_seats_appointed_by_accounts')),
    sa.ForeignKeyConstraint(['contest_id'], ['contests.id'], name=op.f('fk_panel_seats_contest_id_contests')),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('fk_panel_seats_member_id_members')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_panel_seats')),
    sa.UniqueConstraint('contest_id', 'member_id', name=op.f('uq_panel_seats_contest_id_member_id'))
    )
    with op.batch_alter_table('panel_seats', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_panel_seats_member_id'), ['member_id'], unique=False)

    op.create_table('evaluation_rounds',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('lecture_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('form_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('opened_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('closes_on', sa.Date(), nullable=False),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("kind IN ('self', 'participants', 'follow_up')", name=op.f('ck_evaluation_rounds_kind')),
    sa.ForeignKeyConstraint(['form_id'], ['evaluation_forms.id'], name=op.f('fk_evaluation_rounds_form_id_evaluation_forms')),
    sa.ForeignKeyConstraint(['lecture_id'], ['programme_lectures.id'], name=op.f('fk_evaluation_rounds_lecture_id_programme_lectures')),
    sa.ForeignKeyConstraint(['opened_by'], ['accounts.id'], name=op.f('fk_evaluation_rounds_opened_by_accounts')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_evaluation_rounds')),
    sa.UniqueConstraint('lecture_id', 'kind', name=op.f('uq_evaluation_rounds_lecture_id_kind')),
    sa.UniqueConstraint('public_id', name=op.f('uq_evaluation_rounds_public_id'))
    )
    with op.batch_alter_table('evaluation_rounds', schema=None) as batch_op:
        batch_op.create_index('ix_evaluation_rounds_open', ['closes_on'], unique=False, sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))

    op.create_table('lecture_attendances',
    sa.Column('lecture_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('member_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('part', sa.String(length=8), nullable=False),
    sa.Column('way', sa.String(length=8), nullable=False),
    sa.Column('recorded_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("part IN ('student', 'peer')", name=op.f('ck_lecture_attendances_part')),
    sa.CheckConstraint("way IN ('name', 'code')", name=op.f('ck_lecture_attendances_way')),
    sa.ForeignKeyConstraint(['lecture_id'], ['programme_lectures.id'], name=op.f('fk_lecture_attendances_lecture_id_programme_lectures')),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('fk_lecture_attendances_member_id_members')),
    sa.ForeignKeyConstraint(['recorded_by'], ['accounts.id'], name=op.f('fk_lecture_attendances_recorded_by_accounts')),
    sa.PrimaryKeyConstraint('lecture_id', 'member_id', name=op.f('pk_lecture_attendances'))
    )
    with op.batch_alter_table('lecture_attendances', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_lecture_attendances_member_id'), ['member_id'], unique=False)

    op.create_table('nominations',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('contest_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('lecture_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('nominated_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('nominator_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('nominated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('eligibility', sa.String(length=12), nullable=False),
    sa.Column('findings', sa.JSON(), nullable=False),
    sa.Column('hundredths', sa.Integer(), nullable=True),
    sa.Column('judges', sa.Integer(), nullable=True),
    sa.Column('is_chosen', sa.Boolean(), nullable=False),
    sa.CheckConstraint("eligibility IN ('open', 'eligible', 'ineligible')", name=op.f('ck_nominations_eligibility')),
    sa.ForeignKeyConstraint(['contest_id'], ['contests.id'], name=op.f('fk_nominations_contest_id_contests')),
    sa.ForeignKeyConstraint(['lecture_id'], ['programme_lectures.id'], name=op.f('fk_nominations_lecture_id_programme_lectures')),
    sa.ForeignKeyConstraint(['nominated_by'], ['accounts.id'], name=op.f('fk_nominations_nominated_by_accounts')),
    sa.ForeignKeyConstraint(['nominator_id'], ['members.id'], name=op.f('fk_nominations_nominator_id_members')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_nominations')),
    sa.UniqueConstraint('contest_id', 'lecture_id', name=op.f('uq_nominations_contest_id_lecture_id')),
    sa.UniqueConstraint('public_id', name=op.f('uq_nominations_public_id'))
    )
    op.create_table('evaluation_answers',
    sa.Column('id', sa.String(length=16), nullable=False),
    sa.Column('round_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('group_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('scores', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['group_id'], ['training_classes.id'], name=op.f('fk_evaluation_answers_group_id_training_classes')),
    sa.ForeignKeyConstraint(['round_id'], ['evaluation_rounds.id'], name=op.f('fk_evaluation_answers_round_id_evaluation_rounds')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_evaluation_answers'))
    )
    with op.batch_alter_table('evaluation_answers', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_evaluation_answers_round_id'), ['round_id'], unique=False)

    op.create_table('evaluation_comments',
    sa.Column('id', sa.String(length=16), nullable=False),
    sa.Column('round_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('question', sa.String(length=20), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('decided_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state IN ('waiting', 'shown', 'withheld')", name=op.f('ck_evaluation_comments_state')),
    sa.ForeignKeyConstraint(['decided_by'], ['accounts.id'], name=op.f('fk_evaluation_comments_decided_by_accounts')),
    sa.ForeignKeyConstraint(['round_id'], ['evaluation_rounds.id'], name=op.f('fk_evaluation_comments_round_id_evaluation_rounds')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_evaluation_comments'))
    )
    with op.batch_alter_table('evaluation_comments', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_evaluation_comments_round_id_state'), ['round_id', 'state'], unique=False)

    op.create_table('evaluation_invitations',
    sa.Column('round_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('member_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('group_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('is_answered', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['group_id'], ['training_classes.id'], name=op.f('fk_evaluation_invitations_group_id_training_classes')),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('fk_evaluation_invitations_member_id_members')),
    sa.ForeignKeyConstraint(['round_id'], ['evaluation_rounds.id'], name=op.f('fk_evaluation_invitations_round_id_evaluation_rounds')),
    sa.PrimaryKeyConstraint('round_id', 'member_id', name=op.f('pk_evaluation_invitations'))
    )
    with op.batch_alter_table('evaluation_invitations', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_evaluation_invitations_member_id_is_answered'), ['member_id', 'is_answered'], unique=False)

    op.create_table('objections',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('contest_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('nomination_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('answer', sa.Text(), nullable=False),
    sa.Column('raised_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('raised_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('decided_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state IN ('open', 'upheld', 'dismissed')", name=op.f('ck_objections_state')),
    sa.ForeignKeyConstraint(['contest_id'], ['contests.id'], name=op.f('fk_objections_contest_id_contests')),
    sa.ForeignKeyConstraint(['decided_by'], ['accounts.id'], name=op.f('fk_objections_decided_by_accounts')),
    sa.ForeignKeyConstraint(['nomination_id'], ['nominations.id'], name=op.f('fk_objections_nomination_id_nominations')),
    sa.ForeignKeyConstraint(['raised_by'], ['accounts.id'], name=op.f('fk_objections_raised_by_accounts')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_objections')),
    sa.UniqueConstraint('public_id', name=op.f('uq_objections_public_id'))
    )
    with op.batch_alter_table('objections', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_objections_contest_id_state'), ['contest_id', 'state'], unique=False)

    op.create_table('panel_scores',
    sa.Column('nomination_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('seat_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('scores', sa.JSON(), nullable=False),
    sa.Column('scored_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['nomination_id'], ['nominations.id'], name=op.f('fk_panel_scores_nomination_id_nominations')),
    sa.ForeignKeyConstraint(['seat_id'], ['panel_seats.id'], name=op.f('fk_panel_scores_seat_id_panel_seats')),
    sa.PrimaryKeyConstraint('nomination_id', 'seat_id', name=op.f('pk_panel_scores'))
    )
    with op.batch_alter_table('panel_scores', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_panel_scores_seat_id'), ['seat_id'], unique=False)

    op.create_table('personnel_notes',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('number', sa.String(length=16), nullable=False),
    sa.Column('nomination_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('lecturer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('signed', sa.LargeBinary(), nullable=False),
    sa.Column('paper', sa.LargeBinary(), nullable=True),
    sa.Column('issued_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('issued_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revoked_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('revocation', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['issued_by'], ['accounts.id'], name=op.f('fk_personnel_notes_issued_by_accounts')),
    sa.ForeignKeyConstraint(['lecturer_id'], ['lecturers.id'], name=op.f('fk_personnel_notes_lecturer_id_lecturers')),
    sa.ForeignKeyConstraint(['nomination_id'], ['nominations.id'], name=op.f('fk_personnel_notes_nomination_id_nominations')),
    sa.ForeignKeyConstraint(['revoked_by'], ['accounts.id'], name=op.f('fk_personnel_notes_revoked_by_accounts')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_personnel_notes')),
    sa.UniqueConstraint('nomination_id', 'lecturer_id', name=op.f('uq_personnel_notes_nomination_id_lecturer_id')),
    sa.UniqueConstraint('number', name=op.f('uq_personnel_notes_number'))
    )


def downgrade() -> None:
    op.drop_table('personnel_notes')
    with op.batch_alter_table('panel_scores', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_panel_scores_seat_id'))

    op.drop_table('panel_scores')
    with op.batch_alter_table('objections', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_objections_contest_id_state'))

    op.drop_table('objections')
    with op.batch_alter_table('evaluation_invitations', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_evaluation_invitations_member_id_is_answered'))

    op.drop_table('evaluation_invitations')
    with op.batch_alter_table('evaluation_comments', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_evaluation_comments_round_id_state'))

    op.drop_table('evaluation_comments')
    with op.batch_alter_table('evaluation_answers', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_evaluation_answers_round_id'))

    op.drop_table('evaluation_answers')
    op.drop_table('nominations')
    with op.batch_alter_table('lecture_attendances', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_lecture_attendances_member_id'))

    op.drop_table('lecture_attendances')
    with op.batch_alter_table('evaluation_rounds', schema=None) as batch_op:
        batch_op.drop_index('ix_evaluation_rounds_open', sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))

    op.drop_table('evaluation_rounds')
    with op.batch_alter_table('panel_seats', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_panel_seats_member_id'))

    op.drop_table('panel_seats')
    with op.batch_alter_table('evaluation_forms', schema=None) as batch_op:
        batch_op.drop_index('uq_evaluation_forms_open', sqlite_where=sa.text('valid_to IS NULL'), postgresql_where=sa.text('valid_to IS NULL'))

    op.drop_table('evaluation_forms')
    op.drop_table('contests')
    op.drop_table('signing_keys')
