"""Writing notifications, and marking them as read."""

import functools
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from academy.core import clock
from academy.core.actor import Actor
from academy.core.database import Database, Tx
from academy.core.errors import NotFound
from academy.core.i18n import Message
from academy.jobs import api as jobs
from academy.notifications.events import NotificationsWritten
from academy.notifications.models import Notification
from academy.notifications.queries import addressed_to

BATCH = 200
"""Notifications of one transaction of a job."""


def notify(
    tx: Tx,
    *,
    key: str,
    body: Message,
    link: str = "",
    member_id: int | None = None,
    account_id: int | None = None,
    kind: str = "notice",
) -> bool:
    """Write one notification to a member or an account; False when one of the same key exists.

    The key names the occasion and the person (``course.returned:<review>:<account>``), so that a handler which runs
    twice writes once. `link` is a path inside the academy.

    Raises:
        ValueError: the link leads out of the academy.
    """
    if tx.scalar(select(Notification.id).where(Notification.key == key)):
        return False
    _check_link(link)
    try:
        with tx.begin_nested():
            tx.add(
                Notification(
                    key=key, member_id=member_id, account_id=account_id, kind=kind, body=body.to_json(), link=link
                )
            )
    except IntegrityError:
        # Another worker wrote the same notification concurrently: nothing to do.
        if tx.scalar(select(Notification.id).where(Notification.key == key)):
            return False
        raise
    announce_written(tx)
    return True


def _check_link(link: str) -> None:
    if link and (not link.startswith("/") or link.startswith("//")):
        raise ValueError("a notification links only into the academy")


def notify_many(
    tx: Tx,
    *,
    key: str,
    body: Message,
    members: Iterable[int] = (),
    accounts: Iterable[int] = (),
    link: str = "",
    kind: str = "notice",
) -> None:
    """Write the same notification to many members, or to many accounts, by one statement.

    `key` names the occasion; the row id of the person is added to it, so that what runs twice writes once.

    Raises:
        ValueError: the link leads out of the academy, or both members and accounts are given.
    """
    _check_link(link)
    to_members, to_accounts = list(members), list(accounts)
    if to_members and to_accounts:
        raise ValueError("a member and an account of one row id would share a key")
    column = "member_id" if to_members else "account_id"
    same = {"kind": kind, "body": body.to_json(), "link": link}
    rows = [{"key": f"{key}:{one}", column: one, **same} for one in to_members or to_accounts]
    if rows:
        dialect: Any = postgresql if tx.get_bind().dialect.name == "postgresql" else sqlite
        tx.execute(dialect.insert(Notification).on_conflict_do_nothing(), rows)
        announce_written(tx)


def notify_in_batches(
    db: Database,
    *,
    key: str,
    body: Message,
    members: Sequence[int] = (),
    accounts: Sequence[int] = (),
    link: str = "",
    kind: str = "notice",
) -> None:
    """As `notify_many`, in short transactions of its own: for jobs, whose people may be as many as the city's."""
    for start in range(0, max(len(members), len(accounts)), BATCH):
        some = slice(start, start + BATCH)
        write = functools.partial(notify_many, key=key, body=body, members=members[some], accounts=accounts[some])
        db.run_in_transaction(functools.partial(write, link=link, kind=kind))


def announce_written(tx: Tx) -> None:
    """Publish that notifications were written; `notify` does. They leave by the chosen channels after the commit."""
    jobs.publish(tx, NotificationsWritten())


def open_notification(tx: Tx, actor: Actor, public_id: str) -> Notification:
    """Mark one of the actor's notifications as read.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    notification = tx.scalar(select(Notification).where(Notification.public_id == public_id, addressed_to(actor)))
    if notification is None:
        raise NotFound
    notification.read_at = notification.read_at or clock.now()
    return notification


def mark_all_read(tx: Tx, actor: Actor) -> None:
    """Mark everything in the actor's inbox as read."""
    tx.execute(
        update(Notification).where(addressed_to(actor), Notification.read_at.is_(None)).values(read_at=clock.now())
    )
