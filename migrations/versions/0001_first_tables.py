"""The first tables of every component."""

import sqlalchemy as sa
from alembic import op

# SQLite assigns row ids only to a key that is declared INTEGER.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('audit_entries',
    sa.Column('id', KEY, nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('account_id', KEY, nullable=True),
    sa.Column('label', sa.String(length=40), nullable=False),
    sa.Column('network', sa.String(length=64), nullable=False),
    sa.Column('verb', sa.String(length=80), nullable=False),
    sa.Column('target', sa.String(length=120), nullable=False),
    sa.Column('detail', sa.JSON(), nullable=False),
    sa.Column('seq', KEY, nullable=True),
    sa.Column('chain', sa.String(length=80), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_entries')),
    sa.UniqueConstraint('seq', name=op.f('uq_audit_entries_seq'))
    )
    with op.batch_alter_table('audit_entries', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_audit_entries_account_id_id'), ['account_id', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_audit_entries_target_id'), ['target', 'id'], unique=False)

    op.create_table('categories',
    sa.Column('id', KEY, nullable=False),
    sa.Column('slug', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_categories')),
    sa.UniqueConstraint('name', name=op.f('uq_categories_name')),
    sa.UniqueConstraint('slug', name=op.f('uq_categories_slug'))
    )
    op.create_table('coverage_cells',
    sa.Column('training_id', KEY, autoincrement=False, nullable=False),
    sa.Column('organisation_id', KEY, autoincrement=False, nullable=False),
    sa.Column('course_id', KEY, autoincrement=False, nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('due', sa.Integer(), nullable=False),
    sa.Column('exempt', sa.Integer(), nullable=False),
    sa.Column('reached', sa.Integer(), nullable=False),
    sa.Column('completed', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('training_id', 'organisation_id', 'course_id', 'day', name=op.f('pk_coverage_cells')),
    sqlite_with_rowid=False
    )
    op.create_table('coverage_changes',
    sa.Column('id', KEY, nullable=False),
    sa.Column('training_id', KEY, nullable=False),
    sa.Column('organisation_id', KEY, nullable=False),
    sa.Column('course_id', KEY, nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('due', sa.Integer(), nullable=False),
    sa.Column('exempt', sa.Integer(), nullable=False),
    sa.Column('reached', sa.Integer(), nullable=False),
    sa.Column('completed', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_coverage_changes'))
    )
    with op.batch_alter_table('coverage_changes', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_coverage_changes_training_id_day'), ['training_id', 'day'], unique=False)

    op.create_table('exports',
    sa.Column('id', KEY, nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('account_id', KEY, nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('params', sa.JSON(), nullable=False),
    sa.Column('filename', sa.String(length=160), nullable=False),
    sa.Column('stored_at', sa.String(length=255), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=True),
    sa.Column('rows', sa.Integer(), nullable=True),
    sa.Column('job_id', KEY, nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_exports')),
    sa.UniqueConstraint('public_id', name=op.f('uq_exports_public_id'))
    )
    with op.batch_alter_table('exports', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_exports_account_id_id'), ['account_id', 'id'], unique=False)

    op.create_table('glossary_terms',
    sa.Column('id', KEY, nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('wrong', sa.String(length=40), nullable=False),
    sa.Column('right', sa.String(length=40), nullable=False),
    sa.Column('account_id', KEY, nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_glossary_terms')),
    sa.UniqueConstraint('public_id', name=op.f('uq_glossary_terms_public_id')),
    sa.UniqueConstraint('wrong', name=op.f('uq_glossary_terms_wrong'))
    )
    op.create_table('jobs',
    sa.Column('id', KEY, nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('args', sa.JSON(), nullable=False),
    sa.Column('key', sa.String(length=160), nullable=True),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('permille', sa.Integer(), nullable=False),
    sa.Column('note', sa.JSON(), nullable=True),
    sa.Column('error', sa.JSON(), nullable=True),
    sa.Column('trace', sa.Text(), nullable=False),
    sa.Column('result', sa.JSON(), nullable=True),
    sa.Column('account_id', KEY, nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('run_after', sa.DateTime(timezone=True), nullable=False),
    sa.Column('heartbeat_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_jobs')),
    sa.UniqueConstraint('public_id', name=op.f('uq_jobs_public_id'))
    )
    with op.batch_alter_table('jobs', schema=None) as batch_op:
        batch_op.create_index('ix_jobs_waiting', ['state', 'run_after'], unique=False)
        batch_op.create_index('uq_jobs_open_key', ['key'], unique=True, sqlite_where=sa.text("key IS NOT NULL AND state IN ('queued','running')"), postgresql_where=sa.text("key IS NOT NULL AND state IN ('queued','running')"))

    op.create_table('lecturers',
    sa.Column('id', KEY, nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('office', sa.String(length=120), nullable=False),
    sa.Column('is_leader', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_lecturers')),
    sa.UniqueConstraint('name', 'office', name=op.f('uq_lecturers_name_office')),
    sa.UniqueConstraint('public_id', name=op.f('uq_lecturers_public_id'))
    )
    op.create_table('organisations',
    sa.Column('id', KEY, nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('level', sa.String(length=12), nullable=False),
    sa.Column('sector', sa.String(length=20), nullable=True),
    sa.Column('parent_id', KEY, nullable=True),
    sa.Column('path', sa.String(length=255).with_variant(sa.String(length=255, collation='C'), 'postgresql'), nullable=False),
    sa.Column('depth', sa.Integer(), nullable=False),
    sa.Column('opened_on', sa.Date(), nullable=False),
    sa.Column('closed_on', sa.Date(), nullable=True),
    sa.ForeignKeyConstraint(['parent_id'], ['organisations.id'], name=op.f('fk_organisations_parent_id_organisations')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_organisations')),
    sa.UniqueConstraint('code', name=op.f('uq_organisations_code')),
    sa.UniqueConstraint('public_id', name=op.f('uq_organisations_public_id'))
    )
    with op.batch_alter_table('organisations', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_organisations_parent_id'), ['parent_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_organisations_path'), ['path'], unique=False)

    op.create_table('outbox_facts',
    sa.Column('id', KEY, nullable=False),
    sa.Column('kind', sa.String(length=80), nullable=False),
    sa.Column('payload', sa.JSON(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('delivered_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outbox_facts'))
    )
    with op.batch_alter_table('outbox_facts', schema=None) as batch_op:
        batch_op.create_index('ix_outbox_facts_undelivered', ['id'], unique=False, sqlite_where=sa.text('delivered_at IS NULL'), postgresql_where=sa.text('delivered_at IS NULL'))

    op.create_table('roster_state',
    sa.Column('id', KEY, nullable=False),
    sa.Column('version', KEY, nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_roster_state'))
    )
    op.create_table('search_queries',
    sa.Column('id', KEY, nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('text', sa.String(length=80), nullable=False),
    sa.Column('times', sa.Integer(), nullable=False),
    sa.Column('found', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_search_queries'))
    )
    with op.batch_alter_table('search_queries', schema=None) as batch_op:
        batch_op.create_index('uq_search_queries_day', ['day', 'text'], unique=True)

    op.create_table('search_terms',
    sa.Column('id', KEY, nullable=False),
    sa.Column('text', sa.String(length=40), nullable=False),
    sa.Column('added_by', KEY, nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_search_terms')),
    sa.UniqueConstraint('text', name=op.f('uq_search_terms_text'))
    )
    op.create_table('throttles',
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_throttles'))
    )
    op.create_table('members',
    sa.Column('id', KEY, nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('number', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('gender', sa.String(length=8), nullable=True),
    sa.Column('birth_date', sa.Date(), nullable=True),
    sa.Column('education', sa.String(length=20), nullable=True),
    sa.Column('joined_on', sa.Date(), nullable=True),
    sa.Column('status', sa.String(length=12), nullable=False),
    sa.Column('position', sa.String(length=40), nullable=True),
    sa.Column('position_since', sa.Date(), nullable=True),
    sa.Column('phone_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('phone_index', sa.String(length=32), nullable=True),
    sa.Column('organisation_id', KEY, nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("status IN ('active','floating','left','deceased')", name=op.f('ck_members_status')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_members_organisation_id_organisations')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_members')),
    sa.UniqueConstraint('number', name=op.f('uq_members_number')),
    sa.UniqueConstraint('public_id', name=op.f('uq_members_public_id'))
    )
    with op.batch_alter_table('members', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_members_organisation_id_status'), ['organisation_id', 'status'], unique=False)
        batch_op.create_index(batch_op.f('ix_members_phone_index'), ['phone_index'], unique=False)

    op.create_table('organisation_spells',
    sa.Column('id', KEY, nullable=False),
    sa.Column('organisation_id', KEY, nullable=False),
    sa.Column('parent_id', KEY, nullable=True),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_organisation_spells_organisation_id_organisations')),
    sa.ForeignKeyConstraint(['parent_id'], ['organisations.id'], name=op.f('fk_organisation_spells_parent_id_organisations')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_organisation_spells'))
    )
    with op.batch_alter_table('organisation_spells', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_organisation_spells_organisation_id_valid_from'), ['organisation_id', 'valid_from'], unique=False)
        batch_op.create_index('uq_organisation_spells_open', ['organisation_id'], unique=True, sqlite_where=sa.text('valid_to IS NULL'), postgresql_where=sa.text('valid_to IS NULL'))

    op.create_table('roster_imports',
    sa.Column('id', KEY, nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('account_id', KEY, nullable=False),
    sa.Column('organisation_id', KEY, nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('filename', sa.String(length=255), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('stored_at', sa.String(length=255), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('header', sa.JSON(), nullable=False),
    sa.Column('mapping', sa.JSON(), nullable=False),
    sa.Column('complete', sa.Boolean(), nullable=False),
    sa.Column('summary', sa.JSON(), nullable=False),
    sa.Column('problem', sa.JSON(), nullable=True),
    sa.Column('version', KEY, nullable=False),
    sa.Column('job_id', KEY, nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('applied_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_roster_imports_organisation_id_organisations')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_roster_imports')),
    sa.UniqueConstraint('public_id', name=op.f('uq_roster_imports_public_id'))
    )
    with op.batch_alter_table('roster_imports', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_roster_imports_account_id_id'), ['account_id', 'id'], unique=False)

    op.create_table('trainings',
    sa.Column('id', KEY, nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('title', sa.String(length=120), nullable=False),
    sa.Column('summary', sa.Text(), nullable=False),
    sa.Column('organisation_id', KEY, nullable=False),
    sa.Column('audience', sa.JSON(), nullable=False),
    sa.Column('required_count', sa.Integer(), nullable=True),
    sa.Column('opens_on', sa.Date(), nullable=False),
    sa.Column('closes_on', sa.Date(), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('created_by', KEY, nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('closes_on >= opens_on', name=op.f('ck_trainings_window')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_trainings_organisation_id_organisations')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_trainings')),
    sa.UniqueConstraint('public_id', name=op.f('uq_trainings_public_id'))
    )
    with op.batch_alter_table('trainings', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_trainings_state_opens_on'), ['state', 'opens_on'], unique=False)

    op.create_table('accounts',
    sa.Column('id', KEY, nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('username', sa.String(length=60), nullable=False),
    sa.Column('member_id', KEY, nullable=True),
    sa.Column('display_name', sa.String(length=60), nullable=False),
    sa.Column('password_hash', sa.String(length=200), nullable=True),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('language', sa.String(length=8), nullable=True),
    sa.Column('elder_mode', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('fk_accounts_member_id_members')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_accounts')),
    sa.UniqueConstraint('member_id', name=op.f('uq_accounts_member_id')),
    sa.UniqueConstraint('public_id', name=op.f('uq_accounts_public_id')),
    sa.UniqueConstraint('username', name=op.f('uq_accounts_username'))
    )
    op.create_table('activation_codes',
    sa.Column('id', KEY, nullable=False),
    sa.Column('member_id', KEY, nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('issued_by', KEY, nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('fk_activation_codes_member_id_members')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_activation_codes')),
    sa.UniqueConstraint('digest', name=op.f('uq_activation_codes_digest'))
    )
    with op.batch_alter_table('activation_codes', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_activation_codes_member_id'), ['member_id'], unique=False)

    op.create_table('credit_hours',
    sa.Column('id', KEY, nullable=False),
    sa.Column('member_id', KEY, nullable=False),
    sa.Column('minutes', sa.Integer(), nullable=False),
    sa.Column('rule', sa.String(length=40), nullable=False),
    sa.Column('source', sa.String(length=60), nullable=False),
    sa.Column('earned_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('fk_credit_hours_member_id_members')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_credit_hours')),
    sa.UniqueConstraint('member_id', 'rule', 'source', name=op.f('uq_credit_hours_member_id_rule_source'))
    )
    op.create_table('enrolment_spells',
    sa.Column('id', KEY, nullable=False),
    sa.Column('training_id', KEY, nullable=False),
    sa.Column('member_id', KEY, nullable=False),
    sa.Column('organisation_id', KEY, nullable=False),
    sa.Column('standing', sa.String(length=8), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('valid_to', sa.Date(), nullable=False),
    sa.CheckConstraint('valid_to > valid_from', name=op.f('ck_enrolment_spells_order')),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('fk_enrolment_spells_member_id_members')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_enrolment_spells_organisation_id_organisations')),
    sa.ForeignKeyConstraint(['training_id'], ['trainings.id'], name=op.f('fk_enrolment_spells_training_id_trainings')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_enrolment_spells'))
    )
    with op.batch_alter_table('enrolment_spells', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_enrolment_spells_training_id_member_id'), ['training_id', 'member_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_enrolment_spells_training_id_organisation_id'), ['training_id', 'organisation_id'], unique=False)

    op.create_table('enrolments',
    sa.Column('training_id', KEY, nullable=False),
    sa.Column('member_id', KEY, nullable=False),
    sa.Column('organisation_id', KEY, nullable=False),
    sa.Column('standing', sa.String(length=8), nullable=False),
    sa.Column('since', sa.Date(), nullable=False),
    sa.Column('done', sa.BigInteger(), nullable=False),
    sa.Column('reached_on', sa.Date(), nullable=True),
    sa.Column('last_on', sa.Date(), nullable=True),
    sa.Column('completed_on', sa.Date(), nullable=True),
    sa.CheckConstraint("standing IN ('due','exempt','out')", name=op.f('ck_enrolments_standing')),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('fk_enrolments_member_id_members')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_enrolments_organisation_id_organisations')),
    sa.ForeignKeyConstraint(['training_id'], ['trainings.id'], name=op.f('fk_enrolments_training_id_trainings')),
    sa.PrimaryKeyConstraint('training_id', 'member_id', name=op.f('pk_enrolments'))
    )
    with op.batch_alter_table('enrolments', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_enrolments_member_id'), ['member_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_enrolments_training_id_organisation_id'), ['training_id', 'organisation_id'], unique=False)

    op.create_table('exemptions',
    sa.Column('id', KEY, nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('member_id', KEY, nullable=False),
    sa.Column('reason', sa.String(length=120), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.Column('requested_by', KEY, nullable=True),
    sa.Column('approved_by', KEY, nullable=True),
    sa.Column('approved_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('approved_by IS NULL OR requested_by IS NULL OR approved_by <> requested_by', name=op.f('ck_exemptions_second_pair_of_eyes')),
    sa.CheckConstraint('valid_to IS NULL OR valid_to > valid_from', name=op.f('ck_exemptions_order')),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('fk_exemptions_member_id_members')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_exemptions')),
    sa.UniqueConstraint('public_id', name=op.f('uq_exemptions_public_id'))
    )
    with op.batch_alter_table('exemptions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_exemptions_member_id_valid_from'), ['member_id', 'valid_from'], unique=False)

    op.create_table('memberships',
    sa.Column('id', KEY, nullable=False),
    sa.Column('member_id', KEY, nullable=False),
    sa.Column('organisation_id', KEY, nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('fk_memberships_member_id_members')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_memberships_organisation_id_organisations')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_memberships'))
    )
    with op.batch_alter_table('memberships', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_memberships_member_id_valid_from'), ['member_id', 'valid_from'], unique=False)
        batch_op.create_index(batch_op.f('ix_memberships_organisation_id_valid_from'), ['organisation_id', 'valid_from'], unique=False)
        batch_op.create_index('uq_memberships_open', ['member_id'], unique=True, sqlite_where=sa.text('valid_to IS NULL'), postgresql_where=sa.text('valid_to IS NULL'))

    op.create_table('reminders',
    sa.Column('id', KEY, nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('training_id', KEY, nullable=False),
    sa.Column('organisation_id', KEY, nullable=False),
    sa.Column('note', sa.String(length=120), nullable=False),
    sa.Column('sent_by', KEY, nullable=True),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('recipients', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_reminders_organisation_id_organisations')),
    sa.ForeignKeyConstraint(['training_id'], ['trainings.id'], name=op.f('fk_reminders_training_id_trainings')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reminders')),
    sa.UniqueConstraint('public_id', name=op.f('uq_reminders_public_id'))
    )
    with op.batch_alter_table('reminders', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_reminders_training_id_id'), ['training_id', 'id'], unique=False)

    op.create_table('assets',
    sa.Column('id', KEY, nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('account_id', KEY, nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('filename', sa.String(length=255), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=True),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('error', sa.JSON(), nullable=True),
    sa.Column('duration_ms', sa.Integer(), nullable=True),
    sa.Column('width', sa.Integer(), nullable=True),
    sa.Column('height', sa.Integer(), nullable=True),
    sa.Column('probe', sa.JSON(), nullable=True),
    sa.Column('generation', sa.String(length=16), nullable=False),
    sa.Column('building', sa.String(length=16), nullable=True),
    sa.Column('incoming', sa.Text(), nullable=True),
    sa.Column('has_poster', sa.Boolean(), nullable=False),
    sa.Column('has_storyboard', sa.Boolean(), nullable=False),
    sa.Column('has_audio', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ready_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_assets_account_id_accounts')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_assets')),
    sa.UniqueConstraint('public_id', name=op.f('uq_assets_public_id'))
    )
    with op.batch_alter_table('assets', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_assets_account_id_id'), ['account_id', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_assets_sha256'), ['sha256'], unique=False)

    op.create_table('external_identities',
    sa.Column('id', KEY, nullable=False),
    sa.Column('account_id', KEY, nullable=False),
    sa.Column('issuer', sa.String(length=200), nullable=False),
    sa.Column('subject', sa.String(length=255), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_external_identities_account_id_accounts')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_external_identities')),
    sa.UniqueConstraint('issuer', 'subject', name=op.f('uq_external_identities_issuer_subject'))
    )
    with op.batch_alter_table('external_identities', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_external_identities_account_id'), ['account_id'], unique=False)

    op.create_table('login_sessions',
    sa.Column('id', KEY, nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('account_id', KEY, nullable=False),
    sa.Column('device', sa.String(length=120), nullable=False),
    sa.Column('pending', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_login_sessions_account_id_accounts')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_login_sessions')),
    sa.UniqueConstraint('digest', name=op.f('uq_login_sessions_digest')),
    sa.UniqueConstraint('public_id', name=op.f('uq_login_sessions_public_id'))
    )
    with op.batch_alter_table('login_sessions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_login_sessions_account_id_ended_at'), ['account_id', 'ended_at'], unique=False)

    op.create_table('notices',
    sa.Column('id', KEY, nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('key', sa.String(length=160), nullable=True),
    sa.Column('member_id', KEY, nullable=True),
    sa.Column('account_id', KEY, nullable=True),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('body', sa.JSON(), nullable=False),
    sa.Column('link', sa.String(length=255), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('read_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_notices_account_id_accounts')),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('fk_notices_member_id_members')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notices')),
    sa.UniqueConstraint('key', name=op.f('uq_notices_key')),
    sa.UniqueConstraint('public_id', name=op.f('uq_notices_public_id'))
    )
    with op.batch_alter_table('notices', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_notices_account_id_id'), ['account_id', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_notices_member_id_id'), ['member_id', 'id'], unique=False)
        batch_op.create_index('ix_notices_unread_member', ['member_id', 'id'], unique=False, sqlite_where=sa.text('read_at IS NULL'), postgresql_where=sa.text('read_at IS NULL'))

    op.create_table('recovery_codes',
    sa.Column('id', KEY, nullable=False),
    sa.Column('account_id', KEY, nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_recovery_codes_account_id_accounts')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recovery_codes')),
    sa.UniqueConstraint('digest', name=op.f('uq_recovery_codes_digest'))
    )
    with op.batch_alter_table('recovery_codes', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_recovery_codes_account_id'), ['account_id'], unique=False)

    op.create_table('reminded',
    sa.Column('reminder_id', KEY, nullable=False),
    sa.Column('member_id', KEY, nullable=False),
    sa.Column('training_id', KEY, nullable=False),
    sa.Column('on_day', sa.Date(), nullable=False),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('fk_reminded_member_id_members')),
    sa.ForeignKeyConstraint(['reminder_id'], ['reminders.id'], name=op.f('fk_reminded_reminder_id_reminders')),
    sa.ForeignKeyConstraint(['training_id'], ['trainings.id'], name=op.f('fk_reminded_training_id_trainings')),
    sa.PrimaryKeyConstraint('reminder_id', 'member_id', name=op.f('pk_reminded'))
    )
    with op.batch_alter_table('reminded', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_reminded_training_id_member_id_on_day'), ['training_id', 'member_id', 'on_day'], unique=False)

    op.create_table('role_grants',
    sa.Column('id', KEY, nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('account_id', KEY, nullable=False),
    sa.Column('role', sa.String(length=24), nullable=False),
    sa.Column('organisation_id', KEY, nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.Column('granted_by', KEY, nullable=True),
    sa.CheckConstraint('valid_to IS NULL OR valid_to >= valid_from', name=op.f('ck_role_grants_order')),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_role_grants_account_id_accounts')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_role_grants_organisation_id_organisations')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_role_grants')),
    sa.UniqueConstraint('public_id', name=op.f('uq_role_grants_public_id'))
    )
    with op.batch_alter_table('role_grants', schema=None) as batch_op:
        batch_op.create_index('uq_role_grants_open', ['account_id', 'role', 'organisation_id'], unique=True, sqlite_where=sa.text('valid_to IS NULL'), postgresql_where=sa.text('valid_to IS NULL'))

    op.create_table('second_factors',
    sa.Column('account_id', KEY, autoincrement=False, nullable=False),
    sa.Column('secret_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('last_step', KEY, nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_second_factors_account_id_accounts')),
    sa.PrimaryKeyConstraint('account_id', name=op.f('pk_second_factors'))
    )
    op.create_table('asset_steps',
    sa.Column('id', KEY, nullable=False),
    sa.Column('asset_id', KEY, nullable=False),
    sa.Column('step', sa.String(length=20), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('permille', sa.Integer(), nullable=False),
    sa.Column('log', sa.Text(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['asset_id'], ['assets.id'], name=op.f('fk_asset_steps_asset_id_assets')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_asset_steps')),
    sa.UniqueConstraint('asset_id', 'step', name=op.f('uq_asset_steps_asset_id_step'))
    )
    op.create_table('courses',
    sa.Column('id', KEY, nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('title', sa.String(length=120), nullable=False),
    sa.Column('summary', sa.Text(), nullable=False),
    sa.Column('organisation_id', KEY, nullable=False),
    sa.Column('category_id', KEY, nullable=False),
    sa.Column('lecturer_id', KEY, nullable=True),
    sa.Column('cover_asset_id', KEY, nullable=True),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('published_version', sa.Integer(), nullable=True),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('revises_id', KEY, nullable=True),
    sa.Column('threshold_permille', sa.Integer(), nullable=False),
    sa.Column('credit_minutes', sa.Integer(), nullable=False),
    sa.Column('created_by', KEY, nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('submitted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('threshold_permille BETWEEN 1 AND 1000', name=op.f('ck_courses_threshold')),
    sa.ForeignKeyConstraint(['category_id'], ['categories.id'], name=op.f('fk_courses_category_id_categories')),
    sa.ForeignKeyConstraint(['cover_asset_id'], ['assets.id'], name=op.f('fk_courses_cover_asset_id_assets')),
    sa.ForeignKeyConstraint(['created_by'], ['accounts.id'], name=op.f('fk_courses_created_by_accounts')),
    sa.ForeignKeyConstraint(['lecturer_id'], ['lecturers.id'], name=op.f('fk_courses_lecturer_id_lecturers')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_courses_organisation_id_organisations')),
    sa.ForeignKeyConstraint(['revises_id'], ['courses.id'], name=op.f('fk_courses_revises_id_courses')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_courses')),
    sa.UniqueConstraint('public_id', name=op.f('uq_courses_public_id'))
    )
    with op.batch_alter_table('courses', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_courses_created_by_id'), ['created_by', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_courses_state_category_id_published_at'), ['state', 'category_id', 'published_at'], unique=False)
        batch_op.create_index('uq_courses_open_revision', ['revises_id'], unique=True, sqlite_where=sa.text("state NOT IN ('merged', 'discarded')"), postgresql_where=sa.text("state NOT IN ('merged', 'discarded')"))

    op.create_table('renditions',
    sa.Column('id', KEY, nullable=False),
    sa.Column('asset_id', KEY, nullable=False),
    sa.Column('name', sa.String(length=12), nullable=False),
    sa.Column('width', sa.Integer(), nullable=True),
    sa.Column('height', sa.Integer(), nullable=True),
    sa.Column('codecs', sa.String(length=60), nullable=False),
    sa.Column('bandwidth', sa.Integer(), nullable=False),
    sa.Column('average_bandwidth', sa.Integer(), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['asset_id'], ['assets.id'], name=op.f('fk_renditions_asset_id_assets')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_renditions')),
    sa.UniqueConstraint('asset_id', 'name', name=op.f('uq_renditions_asset_id_name'))
    )
    op.create_table('transcripts',
    sa.Column('id', KEY, nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('asset_id', KEY, nullable=False),
    sa.Column('language', sa.String(length=12), nullable=False),
    sa.Column('origin', sa.String(length=12), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['asset_id'], ['assets.id'], name=op.f('fk_transcripts_asset_id_assets')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_transcripts')),
    sa.UniqueConstraint('asset_id', 'language', name=op.f('uq_transcripts_asset_id_language')),
    sa.UniqueConstraint('public_id', name=op.f('uq_transcripts_public_id'))
    )
    op.create_table('uploads',
    sa.Column('id', KEY, nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('account_id', KEY, nullable=False),
    sa.Column('filename', sa.String(length=255), nullable=False),
    sa.Column('purpose', sa.String(length=20), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('offset', sa.BigInteger(), nullable=False),
    sa.Column('asset_id', KEY, nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('completed_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_uploads_account_id_accounts')),
    sa.ForeignKeyConstraint(['asset_id'], ['assets.id'], name=op.f('fk_uploads_asset_id_assets')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_uploads')),
    sa.UniqueConstraint('public_id', name=op.f('uq_uploads_public_id'))
    )
    with op.batch_alter_table('uploads', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_uploads_expires_at'), ['expires_at'], unique=False)

    op.create_table('complaints',
    sa.Column('id', KEY, nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('account_id', KEY, nullable=False),
    sa.Column('organisation_id', KEY, nullable=False),
    sa.Column('course_id', KEY, nullable=True),
    sa.Column('subject', sa.String(length=20), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('answer', sa.Text(), nullable=False),
    sa.Column('took_down', sa.Boolean(), nullable=False),
    sa.Column('answered_by', KEY, nullable=True),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('answered_by IS NULL OR answered_by <> account_id', name=op.f('ck_complaints_second_pair_of_eyes')),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_complaints_account_id_accounts')),
    sa.ForeignKeyConstraint(['answered_by'], ['accounts.id'], name=op.f('fk_complaints_answered_by_accounts')),
    sa.ForeignKeyConstraint(['course_id'], ['courses.id'], name=op.f('fk_complaints_course_id_courses')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_complaints_organisation_id_organisations')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_complaints')),
    sa.UniqueConstraint('public_id', name=op.f('uq_complaints_public_id'))
    )
    with op.batch_alter_table('complaints', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_complaints_account_id_id'), ['account_id', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_complaints_state_organisation_id'), ['state', 'organisation_id'], unique=False)

    op.create_table('completions',
    sa.Column('member_id', KEY, nullable=False),
    sa.Column('course_id', KEY, nullable=False),
    sa.Column('course_version', sa.Integer(), nullable=False),
    sa.Column('completed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('evidence', sa.String(length=20), nullable=False),
    sa.ForeignKeyConstraint(['course_id'], ['courses.id'], name=op.f('fk_completions_course_id_courses')),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('fk_completions_member_id_members')),
    sa.PrimaryKeyConstraint('member_id', 'course_id', 'course_version', name=op.f('pk_completions'))
    )
    with op.batch_alter_table('completions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_completions_course_id_completed_at'), ['course_id', 'completed_at'], unique=False)

    op.create_table('course_items',
    sa.Column('id', KEY, nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('course_id', KEY, nullable=False),
    sa.Column('position', sa.Integer(), nullable=True),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('title', sa.String(length=120), nullable=False),
    sa.Column('asset_id', KEY, nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('required', sa.Boolean(), nullable=False),
    sa.Column('origin_id', KEY, nullable=True),
    sa.Column('removed_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['asset_id'], ['assets.id'], name=op.f('fk_course_items_asset_id_assets')),
    sa.ForeignKeyConstraint(['course_id'], ['courses.id'], name=op.f('fk_course_items_course_id_courses')),
    sa.ForeignKeyConstraint(['origin_id'], ['course_items.id'], name=op.f('fk_course_items_origin_id_course_items')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_course_items')),
    sa.UniqueConstraint('course_id', 'position', name=op.f('uq_course_items_course_id_position')),
    sa.UniqueConstraint('public_id', name=op.f('uq_course_items_public_id'))
    )
    with op.batch_alter_table('course_items', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_course_items_asset_id'), ['asset_id'], unique=False)

    op.create_table('course_starts',
    sa.Column('member_id', KEY, nullable=False),
    sa.Column('course_id', KEY, nullable=False),
    sa.Column('reached_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['course_id'], ['courses.id'], name=op.f('fk_course_starts_course_id_courses')),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('fk_course_starts_member_id_members')),
    sa.PrimaryKeyConstraint('member_id', 'course_id', name=op.f('pk_course_starts')),
    sqlite_with_rowid=False
    )
    op.create_table('cues',
    sa.Column('id', KEY, nullable=False),
    sa.Column('transcript_id', KEY, nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('start_ms', sa.Integer(), nullable=False),
    sa.Column('end_ms', sa.Integer(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('confidence', sa.Double(), nullable=True),
    sa.CheckConstraint('start_ms >= 0 AND end_ms > start_ms', name=op.f('ck_cues_times')),
    sa.ForeignKeyConstraint(['transcript_id'], ['transcripts.id'], name=op.f('fk_cues_transcript_id_transcripts'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_cues')),
    sa.UniqueConstraint('transcript_id', 'seq', name=op.f('uq_cues_transcript_id_seq'))
    )
    op.create_table('reviews',
    sa.Column('id', KEY, nullable=False),
    sa.Column('course_id', KEY, nullable=False),
    sa.Column('course_version', sa.Integer(), nullable=False),
    sa.Column('course_revision', sa.Integer(), nullable=False),
    sa.Column('author_id', KEY, nullable=False),
    sa.Column('reviewer_id', KEY, nullable=False),
    sa.Column('decision', sa.String(length=12), nullable=False),
    sa.Column('comment', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('reviewer_id <> author_id', name=op.f('ck_reviews_second_pair_of_eyes')),
    sa.ForeignKeyConstraint(['author_id'], ['accounts.id'], name=op.f('fk_reviews_author_id_accounts')),
    sa.ForeignKeyConstraint(['course_id'], ['courses.id'], name=op.f('fk_reviews_course_id_courses')),
    sa.ForeignKeyConstraint(['reviewer_id'], ['accounts.id'], name=op.f('fk_reviews_reviewer_id_accounts')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reviews'))
    )
    with op.batch_alter_table('reviews', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_reviews_course_id_id'), ['course_id', 'id'], unique=False)

    op.create_table('training_courses',
    sa.Column('training_id', KEY, nullable=False),
    sa.Column('course_id', KEY, nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint('position BETWEEN 0 AND 61', name=op.f('ck_training_courses_position')),
    sa.ForeignKeyConstraint(['course_id'], ['courses.id'], name=op.f('fk_training_courses_course_id_courses')),
    sa.ForeignKeyConstraint(['training_id'], ['trainings.id'], name=op.f('fk_training_courses_training_id_trainings')),
    sa.PrimaryKeyConstraint('training_id', 'course_id', name=op.f('pk_training_courses'))
    )
    with op.batch_alter_table('training_courses', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_training_courses_course_id_training_id'), ['course_id', 'training_id'], unique=False)

    op.create_table('transcript_versions',
    sa.Column('id', KEY, nullable=False),
    sa.Column('transcript_id', KEY, nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('account_id', KEY, nullable=True),
    sa.Column('cues', sa.JSON(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['transcript_id'], ['transcripts.id'], name=op.f('fk_transcript_versions_transcript_id_transcripts'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_transcript_versions')),
    sa.UniqueConstraint('transcript_id', 'number', name=op.f('uq_transcript_versions_transcript_id_number'))
    )
    op.create_table('item_completions',
    sa.Column('member_id', KEY, nullable=False),
    sa.Column('item_id', KEY, nullable=False),
    sa.Column('item_version', sa.Integer(), nullable=False),
    sa.Column('course_id', KEY, nullable=False),
    sa.Column('completed_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['course_id'], ['courses.id'], name=op.f('fk_item_completions_course_id_courses')),
    sa.ForeignKeyConstraint(['item_id'], ['course_items.id'], name=op.f('fk_item_completions_item_id_course_items')),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('fk_item_completions_member_id_members')),
    sa.PrimaryKeyConstraint('member_id', 'item_id', 'item_version', name=op.f('pk_item_completions'))
    )
    op.create_table('leases',
    sa.Column('id', KEY, nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('member_id', KEY, nullable=False),
    sa.Column('item_id', KEY, nullable=False),
    sa.Column('item_version', sa.Integer(), nullable=False),
    sa.Column('course_id', KEY, nullable=False),
    sa.Column('duration_ms', sa.Integer(), nullable=False),
    sa.Column('threshold_permille', sa.Integer(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('credited_until_ms', sa.BigInteger(), nullable=False),
    sa.Column('device', sa.String(length=120), nullable=False),
    sa.Column('device_key', sa.String(length=40), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_because', sa.String(length=20), nullable=True),
    sa.ForeignKeyConstraint(['course_id'], ['courses.id'], name=op.f('fk_leases_course_id_courses')),
    sa.ForeignKeyConstraint(['item_id'], ['course_items.id'], name=op.f('fk_leases_item_id_course_items')),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('fk_leases_member_id_members')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_leases')),
    sa.UniqueConstraint('public_id', name=op.f('uq_leases_public_id'))
    )
    with op.batch_alter_table('leases', schema=None) as batch_op:
        batch_op.create_index('ix_leases_active_course', ['course_id'], unique=False, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))
        batch_op.create_index(batch_op.f('ix_leases_member_id_item_id_id'), ['member_id', 'item_id', 'id'], unique=False)
        batch_op.create_index('uq_leases_active', ['member_id'], unique=True, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))

    op.create_table('watch_ledgers',
    sa.Column('member_id', KEY, nullable=False),
    sa.Column('item_id', KEY, nullable=False),
    sa.Column('item_version', sa.Integer(), nullable=False),
    sa.Column('spans', sa.LargeBinary(), nullable=False),
    sa.Column('covered_ms', sa.Integer(), nullable=False),
    sa.Column('position_ms', sa.Integer(), nullable=False),
    sa.Column('updated_ms', sa.BigInteger(), nullable=False),
    sa.Column('completed_ms', sa.BigInteger(), nullable=True),
    sa.Column('lease_id', KEY, nullable=True),
    sa.Column('credited_until_ms', sa.BigInteger(), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['item_id'], ['course_items.id'], name=op.f('fk_watch_ledgers_item_id_course_items')),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('fk_watch_ledgers_member_id_members')),
    sa.PrimaryKeyConstraint('member_id', 'item_id', 'item_version', name=op.f('pk_watch_ledgers')),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('watch_ledgers', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_watch_ledgers_item_id_item_version'), ['item_id', 'item_version'], unique=False)

    op.create_table('refusals',
    sa.Column('lease_id', KEY, nullable=False),
    sa.Column('reason', sa.String(length=24), nullable=False),
    sa.Column('member_id', KEY, nullable=False),
    sa.Column('item_id', KEY, nullable=False),
    sa.Column('spans', sa.LargeBinary(), nullable=False),
    sa.Column('times', sa.Integer(), nullable=False),
    sa.Column('first_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['lease_id'], ['leases.id'], name=op.f('fk_refusals_lease_id_leases')),
    sa.PrimaryKeyConstraint('lease_id', 'reason', name=op.f('pk_refusals'))
    )
    with op.batch_alter_table('refusals', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_refusals_member_id_item_id'), ['member_id', 'item_id'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('refusals', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_refusals_member_id_item_id'))

    op.drop_table('refusals')
    with op.batch_alter_table('watch_ledgers', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_watch_ledgers_item_id_item_version'))

    op.drop_table('watch_ledgers')
    with op.batch_alter_table('leases', schema=None) as batch_op:
        batch_op.drop_index('uq_leases_active', sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))
        batch_op.drop_index(batch_op.f('ix_leases_member_id_item_id_id'))
        batch_op.drop_index('ix_leases_active_course', sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))

    op.drop_table('leases')
    op.drop_table('item_completions')
    op.drop_table('transcript_versions')
    with op.batch_alter_table('training_courses', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_training_courses_course_id_training_id'))

    op.drop_table('training_courses')
    with op.batch_alter_table('reviews', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_reviews_course_id_id'))

    op.drop_table('reviews')
    op.drop_table('cues')
    op.drop_table('course_starts')
    with op.batch_alter_table('course_items', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_course_items_asset_id'))

    op.drop_table('course_items')
    with op.batch_alter_table('completions', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_completions_course_id_completed_at'))

    op.drop_table('completions')
    with op.batch_alter_table('complaints', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_complaints_state_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_complaints_account_id_id'))

    op.drop_table('complaints')
    with op.batch_alter_table('uploads', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_uploads_expires_at'))

    op.drop_table('uploads')
    op.drop_table('transcripts')
    op.drop_table('renditions')
    with op.batch_alter_table('courses', schema=None) as batch_op:
        batch_op.drop_index('uq_courses_open_revision', sqlite_where=sa.text("state NOT IN ('merged', 'discarded')"), postgresql_where=sa.text("state NOT IN ('merged', 'discarded')"))
        batch_op.drop_index(batch_op.f('ix_courses_state_category_id_published_at'))
        batch_op.drop_index(batch_op.f('ix_courses_created_by_id'))

    op.drop_table('courses')
    op.drop_table('asset_steps')
    op.drop_table('second_factors')
    with op.batch_alter_table('role_grants', schema=None) as batch_op:
        batch_op.drop_index('uq_role_grants_open', sqlite_where=sa.text('valid_to IS NULL'), postgresql_where=sa.text('valid_to IS NULL'))

    op.drop_table('role_grants')
    with op.batch_alter_table('reminded', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_reminded_training_id_member_id_on_day'))

    op.drop_table('reminded')
    with op.batch_alter_table('recovery_codes', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_recovery_codes_account_id'))

    op.drop_table('recovery_codes')
    with op.batch_alter_table('notices', schema=None) as batch_op:
        batch_op.drop_index('ix_notices_unread_member', sqlite_where=sa.text('read_at IS NULL'), postgresql_where=sa.text('read_at IS NULL'))
        batch_op.drop_index(batch_op.f('ix_notices_member_id_id'))
        batch_op.drop_index(batch_op.f('ix_notices_account_id_id'))

    op.drop_table('notices')
    with op.batch_alter_table('login_sessions', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_login_sessions_account_id_ended_at'))

    op.drop_table('login_sessions')
    with op.batch_alter_table('external_identities', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_external_identities_account_id'))

    op.drop_table('external_identities')
    with op.batch_alter_table('assets', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_assets_sha256'))
        batch_op.drop_index(batch_op.f('ix_assets_account_id_id'))

    op.drop_table('assets')
    with op.batch_alter_table('reminders', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_reminders_training_id_id'))

    op.drop_table('reminders')
    with op.batch_alter_table('memberships', schema=None) as batch_op:
        batch_op.drop_index('uq_memberships_open', sqlite_where=sa.text('valid_to IS NULL'), postgresql_where=sa.text('valid_to IS NULL'))
        batch_op.drop_index(batch_op.f('ix_memberships_organisation_id_valid_from'))
        batch_op.drop_index(batch_op.f('ix_memberships_member_id_valid_from'))

    op.drop_table('memberships')
    with op.batch_alter_table('exemptions', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_exemptions_member_id_valid_from'))

    op.drop_table('exemptions')
    with op.batch_alter_table('enrolments', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_enrolments_training_id_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_enrolments_member_id'))

    op.drop_table('enrolments')
    with op.batch_alter_table('enrolment_spells', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_enrolment_spells_training_id_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_enrolment_spells_training_id_member_id'))

    op.drop_table('enrolment_spells')
    op.drop_table('credit_hours')
    with op.batch_alter_table('activation_codes', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_activation_codes_member_id'))

    op.drop_table('activation_codes')
    op.drop_table('accounts')
    with op.batch_alter_table('trainings', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_trainings_state_opens_on'))

    op.drop_table('trainings')
    with op.batch_alter_table('roster_imports', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_roster_imports_account_id_id'))

    op.drop_table('roster_imports')
    with op.batch_alter_table('organisation_spells', schema=None) as batch_op:
        batch_op.drop_index('uq_organisation_spells_open', sqlite_where=sa.text('valid_to IS NULL'), postgresql_where=sa.text('valid_to IS NULL'))
        batch_op.drop_index(batch_op.f('ix_organisation_spells_organisation_id_valid_from'))

    op.drop_table('organisation_spells')
    with op.batch_alter_table('members', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_members_phone_index'))
        batch_op.drop_index(batch_op.f('ix_members_organisation_id_status'))

    op.drop_table('members')
    op.drop_table('throttles')
    op.drop_table('search_terms')
    with op.batch_alter_table('search_queries', schema=None) as batch_op:
        batch_op.drop_index('uq_search_queries_day')

    op.drop_table('search_queries')
    op.drop_table('roster_state')
    with op.batch_alter_table('outbox_facts', schema=None) as batch_op:
        batch_op.drop_index('ix_outbox_facts_undelivered', sqlite_where=sa.text('delivered_at IS NULL'), postgresql_where=sa.text('delivered_at IS NULL'))

    op.drop_table('outbox_facts')
    with op.batch_alter_table('organisations', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_organisations_path'))
        batch_op.drop_index(batch_op.f('ix_organisations_parent_id'))

    op.drop_table('organisations')
    op.drop_table('lecturers')
    with op.batch_alter_table('jobs', schema=None) as batch_op:
        batch_op.drop_index('uq_jobs_open_key', sqlite_where=sa.text("key IS NOT NULL AND state IN ('queued','running')"), postgresql_where=sa.text("key IS NOT NULL AND state IN ('queued','running')"))
        batch_op.drop_index('ix_jobs_waiting')

    op.drop_table('jobs')
    op.drop_table('glossary_terms')
    with op.batch_alter_table('exports', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_exports_account_id_id'))

    op.drop_table('exports')
    with op.batch_alter_table('coverage_changes', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_coverage_changes_training_id_day'))

    op.drop_table('coverage_changes')
    op.drop_table('coverage_cells')
    op.drop_table('categories')
    with op.batch_alter_table('audit_entries', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_audit_entries_target_id'))
        batch_op.drop_index(batch_op.f('ix_audit_entries_account_id_id'))

    op.drop_table('audit_entries')
