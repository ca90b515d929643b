"""Failed files: who can fix them, and which actions help."""

import dataclasses
import datetime as dt
from collections.abc import Sequence

from sqlalchemy import Select, select

from academy.accounts import api as accounts
from academy.core import clock
from academy.core.actor import Actor, Role
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict
from academy.core.i18n import Message, msg
from academy.core.paging import Page, count_of, page_of
from academy.core.unique import lock_row
from academy.jobs import api as jobs
from academy.media import service
from academy.media.models import Asset, AssetState, AssetStep
from academy.notifications import api as notifications

INBOX = "/studio/failures"
SIZE = 20


@dataclasses.dataclass(frozen=True)
class FailedAsset:
    """One failed file as its owner or the operator sees it."""

    asset: Asset
    step: AssetStep | None
    reason: Message
    is_files_fault: bool
    """Whether the file has to be replaced; otherwise a retry or the operator helps."""
    asked_at: dt.datetime | None
    trace: str = ""
    """For the operator only."""


def list_failed_assets(tx: Tx, actor: Actor, number: int) -> Page[FailedAsset]:
    """Failed files, newest first: one's own, or everybody's for the operator."""
    is_operator = actor.has(Role.SYSTEM_ADMINISTRATOR)
    page = page_of(tx, _failed(actor).order_by(Asset.id.desc()), number, SIZE)
    ids = [asset.id for asset in page.rows]
    failed = select(AssetStep).where(AssetStep.asset_id.in_(ids), AssetStep.state == "failed")
    steps = {step.asset_id: step for step in tx.scalars(failed)}
    traces = _traces(tx, page.rows, steps) if is_operator else {}
    rows = [_failed_asset(asset, steps.get(asset.id), traces.get(asset.id, "")) for asset in page.rows]
    return Page(rows, page.total, page.number, page.size)


def count_failed_assets(tx: Tx, actor: Actor) -> int:
    """How many files `list_failed_assets` lists."""
    return count_of(tx, _failed(actor))


def _failed(actor: Actor) -> Select[Asset]:
    query = select(Asset).where(Asset.error.is_not(None), Asset.state != AssetState.DELETED)
    return query if actor.has(Role.SYSTEM_ADMINISTRATOR) else query.where(Asset.account_id == actor.account_id)


def _failed_asset(asset: Asset, step: AssetStep | None, trace: str) -> FailedAsset:
    error = asset.error or {}
    asked = error.get("asked_at")
    return FailedAsset(
        asset=asset,
        step=step,
        reason=Message.from_json(error),
        is_files_fault=error.get("fault") != "machine",
        asked_at=dt.datetime.fromisoformat(asked) if asked else None,
        trace=trace,
    )


def _traces(tx: Tx, assets: Sequence[Asset], steps: dict[int, AssetStep]) -> dict[int, str]:
    keys = {service.step_key(a, steps[a.id].step): a.id for a in assets if a.id in steps}
    return {keys[key]: trace for key, trace in jobs.latest_traces(tx, keys).items()}


def ask_operator(tx: Tx, actor: Actor, asset: Asset) -> None:
    """Ask the operators to examine a failed file.

    Raises:
        Conflict: it did not fail, or they were asked already.
    """
    lock_row(tx, asset)  # two clicks notify once
    if asset.error is None:
        raise Conflict(msg("这个文件没有需要重试的步骤。"))
    if asset.error.get("asked_at"):
        raise Conflict(msg("已经请运维查看，请等候处理。"))
    now = clock.now()
    asset.error = asset.error | {"asked_at": now.isoformat()}
    for account_id in accounts.accounts_holding(tx, Role.SYSTEM_ADMINISTRATOR):
        notifications.notify(
            tx,
            key=f"asset.help:{asset.public_id}:{now.isoformat()}:{account_id}",
            body=msg("“%(name)s”没有处理成功，请查看。", name=asset.filename),
            link=INBOX,
            account_id=account_id,
            kind="asset",
        )
    record(tx, actor, "asset.help_asked", f"asset:{asset.public_id}")
