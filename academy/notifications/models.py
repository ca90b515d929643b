"""Notifications to people inside the academy; outgoing channels copy from here."""

import datetime as dt
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from academy.core import clock
from academy.core.database import Base
from academy.core.ids import new_id
from academy.core.types import Key


class Notification(Base):
    """One message to one account or member. `key` makes sending it twice harmless."""

    __tablename__ = "notifications"
    __table_args__ = (
        Index(
            "ix_notifications_unread_member",
            "member_id",
            "id",
            sqlite_where=text("read_at IS NULL"),
            postgresql_where=text("read_at IS NULL"),
        ),
        Index(None, "member_id", "id"),
        Index(None, "account_id", "id"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    key: Mapped[str | None] = mapped_column(String(160), unique=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    kind: Mapped[str] = mapped_column(String(40))
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    """A `Message` as JSON, translated when read."""
    link: Mapped[str] = mapped_column(String(255), default="")
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    read_at: Mapped[dt.datetime | None]
