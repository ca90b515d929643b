"""Reminders to those who have not completed: previewed, rate-limited, and their effect measured."""

import dataclasses
import datetime as dt
from typing import Any

from sqlalchemy import and_, func, insert, literal, select
from sqlalchemy.dialects import postgresql, sqlite

from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import Message, msg
from academy.coverage import api as coverage
from academy.coverage.api import NameFilter, NameStatus
from academy.notifications import api as notifications
from academy.notifications.models import Notification
from academy.people import api as people
from academy.people.models import Member, Organisation
from academy.talk.api import Clip
from academy.trainings.api import TrainingState
from academy.trainings.models import Enrolment, Reminder, ReminderRecipient, Training

EFFECT_DAYS = 7
CHUNK = 1000


@dataclasses.dataclass(frozen=True)
class ReminderPreview:
    """Recipients of a reminder, and the members left out."""

    missing: int
    reachable: int
    lately: int
    """Reminded in the last days, so not reminded again."""
    unreachable: int
    """Without an account: to be called by phone."""


@dataclasses.dataclass(frozen=True)
class SentClip:
    """A stretch of a lecture that goes with a reminder, and the title of its course."""

    clip: Clip
    title: str


@dataclasses.dataclass(frozen=True)
class SentReminder:
    """A reminder and its effect."""

    reminder: Reminder
    node: Organisation
    completed: int
    """How many of those reminded completed within a week."""


def preview_reminder(tx: Tx, training: Training, node: Organisation) -> ReminderPreview:
    """Count without sending: each figure is the length of the list of names that it links to."""

    def count(status: NameStatus) -> int:
        return coverage.count_names(tx, NameFilter(training, node, status=status))

    return ReminderPreview(
        *map(count, (NameStatus.MISSING, NameStatus.REACHABLE, NameStatus.LATELY, NameStatus.UNREACHABLE))
    )


def send_reminder(
    tx: Tx,
    actor: Actor,
    training: Training,
    node: Organisation,
    *,
    note: str = "",
    member: Member | None = None,
    clip: SentClip | None = None,
) -> Reminder:
    """Notify everybody in the node who is due, has not completed and was not reminded lately; or only `member`, if the
    same holds for this one. With `clip` the message leads to that stretch of a lecture.

    Raises:
        Conflict: the training is not running.
        Invalid: the note is too long, or there are no recipients.
    """
    hold_running(tx, training)
    if len(note) > 120:
        raise Invalid(fields={"note": msg("附言最多 120 字。")})
    reminder = Reminder(
        training_id=training.id,
        organisation_id=node.id,
        note=note,
        clip_id=clip.clip.id if clip else None,
        sent_by=actor.account_id,
        sent_at=clock.now(),
    )
    tx.add(reminder)
    tx.flush()
    reminder.recipients = _write(tx, training, node, reminder, member, clip)
    if not reminder.recipients:
        raise Invalid(msg("没有需要提醒的人：有的没有账号，有的这几天刚提醒过。"))
    record(
        tx,
        actor,
        "reminder.sent",
        f"training:{training.public_id}",
        organisation=node.public_id,
        recipients=reminder.recipients,
    )
    return reminder


def hold_running(tx: Tx, training: Training) -> None:
    """Lock the training so that one reminder is sent at a time: of two clicks, the second sees whom the first reached.

    Raises:
        Conflict: the training is not running.
    """
    now = tx.execute(
        select(Training.state, Training.closes_on).where(Training.id == training.id).with_for_update(key_share=True)
    ).one()
    if now.state != TrainingState.OPEN or now.closes_on < clock.today():
        raise Conflict(msg("培训不在进行中，不能提醒。"))


def _write(
    tx: Tx, training: Training, node: Organisation, reminder: Reminder, member: Member | None, clip: SentClip | None
) -> int:
    only = NameFilter(training, node, status=NameStatus.REACHABLE, member_id=member.id if member else None)
    wanted = coverage.selected_members(tx, only).subquery()
    columns = ["reminder_id", "member_id", "training_id", "on_day"]
    listed = select(literal(reminder.id), wanted.c.id, literal(training.id), literal(clock.today()))
    tx.execute(insert(ReminderRecipient).from_select(columns, listed))
    members = tx.scalars(select(ReminderRecipient.member_id).where(ReminderRecipient.reminder_id == reminder.id)).all()
    body = _body(training, reminder, clip)
    dialect: Any = postgresql if tx.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(Notification).on_conflict_do_nothing()
    for start in range(0, len(members), CHUNK):
        rows = [
            {
                "key": f"reminder:{reminder.id}:{member}",
                "member_id": member,
                "kind": "reminder",
                "body": body.to_json(),
                "link": f"/clips/{clip.clip.public_id}" if clip else "/my/trainings",
            }
            for member in members[start : start + CHUNK]
        ]
        tx.execute(statement, rows)
    notifications.announce_written(tx)
    return len(members)


def _body(training: Training, reminder: Reminder, clip: SentClip | None) -> Message:
    if clip is None:
        return msg(
            "“%(title)s”请在 %(day)s 前学完。%(note)s",
            title=training.title,
            day=training.closes_on,
            note=reminder.note,
        )
    return msg(
        "“%(title)s”请在 %(day)s 前学完。先看《%(lecture)s》里的一段。%(note)s",
        title=training.title,
        day=training.closes_on,
        lecture=clip.title,
        note=reminder.note,
    )


def sent_reminders(tx: Tx, training: Training, node: Organisation, limit: int = 10) -> list[SentReminder]:
    """The newest reminders in a node and below it, and how many of those reminded completed in a week."""
    rows = tx.execute(
        select(Reminder, Organisation)
        .join(Organisation, Organisation.id == Reminder.organisation_id)
        .where(Reminder.training_id == training.id, people.subtree(node.path))
        .order_by(Reminder.id.desc())
        .limit(limit)
    ).all()
    effect = _effect(tx, training, [reminder.id for reminder, _ in rows])
    return [SentReminder(reminder, where, effect.get(reminder.id, 0)) for reminder, where in rows]


def _effect(tx: Tx, training: Training, reminders: list[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    query = (
        select(ReminderRecipient.reminder_id, ReminderRecipient.on_day, Enrolment.completed_on, func.count())
        .join(
            Enrolment,
            and_(
                Enrolment.training_id == ReminderRecipient.training_id,
                Enrolment.member_id == ReminderRecipient.member_id,
            ),
        )
        .where(ReminderRecipient.reminder_id.in_(reminders), Enrolment.completed_on >= ReminderRecipient.on_day)
        .group_by(ReminderRecipient.reminder_id, ReminderRecipient.on_day, Enrolment.completed_on)
    )
    for reminder, day, completed, number in tx.execute(query):
        if completed is not None and completed - day <= dt.timedelta(days=EFFECT_DAYS):
            found[reminder] = found.get(reminder, 0) + number
    return found
