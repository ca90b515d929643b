"""Long films are encoded in parts; lectures have chapters."""

import sqlalchemy as sa
from alembic import op

# SQLite assigns row ids only to a key that is declared INTEGER.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'asset_parts',
        sa.Column('id', KEY, nullable=False),
        sa.Column('asset_id', KEY, nullable=False),
        sa.Column('generation', sa.String(length=16), nullable=False),
        sa.Column('number', sa.Integer(), nullable=False),
        sa.Column('state', sa.String(length=12), nullable=False),
        sa.Column('permille', sa.Integer(), nullable=False),
        sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(['asset_id'], ['assets.id'], name=op.f('fk_asset_parts_asset_id_assets')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_asset_parts')),
        sa.UniqueConstraint(
            'asset_id', 'generation', 'number', name=op.f('uq_asset_parts_asset_id_generation_number')
        ),
    )
    op.create_table(
        'chapters',
        sa.Column('id', KEY, nullable=False),
        sa.Column('asset_id', KEY, nullable=False),
        sa.Column('start_ms', sa.Integer(), nullable=False),
        sa.Column('title', sa.String(length=120), nullable=False),
        sa.CheckConstraint('start_ms >= 0', name=op.f('ck_chapters_start')),
        sa.ForeignKeyConstraint(['asset_id'], ['assets.id'], name=op.f('fk_chapters_asset_id_assets')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_chapters')),
        sa.UniqueConstraint('asset_id', 'start_ms', name=op.f('uq_chapters_asset_id_start_ms')),
    )


def downgrade() -> None:
    op.drop_table('chapters')
    op.drop_table('asset_parts')
