"""Reads about notifications."""

import functools

from sqlalchemy import ColumnElement, Select, bindparam, func, or_, select

from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.paging import Page, page_of
from academy.notifications.models import Notification

PAGE = 20


def addressed_to(actor: Actor) -> ColumnElement[bool]:
    """Condition: notifications to this person, as a member or as an account."""
    mine = []
    if actor.member_id is not None:
        mine.append(Notification.member_id == actor.member_id)
    if actor.account_id is not None:
        mine.append(Notification.account_id == actor.account_id)
    return or_(*mine) if mine else Notification.id.is_(None)


def count_unread(tx: Tx, actor: Actor) -> int:
    """Number of unread notifications."""
    whose = {"member_id": actor.member_id, "account_id": actor.account_id}
    given = {name: number for name, number in whose.items() if number is not None}
    return tx.scalar(_unread(tuple(given)), {f"whose_{name}": number for name, number in given.items()}) or 0


@functools.cache
def _unread(names: tuple[str, ...]) -> Select[int]:
    # Used by every page, so it is compiled once.
    mine = [getattr(Notification, name) == bindparam(f"whose_{name}") for name in names]
    return select(func.count()).where(or_(*mine) if mine else Notification.id.is_(None), Notification.read_at.is_(None))


def inbox(tx: Tx, actor: Actor, page: int = 1) -> Page[Notification]:
    """A person's notifications, newest first."""
    return page_of(tx, select(Notification).where(addressed_to(actor)).order_by(Notification.id.desc()), page, PAGE)


def count_received(tx: Tx, actor: Actor) -> int:
    """Number of a person's notifications, read or not."""
    return tx.scalar(select(func.count()).where(addressed_to(actor))) or 0


def list_received(tx: Tx, actor: Actor, limit: int) -> list[Notification]:
    """A person's first `limit` notifications, oldest first; for the copy of their data."""
    return list(tx.scalars(select(Notification).where(addressed_to(actor)).order_by(Notification.id).limit(limit)))
