"""Reads about files: steps, transcripts, pages."""

import dataclasses
from collections.abc import Iterable, Sequence

from sqlalchemy import case, func, select

from academy.core import clock
from academy.core.database import Tx
from academy.core.i18n import Message, msg
from academy.media import rules
from academy.media.captions.caption_files import CueText
from academy.media.models import (
    Asset,
    AssetPart,
    AssetState,
    AssetStep,
    Cue,
    DocumentPage,
    Rendition,
    Transcript,
    Upload,
)


def asset(tx: Tx, asset_id: int) -> Asset | None:
    """The asset's row."""
    return tx.get(Asset, asset_id)


def twin(tx: Tx, asset: Asset) -> Asset | None:
    """The first other usable file of the same account with the same bytes."""
    return tx.scalar(
        select(Asset)
        .where(
            Asset.sha256 == asset.sha256,
            Asset.account_id == asset.account_id,
            Asset.kind == asset.kind,
            Asset.id != asset.id,
            Asset.duplicate_of_id.is_(None),
            Asset.state.in_((AssetState.READY, AssetState.PROCESSING)),
        )
        .order_by(Asset.id)
        .limit(1)
    )


def earlier_files(tx: Tx, assets: Iterable[Asset | None]) -> dict[int, Asset]:
    """For each of these that is a duplicate: the first file, while it is usable."""
    wanted = {asset.id: asset.duplicate_of_id for asset in assets if asset and asset.duplicate_of_id}
    usable = Asset.state.in_((AssetState.READY, AssetState.PROCESSING))
    query = select(Asset).where(Asset.id.in_(set(wanted.values())), usable)
    firsts = {row.id: row for row in tx.scalars(query)} if wanted else {}
    return {second: firsts[first] for second, first in wanted.items() if first in firsts}


def find_same_file(tx: Tx, account_id: int | None, kind: str, size: int, fingerprint: str) -> Asset | None:
    """A file of the account with this size, beginning and end: all that a page knows before it sends."""
    return tx.scalar(
        select(Asset)
        .where(
            Asset.account_id == account_id,
            Asset.kind == kind,
            Asset.size == size,
            Asset.fingerprint == fingerprint,
            Asset.state.in_((AssetState.READY, AssetState.PROCESSING)),
        )
        .order_by(Asset.id)
        .limit(1)
    )


def steps_of(tx: Tx, asset_id: int) -> Sequence[AssetStep]:
    """The steps in their order."""
    return tx.scalars(select(AssetStep).where(AssetStep.asset_id == asset_id).order_by(AssetStep.position)).all()


def steps_by_asset(tx: Tx, assets: Iterable[int]) -> dict[int, list[AssetStep]]:
    """The steps of several files in their order, by file; empty for one without."""
    found: dict[int, list[AssetStep]] = {asset_id: [] for asset_id in assets}
    rows = select(AssetStep).where(AssetStep.asset_id.in_(found)).order_by(AssetStep.asset_id, AssetStep.position)
    for step in tx.scalars(rows):
        found[step.asset_id].append(step)
    return found


def share_done(tx: Tx, asset: Asset | None) -> int | None:
    """Progress of a file in permille; None when there is nothing to wait for."""
    if asset is None or asset.state != AssetState.PROCESSING:
        return None
    done = [step.permille for step in steps_of(tx, asset.id)]
    return sum(done) // max(1, len(done))


def parts_in_progress(tx: Tx, asset_ids: Iterable[int]) -> dict[int, Message]:
    """For each long film being encoded: the number of the first unfinished part, and how many there are."""
    done = func.sum(case((AssetPart.state == "done", 1), else_=0))
    found = tx.execute(
        select(AssetPart.asset_id, done, func.count())
        .join(Asset, Asset.id == AssetPart.asset_id)
        .where(AssetPart.asset_id.in_(list(asset_ids)), AssetPart.generation == Asset.building, AssetPart.number > 0)
        .group_by(AssetPart.asset_id)
    )
    return {row: msg("第 %(n)s 段，共 %(all)s 段", n=min(made + 1, of), all=of) for row, made, of in found}


@dataclasses.dataclass(frozen=True)
class AtWork:
    """Progress of a file: current step, part of a long film, all in permille."""

    title: Message
    part: Message | None
    permille: int


