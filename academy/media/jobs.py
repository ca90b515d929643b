"""The steps of a file's way, each a job that can be killed and run again.

A step works without a transaction, then one transaction keeps its result, marks it done and
enqueues the next: so the chain can neither break nor fork. A step whose set is no longer the one
being made has been overtaken (deleted, replaced) and ends quietly.
"""

import dataclasses
import hashlib
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import delete, select, update

from academy.core import clock
from academy.core.db import Tx
from academy.core.errors import Invalid, StorageFull
from academy.core.i18n import Message, msg
from academy.core.settings import Settings
from academy.jobs import GAVE_UP, HEAVY, JobContext, enqueue, job, on, publish
from academy.media import encode, pages, probe, queries, rules, service, trouble
from academy.media.facts import AssetFailed, AssetReady, TranscriptChanged
from academy.media.models import Asset, AssetState, AssetStep, Rendition
from academy.media.playlist import Measured
from academy.media.storage import Storage, original_key, set_key, storage_of, uploads_folder, work_folder
from academy.notices.service import notify

PIECE = 4 << 20
END = 1 << 20
TELL_S = 1.0
OLD_SET_S = 24 * 3600

MACHINES_FAULT = frozenset({StorageFull().message.text, GAVE_UP.text})

Keep = Callable[[Tx, Asset], None]


@dataclasses.dataclass
class Work:
    """What a step is given: the asset as it was when the step began, places, a way to tell progress."""

    context: JobContext
    step: str
    asset: Asset
    generation: str
    _told: float = 0.0

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

    def tell(self, permille: int) -> None:
        """Keep the progress, at most once a second: the city's only writer has other work."""
        if time.monotonic() - self._told < TELL_S:
            return
        self._told = time.monotonic()
        self.context.progress(permille)
        with self.context.db.begin() as tx:
            _mark(tx, self.asset.id, self.step, permille=permille)


def _mark(tx: Tx, asset_id: int, step: str, **values: Any) -> None:
    tx.execute(update(AssetStep).where(AssetStep.asset_id == asset_id, AssetStep.step == step).values(**values))


def _step(name: str, *, lane: str = "fast") -> Callable[[Callable[[Work], Keep | None]], Callable[[Work], Keep | None]]:
    """Make a step of a function that does the slow part and returns what to keep of it."""

    def register(fn: Callable[[Work], Keep | None]) -> Callable[[Work], Keep | None]:
        def run(context: JobContext, asset_id: int, generation: str) -> None:
            with context.db.begin() as tx:
                asset = tx.get(Asset, asset_id)
                if asset is None or asset.building != generation:
                    return
                _mark(tx, asset_id, name, state="running", permille=0, started_at=clock.now(), log="")
            keep = fn(Work(context, name, asset, generation))
            with context.db.begin() as tx:
                asset = tx.get_one(Asset, asset_id, with_for_update=True, populate_existing=True)
                if asset.building == generation:
                    _done(tx, asset, name, keep)

        def failed(tx: Tx, message: Message, asset_id: int, generation: str) -> None:
            _failed(tx, name, message, asset_id, generation)

        run.__doc__ = fn.__doc__
        job(f"media.{name}", lane=lane, on_failure=failed)(run)
        return fn

    return register


def _done(tx: Tx, asset: Asset, name: str, keep: Keep | None) -> None:
    if keep is not None:
        keep(tx, asset)
    _mark(tx, asset.id, name, state="done", permille=1000, finished_at=clock.now())
    order = rules.STEPS[asset.kind]
    following = order.index(name) + 1
    if following < len(order):
        service.start_step(tx, asset, order[following])


def _failed(tx: Tx, name: str, message: Message, asset_id: int, generation: str) -> None:
    asset = tx.get(Asset, asset_id)
    if asset is None or asset.building != generation:
        return
    _mark(tx, asset_id, name, state="failed", finished_at=clock.now(), log=str(message))
    # A sentence about the machine asks for another try, one about the file for another file.
    fault = "machine" if message.text in MACHINES_FAULT else "file"
    asset.error = message.to_json() | {"fault": fault}
    if asset.ready_at is None:
        asset.state = AssetState.FAILED
    publish(tx, AssetFailed(asset_id=asset_id))


