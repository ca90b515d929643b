"""Messages of the sample city: some that were sent, what people chose, and two that an operator must look at."""

import datetime as dt

from academy.core import clock
from academy.core.crypto import Sealer
from academy.core.database import Tx
from academy.core.i18n import Message, msg, nmsg
from academy.notifications import api as notifications
from academy.notifications.api import DeliveryChannel, Pace, Topic, TopicChoice
from academy.notifications.models import Delivery, Notification, NotificationChoice, NotificationSettings

CHOSEN = {
    "member": {
        Topic.TRAININGS: TopicChoice(mail=True, sms=True),
        Topic.RECORD: TopicChoice(mail=True, pace=Pace.DAILY),
    },
    "elder": {Topic.TRAININGS: TopicChoice(sms=True)},
    "secretary": {Topic.TRAININGS: TopicChoice(mail=True, pace=Pace.WEEKLY)},
}
ADDRESSES = {"member": "member@example.org", "secretary": "secretary@example.org", "reviewer": "reviewer@example.org"}
REMINDER = msg("这一季的培训请在月底前学完，学习时间可以自己安排。")
WRITTEN: tuple[tuple[str, str, Message, str, int], ...] = (
    ("member", "reminder", REMINDER, "/my/trainings", 2),
    ("member", "complaint.answered", msg("您反映的问题有答复了。"), "/notifications", 30),
    ("member", "account.touched", msg("您的账号设了新密码。如果不是您本人，请马上告诉安全管理员。"), "/me", 700),
    ("elder", "reminder", REMINDER, "/my/trainings", 2),
    ("secretary", "delegation", nmsg("您支部还有 %(n)s 人没学完，请提醒或上门帮一帮。", 4), "/coverage", 26),
    ("reviewer", "course.submitted", msg("《%(title)s》等待审阅。", title="乡村治理实务"), "/review", 5),
)
"""Account, kind, sentence, link, hours ago."""
FAILED = (("elder", DeliveryChannel.SMS, "ConnectTimeout"), ("secretary", DeliveryChannel.MAIL, "SMTP 550"))


def make_messages(tx: Tx, sealer: Sealer, accounts: dict[str, int]) -> None:
    """Insert the rows. Nothing of it leaves: what was written counts as planned."""
    now = clock.now()
    for who, choices in CHOSEN.items():
        for topic, choice in choices.items():
            tx.add(
                NotificationChoice(
                    account_id=accounts[who],
                    topic=topic,
                    in_app=choice.in_app,
                    mail=choice.mail,
                    sms=choice.sms,
                    app=choice.app,
                    pace=choice.pace,
                )
            )
    for who, address in ADDRESSES.items():
        sealed = sealer.seal(address, context=notifications.MAIL_CONTEXT)
        tx.add(
            NotificationSettings(
                account_id=accounts[who], mail_sealed=sealed, mail_confirmed_at=now, calendar_version=1,
                calendar_is_on=who == "member",
            )
        )  # fmt: skip
    for who, kind, body, link, hours in WRITTEN:
        at = now - dt.timedelta(hours=hours)
        is_old = hours > 24
        tx.add(
            Notification(
                key=f"sample:{who}:{kind}",
                account_id=accounts[who],
                kind=kind,
                body=body.to_json(),
                link=link,
                created_at=at,
                planned_at=at,
                read_at=at + dt.timedelta(hours=1) if is_old else None,
            )
        )
    for who, channel, error in FAILED:
        at = now - dt.timedelta(hours=20)
        tx.add(
            Delivery(
                account_id=accounts[who], channel=channel, pace=Pace.AT_ONCE, state="failed", attempts=8, due_at=now,
                created_at=at, error=error,
            )
        )  # fmt: skip
    tx.flush()
