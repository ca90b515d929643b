"""Dated posts of lecturers: what is owed follows from their levels."""

import datetime as dt

from sqlalchemy import or_, select

from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Invalid, NotFound
from academy.core.i18n import msg
from academy.core.text import tidy_text
from academy.core.unique import lock_row
from academy.faculty import access
from academy.faculty.kinds import LecturerLevel
from academy.faculty.models import LecturerPost, PoolMembership
from academy.people.api import Organisation

TITLE_LENGTH = 120
EARLIEST = dt.date(1980, 1, 1)


def add_post(
    tx: Tx,
    actor: Actor,
    membership: PoolMembership,
    *,
    unit: Organisation,
    level: LecturerLevel,
    title: str,
    since: dt.date,
) -> LecturerPost:
    """Enter a post held since a day.

    Raises:
        Invalid: no title, a day out of range, or the same level is held in the same unit on that day.
        Forbidden: the actor does not run the programme.
    """
    access.require_programme_office(actor, f"pool:{membership.public_id}")
    lock_row(tx, membership)
    kept = tidy_text(title, TITLE_LENGTH + 1)
    if not 1 <= len(kept) <= TITLE_LENGTH:
        raise Invalid(fields={"title": msg("职务请写 1 到 %(most)s 个字。", most=TITLE_LENGTH)})
    if not EARLIEST <= since <= clock.today() + dt.timedelta(days=366):
        raise Invalid(fields={"since": msg("任职日期请填写过去的日期，或者一年以内的日期。")})
    same = select(LecturerPost.id).where(
        LecturerPost.lecturer_id == membership.lecturer_id,
        LecturerPost.organisation_id == unit.id,
        LecturerPost.level == level,
        or_(LecturerPost.valid_to.is_(None), LecturerPost.valid_to > since),
    )
    if tx.scalar(same.limit(1)) is not None:
        raise Invalid(fields={"unit": msg("这个单位的同一级职务已经登记了。")})
    made = LecturerPost(
        lecturer_id=membership.lecturer_id,
        organisation_id=unit.id,
        level=level,
        title=kept,
        valid_from=since,
        entered_by=actor.account_id,
    )
    tx.add(made)
    tx.flush()
    record(tx, actor, "lecturer.post_added", f"pool:{membership.public_id}", post=made.public_id, level=level)
    return made


def end_post(tx: Tx, actor: Actor, membership: PoolMembership, public_id: str, day: dt.date) -> None:
    """End a post: from this day on it is not held.

    Raises:
        NotFound: the lecturer has no such post.
        Invalid: the day is not after its beginning.
        Forbidden: the actor does not run the programme.
    """
    post = _own_post(tx, actor, membership, public_id)
    if day <= post.valid_from:
        raise Invalid(fields={"until": msg("请填写任职之后的日期。")})
    post.valid_to = day
    tx.flush()
    record(tx, actor, "lecturer.post_ended", f"pool:{membership.public_id}", post=public_id, until=day.isoformat())


def reopen_post(tx: Tx, actor: Actor, membership: PoolMembership, public_id: str) -> None:
    """Take back the end of a post. Raises as `end_post`; Invalid where the same level was entered again meanwhile."""
    post = _own_post(tx, actor, membership, public_id)
    again = select(LecturerPost.id).where(
        LecturerPost.lecturer_id == post.lecturer_id,
        LecturerPost.organisation_id == post.organisation_id,
        LecturerPost.level == post.level,
        LecturerPost.valid_from >= post.valid_from,
        LecturerPost.id != post.id,
    )
    if tx.scalar(again.limit(1)) is not None:
        raise Invalid(fields={"unit": msg("这个单位的同一级职务已经登记了。")})
    post.valid_to = None
    tx.flush()
    record(tx, actor, "lecturer.post_reopened", f"pool:{membership.public_id}", post=public_id)


def remove_post(tx: Tx, actor: Actor, membership: PoolMembership, public_id: str) -> None:
    """Remove a post that was entered by mistake. Raises as `end_post`."""
    post = _own_post(tx, actor, membership, public_id)
    tx.delete(post)
    tx.flush()
    record(
        tx,
        actor,
        "lecturer.post_removed",
        f"pool:{membership.public_id}",
        post=public_id,
        level=post.level,
        since=post.valid_from.isoformat(),
    )


def _own_post(tx: Tx, actor: Actor, membership: PoolMembership, public_id: str) -> LecturerPost:
    access.require_programme_office(actor, f"pool:{membership.public_id}")
    lock_row(tx, membership)
    post = tx.scalar(
        select(LecturerPost).where(
            LecturerPost.public_id == public_id, LecturerPost.lecturer_id == membership.lecturer_id
        )
    )
    if post is None:
        raise NotFound
    return post
