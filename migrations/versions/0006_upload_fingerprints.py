"""Metadata of tus clients; fingerprints that find identical files."""

import sqlalchemy as sa
from alembic import op

# SQLite assigns row ids only to a key that is declared INTEGER.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("uploads", schema=None) as batch_op:
        batch_op.add_column(sa.Column("tus_metadata", sa.Text(), server_default="", nullable=False))
    with op.batch_alter_table("assets", schema=None) as batch_op:
        batch_op.add_column(sa.Column("fingerprint", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("duplicate_of_id", KEY, nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_assets_duplicate_of_id_assets"), "assets", ["duplicate_of_id"], ["id"]
        )


def downgrade() -> None:
    with op.batch_alter_table("assets", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_assets_duplicate_of_id_assets"), type_="foreignkey")
        batch_op.drop_column("duplicate_of_id")
        batch_op.drop_column("fingerprint")
    with op.batch_alter_table("uploads", schema=None) as batch_op:
        batch_op.drop_column("tus_metadata")
