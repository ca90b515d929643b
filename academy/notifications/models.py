"""Notifications to people inside the academy; outgoing channels copy from here."""

import datetime as dt
import enum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from academy.core import clock
from academy.core.database import Base
from academy.core.ids import new_id
from academy.core.types import Key, one_of
from academy.notifications.topics import DeliveryChannel, Pace, Topic

QUIET_FROM, QUIET_TO = 22 * 60, 7 * 60
"""Quiet hours before a person has chosen: 22:00 to 7:00."""


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
        # The planner's query: what nobody has looked at yet.
        Index(
            "ix_notifications_unplanned",
            "id",
            sqlite_where=text("planned_at IS NULL"),
            postgresql_where=text("planned_at IS NULL"),
        ),
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
    planned_at: Mapped[dt.datetime | None]
    """When it was looked at for the channels outside; see `planning.py`."""


class NotificationSettings(Base):
    """What a person chose about all their notifications. Without a row the defaults hold."""

    __tablename__ = "notification_settings"
    __table_args__ = (
        CheckConstraint("quiet_from BETWEEN 0 AND 1439 AND quiet_to BETWEEN 0 AND 1439", name="minutes_of_a_day"),
        CheckConstraint("mail_confirmed_at IS NULL OR mail_sealed IS NOT NULL", name="confirmed_address"),
    )

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True, autoincrement=False)
    mail_sealed: Mapped[bytes | None]
    """The address, sealed like phones; nothing is sent to it before its owner confirmed it."""
    mail_confirmed_at: Mapped[dt.datetime | None]
    mail_asked_on: Mapped[dt.date | None]
    mail_asks: Mapped[int] = mapped_column(default=0)
    """Confirmations sent on that day: nobody can have strangers flooded with them."""
    quiet_from: Mapped[int] = mapped_column(default=QUIET_FROM)
    quiet_to: Mapped[int] = mapped_column(default=QUIET_TO)
    """Minutes of the city's day; equal ones mean no quiet hours."""
    calendar_version: Mapped[int] = mapped_column(default=0)
    """Which address of the calendar feed is valid; 0: none was made."""
    calendar_is_on: Mapped[bool] = mapped_column(default=False)


class NotificationChoice(Base):
    """What a person chose for one topic. Without a row the topic's default holds."""

    __tablename__ = "notification_choices"
    __table_args__ = (one_of("topic", Topic), one_of("pace", Pace))

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True, autoincrement=False)
    topic: Mapped[str] = mapped_column(String(12), primary_key=True)
    in_app: Mapped[bool]
    mail: Mapped[bool]
    sms: Mapped[bool]
    app: Mapped[bool]
    pace: Mapped[str] = mapped_column(String(8))


class DeliveryState(enum.StrEnum):
    """State of a delivery. `failed` waits for an operator; `dropped` had nobody to go to any more."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"


class Delivery(Base):
    """One message to one account by one channel: a notification, or a digest of several.

    Its public id is the message's own (Message-ID, webhook-id, the gateway's id) at every attempt, so that a receiver
    recognises a repetition. Transitions are UPDATEs that name the state and the attempt (`sending.py`).
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        # The sender's query: what is due, and what a dead sender left behind.
        Index(None, "state", "due_at"),
        # The limit of a recipient, counted before each message; the erasure of a person.
        Index(None, "account_id", "channel", "sent_at"),
        # Two planners that meet a person's first message of a digest at once.
        Index(
            "uq_deliveries_open_digest",
            "account_id",
            "channel",
            "pace",
            "due_at",
            unique=True,
            sqlite_where=text("pace <> 'at_once' AND state = 'waiting'"),
            postgresql_where=text("pace <> 'at_once' AND state = 'waiting'"),
        ),
        one_of("channel", DeliveryChannel),
        one_of("pace", Pace),
        one_of("state", DeliveryState),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    channel: Mapped[str] = mapped_column(String(4))
    pace: Mapped[str] = mapped_column(String(8))
    is_urgent: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(8), default=DeliveryState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[dt.datetime]
    claimed_at: Mapped[dt.datetime | None]
    sent_at: Mapped[dt.datetime | None]
    error: Mapped[str] = mapped_column(String(200), default="")
    """What the last attempt met, for the operator: never an address or a text."""
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)


class DeliveryItem(Base):
    """A notification in a delivery. The key lets it leave by each channel once, however often it is planned."""

    __tablename__ = "delivery_items"
    __table_args__ = (one_of("channel", DeliveryChannel),)

    notification_id: Mapped[int] = mapped_column(
        ForeignKey("notifications.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    channel: Mapped[str] = mapped_column(String(4), primary_key=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("deliveries.id", ondelete="CASCADE"), index=True)
