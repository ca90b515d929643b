"""Speech recognition and texts without times; SQL NULL for an asset without an error."""

import datetime as dt

import sqlalchemy as sa
from alembic import op

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hearings",
        sa.Column("asset_id", KEY, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("permille", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(length=120), nullable=False),
        sa.Column("error", sa.JSON(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_hearings_asset_id_assets"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("asset_id", name=op.f("pk_hearings")),
    )
    with op.batch_alter_table("transcripts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("estimated", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("transcripts", schema=None) as batch_op:
        batch_op.alter_column("estimated", existing_type=sa.Boolean(), server_default=None)
    # The editors' list of misrecognitions and the search's dictionary become one list.
    glossary = sa.table("glossary_terms", sa.column("right", sa.String))
    words = sa.table(
        "search_terms", sa.column("text", sa.String), sa.column("created_at", sa.DateTime(timezone=True))
    )
    bind = op.get_bind()
    known = set(bind.execute(sa.select(words.c.text)).scalars())
    fresh = set(bind.execute(sa.select(glossary.c.right)).scalars()) - known
    if fresh:
        now = dt.datetime.now(dt.UTC)
        op.bulk_insert(words, [{"text": word, "created_at": now} for word in sorted(fresh)])
    # A JSON null is not NULL: such files would be listed as failed.
    op.execute("UPDATE assets SET error = NULL WHERE CAST(error AS TEXT) = 'null'")


def downgrade() -> None:
    with op.batch_alter_table("transcripts", schema=None) as batch_op:
        batch_op.drop_column("estimated")
    op.drop_table("hearings")
