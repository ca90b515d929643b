"""What a delivery looks like in each channel. Pure; texts are in the recipient's language."""

import dataclasses
import datetime as dt
import hashlib
import html
import json
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

from academy.core.i18n import Message, msg, nmsg, translator_for
from academy.core.settings import Settings
from academy.notifications import tokens
from academy.notifications.topics import (
    TOPICS,
    DeliveryChannel,
    Pace,
    Topic,
    digest_subject,
)

SMS_LENGTH = 200
GREETING = msg("您好：")
OPEN = msg("打开查看")
OUT = msg("不想再收这类消息")
OUT_SHORT = msg("退订")
"""As Chinese messages say it, where each character is paid for."""
PREFERENCES = msg("消息设置")
CONFIRM_SUBJECT = msg("请确认邮箱")
CONFIRM_TEXT = msg("请打开下面的链接，确认用这个邮箱收消息。三天内有效。如果不是您填的，请不要理会，不会再收到邮件。")


@dataclasses.dataclass(frozen=True)
class OutgoingMessage:
    """A delivery with everything its channel needs; made inside a transaction, sent outside."""

    id: str
    """The same at every attempt."""
    account: str
    """Public id of the account."""
    channel: DeliveryChannel
    pace: Pace
    language: str | None
    topic: Topic | None
    """None in a digest: it may hold several."""
    parts: Sequence[tuple[Message, str]]
    """Sentence and path of each notification."""
    to: str
    """Mail address, phone or member number."""
    at: dt.datetime


def subject_of(message: OutgoingMessage) -> Message:
    """The subject line: one of a few fixed ones."""
    return TOPICS[message.topic].subject if message.topic else digest_subject(message.pace)


def out_link(settings: Settings, message: OutgoingMessage) -> str:
    """The address that stops such messages, without sign-in."""
    token = tokens.out_token(settings, message.account, message.channel, message.topic)
    return f"{settings.address}/notifications/out/{token}"


def short_out_link(settings: Settings, message: OutgoingMessage) -> str:
    """The same for an SMS: half as long."""
    return f"{settings.address}/o/{tokens.short_out_token(settings, message.account, message.channel, message.topic)}"


def mail_of(settings: Settings, message: OutgoingMessage) -> EmailMessage:
    """The mail: text and the same as HTML, with the headers of RFC 8058 for one click out."""
    translate = translator_for(message.language or "zh")
    out = out_link(settings, message)
    mail = _mail(settings, message.id, message.to, translate(subject_of(message)), message.at)
    mail["List-Unsubscribe"] = f"<{out}>"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    lines = [(translate(text), settings.address + path if path else "") for text, path in message.parts]
    links = [(translate(OUT), out), (translate(PREFERENCES), f"{settings.address}/me/notifications")]
    plain = [translate(GREETING), ""]
    for text, link in lines:
        plain += [text, *([link] if link else []), ""]
    plain += ["-- ", settings.city_name, *(f"{name}: {link}" for name, link in links)]
    mail.set_content("\n".join(plain) + "\n")
    mail.add_alternative(_html(translate(GREETING), lines, translate(OPEN), settings.city_name, links), subtype="html")
    return mail


def confirmation_of(
    settings: Settings, address: str, token: str, language: str | None, at: dt.datetime
) -> EmailMessage:
    """The mail that asks whether an address is its reader's."""
    translate = translator_for(language or "zh")
    link = f"{settings.address}/notifications/mail/{token}"
    # Of the token, so that a repetition is recognised.
    identifier = hashlib.sha256(token.encode()).hexdigest()[:24]
    mail = _mail(settings, identifier, address, translate(CONFIRM_SUBJECT), at)
    mail.set_content(
        "\n".join([translate(GREETING), "", translate(CONFIRM_TEXT), link, "", "-- ", settings.city_name]) + "\n"
    )
    return mail


def _mail(settings: Settings, identifier: str, to: str, subject: str, at: dt.datetime) -> EmailMessage:
    # The policy refuses line breaks in headers: an address cannot add one.
    mail = EmailMessage(policy=SMTP)
    mail["From"] = f"{settings.city_name} <{settings.mail_from}>"
    mail["To"] = to
    mail["Subject"] = f"{settings.city_name}：{subject}"
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = f"<{identifier}@{urlsplit(settings.address).hostname}>"
    mail["Auto-Submitted"] = "auto-generated"
    return mail


def _html(greeting: str, lines: list[tuple[str, str]], open_label: str, city: str, links: list[tuple[str, str]]) -> str:
    parts = [f"<p>{html.escape(greeting)}</p>"]
    for text, link in lines:
        button = f'<br><a href="{html.escape(link)}">{html.escape(open_label)}</a>' if link else ""
        parts.append(f"<p>{html.escape(text)}{button}</p>")
    foot = " · ".join(f'<a href="{html.escape(link)}">{html.escape(name)}</a>' for name, link in links)
    return (
        '<!doctype html><html><body style="font-size:18px;line-height:1.7">'
        + "".join(parts)
        + f'<hr><p style="font-size:14px">{html.escape(city)} · {foot}</p></body></html>'
    )


def sms_of(settings: Settings, message: OutgoingMessage) -> str:
    """The text of an SMS: one notification with its link, or how many there are."""
    translate = translator_for(message.language or "zh")
    if len(message.parts) == 1:
        text, path = message.parts[0]
        body = translate(text)[:SMS_LENGTH]
    else:
        body, path = translate(nmsg("有 %(n)s 条新消息，请打开云学院查看。", len(message.parts))), "/notifications"
    link = f" {settings.address}{path}" if settings.address and path else ""
    out = f" {translate(OUT_SHORT)} {short_out_link(settings, message)}" if settings.address else ""
    return f"【{settings.city_name}】{body}{link}{out}"


def payload_of(settings: Settings, message: OutgoingMessage) -> bytes:
    """The body of the webhook (JSON, as Standard Webhooks shapes it)."""
    translate = translator_for(message.language or "zh")
    data: dict[str, Any] = {
        "id": message.id,
        "member": message.to,
        "topic": message.topic.value if message.topic else "digest",
        "title": translate(subject_of(message)),
        "messages": [
            {"text": translate(text), "url": settings.address + path if path else ""} for text, path in message.parts
        ],
        "unsubscribe": out_link(settings, message),
        "preferences": f"{settings.address}/me/notifications",
    }
    body = {"type": "notification.created", "timestamp": message.at.isoformat(), "data": data}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
