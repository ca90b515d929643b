"""The audit trail's first stone: who did what to what, written in the transaction that did it.

It stands in `core` because the rooms below `accounts` write audit rows too (ADR 0001); reading,
searching and verifying the trail belong to `accounts`.
"""

import datetime as dt
from typing import Any

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from academy.core import clock
from academy.core.actor import Actor
from academy.core.db import Base, Tx
from academy.core.types import Key


class AuditEntry(Base):
    """One act. Rows are only ever added: a figure must be defensible a year later.

    `target` is ``kind:public_id``; `detail` holds identifiers and figures, never names or phones.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        # The auditor's two questions: what happened to this thing, what did this account do.
        Index(None, "target", "id"),
        Index(None, "account_id", "id"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    account_id: Mapped[int | None] = mapped_column(Key)
    label: Mapped[str] = mapped_column(String(40), default="")
    network: Mapped[str] = mapped_column(String(64), default="")
    verb: Mapped[str] = mapped_column(String(80))
    target: Mapped[str] = mapped_column(String(120))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


def record(tx: Tx, actor: Actor, verb: str, target: str, **detail: Any) -> None:
    """Add an audit row to the transaction: ``record(tx, actor, "course.published", f"course:{id}")``."""
    tx.add(
        AuditEntry(
            account_id=actor.account_id,
            label=actor.label,
            network=actor.network,
            verb=verb,
            target=target,
            detail=detail,
        )
    )
