"""Pages of documents get rows of their own: words for search, and a length to credit reading by."""

import sqlalchemy as sa
from alembic import op

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

PAGE_MS = 10_000
ASSETS = sa.table(
    "assets",
    sa.column("id", KEY),
    sa.column("kind", sa.String),
    sa.column("probe", sa.JSON),
    sa.column("duration_ms", sa.Integer),
    sa.column("ready_at", sa.DateTime(timezone=True)),
)


def upgrade() -> None:
    pages = op.create_table(
        "document_pages",
        sa.Column("asset_id", KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["assets.id"], name=op.f("fk_document_pages_asset_id_assets"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("asset_id", "number", name=op.f("pk_document_pages")),
    )
    # Pages drawn so far stood inside a JSON column.
    bind = op.get_bind()
    documents = sa.select(ASSETS.c.id).where(ASSETS.c.kind == "document", ASSETS.c.ready_at.is_not(None))
    for asset_id in bind.execute(documents).scalars().all():
        probe = bind.execute(sa.select(ASSETS.c.probe).where(ASSETS.c.id == asset_id)).scalar() or {}
        drawn = probe.pop("pages", [])
        if drawn:
            rows = [
                {"asset_id": asset_id, "number": number, **{k: page[k] for k in ("width", "height", "text")}}
                for number, page in enumerate(drawn, 1)
            ]
            op.bulk_insert(pages, rows)
            values = {"probe": probe, "duration_ms": len(rows) * PAGE_MS}
            bind.execute(sa.update(ASSETS).where(ASSETS.c.id == asset_id).values(**values))


def downgrade() -> None:
    op.drop_table("document_pages")
