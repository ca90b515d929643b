"""Lectures, leases and beats for tests of the watch ledger."""

import itertools
from typing import Any

from academy.accounts.models import Account
from academy.core import clock
from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.runtime import Runtime
from academy.learning import service
from academy.learning.heartbeats import Heartbeat, HeartbeatOutcome
from academy.learning.service import Opened
from academy.library.models import Category, Course, ItemVersion
from academy.media.models import Asset, AssetState
from academy.people.models import Member
from tests.support import factories, shelf
from tests.support.shortcuts import record_heartbeat

_count = itertools.count(1)
MINUTE = 60_000


def lecture(tx: Tx, owner: Account, *, minutes: float = 10, items: int = 1, **changes: object) -> Course:
    """A published course of video items that are ready to play."""
    number = next(_count)
    category = Category(slug=f"c{number}", name=f"类别{number}", position=number)
    tx.add(category)
    tx.flush()
    node = tx.get_one(Member, owner.member_id).organisation_id
    files = [
        Asset(
            account_id=owner.id,
            kind="video",
            filename=f"第{number}课.mp4",
            size=1,
            state=AssetState.READY,
            duration_ms=int(minutes * MINUTE),
        )
        for _ in range(items)
    ]
    tx.add_all(files)
    tx.flush()
    fields: dict[str, Any] = {"title": f"课程{number}", "organisation_id": node, "category_id": category.id}
    return shelf.course(tx, created_by=owner.id, files=files, **(fields | changes))


def learner(tx: Tx) -> tuple[Member, Actor, Account]:
    """A member with an account, and the actor they are."""
    person = factories.member(tx, factories.organisation(tx))
    made = factories.account(tx, person)
    return person, Actor(account_id=made.id, member_id=person.id), made


def opened(runtime: Runtime, actor: Actor, item: ItemVersion, **how: object) -> Opened:
    with runtime.db.begin() as tx:
        return service.open_lease(tx, actor, tx.get_one(ItemVersion, (item.course_version_id, item.item_id)), **how)  # type: ignore[arg-type]


def beat(
    runtime: Runtime, lease: Opened, spans: list[tuple[int, int]], seq: int = 1, position: int | None = None
) -> HeartbeatOutcome:
    with runtime.db.begin() as tx:
        claim = Heartbeat(lease.grant, seq, tuple(spans), position, clock.now_ms())
        return record_heartbeat(tx, runtime.settings, claim)