@_step("hash")
def _hash(work: Work) -> Keep:
    """Take the file into storage and keep its SHA-256."""
    key = original_key(work.asset.public_id)
    incoming = Path(work.asset.incoming) if work.asset.incoming else None
    uploads = uploads_folder(work.settings)
    if incoming is not None and incoming.exists():
        work.storage.put_file(key, incoming, move=incoming.parent == uploads)
    if not work.storage.exists(key):
        raise Invalid(msg("没有找到上传的文件，请重新上传。"))
    digest, done = hashlib.sha256(), 0
    with work.storage.open(key) as file:
        while piece := file.read(PIECE):
            digest.update(piece)
            done += len(piece)
            work.tell(done * 999 // max(1, work.asset.size))
        print_ = fingerprint(file, done)

    def keep(tx: Tx, asset: Asset) -> None:
        asset.sha256, asset.fingerprint = digest.hexdigest(), print_
        asset.size, asset.incoming = done, None
        same = queries.twin(tx, asset)
        asset.duplicate_of_id = same.id if same else None

    return keep


def fingerprint(file: BinaryIO, size: int) -> str:
    """SHA-256 of the first megabyte followed by the last one, as the page of an upload works it out."""
    file.seek(0)
    ends = file.read(END)
    file.seek(max(0, size - END))
    return hashlib.sha256(ends + file.read(END)).hexdigest()


@_step("probe")
def _probe(work: Work) -> Keep:
    """Refuse what is not what it says; keep what the encoder needs to know."""
    with work.storage.local(original_key(work.asset.public_id)) as path:
        if path.stat().st_size == 0:
            raise Invalid(msg("文件是空的（0 字节），请检查后重新上传。"))
        if work.asset.kind == "document":
            work.folder.mkdir(parents=True, exist_ok=True)
            return _keep_probe({"nature": probe.check_document(work.settings, path, work.folder)})
        if work.asset.kind == "image":
            work.folder.mkdir(parents=True, exist_ok=True)
            width, height = probe.make_image(path, work.folder / "poster.jpg")
            return _keep_probe({"pictures": {"poster": True, "storyboard": False}, "size": [width, height]})
        source, found = probe.look(work.settings, work.asset.kind, path)
    return _keep_probe({"source": source.to_json(), "found": found})


def _keep_probe(values: dict[str, Any]) -> Keep:
    def keep(_tx: Tx, asset: Asset) -> None:
        asset.probe = (asset.probe or {}) | values

    return keep


@_step("encode", lane=HEAVY)
def _encode(work: Work) -> Keep:
    """Make the ladder; the master playlist is written last, so a set that has one is whole."""
    with work.storage.local(original_key(work.asset.public_id)) as path:
        measured = encode.make_ladder(work.settings, work.source, path, work.folder, work.tell)
    return _keep_probe({"renditions": [dataclasses.asdict(m) for m in measured]})


@_step("poster", lane=HEAVY)
def _poster(work: Work) -> Keep:
    """Draw the poster and the storyboard."""
    measured = _measured(work.asset)
    shown = [m.rung for m in measured]
    made = encode.make_pictures(work.settings, work.folder, shown, max(m.duration_ms for m in measured))
    return _keep_probe({"pictures": dataclasses.asdict(made)})


def _measured(asset: Asset) -> list[Measured]:
    rows = (asset.probe or {}).get("renditions", [])
    return [Measured(**(row | {"rung": rules.Rung(**row["rung"])})) for row in rows]


@_step("pages", lane=HEAVY)
def _pages(work: Work) -> Keep:
    """Draw the pages of a document."""
    nature = (work.asset.probe or {}).get("nature", "pdf")
    with work.storage.local(original_key(work.asset.public_id)) as path:
        drawn = pages.make_pages(work.settings, nature, path, work.folder)
    return _keep_probe({"pages": drawn, "pictures": {"poster": True, "storyboard": False}})


@_step("captions")
def _captions(work: Work) -> Keep | None:
    """Read the captions inside the file, unless people gave some."""
    from academy.media.captions import parse

    if work.source.subtitle is None:
        return None
    with work.storage.local(original_key(work.asset.public_id)) as path:
        data = encode.embedded_captions(work.settings, work.source, path, work.folder)
    try:
        cues = parse("inside.srt", data).cues
    except Invalid:
        return None  # a track of pictures or of nothing: the lecture does not fail for it

    def keep(tx: Tx, asset: Asset) -> None:
        service.replace_cues(tx, asset, cues, "embedded")

    return keep


@_step("publish")
def _publish(work: Work) -> Keep:
    """Put the set where links lead, then point at it."""
    prefix = set_key(work.asset.public_id, work.generation)
    work.storage.put_folder(prefix, work.folder)

    def keep(tx: Tx, asset: Asset) -> None:
        if asset.ready_at is not None and asset.generation != work.generation:
            enqueue(tx, "media.discard", delay_s=OLD_SET_S, asset_id=asset.id, generation=asset.generation)
        _point(tx, asset, work.generation)
        publish(tx, AssetReady(asset_id=asset.id))

    return keep


def _point(tx: Tx, asset: Asset, generation: str) -> None:
    measured = _measured(asset)
    tx.execute(delete(Rendition).where(Rendition.asset_id == asset.id))
    for item in measured:
        tx.add(
            Rendition(
                asset_id=asset.id,
                name=item.rung.name,
                width=item.rung.width,
                height=item.rung.height,
                codecs=item.codecs,
                bandwidth=item.bandwidth,
                average_bandwidth=item.average_bandwidth,
                size=item.size,
            )
        )
    seen = dict(asset.probe or {})
    if measured:
        asset.duration_ms = max(m.duration_ms for m in measured)
    drawn = seen.pop("pages", None)
    if drawn is not None:
        # The words of hundreds of pages have rows of their own: nobody who only lists files reads them.
        pages.keep(tx, asset, drawn)
        asset.probe = seen
    top = max((m.rung for m in measured if m.rung.height), key=lambda r: r.height or 0, default=None)
    size = (top.width, top.height) if top else tuple(seen.get("size", (None, None)))
    asset.width, asset.height = size
    asset.has_poster = bool(seen.get("pictures", {}).get("poster"))
    asset.has_storyboard = bool(seen.get("pictures", {}).get("storyboard"))
    asset.has_audio = any(not m.rung.height for m in measured)
    asset.generation, asset.building = generation, None
    asset.state, asset.error, asset.ready_at = AssetState.READY, None, clock.now()


@on(AssetFailed)
def tell_owner(context: JobContext, fact: AssetFailed) -> None:
    """Tell whoever gave the file that it waits for them."""
    with context.db.begin() as tx:
        asset = tx.get_one(Asset, fact.asset_id)
        step = tx.scalar(select(AssetStep).where(AssetStep.asset_id == asset.id, AssetStep.state == "failed"))
        if asset.error is None or step is None or step.finished_at is None:
            return  # tried again meanwhile
        reason = str(Message.from_json(asset.error))
        notify(
            tx,
            key=f"asset.failed:{asset.public_id}:{step.finished_at.isoformat()}",
            body=msg(
                "“%(name)s”没有处理成功：%(reason)s",
                name=asset.filename,
                reason=reason,
            ),
            link=trouble.INBOX,
            account_id=asset.account_id,
            kind="asset",
        )


@job("media.discard")
def _discard(context: JobContext, asset_id: int, generation: str) -> None:
    """Remove a set that nothing points at any more."""
    with context.db.read() as tx:
        asset = tx.get_one(Asset, asset_id)
    if generation not in (asset.generation, asset.building):
        storage_of(context.settings).delete_folder(set_key(asset.public_id, generation))


@job("media.rename")
def _rename(context: JobContext, asset_id: int, old: str) -> None:
    """Follow a revocation: the set's folder takes its new name."""
    with context.db.read() as tx:
        asset = tx.get_one(Asset, asset_id)
    here = storage_of(context.settings)
    here.rename_folder(set_key(asset.public_id, old), set_key(asset.public_id, asset.generation))


@job("media.remove")
def _remove(context: JobContext, asset_id: int) -> None:
    """Remove a deleted asset's files."""
    with context.db.read() as tx:
        asset = tx.scalars(select(Asset).where(Asset.id == asset_id, Asset.state == AssetState.DELETED)).one()
    service.forget_incoming(asset, uploads_folder(context.settings))
    storage_of(context.settings).delete_folder(f"assets/{asset.public_id}")
    shutil.rmtree(work_folder(context.settings, asset.generation), ignore_errors=True)


@job("media.words")
def _words(context: JobContext, asset_id: int) -> None:
    """Tell the house that an edited transcript has come to rest."""
    with context.db.begin() as tx:
        publish(tx, TranscriptChanged(asset_id=asset_id))


@job("media.expire")
def _expire(context: JobContext, upload_id: int) -> None:
    """Remove an upload that nobody went on with."""
    from academy.media import uploads

    uploads.expire(context.house, upload_id)
