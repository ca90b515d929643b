"""What a person can choose about: topics, the ways out, how soon. Pure."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from academy.core.i18n import Message, msg


class Topic(enum.StrEnum):
    """What a notification is about, as a person would put it. Each `kind` of notification belongs to one."""

    TRAININGS = "trainings"
    RECORD = "record"
    COURSES = "courses"
    SECURITY = "security"


class DeliveryChannel(enum.StrEnum):
    """A way by which a notification leaves the academy."""

    MAIL = "mail"
    SMS = "sms"
    APP = "app"


class Pace(enum.StrEnum):
    """How soon a notification leaves: by itself, or gathered into one message a day or a week."""

    AT_ONCE = "at_once"
    DAILY = "daily"
    WEEKLY = "weekly"


CHANNEL_NAMES: Mapping[DeliveryChannel, Message] = {
    DeliveryChannel.MAIL: msg("邮件"),
    DeliveryChannel.SMS: msg("短信"),
    DeliveryChannel.APP: msg("城市 App"),
}
PACE_NAMES: Mapping[Pace, Message] = {
    Pace.AT_ONCE: msg("随时"),
    Pace.DAILY: msg("每天汇总一次"),
    Pace.WEEKLY: msg("每周汇总一次"),
}


def digest_subject(pace: Pace) -> Message:
    """The subject line of a digest."""
    return msg("这一周的消息") if pace == Pace.WEEKLY else msg("今天的消息")


URGENT = frozenset({Topic.SECURITY})
"""Leave at once, in quiet hours and beyond the limit too, and stay visible in the academy."""

_TOPICS = {
    "reminder": Topic.TRAININGS,
    "delegation": Topic.TRAININGS,
    "training": Topic.TRAININGS,
    "correction": Topic.RECORD,
    "complaint": Topic.RECORD,
    "data": Topic.RECORD,
    "notice": Topic.RECORD,
    "question": Topic.RECORD,
    "evaluation": Topic.TRAININGS,
    "contest": Topic.TRAININGS,
    "class": Topic.TRAININGS,
    "material": Topic.COURSES,
    "course": Topic.COURSES,
    "proposal": Topic.COURSES,
    "topic": Topic.RECORD,
    "asset": Topic.COURSES,
    "account": Topic.SECURITY,
    "audit": Topic.SECURITY,
}
"""Topic by the part of a kind before its first dot."""


@dataclass(frozen=True)
class TopicWords:
    """What people read about a topic."""

    name: Message
    subject: Message
    """The only subject line of its messages: it is read on locked screens and by mail servers, so it names nobody and
    nothing that a person does."""
    sample: Message
    """A sentence as it might be, for the preview, and where it leads."""
    link: str


TOPICS: Mapping[Topic, TopicWords] = {
    Topic.TRAININGS: TopicWords(
        msg("培训提醒"), msg("培训有新消息"), msg("“冬季党员轮训”请在 12 月 20 日前学完。"), "/my/trainings"
    ),
    Topic.RECORD: TopicWords(
        msg("学习记录和答复"), msg("学习记录有新消息"), msg("您反映的问题有答复了。"), "/notifications"
    ),
    Topic.COURSES: TopicWords(msg("课件和审阅"), msg("课件有新消息"), msg("《乡村治理实务》等待审阅。"), "/review"),
    Topic.SECURITY: TopicWords(
        msg("账号安全"),
        msg("账号安全提醒"),
        msg("您的账号设了新密码。如果不是您本人，请马上告诉安全管理员。"),
        "/me",
    ),
}
TOPIC_NAMES: Mapping[Topic, Message] = {topic: words.name for topic, words in TOPICS.items()}


@dataclass(frozen=True)
class TopicChoice:
    """What a person wants of one topic."""

    in_app: bool = True
    """Whether the bell counts it; it is listed in the academy in any case."""
    mail: bool = False
    sms: bool = False
    app: bool = False
    pace: Pace = Pace.AT_ONCE

    def takes(self, channel: DeliveryChannel) -> bool:
        """Whether the topic goes out by this channel."""
        return bool(getattr(self, channel.value))


DEFAULTS: Mapping[Topic, TopicChoice] = {
    Topic.TRAININGS: TopicChoice(mail=True, app=True),
    Topic.RECORD: TopicChoice(mail=True),
    Topic.COURSES: TopicChoice(mail=True, pace=Pace.DAILY),
    Topic.SECURITY: TopicChoice(mail=True, app=True),
}
"""Before a person has chosen. Mail goes only to an address that its owner gave and confirmed; nothing costs by SMS."""


def topic_of(kind: str) -> Topic:
    """The topic of a notification's kind; unknown kinds are about one's record."""
    return _TOPICS.get(kind.partition(".")[0], Topic.RECORD)
