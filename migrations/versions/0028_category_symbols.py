"""A category has a symbol, which is drawn on the covers of its courses.

The categories that an academy began with get their own; others get the plain one, until somebody chooses.

Revision ID: 0028
Revises: 0027
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

FIRST = (
    "theory", "constitution", "history", "village", "governance", "integrity", "law", "skills", "models", "economy",
)  # fmt: skip
SYMBOLS = (*FIRST, "ecology", "digital", "culture", "health", "plain")


def upgrade() -> None:
    with op.batch_alter_table("categories") as batch:
        batch.add_column(sa.Column("symbol", sa.String(16), nullable=False, server_default="plain"))
    for slug in FIRST:
        op.get_bind().execute(sa.text("UPDATE categories SET symbol = :slug WHERE slug = :slug"), {"slug": slug})
    with op.batch_alter_table("categories") as batch:
        batch.alter_column("symbol", server_default=None)
        listed = ", ".join(f"'{symbol}'" for symbol in SYMBOLS)
        batch.create_check_constraint(op.f("ck_categories_symbol"), sa.text(f"symbol IN ({listed})"))


def downgrade() -> None:
    with op.batch_alter_table("categories") as batch:
        batch.drop_constraint(op.f("ck_categories_symbol"), type_="check")
        batch.drop_column("symbol")
