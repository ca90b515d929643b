"""What people of a class are notified of, and in which words."""

from collections.abc import Iterable

from academy.classes.events import ClassNews
from academy.classes.kinds import ClassNewsKind
from academy.classes.models import TrainingClass
from academy.core import clock
from academy.core.database import Tx
from academy.core.i18n import Message, msg
from academy.jobs import api as jobs
from academy.notifications import api as notifications

NEWS: dict[ClassNewsKind, Message] = {
    ClassNewsKind.PLACED: msg("您已进入“%(name)s”，请看课表。"),
    ClassNewsKind.QUEUED: msg("“%(name)s”满员了，您在候补名单上，有空位会自动补上并告诉您。"),
    ClassNewsKind.LAPSED: msg("“%(name)s”不再收人，这次没有轮到您。"),
    ClassNewsKind.MOVED: msg("“%(name)s”改期了：%(first)s 开班，%(last)s 结束。"),
    ClassNewsKind.CLOSED: msg("“%(name)s”结业了，您的到课和登台可以点开看。"),
    ClassNewsKind.REOPENED: msg("“%(name)s”的结业撤回了，班还开着。"),
    ClassNewsKind.CANCELLED: msg("“%(name)s”取消了，不用来了。"),
    ClassNewsKind.RESTORED: msg("“%(name)s”又要办了，您的名额还在：%(first)s 开班。"),
}
"""Sentences with the name of the class and its first and last day."""


def announce(tx: Tx, row: TrainingClass, news: ClassNewsKind, member_ids: Iterable[int]) -> None:
    """Have members notified once this transaction is committed: they may be as many as a class has."""
    chosen = sorted(set(member_ids))
    if chosen:
        jobs.publish(tx, ClassNews(row.id, news, chosen, clock.now_ms()))


def notify_member(tx: Tx, row: TrainingClass, member_id: int, key: str, body: Message) -> None:
    """Notify one member of what concerns nobody else."""
    link = class_link(row)
    notifications.notify(tx, key=f"class.{key}", body=body, link=link, member_id=member_id, kind="class.place")


def class_link(row: TrainingClass) -> str:
    """The page of a class for its members."""
    return f"/my/classes/{row.public_id}"


def news_text(row: TrainingClass, news: ClassNewsKind) -> Message:
    """The sentence for a piece of news."""
    return Message(NEWS[news].text, {"name": row.name, "first": row.first_day, "last": row.last_day})
