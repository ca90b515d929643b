"""What people chose: read for many at once, changed by each for themselves."""

import dataclasses
import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import delete, select

from academy.accounts import api as accounts
from academy.accounts.api import Recipient
from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.crypto import Sealer
from academy.core.database import Tx
from academy.core.errors import Busy, Invalid, NotFound
from academy.core.i18n import msg
from academy.core.runtime import Runtime
from academy.core.text import tidy_text
from academy.core.unique import get_or_create
from academy.jobs import api as jobs
from academy.notifications import tokens
from academy.notifications.models import (
    QUIET_FROM,
    QUIET_TO,
    Delivery,
    NotificationChoice,
    NotificationSettings,
)
from academy.notifications.topics import DEFAULTS, URGENT, DeliveryChannel, Pace, Topic, TopicChoice

MAIL_CONTEXT = "account.mail"
MAIL_LENGTH = 120
ASKS_A_DAY = 5
CONFIRM = "notifications.confirm_mail"
_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+){1,6}")


@dataclasses.dataclass(frozen=True)
class Preferences:
    """What one account chose, with the defaults filled in."""

    choices: Mapping[Topic, TopicChoice]
    quiet_from: int = QUIET_FROM
    quiet_to: int = QUIET_TO
    mail_sealed: bytes | None = None
    mail_confirmed: bool = False
    calendar_version: int = 0
    """Of the calendar feed's valid address; 0: there is none."""


def preferences_of(tx: Tx, account_ids: Collection[int]) -> dict[int, Preferences]:
    """The preferences of each account, in two queries."""
    chosen: dict[int, dict[Topic, TopicChoice]] = defaultdict(lambda: dict(DEFAULTS))
    for row in tx.scalars(select(NotificationChoice).where(NotificationChoice.account_id.in_(account_ids))):
        chosen[row.account_id][Topic(row.topic)] = TopicChoice(row.in_app, row.mail, row.sms, row.app, Pace(row.pace))
    query = select(NotificationSettings).where(NotificationSettings.account_id.in_(account_ids))
    kept = {row.account_id: row for row in tx.scalars(query)}
    return {one: _preferences(chosen[one], kept.get(one)) for one in account_ids}


def _preferences(choices: Mapping[Topic, TopicChoice], row: NotificationSettings | None) -> Preferences:
    if row is None:
        return Preferences(choices)
    return Preferences(
        choices,
        row.quiet_from,
        row.quiet_to,
        row.mail_sealed,
        row.mail_confirmed_at is not None,
        row.calendar_version if row.calendar_is_on else 0,
    )


def own_preferences(tx: Tx, actor: Actor) -> Preferences:
    """The actor's own preferences."""
    account_id = _own(actor)
    return preferences_of(tx, [account_id])[account_id]


def own_mail(tx: Tx, actor: Actor, sealer: Sealer) -> str:
    """The actor's own mail address, confirmed or not; "" without one."""
    sealed = own_preferences(tx, actor).mail_sealed
    return sealer.open(sealed, context=MAIL_CONTEXT) if sealed else ""


def choose_notifications(
    tx: Tx, actor: Actor, choices: Mapping[Topic, TopicChoice], quiet_from: int, quiet_to: int
) -> None:
    """Replace the actor's own choices and quiet hours (minutes of the city's day; equal ones mean none).

    Raises:
        Invalid: not minutes of a day.
    """
    account_id = _own(actor)
    if not (0 <= quiet_from < 1440 and 0 <= quiet_to < 1440):
        raise Invalid(fields={"quiet_from": msg("请从列表里选择。")})
    for topic, choice in choices.items():
        _keep(tx, account_id, topic, choice)
    row = _settings(tx, account_id)
    row.quiet_from, row.quiet_to = quiet_from, quiet_to
    tx.flush()
    record(tx, actor, "notifications.chosen", _target(tx, account_id))


def _keep(tx: Tx, account_id: int, topic: Topic, choice: TopicChoice) -> None:
    values = dataclasses.asdict(choice) | {"pace": choice.pace.value}
    values["in_app"] = choice.in_app or topic in URGENT
    row, is_new = get_or_create(tx, NotificationChoice, {"account_id": account_id, "topic": topic.value}, **values)
    if not is_new:
        for name, value in values.items():
            setattr(row, name, value)
    tx.flush()


def stop_channel(tx: Tx, account: str, channel: DeliveryChannel, topic: Topic | None, *, again: bool = False) -> None:
    """Stop a topic, or with None every topic, by a channel: what the link in each message does. `again` undoes it.

    Raises:
        NotFound: the account is gone.
    """
    recipient = _recipient(tx, account)
    before = preferences_of(tx, [recipient.account_id])[recipient.account_id].choices
    for one in [topic] if topic else list(Topic):
        changed: dict[str, Any] = {channel.value: again}
        _keep(tx, recipient.account_id, one, dataclasses.replace(before[one], **changed))
    actor = Actor(account_id=recipient.account_id, member_id=recipient.member_id)
    verb = "notifications.resumed" if again else "notifications.stopped"
    record(tx, actor, verb, f"account:{account}", channel=channel.value, topic=topic.value if topic else "all")


