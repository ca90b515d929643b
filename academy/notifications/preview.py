"""What people get, as officers see it: a sample of each topic in each channel, made by the same code."""

import dataclasses
import json

from academy.core import clock
from academy.core.i18n import Message
from academy.core.settings import Settings
from academy.notifications import rendering
from academy.notifications.topics import TOPICS, DeliveryChannel, Pace, Topic

NOBODY = "preview"
"""In the place of an account: the links of a preview stop nothing."""


@dataclasses.dataclass(frozen=True)
class NotificationPreview:
    """One topic, or the daily digest of all, in every channel."""

    topic: Topic | None
    parts: list[tuple[Message, str]]
    mail_subject: str
    mail_text: str
    mail_headers: list[tuple[str, str]]
    sms: str
    payload: str


def preview_notifications(settings: Settings, language: str) -> list[NotificationPreview]:
    """A sample of each topic, then of a digest; nothing is sent and nobody is named."""
    settings = dataclasses.replace(
        settings,
        address=settings.address or "https://academy.example",
        mail_from=settings.mail_from or "academy@academy.example",
    )
    every = [_preview(settings, language, topic, [_sample(topic)]) for topic in Topic]
    return [*every, _preview(settings, language, None, [_sample(topic) for topic in Topic])]


def _sample(topic: Topic) -> tuple[Message, str]:
    return TOPICS[topic].sample, TOPICS[topic].link


def _preview(
    settings: Settings, language: str, topic: Topic | None, parts: list[tuple[Message, str]]
) -> NotificationPreview:
    def sample(channel: DeliveryChannel, to: str) -> rendering.OutgoingMessage:
        pace = Pace.AT_ONCE if topic else Pace.DAILY
        return rendering.OutgoingMessage(NOBODY, NOBODY, channel, pace, language, topic, parts, to, clock.now())

    mail = rendering.mail_of(settings, sample(DeliveryChannel.MAIL, "name@example.com"))
    text = mail.get_body(("plain",))
    shown = ("From", "Subject", "List-Unsubscribe", "List-Unsubscribe-Post")
    message = sample(DeliveryChannel.APP, "P0001")
    payload = json.loads(rendering.payload_of(settings, message))
    return NotificationPreview(
        topic=topic,
        parts=parts,
        mail_subject=str(mail["Subject"]),
        mail_text=text.get_content() if text is not None else "",
        mail_headers=[(name, str(mail[name])) for name in shown],
        sms=rendering.sms_of(settings, sample(DeliveryChannel.SMS, "")),
        payload=json.dumps(payload, ensure_ascii=False, indent=2),
    )
