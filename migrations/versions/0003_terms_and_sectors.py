"""Positions and statuses through time; sectors that the city keeps itself."""

import re

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')

FIRST = (
    ('rural', '农村', 'Rural'),
    ('community', '社区', 'Community'),
    ('government', '机关', 'Government'),
    ('institution', '事业单位', 'Public institution'),
    ('enterprise', '国有企业', 'State enterprise'),
    ('private', '两新组织', 'Private sector'),
    ('education_health', '学校医院', 'Schools and hospitals'),
)


def upgrade() -> None:
    sectors = op.create_table(
        'sectors',
        sa.Column('code', sa.String(length=20), nullable=False),
        sa.Column('name', sa.String(length=20), nullable=False),
        sa.Column('name_en', sa.String(length=40), nullable=False),
        sa.Column('place', sa.Integer(), nullable=False),
        sa.Column('retired_at', sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint('code', name=op.f('pk_sectors')),
        sa.UniqueConstraint('name', name=op.f('uq_sectors_name')),
    )
    op.bulk_insert(
        sectors,
        [{'code': c, 'name': n, 'name_en': e, 'place': i, 'retired_at': None} for i, (c, n, e) in enumerate(FIRST, 1)],
    )
    terms = op.create_table(
        'member_terms',
        sa.Column('id', KEY, nullable=False),
        sa.Column('member_id', KEY, nullable=False),
        sa.Column('what', sa.String(length=12), nullable=False),
        sa.Column('value', sa.String(length=40), nullable=False),
        sa.Column('kind', sa.String(length=12), nullable=False),
        sa.Column('note', sa.String(length=120), nullable=False),
        sa.Column('valid_from', sa.Date(), nullable=False),
        sa.Column('valid_to', sa.Date(), nullable=True),
        sa.CheckConstraint("what IN ('position','status')", name=op.f('ck_member_terms_what')),
        sa.CheckConstraint('valid_to IS NULL OR valid_to > valid_from', name=op.f('ck_member_terms_order')),
        sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('fk_member_terms_member_id_members')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_member_terms')),
    )
    where = sa.text('valid_to IS NULL')
    op.create_index(
        'uq_member_terms_open', 'member_terms', ['member_id', 'what'], unique=True,
        sqlite_where=where, postgresql_where=where,
    )
    op.create_index(op.f('ix_member_terms_member_id_valid_from'), 'member_terms', ['member_id', 'valid_from'])
    op.create_index(op.f('ix_member_terms_what_kind_valid_from'), 'member_terms', ['what', 'kind', 'valid_from'])
    _carry(terms)


def _carry(terms: sa.Table) -> None:
    """Present values become the first terms; the start is known for positions only."""
    members = sa.table(
        'members', sa.column('id'), sa.column('position'), sa.column('position_since', sa.Date()),
        sa.column('status'), sa.column('updated_at', sa.DateTime(timezone=True)),
    )
    m = members.c
    connection = op.get_bind()
    positions = connection.execute(sa.select(m.position).where(m.position.is_not(None)).distinct()).scalars().all()
    day = sa.cast(sa.func.date(m.updated_at), sa.Date()) if connection.dialect.name == 'postgresql' else sa.func.date(m.updated_at)
    columns = ['member_id', 'what', 'value', 'kind', 'note', 'valid_from']
    for position in positions:
        op.execute(
            terms.insert().from_select(
                columns,
                sa.select(
                    m.id, sa.literal('position'), m.position, sa.literal(_post(position)), sa.literal(''),
                    sa.func.coalesce(m.position_since, day),
                ).where(m.position == position),
            )
        )
    op.execute(
        terms.insert().from_select(
            columns,
            sa.select(m.id, sa.literal('status'), m.status, m.status, sa.literal(''), day).where(m.status != 'active'),
        )
    )


def _post(position: str) -> str:
    if re.search(r'(?<!副)(?<!第一)书记(?!员)', position):
        return 'secretary'
    if '副书记' in position:
        return 'deputy'
    return 'committee' if '委员' in position else 'other'


def downgrade() -> None:
    op.drop_table('member_terms')
    op.drop_table('sectors')
