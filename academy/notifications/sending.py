"""Sending what is due. A delivery is a state machine, and every transition names the state and the attempt it expects.

    waiting ──claim──▶ sending ──▶ sent
       ▲                │ │ └───▶ failed ──retry──▶ waiting      (an operator's list)
       └──backoff, lost─┘ └─────▶ dropped                        (nobody to send to any more)

At least once: what a sender that died had claimed is claimed again. Not twice to a person: a delivery keeps its public
id at every attempt, and each channel hands it on (Message-ID, webhook-id, the gateway's ``id``), so that whatever
answered and was not heard is recognised there. Two senders never hold one attempt.
"""

import dataclasses
import datetime as dt

from sqlalchemy import func, or_, select, update

from academy.accounts import api as accounts
from academy.accounts.api import Recipient
from academy.core import clock
from academy.core.database import Tx
from academy.core.i18n import Message
from academy.core.runtime import Runtime
from academy.core.settings import Settings
from academy.notifications import planning, rules
from academy.notifications.models import Delivery, DeliveryItem, DeliveryState, Notification
from academy.notifications.preferences import MAIL_CONTEXT, Preferences, preferences_of
from academy.notifications.rendering import OutgoingMessage
from academy.notifications.topics import DeliveryChannel, Pace, topic_of
from academy.people import api as people

BATCH = 20
LOST = dt.timedelta(minutes=10)
"""Longer than a batch takes with every connection timing out: who holds a delivery for so long is dead."""


@dataclasses.dataclass(frozen=True)
class Claim:
    """One attempt of a delivery, and its message."""

    delivery_id: int
    attempt: int
    message: OutgoingMessage


