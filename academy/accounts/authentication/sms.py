"""Activation codes by SMS: through the terminal, a gateway's address, or a configured function.

A request names a member number and the phone in the register. Whether they match or not, the response and its timing
are the same, because a job does the look-up and the sending.
"""

import datetime as dt
import hmac
import importlib
import json
import secrets
import sys
from collections.abc import Callable

import requests
from sqlalchemy import select, update

from academy.accounts.authentication import throttle
from academy.accounts.models import NUMBER_LENGTH, ActivationCode, Restriction
from academy.accounts.queries import offices_of_member
from academy.core import clock, keyed
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Busy, Invalid
from academy.core.i18n import msg
from academy.core.networks import network_of
from academy.core.runtime import Runtime
from academy.core.settings import Settings
from academy.core.text import tidy_text
from academy.core.unique import lock_row
from academy.jobs import api as jobs
from academy.people import api as people
from academy.people.api import Unreadable
from academy.people.models import Member

Channel = Callable[[str, str], None]
"""Sends a text to a phone; raises when it cannot."""

SEND = "accounts.send_sms"
CONTEXT = "sms.text"
LASTS = dt.timedelta(minutes=10)
DIGITS = 8
PAUSE = dt.timedelta(minutes=1)
A_DAY = 5
NETWORK_HOUR = 100
"""Rate limits: one message a minute and five a day for a member number; a hundred requests an hour for a network,
because a village shares one address."""
TIMEOUT_S = 10


def sms_channel(settings: Settings, *, message_id: str = "") -> Channel | None:
    """The configured channel; None when there is none.

    `message_id` stays the same when a message is sent again: the gateway gets it as ``id`` and can refuse a second one.

    Raises:
        ValueError: the setting names no usable channel.
    """
    named = settings.sms.strip()
    if named in ("", "off"):
        return None
    if named == "console":
        return _console
    if named.startswith("https://"):
        return _gateway(named, settings.sms_secret, message_id)
    module, colon, function = named.partition(":")
    if not colon:
        raise ValueError(f"ACADEMY_SMS={named!r}: console, off, an https address or package.module:function")
    found: Channel = getattr(importlib.import_module(module), function)
    return found


def _console(phone: str, text: str) -> None:
    sys.stderr.write(f"SMS {people.mask_phone(phone)}: {text}\n")
    sys.stderr.flush()


def _gateway(address: str, secret: str, message_id: str) -> Channel:
    """POSTs ``{"phone", "text", "at"}``, and ``id`` where there is one, as JSON.

    The body is signed in X-Signature (hex HMAC-SHA256).
    """

    def send(phone: str, text: str) -> None:
        known = {"id": message_id} if message_id else {}
        body = json.dumps({"phone": phone, "text": text, "at": clock.now().isoformat()} | known).encode()
        signed = {"Content-Type": "application/json", "X-Signature": hmac.digest(secret.encode(), body, "sha256").hex()}
        answer = requests.post(address, data=body, headers=signed, timeout=TIMEOUT_S, allow_redirects=False)
        answer.raise_for_status()

    return send


def request_sms_code(runtime: Runtime, number: str, phone: str, network: str = "") -> None:
    """Queue a code for the phone in the register, if it belongs to this number. The response does not depend on that.

    Opens its own transaction, so that the request is counted whatever its outcome.

    Raises:
        Invalid: not a phone number.
        Busy: asked too often, alike for numbers that exist and numbers that don't.
    """
    number = tidy_text(number, NUMBER_LENGTH)
    try:
        wanted = people.read_phone(phone)
    except Unreadable:
        wanted = None
    if not wanted or not number:
        raise Invalid(fields={"phone": msg("请填写十一位手机号。")})
    sealed = runtime.sealer.seal(json.dumps([number, str(wanted), network]), context=CONTEXT)

    def write(tx: Tx) -> None:
        _count(tx, number, network)
        jobs.enqueue(tx, SEND, sealed=sealed.hex())

    runtime.db.run_in_transaction(write)


def prepare(tx: Tx, runtime: Runtime, number: str, phone: str, network: str) -> str | None:
    """The message to send; None when the phone is not this number's, or nothing may be sent.

    Accounts with roles get no code by SMS: a minute with the phone would be enough to take over the role.
    """
    index = runtime.sealer.blind_index(phone, context=people.PHONE_FIELD)
    member = tx.scalar(select(Member).where(Member.number == number, Member.phone_index == index, people.is_present()))
    record(tx, Actor(network=network), "activation.sms", f"member:{member.public_id if member else 'unknown'}")
    if member is None or tx.get(Restriction, member.id) is not None or offices_of_member(tx, member.id):
        return None
    return str(msg("您的激活码是 %(code)s，十分钟内有效，请不要告诉别人。", code=_new_code(tx, member)))


def _new_code(tx: Tx, member: Member) -> str:
    """A code that replaces an earlier SMS code. A code issued by the branch stays valid: otherwise anybody who knows a
    number and a phone could invalidate it again and again."""
    lock_row(tx, member)
    now = clock.now()
    tx.execute(
        update(ActivationCode)
        .where(
            ActivationCode.member_id == member.id,
            ActivationCode.used_at.is_(None),
            ActivationCode.expires_at > now,
            ActivationCode.expires_at <= now + LASTS,  # codes issued by the branch last for days
        )
        .values(expires_at=now)
    )
    code = ""
    while not code or tx.scalar(select(ActivationCode.id).where(ActivationCode.digest.in_(keyed.digests(code)))):
        # Digits only: a phone offers them above its keyboard, and they are read out without a mistake.
        code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    tx.add(ActivationCode(member_id=member.id, digest=keyed.digest(code), expires_at=now + LASTS))
    tx.flush()
    return code


def _count(tx: Tx, number: str, network: str) -> None:
    who, where = (keyed.digest(part) for part in (f"sms\x1f{number.casefold()}", f"sms\x1f\x1f{network_of(network)}"))
    for key, pause, most, window in (
        (who, PAUSE, A_DAY, dt.timedelta(days=1)),
        (where, dt.timedelta(0), NETWORK_HOUR, dt.timedelta(hours=1)),
    ):
        wait = throttle.spend(tx, key, pause=pause, most=most, window=window)
        if wait is not None:
            minutes = -(-int(wait.total_seconds()) // 60)
            raise Busy(
                msg("短信要得太频繁，请 %(minutes)s 分钟后再试，或请支部发激活码。", minutes=max(1, minutes)),
                retry_after=max(1, int(wait.total_seconds())),
            )
