"""Dates that are known by month or not at all stay so; how a roster file was read is kept with it.

Until now the day on which a position was entered was written as the day on which it was taken. Where a
position began on the very day on which its member was entered, that is what happened: it becomes unknown.
Posts are derived anew, because assistants and former secretaries were classified as secretaries.

Revision ID: 0018
Revises: 0017
"""

import datetime as dt
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

from academy.people.position_names import post_of

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

CITY = ZoneInfo("Asia/Shanghai")


def upgrade() -> None:
    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.add_column(sa.Column("month_only", sa.String(length=40), server_default="", nullable=False))
    with op.batch_alter_table("member_terms", schema=None) as batch_op:
        batch_op.add_column(sa.Column("precision", sa.String(length=8), server_default="day", nullable=False))
        batch_op.create_check_constraint(op.f("ck_member_terms_precision"), "precision IN ('day','month','unknown')")
    with op.batch_alter_table("roster_imports", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reading", sa.JSON(), server_default="{}", nullable=False))
    _forget_days_of_entry(op.get_bind())


def _forget_days_of_entry(bind: sa.Connection) -> None:
    instant = sa.DateTime(timezone=True)
    members = sa.table(
        "members", sa.column("id", sa.BigInteger), sa.column("created_at", instant), sa.column("position_since", sa.Date)
    )
    terms = sa.table(
        "member_terms",
        sa.column("id", sa.BigInteger),
        sa.column("member_id", sa.BigInteger),
        sa.column("what", sa.String),
        sa.column("value", sa.String),
        sa.column("kind", sa.String),
        sa.column("valid_from", sa.Date),
        sa.column("valid_to", sa.Date),
        sa.column("precision", sa.String),
    )
    position = terms.c.what == "position"
    for (value,) in bind.execute(sa.select(terms.c.value).where(position).distinct()).all():
        bind.execute(sa.update(terms).where(position, terms.c.value == value).values(kind=post_of(value)))
    held = sa.select(terms.c.id, members.c.id, terms.c.valid_from, members.c.created_at).where(
        position, terms.c.valid_to.is_(None), terms.c.member_id == members.c.id
    )
    unknown = [(term, member) for term, member, day, at in bind.execute(held) if day == _day(at)]
    for start in range(0, len(unknown), 500):
        part = unknown[start : start + 500]
        ids, people = [term for term, _ in part], [member for _, member in part]
        bind.execute(sa.update(terms).where(terms.c.id.in_(ids)).values(precision="unknown"))
        bind.execute(sa.update(members).where(members.c.id.in_(people)).values(position_since=None))


def _day(at: dt.datetime) -> dt.date:
    return (at if at.tzinfo else at.replace(tzinfo=dt.UTC)).astimezone(CITY).date()


def downgrade() -> None:
    with op.batch_alter_table("roster_imports", schema=None) as batch_op:
        batch_op.drop_column("reading")
    with op.batch_alter_table("member_terms", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_member_terms_precision"), type_="check")
        batch_op.drop_column("precision")
    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.drop_column("month_only")