def claim_due(tx: Tx, runtime: Runtime) -> tuple[int, list[Claim]]:
    """Claim a batch of due deliveries; returns how many rows changed, and the messages to send now.

    What is over a recipient's limit of the day moves into a digest; what has nobody to go to is dropped.
    """
    now = clock.now()
    _release_lost(tx, now)
    waiting = (
        select(Delivery.id)
        .where(Delivery.state == DeliveryState.WAITING, Delivery.due_at <= now)
        .order_by(Delivery.due_at, Delivery.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    taken = tx.scalars(
        update(Delivery)
        .where(Delivery.id.in_(tx.scalars(waiting).all()), Delivery.state == DeliveryState.WAITING)
        .values(state=DeliveryState.SENDING, attempts=Delivery.attempts + 1, claimed_at=now)
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    ).all()
    query = select(Delivery).where(Delivery.id.in_(taken)).order_by(Delivery.id)
    rows = tx.scalars(query.execution_options(populate_existing=True)).all()
    recipients = {one.account_id: one for one in accounts.list_recipients(tx, {row.account_id for row in rows})}
    chosen = preferences_of(tx, set(recipients))
    claims = []
    for row in rows:
        recipient = recipients.get(row.account_id)
        message = _message(tx, runtime, row, recipient, chosen[row.account_id], now) if recipient else None
        if message is None:
            row.state = DeliveryState.DROPPED
        elif _is_over_limit(tx, runtime.settings, row, now):
            _put_off(tx, row, chosen[row.account_id], now)
        else:
            claims.append(Claim(row.id, row.attempts, message))
        tx.flush()
    return len(rows), claims


def _release_lost(tx: Tx, now: dt.datetime) -> None:
    tx.execute(
        update(Delivery)
        .where(Delivery.state == DeliveryState.SENDING, Delivery.claimed_at < now - LOST)
        .values(state=DeliveryState.WAITING, error="sender lost")
        .execution_options(synchronize_session=False)
    )


def _message(
    tx: Tx, runtime: Runtime, row: Delivery, recipient: Recipient, chosen: Preferences, now: dt.datetime
) -> OutgoingMessage | None:
    """The message of a delivery; None when the recipient has stopped the channel or has no address for it any more."""
    channel = DeliveryChannel(row.channel)
    items = tx.scalars(
        select(Notification)
        .join(DeliveryItem, DeliveryItem.notification_id == Notification.id)
        .where(DeliveryItem.delivery_id == row.id)
        .order_by(Notification.id)
    ).all()
    items = [one for one in items if chosen.choices[topic_of(one.kind)].takes(channel)]
    if not items or not planning.is_reachable(recipient, chosen, channel):
        return None
    is_single = row.pace == Pace.AT_ONCE
    return OutgoingMessage(
        id=row.public_id,
        account=recipient.public_id,
        channel=channel,
        pace=Pace(row.pace),
        language=recipient.language,
        topic=topic_of(items[0].kind) if is_single else None,
        parts=[(Message.from_json(one.body), one.link) for one in items],
        to=_address(runtime, recipient, chosen, channel),
        at=now,
    )


def _address(runtime: Runtime, recipient: Recipient, chosen: Preferences, channel: DeliveryChannel) -> str:
    if channel == DeliveryChannel.MAIL:
        assert chosen.mail_sealed is not None
        return runtime.sealer.open(chosen.mail_sealed, context=MAIL_CONTEXT)
    if channel == DeliveryChannel.SMS:
        assert recipient.phone_sealed is not None
        return runtime.sealer.open(recipient.phone_sealed, context=people.PHONE_FIELD)
    return recipient.number or ""


def limit_of(settings: Settings, channel: DeliveryChannel) -> int:
    """Messages a day to one person by this channel; digests and urgent ones are not counted out."""
    return {
        DeliveryChannel.MAIL: settings.mail_a_day,
        DeliveryChannel.SMS: settings.sms_a_day,
        DeliveryChannel.APP: settings.app_a_day,
    }[channel]


def _is_over_limit(tx: Tx, settings: Settings, row: Delivery, now: dt.datetime) -> bool:
    if row.is_urgent or row.pace != Pace.AT_ONCE:
        return False
    begin, _ = clock.day_bounds(clock.to_city(now).date())
    query = select(func.count()).where(
        Delivery.account_id == row.account_id, Delivery.channel == row.channel, Delivery.is_urgent.is_(False)
    )
    sent = tx.scalar(query.where(Delivery.sent_at >= begin)) or 0
    # Of its own batch those before it: they are looked at in the order of their ids.
    before = or_(Delivery.claimed_at < now, Delivery.id < row.id)
    under_way = tx.scalar(query.where(Delivery.state == DeliveryState.SENDING, before)) or 0
    return sent + under_way >= limit_of(settings, DeliveryChannel(row.channel))


def _put_off(tx: Tx, row: Delivery, chosen: Preferences, now: dt.datetime) -> None:
    """Move what is over the limit into the next daily digest."""
    due = rules.due_at(now, Pace.DAILY, chosen.quiet_from, chosen.quiet_to)
    digest = planning.open_delivery(tx, row.account_id, DeliveryChannel(row.channel), Pace.DAILY, due)
    tx.execute(update(DeliveryItem).where(DeliveryItem.delivery_id == row.id).values(delivery_id=digest.id))
    tx.delete(row)


def mark_sent(tx: Tx, claim: Claim) -> bool:
    """Note that the channel took the message; False when the attempt is over (likewise below)."""
    return _change(tx, claim, state=DeliveryState.SENT, sent_at=clock.now(), error="")


def mark_refused(tx: Tx, claim: Claim, error: str) -> bool:
    """Note that it will never be taken: an operator sees it."""
    return _change(tx, claim, state=DeliveryState.FAILED, error=error[:200])


def mark_unavailable(tx: Tx, claim: Claim, error: str) -> bool:
    """Note that the channel could not be reached: try again later, or give up after many attempts."""
    if claim.attempt >= rules.MOST_ATTEMPTS:
        return mark_refused(tx, claim, error)
    row = tx.get_one(Delivery, claim.delivery_id)
    later = clock.now() + rules.backoff(claim.attempt)
    if not row.is_urgent:
        chosen = preferences_of(tx, [row.account_id])[row.account_id]
        later = rules.after_quiet(later, chosen.quiet_from, chosen.quiet_to)
    if row.pace != Pace.AT_ONCE:
        # Beside a digest of the same moment it could not wait: that one is newer and leaves by itself.
        later += dt.timedelta(microseconds=row.id % 1_000_000)
    return _change(tx, claim, state=DeliveryState.WAITING, due_at=later, error=error[:200])


def _change(tx: Tx, claim: Claim, **values: object) -> bool:
    hit = tx.execute(
        update(Delivery)
        .where(
            Delivery.id == claim.delivery_id,
            Delivery.state == DeliveryState.SENDING,
            Delivery.attempts == claim.attempt,
        )
        .values(**values)
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    ).scalar()
    return hit is not None