def ask_mail(tx: Tx, actor: Actor, runtime: Runtime, address: str) -> None:
    """Keep an address and send it a link; nothing else goes there before the link was used. Blank removes the address.

    Raises:
        Invalid: not a mail address.
        Busy: five links were sent today.
    """
    account_id = _own(actor)
    address = tidy_text(address, MAIL_LENGTH + 1)
    row = _settings(tx, account_id)
    if not address:
        row.mail_sealed = row.mail_confirmed_at = None
        tx.flush()
        record(tx, actor, "notifications.mail_removed", _target(tx, account_id))
        return
    if len(address) > MAIL_LENGTH or not _ADDRESS.fullmatch(address):
        raise Invalid(fields={"mail": msg("请填写邮箱地址，例如 name@example.com。")})
    today = clock.today()
    asks = row.mail_asks if row.mail_asked_on == today else 0
    if asks >= ASKS_A_DAY:
        raise Busy(msg("今天已经发过几封确认邮件了，请明天再试。"), retry_after=3600)
    row.mail_confirmed_at = None
    row.mail_sealed = runtime.sealer.seal(address, context=MAIL_CONTEXT)
    row.mail_asked_on, row.mail_asks = today, asks + 1
    tx.flush()
    record(tx, actor, "notifications.mail_given", _target(tx, account_id))
    jobs.enqueue(tx, CONFIRM, account_id=account_id)


def confirm_mail(tx: Tx, runtime: Runtime, token: str) -> None:
    """Accept an address because its reader opened the link that was sent there.

    Raises:
        NotFound: not our link, too old, or another address was given since.
    """
    account, fingerprint = tokens.read_confirm(runtime.settings, token)
    recipient = _recipient(tx, account)
    row = _settings(tx, recipient.account_id)
    sealed = row.mail_sealed
    if sealed is None or not tokens.is_of(fingerprint, runtime.sealer.open(sealed, context=MAIL_CONTEXT)):
        raise NotFound(msg("这个链接已失效。请登录后在“消息设置”里操作。"))
    row.mail_confirmed_at = row.mail_confirmed_at or clock.now()
    tx.flush()
    actor = Actor(account_id=recipient.account_id, member_id=recipient.member_id)
    record(tx, actor, "notifications.mail_confirmed", f"account:{account}")


def set_calendar(tx: Tx, actor: Actor, *, on: bool) -> None:
    """Make a new secret address for the actor's calendar feed, or end it; earlier addresses are void in both cases."""
    row = _settings(tx, _own(actor))
    row.calendar_version += 1
    row.calendar_is_on = on
    tx.flush()
    record(tx, actor, "notifications.calendar", _target(tx, _own(actor)), on=on)


def calendar_owner(tx: Tx, runtime: Runtime, token: str) -> Recipient:
    """Whose calendar an address shows.

    Raises:
        NotFound: not an address of ours, an earlier one, or its owner left.
    """
    account, version = tokens.read_calendar(runtime.settings, token)
    recipient = _recipient(tx, account)
    if preferences_of(tx, [recipient.account_id])[recipient.account_id].calendar_version != version:
        raise NotFound
    return recipient


def erase_preferences(tx: Tx, account_id: int) -> None:
    """Delete what a person chose, their address, and what was sent to them."""
    for model in (NotificationChoice, NotificationSettings, Delivery):
        tx.execute(delete(model).where(model.account_id == account_id))


def reseal_addresses(tx: Tx, sealer: Sealer) -> int:
    """Re-encrypt mail addresses with the newest key; returns how many changed.

    Raises:
        cryptography.exceptions.InvalidTag: an address was sealed with a key that is not configured.
    """
    changed = 0
    for row in tx.scalars(select(NotificationSettings).where(NotificationSettings.mail_sealed.is_not(None))):
        if row.mail_sealed is not None and not sealer.is_current(row.mail_sealed):
            address = sealer.open(row.mail_sealed, context=MAIL_CONTEXT)
            row.mail_sealed = sealer.seal(address, context=MAIL_CONTEXT)
            changed += 1
    return changed


def _settings(tx: Tx, account_id: int) -> NotificationSettings:
    return get_or_create(tx, NotificationSettings, {"account_id": account_id})[0]


def _own(actor: Actor) -> int:
    if actor.account_id is None:
        raise NotFound
    return actor.account_id


def _target(tx: Tx, account_id: int) -> str:
    return f"account:{accounts.account_of_id(tx, account_id).public_id}"


def _recipient(tx: Tx, account: str) -> Recipient:
    found = accounts.recipient_of(tx, account)
    if found is None:
        raise NotFound
    return found