def assets_in_progress(tx: Tx, asset_ids: Sequence[int]) -> dict[int, AtWork]:
    """Progress of each of these files whose steps are not all done."""
    rows = tx.scalars(
        select(AssetStep).where(AssetStep.asset_id.in_(asset_ids)).order_by(AssetStep.asset_id, AssetStep.position)
    ).all()
    parts = parts_in_progress(tx, asset_ids)
    found = {}
    for asset_id in asset_ids:
        mine = [row for row in rows if row.asset_id == asset_id]
        here = next((row for row in mine if row.state != "done"), None)
        if here is not None:
            part = parts.get(asset_id) if here.step == "encode" else None
            found[asset_id] = AtWork(rules.STEP_TITLES[here.step], part, sum(row.permille for row in mine) // len(mine))
    return found


def renditions_of(tx: Tx, asset_id: int) -> Sequence[Rendition]:
    """The published renditions, smallest first; their sizes give the cost of a view."""
    return tx.scalars(select(Rendition).where(Rendition.asset_id == asset_id).order_by(Rendition.bandwidth)).all()


def document_pages(tx: Tx, asset_id: int, numbers: range | None = None) -> Sequence[DocumentPage]:
    """The pages of a document in order, with their texts; of `numbers` (counted from 1) only these."""
    query = select(DocumentPage).where(DocumentPage.asset_id == asset_id).order_by(DocumentPage.number)
    if numbers is not None:
        query = query.where(DocumentPage.number >= numbers.start, DocumentPage.number < numbers.stop)
    return tx.scalars(query).all()


def has_page_text(tx: Tx, asset_id: int) -> bool:
    """Whether any page of a document has words to read."""
    query = select(DocumentPage.number).where(DocumentPage.asset_id == asset_id, DocumentPage.text != "")
    return tx.scalar(query.limit(1)) is not None


def transcript_of(tx: Tx, asset_id: int, language: str = "zh-CN") -> Transcript | None:
    """The transcript in a language, if there is one."""
    return tx.scalar(select(Transcript).where(Transcript.asset_id == asset_id, Transcript.language == language))


def cues_of(tx: Tx, asset_id: int, language: str = "zh-CN") -> Sequence[Cue]:
    """The transcript's lines in order; empty without one."""
    return tx.scalars(
        select(Cue)
        .join(Transcript, Transcript.id == Cue.transcript_id)
        .where(Transcript.asset_id == asset_id, Transcript.language == language)
        .order_by(Cue.seq)
    ).all()


def cue_counts(tx: Tx, assets: Iterable[int], language: str = "zh-CN") -> dict[int, int]:
    """The number of lines of each file's transcript; 0 without one."""
    found = dict.fromkeys(assets, 0)
    rows = (
        select(Transcript.asset_id, func.count())
        .join(Cue, Cue.transcript_id == Transcript.id)
        .where(Transcript.asset_id.in_(found), Transcript.language == language)
        .group_by(Transcript.asset_id)
    )
    for asset_id, count in tx.execute(rows):
        found[asset_id] = count
    return found


def caption_counts(tx: Tx, asset_ids: Iterable[int], language: str = "zh-CN") -> dict[int, tuple[int, bool]]:
    """Asset → number of its transcript's lines, and whether their times are only estimates; one query."""
    rows = tx.execute(
        select(Transcript.asset_id, Transcript.estimated, func.count(Cue.id))
        .outerjoin(Cue, Cue.transcript_id == Transcript.id)
        .where(Transcript.asset_id.in_(set(asset_ids)), Transcript.language == language)
        .group_by(Transcript.asset_id, Transcript.estimated)
    )
    return {asset_id: (lines, estimated) for asset_id, estimated, lines in rows}


def cue_texts(tx: Tx, asset_id: int, language: str = "zh-CN") -> list[CueText]:
    """The lines as values, for export as VTT or SRT."""
    return [CueText(c.start_ms, c.end_ms, c.text, c.confidence) for c in cues_of(tx, asset_id, language)]


def bytes_announced(tx: Tx) -> int:
    """Announced bytes of open uploads that are not on disk yet, over all accounts."""
    coming = select(func.coalesce(func.sum(Upload.size - Upload.offset), 0))
    return int(tx.scalar(coming.where(Upload.completed_at.is_(None), Upload.expires_at > clock.now())) or 0)


def bytes_held(tx: Tx, account_id: int) -> int:
    """Bytes of an account's files and open uploads, as announced."""
    files = tx.scalar(
        select(func.coalesce(func.sum(Asset.size), 0)).where(
            Asset.account_id == account_id, Asset.state.not_in((AssetState.DELETED, AssetState.FAILED))
        )
    )
    coming = tx.scalar(
        select(func.coalesce(func.sum(Upload.size), 0)).where(
            Upload.account_id == account_id, Upload.completed_at.is_(None)
        )
    )
    return int(files or 0) + int(coming or 0)


def asset_of_set(tx: Tx, public_id: str, generation: str) -> Asset | None:
    """The asset whose present set is this generation; None once its links were revoked or it was made anew."""
    return tx.scalar(select(Asset).where(Asset.public_id == public_id, Asset.generation == generation))
