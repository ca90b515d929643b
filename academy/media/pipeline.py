"""The frame of every processing step: it can be killed and run again.

A step works without a transaction, then one transaction stores its result, marks it done and enqueues the next: so the
chain can neither break nor fork. A step whose set is no longer the current one was overtaken (deleted, replaced) and
ends without effect.
"""

import dataclasses
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import update

from academy.core import clock
from academy.core.database import Tx
from academy.core.disk import reserving
from academy.core.errors import StorageFull
from academy.core.i18n import Message
from academy.core.settings import Settings
from academy.jobs import api as jobs
from academy.jobs.api import JobContext
from academy.media import rules, service
from academy.media.events import AssetFailed
from academy.media.models import Asset, AssetState, AssetStep
from academy.media.storage.file_storage import Storage, full_disk_reported, work_folder
from academy.media.storage.selection import storage_of

PROGRESS_S = 1.0

MACHINES_FAULT = frozenset({StorageFull().message.text, jobs.GAVE_UP.text, jobs.DIED.text})

Keep = Callable[[Tx, Asset], None]


@dataclasses.dataclass(frozen=True)
class WaitForParts:
    """Returned by a step that other jobs will finish: `start` enqueues them, and the step stays in progress."""

    start: Keep


Made = Keep | WaitForParts | None


@dataclasses.dataclass
class StepContext:
    """Input of a step: the asset as it was when the step began, folders, a progress callback."""

    context: JobContext
    step: str
    asset: Asset
    generation: str
    _stored_at: float = 0.0

    @property
    def settings(self) -> Settings:
        return self.context.settings

    @property
    def storage(self) -> Storage:
        return storage_of(self.settings)

    @property
    def folder(self) -> Path:
        return work_folder(self.settings, self.generation)

    @property
    def source(self) -> rules.Source:
        return rules.Source(**(self.asset.probe or {})["source"])

    def report_progress(self, permille: int) -> None:
        """Store the progress, at most once a second, to spare the database's writer."""
        if time.monotonic() - self._stored_at < PROGRESS_S:
            return
        self._stored_at = time.monotonic()
        self.context.progress(permille)
        self.context.db.run_in_transaction(lambda tx: mark(tx, self.asset.id, self.step, permille=permille))


def keep_probe(values: dict[str, Any]) -> Keep:
    """Merge new properties into the file's known ones."""

    def keep(_tx: Tx, asset: Asset) -> None:
        asset.probe = (asset.probe or {}) | values

    return keep


def mark(tx: Tx, asset_id: int, step: str, **values: Any) -> None:
    """Change the row of an asset's step."""
    tx.execute(update(AssetStep).where(AssetStep.asset_id == asset_id, AssetStep.step == step).values(**values))


def step(name: str, *, lane: str = "fast") -> Callable[[Callable[[StepContext], Made]], Callable[[StepContext], Made]]:
    """Decorator: make a step of a function that does the slow work and returns the function that stores its result."""

    def register(fn: Callable[[StepContext], Made]) -> Callable[[StepContext], Made]:
        def run(context: JobContext, asset_id: int, generation: str) -> None:
            def begin(tx: Tx) -> Asset | None:
                asset = tx.get(Asset, asset_id)
                if asset is None or asset.building != generation:
                    return None
                mark(tx, asset_id, name, state="running", permille=0, started_at=clock.now(), log="")
                return asset

            def keep(tx: Tx) -> None:
                asset = tx.get_one(Asset, asset_id, with_for_update=True, populate_existing=True)
                if asset.building != generation:
                    return
                if isinstance(made, WaitForParts):
                    made.start(tx, asset)
                else:
                    done(tx, asset, name, made)

            asset = context.db.run_in_transaction(begin)
            if asset is None:
                return
            with full_disk_reported(), reserving(context.settings.disk_reserve):
                made = fn(StepContext(context, name, asset, generation))
            context.db.run_in_transaction(keep)

        def on_failure(tx: Tx, message: Message, asset_id: int, generation: str) -> None:
            failed(tx, name, message, asset_id, generation)

        run.__doc__ = fn.__doc__
        jobs.job(f"media.{name}", lane=lane, on_failure=on_failure)(run)
        return fn

    return register


def done(tx: Tx, asset: Asset, name: str, keep: Keep | None) -> None:
    """Store the step's result, mark it done and start the next."""
    if keep is not None:
        keep(tx, asset)
    mark(tx, asset.id, name, state="done", permille=1000, finished_at=clock.now())
    order = rules.STEPS_BY_KIND[asset.kind]
    following = order.index(name) + 1
    if following < len(order):
        service.start_step(tx, asset, order[following])


def failed(tx: Tx, name: str, message: Message, asset_id: int, generation: str) -> None:
    """Mark the step failed and notify the owner."""
    asset = tx.get(Asset, asset_id)
    if asset is None or asset.building != generation:
        return
    mark(tx, asset_id, name, state="failed", finished_at=clock.now(), log=str(message))
    # A machine's failure suggests a retry, a file's failure another file.
    fault = "machine" if message.text in MACHINES_FAULT else "file"
    asset.error = message.to_json() | {"fault": fault}
    if asset.ready_at is None:
        asset.state = AssetState.FAILED
    jobs.publish(tx, AssetFailed(asset_id=asset_id))
