"""Lectures can be kept on a phone and played there without a network: their leases, and the clocks of these.

A member still has one active playback with a network; leases of kept lectures are beside it.

Revision ID: 0036
Revises: 0035
"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

REASONS = (
    "too_fast",
    "fragments",
    "finished",
    "moved",
    "idle",
    "taken_over",
    "withdrawn",
    "replaced",
    "expired",
    "signed_out",
)
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.execute("ALTER TABLE playback_leases ADD COLUMN is_kept BOOLEAN DEFAULT false NOT NULL")
    _active("ended_at IS NULL AND NOT is_kept")
    _reasons((*REASONS, "offline", "unknown"))
    op.create_table(
        "offline_playbacks",
        sa.Column("lease_id", KEY, autoincrement=False, nullable=False),
        sa.Column("member_id", KEY, nullable=False),
        sa.Column("form", sa.String(length=8), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.Column("base_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_base_ms", sa.BigInteger(), nullable=False),
        sa.Column("lapses_ms", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("form IN ('sound', 'film', 'pages')", name=op.f("ck_offline_playbacks_form")),
        sa.ForeignKeyConstraint(
            ["lease_id"], ["playback_leases.id"], name=op.f("fk_offline_playbacks_lease_id_playback_leases")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_offline_playbacks_member_id_members")),
        sa.PrimaryKeyConstraint("lease_id", name=op.f("pk_offline_playbacks")),
    )
    op.create_index(op.f("ix_offline_playbacks_member_id"), "offline_playbacks", ["member_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_offline_playbacks_member_id"), table_name="offline_playbacks")
    op.drop_table("offline_playbacks")
    op.execute("DELETE FROM refusals WHERE reason = 'offline'")
    _reasons((*REASONS, "unknown"))
    # Two active playbacks of one member are not possible there.
    op.execute(
        "UPDATE playback_leases SET ended_at = expires_at, ended_because = 'expired' WHERE is_kept AND ended_at IS NULL"
    )
    _active("ended_at IS NULL")
    op.execute("ALTER TABLE playback_leases DROP COLUMN is_kept")


def _active(condition: str) -> None:
    op.drop_index("uq_playback_leases_active", table_name="playback_leases")
    where = sa.text(condition)
    op.create_index(
        "uq_playback_leases_active",
        "playback_leases",
        ["member_id"],
        unique=True,
        sqlite_where=where,
        postgresql_where=where,
    )


def _reasons(allowed: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{reason}'" for reason in allowed)
    with op.batch_alter_table("refusals", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_refusals_reason"), type_="check")
        batch_op.create_check_constraint(op.f("ck_refusals_reason"), sa.text(f"reason IN ({listed})"))
