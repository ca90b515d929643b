"""Notices that a training itself gives rise to: it has opened; it closes soon and somebody is not done.

Nobody presses a button for them, so each person gets each of them once, whatever runs twice or dies half-way: the key
of a notification names training, occasion and member.
"""

import datetime as dt

from sqlalchemy import ColumnElement, exists, select

from academy.accounts import api as accounts
from academy.accounts.models import Account
from academy.core import clock
from academy.core.database import Tx
from academy.core.i18n import Message, msg
from academy.coverage import api as coverage
from academy.notifications import api as notifications
from academy.talk import api as talk
from academy.trainings.api import Standing, TrainingState
from academy.trainings.models import Enrolment, ReminderRecipient, Training

BATCH = 1000
MINE = "/my/trainings"
LAST_DAYS = (7, 1)
"""How many days before the last one somebody who is not done is notified, the earlier first."""
SHORT = 2
"""A training that is not longer than so many times the days that are left needs no such notice: it has only begun."""


def closing_stages(training: Training, today: dt.date) -> list[int]:
    """The stages of `LAST_DAYS` that are due today: at most one, and none where the training has only begun.

    A day on which no worker ran delays a notice to the next one, until the following stage begins.
    """
    left = (training.closes_on - today).days
    length = (training.closes_on - training.opens_on).days
    due = [stage for stage in LAST_DAYS if 0 <= left <= stage and length > SHORT * stage]
    return due[-1:]


def running_trainings(tx: Tx) -> list[int]:
    """Row ids of the trainings that are open today."""
    is_open = (Training.state == TrainingState.OPEN.value) & (Training.closes_on >= clock.today())
    return list(tx.scalars(select(Training.id).where(is_open).order_by(Training.id)))


def notify_opening(tx: Tx, training_id: int, after: int = 0) -> int | None:
    """Notify a batch of the enrolled members who have an account, in the order of their row ids, from behind `after`;
    returns the last one, or None when there is nobody left. A training that is over is announced to nobody."""
    training = tx.get(Training, training_id)
    if training is None or not _is_running(training):
        return None
    clip = talk.clips_of_ids(tx, [training.clip_id]).get(training.clip_id) if training.clip_id else None
    named = {"title": training.title, "day": training.closes_on}
    if clip is None:
        body, link = msg("“%(title)s”开始了，请在 %(day)s 前学完。", **named), MINE
    else:
        body = msg("“%(title)s”开始了，请在 %(day)s 前学完。先看《%(lecture)s》里的一段。", lecture=clip.title, **named)
        link = f"/clips/{clip.clip.public_id}"
    return _notify(tx, training, f"opened:{training.id}", "training.opened", body, after, link=link)


def notify_closing(tx: Tx, training_id: int, after: int = 0) -> int | None:
    """Notify a batch of those who are due and not done, if the training closes soon; as `notify_opening`.

    Who was reminded lately is left in peace. A last day that is moved is another occasion.
    """
    training, today = tx.get(Training, training_id), clock.today()
    if training is None or not _is_running(training):
        return None
    for stage in closing_stages(training, today):
        body = msg("“%(title)s”%(day)s 截止，您还没学完。", title=training.title, day=training.closes_on)
        since = today - dt.timedelta(days=coverage.REMIND_EVERY_DAYS - 1)
        lately = exists().where(
            ReminderRecipient.training_id == training.id,
            ReminderRecipient.member_id == Enrolment.member_id,
            ReminderRecipient.on_day >= since,
        )
        key = f"closing:{training.id}:{training.closes_on:%Y%m%d}:{stage}"
        return _notify(tx, training, key, "training.closing", body, after, Enrolment.completed_on.is_(None), ~lately)
    return None


def _is_running(training: Training) -> bool:
    return training.state == TrainingState.OPEN and training.closes_on >= clock.today()


def _notify(
    tx: Tx,
    training: Training,
    key: str,
    kind: str,
    body: Message,
    after: int,
    *which: ColumnElement[bool],
    link: str = MINE,
) -> int | None:
    has_account = exists().where(Account.member_id == Enrolment.member_id, accounts.may_sign_in())
    members = tx.scalars(
        select(Enrolment.member_id)
        .where(
            Enrolment.training_id == training.id,
            Enrolment.standing == Standing.DUE.value,
            Enrolment.member_id > after,
            has_account,
            *which,
        )
        .order_by(Enrolment.member_id)
        .limit(BATCH)
    ).all()
    if not members:
        return None
    notifications.notify_many(tx, key=key, body=body, members=members, link=link, kind=kind)
    return members[-1]
