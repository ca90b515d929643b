"""From a written notification to deliveries: who gets it by which channel, and when.

Runs after the commit that wrote the notifications. Each is looked at once (`planned_at`), in one transaction with the
deliveries that come of it; the key of `DeliveryItem` keeps it from leaving twice by one channel whatever happens.
"""

import datetime as dt
from collections.abc import Collection, Sequence

from sqlalchemy import select, update

from academy.accounts import api as accounts
from academy.accounts.api import Recipient
from academy.core import clock
from academy.core.database import Tx
from academy.core.unique import get_or_create
from academy.notifications import rules
from academy.notifications.models import Delivery, DeliveryItem, DeliveryState, Notification
from academy.notifications.preferences import Preferences, preferences_of
from academy.notifications.topics import URGENT, DeliveryChannel, Pace, topic_of

BATCH = 500


def plan_notifications(tx: Tx, channels: Collection[DeliveryChannel]) -> int:
    """Plan a batch of new notifications for the channels that the operator set up; returns how many there were."""
    rows = tx.scalars(
        select(Notification)
        .where(Notification.planned_at.is_(None))
        .order_by(Notification.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    if not rows:
        return 0
    now = clock.now()
    by_account, by_member = _recipients(tx, rows)
    chosen = preferences_of(tx, {one.account_id for one in (*by_account.values(), *by_member.values())})
    for row in rows:
        recipient = by_account.get(row.account_id or 0) or by_member.get(row.member_id or 0)
        if recipient is not None:
            _plan(tx, row, recipient, chosen[recipient.account_id], channels, now)
    tx.flush()
    ids = [row.id for row in rows]
    tx.execute(update(Notification).where(Notification.id.in_(ids)).values(planned_at=now))
    return len(rows)


def _recipients(tx: Tx, rows: Sequence[Notification]) -> tuple[dict[int, Recipient], dict[int, Recipient]]:
    found = accounts.list_recipients(
        tx,
        {row.account_id for row in rows if row.account_id is not None},
        {row.member_id for row in rows if row.member_id is not None},
    )
    return {one.account_id: one for one in found}, {one.member_id: one for one in found if one.member_id is not None}


def _plan(
    tx: Tx,
    row: Notification,
    recipient: Recipient,
    chosen: Preferences,
    channels: Collection[DeliveryChannel],
    now: dt.datetime,
) -> None:
    topic = topic_of(row.kind)
    choice, is_urgent = chosen.choices[topic], topic in URGENT
    if not choice.in_app and not is_urgent:
        row.read_at = row.read_at or now  # listed, but the bell does not count it
    for channel in channels:
        if not choice.takes(channel) or not is_reachable(recipient, chosen, channel):
            continue
        if tx.get(DeliveryItem, (row.id, channel.value)) is not None:
            continue
        if is_urgent:
            delivery = Delivery(
                account_id=recipient.account_id, channel=channel, pace=Pace.AT_ONCE, is_urgent=True, due_at=now
            )
            tx.add(delivery)
        else:
            due = rules.due_at(now, choice.pace, chosen.quiet_from, chosen.quiet_to)
            delivery = open_delivery(tx, recipient.account_id, channel, choice.pace, due)
        tx.flush()
        tx.add(DeliveryItem(notification_id=row.id, channel=channel, delivery_id=delivery.id))


def is_reachable(recipient: Recipient, chosen: Preferences, channel: DeliveryChannel) -> bool:
    """Whether there is an address for this channel: a confirmed mail address, a phone in the register, a number."""
    if channel == DeliveryChannel.MAIL:
        return chosen.mail_confirmed
    return recipient.phone_sealed is not None if channel == DeliveryChannel.SMS else recipient.number is not None


def open_delivery(tx: Tx, account_id: int, channel: DeliveryChannel, pace: Pace, due: dt.datetime) -> Delivery:
    """A delivery to put a notification into: of its own, or the digest that leaves at that moment."""
    if pace == Pace.AT_ONCE:
        delivery = Delivery(account_id=account_id, channel=channel, pace=pace, due_at=due)
        tx.add(delivery)
        return delivery
    # A digest that a sender has claimed is closed: what comes later goes into the next one.
    key = {"account_id": account_id, "channel": channel, "due_at": due, "state": DeliveryState.WAITING.value}
    return get_or_create(tx, Delivery, key | {"pace": pace.value})[0]
