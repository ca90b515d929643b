"""Syllabus and handout are reviewed before a lecture is taught.

Lectures from before have none and owe none: what must be approved begins with the first rule, which start-up seeds.

Revision ID: 0049
Revises: 0048
"""

import sqlalchemy as sa
from alembic import op

revision = '0049'
down_revision = '0048'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('material_rules',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kinds', sa.JSON(), nullable=False),
    sa.Column('due_days', sa.Integer(), nullable=False),
    sa.Column('decide_days', sa.Integer(), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.Column('entered_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('entered_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('decide_days BETWEEN 1 AND 60', name=op.f('ck_material_rules_decide')),
    sa.CheckConstraint('due_days BETWEEN 0 AND 60', name=op.f('ck_material_rules_due')),
    sa.CheckConstraint('valid_to IS NULL OR valid_to > valid_from', name=op.f('ck_material_rules_order')),
    sa.ForeignKeyConstraint(['entered_by'], ['accounts.id'], name=op.f('fk_material_rules_entered_by_accounts')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_material_rules')),
    sa.UniqueConstraint('valid_from', name=op.f('uq_material_rules_valid_from'))
    )
    op.create_table('lecture_materials',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('lecture_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('taught_number', sa.Integer(), nullable=True),
    sa.CheckConstraint("kind IN ('syllabus', 'handout')", name=op.f('ck_lecture_materials_kind')),
    sa.CheckConstraint('taught_number IS NULL OR taught_number >= 1', name=op.f('ck_lecture_materials_taught')),
    sa.ForeignKeyConstraint(['lecture_id'], ['programme_lectures.id'], name=op.f('fk_lecture_materials_lecture_id_programme_lectures')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_lecture_materials')),
    sa.UniqueConstraint('lecture_id', 'kind', name=op.f('uq_lecture_materials_lecture_id_kind'))
    )
    op.create_table('material_versions',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('material_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('passages', sa.JSON(), nullable=False),
    sa.Column('asset_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('change_note', sa.String(length=300), nullable=False),
    sa.Column('author_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('saved_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('submitted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('submitted_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reviewer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.CheckConstraint("(state IN ('draft', 'submitted')) = (closed_at IS NULL)", name=op.f('ck_material_versions_closed')),
    sa.CheckConstraint("state <> 'returned' OR reason <> ''", name=op.f('ck_material_versions_reason')),
    sa.CheckConstraint("state = 'draft' OR submitted_at IS NOT NULL", name=op.f('ck_material_versions_submitted')),
    sa.CheckConstraint("state IN ('draft', 'submitted', 'returned', 'approved', 'taken_back')", name=op.f('ck_material_versions_state')),
    sa.CheckConstraint('number >= 1', name=op.f('ck_material_versions_number')),
    sa.CheckConstraint('reviewer_id IS NULL OR (reviewer_id <> author_id AND reviewer_id <> submitted_by)', name=op.f('ck_material_versions_second_pair_of_eyes')),
    sa.ForeignKeyConstraint(['asset_id'], ['assets.id'], name=op.f('fk_material_versions_asset_id_assets')),
    sa.ForeignKeyConstraint(['author_id'], ['accounts.id'], name=op.f('fk_material_versions_author_id_accounts')),
    sa.ForeignKeyConstraint(['material_id'], ['lecture_materials.id'], name=op.f('fk_material_versions_material_id_lecture_materials')),
    sa.ForeignKeyConstraint(['reviewer_id'], ['accounts.id'], name=op.f('fk_material_versions_reviewer_id_accounts')),
    sa.ForeignKeyConstraint(['submitted_by'], ['accounts.id'], name=op.f('fk_material_versions_submitted_by_accounts')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_material_versions')),
    sa.UniqueConstraint('material_id', 'number', name=op.f('uq_material_versions_material_id_number')),
    sa.UniqueConstraint('public_id', name=op.f('uq_material_versions_public_id'))
    )
    with op.batch_alter_table('material_versions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_material_versions_asset_id'), ['asset_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_material_versions_state_submitted_at'), ['state', 'submitted_at'], unique=False)
        batch_op.create_index('uq_material_versions_open', ['material_id'], unique=True, sqlite_where=sa.text("state IN ('draft', 'submitted')"), postgresql_where=sa.text("state IN ('draft', 'submitted')"))

    op.create_table('material_comments',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('version_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('place', sa.Integer(), nullable=False),
    sa.Column('quote', sa.String(length=80), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('reviewer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('answer', sa.Text(), nullable=False),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('settled_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.CheckConstraint('(settled_at IS NULL) = (settled_by IS NULL)', name=op.f('ck_material_comments_settled')),
    sa.CheckConstraint('place >= 1', name=op.f('ck_material_comments_place')),
    sa.ForeignKeyConstraint(['reviewer_id'], ['accounts.id'], name=op.f('fk_material_comments_reviewer_id_accounts')),
    sa.ForeignKeyConstraint(['settled_by'], ['accounts.id'], name=op.f('fk_material_comments_settled_by_accounts')),
    sa.ForeignKeyConstraint(['version_id'], ['material_versions.id'], name=op.f('fk_material_comments_version_id_material_versions')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_material_comments')),
    sa.UniqueConstraint('public_id', name=op.f('uq_material_comments_public_id'))
    )
    with op.batch_alter_table('material_comments', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_material_comments_version_id_place'), ['version_id', 'place'], unique=False)

    with op.batch_alter_table('programme_lectures', schema=None) as batch_op:
        batch_op.add_column(sa.Column('unreviewed_reason', sa.String(length=200), server_default='', nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('programme_lectures', schema=None) as batch_op:
        batch_op.drop_column('unreviewed_reason')

    with op.batch_alter_table('material_comments', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_material_comments_version_id_place'))

    op.drop_table('material_comments')
    with op.batch_alter_table('material_versions', schema=None) as batch_op:
        batch_op.drop_index('uq_material_versions_open', sqlite_where=sa.text("state IN ('draft', 'submitted')"), postgresql_where=sa.text("state IN ('draft', 'submitted')"))
        batch_op.drop_index(batch_op.f('ix_material_versions_state_submitted_at'))
        batch_op.drop_index(batch_op.f('ix_material_versions_asset_id'))

    op.drop_table('material_versions')
    op.drop_table('lecture_materials')
    op.drop_table('material_rules')
