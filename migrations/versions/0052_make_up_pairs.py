"""A make-up lecture names the one that it makes up for, and an approval that was carried over its source.

Until now the trail alone said it, and its rows end with their retention.

Revision ID: 0052
Revises: 0051
"""

import sqlalchemy as sa
from alembic import op

revision = '0052'
down_revision = '0051'
branch_labels = None
depends_on = None

TRAIL = sa.table('audit_entries', sa.column('id'), sa.column('verb'), sa.column('target'), sa.column('detail', sa.JSON()))


def upgrade() -> None:
    with op.batch_alter_table('material_versions', schema=None) as batch_op:
        batch_op.add_column(sa.Column('carried_from_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_material_versions_carried_from_id_material_versions'), 'material_versions', ['carried_from_id'], ['id'])

    with op.batch_alter_table('programme_lectures', schema=None) as batch_op:
        batch_op.add_column(sa.Column('instead_of_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.create_index(batch_op.f('ix_programme_lectures_instead_of_id'), ['instead_of_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_programme_lectures_instead_of_id_programme_lectures'), 'programme_lectures', ['instead_of_id'], ['id'])
        batch_op.create_check_constraint(batch_op.f('ck_programme_lectures_instead_of'), 'instead_of_id IS NULL OR instead_of_id <> id')

    _fill('programme_lectures', 'instead_of_id', _trail('lecture.make_up', 'instead_of'))
    # A draft that was carried over has a round of its own once it is submitted.
    _fill('material_versions', 'carried_from_id', _trail('material.carried', 'source', state='approved'))


def _trail(verb: str, name: str, **given: str) -> dict[str, str]:
    """Public id of the row that an entry is about → the one that its detail names, or that this one comes from in turn;
    of entries that say what is given."""
    query = sa.select(TRAIL.c.target, TRAIL.c.detail).where(TRAIL.c.verb == verb).order_by(TRAIL.c.id)
    found: dict[str, str] = {}
    for target, detail in op.get_bind().execute(query):
        if isinstance(detail, dict) and given.items() <= detail.items():
            source = str(detail.get(name))
            found[target.partition(':')[2]] = found.get(source, source)
    return found


def _fill(table: str, column: str, pairs: dict[str, str]) -> None:
    """Give rows of a table the row that they come from, by public ids; what is gone on either side keeps NULL."""
    connection = op.get_bind()
    rows = sa.table(table, sa.column('id'), sa.column('public_id'), sa.column(column))
    ids = dict(connection.execute(sa.select(rows.c.public_id, rows.c.id)).all())
    values = [{'row': ids[one], 'source': ids[other]} for one, other in pairs.items() if one in ids and other in ids]
    if values:
        changed = sa.update(rows).where(rows.c.id == sa.bindparam('row'))
        connection.execute(changed.values({column: sa.bindparam('source')}), values)


def downgrade() -> None:
    with op.batch_alter_table('programme_lectures', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_programme_lectures_instead_of'), type_='check')
        batch_op.drop_constraint(batch_op.f('fk_programme_lectures_instead_of_id_programme_lectures'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_programme_lectures_instead_of_id'))
        batch_op.drop_column('instead_of_id')

    with op.batch_alter_table('material_versions', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_material_versions_carried_from_id_material_versions'), type_='foreignkey')
        batch_op.drop_column('carried_from_id')
