"""Reads about files: their steps, their words."""

from collections.abc import Sequence

from sqlalchemy import func, select

from academy.core.db import Tx
from academy.media.captions import CueText
from academy.media.models import Asset, AssetState, AssetStep, Cue, DocumentPage, Rendition, Transcript, Upload


def asset(tx: Tx, asset_id: int) -> Asset | None:
    """The asset's row."""
    return tx.get(Asset, asset_id)


def steps(tx: Tx, asset_id: int) -> Sequence[AssetStep]:
    """The steps in their order."""
    return tx.scalars(select(AssetStep).where(AssetStep.asset_id == asset_id).order_by(AssetStep.position)).all()


def share_done(tx: Tx, asset: Asset | None) -> int | None:
    """How far a file on its way is, in permille; None when there is nothing to wait for."""
    if asset is None or asset.state != AssetState.PROCESSING:
        return None
    done = [step.permille for step in steps(tx, asset.id)]
    return sum(done) // max(1, len(done))


def renditions(tx: Tx, asset_id: int) -> Sequence[Rendition]:
    """The published renditions, smallest first; their sizes tell what a view costs."""
    return tx.scalars(select(Rendition).where(Rendition.asset_id == asset_id).order_by(Rendition.bandwidth)).all()


def pages(tx: Tx, asset_id: int) -> Sequence[DocumentPage]:
    """The pages of a document in order, with their words."""
    return tx.scalars(select(DocumentPage).where(DocumentPage.asset_id == asset_id).order_by(DocumentPage.number)).all()


def transcript(tx: Tx, asset_id: int, language: str = "zh-CN") -> Transcript | None:
    """The transcript in a language, if there is one."""
    return tx.scalar(select(Transcript).where(Transcript.asset_id == asset_id, Transcript.language == language))


def cues(tx: Tx, asset_id: int, language: str = "zh-CN") -> Sequence[Cue]:
    """The transcript's lines in order; empty without one."""
    return tx.scalars(
        select(Cue)
        .join(Transcript, Transcript.id == Cue.transcript_id)
        .where(Transcript.asset_id == asset_id, Transcript.language == language)
        .order_by(Cue.seq)
    ).all()


def cue_texts(tx: Tx, asset_id: int, language: str = "zh-CN") -> list[CueText]:
    """The lines as values, to be written out as VTT or SRT."""
    return [CueText(c.start_ms, c.end_ms, c.text, c.confidence) for c in cues(tx, asset_id, language)]


def failed(tx: Tx, account_id: int | None, *, limit: int = 50, before: int | None = None) -> Sequence[Asset]:
    """Files that wait for a person, newest first; of one account, or of everybody."""
    query = select(Asset).where(Asset.error.is_not(None), Asset.state != AssetState.DELETED)
    if account_id is not None:
        query = query.where(Asset.account_id == account_id)
    if before is not None:
        query = query.where(Asset.id < before)
    return tx.scalars(query.order_by(Asset.id.desc()).limit(limit)).all()


def bytes_held(tx: Tx, account_id: int) -> int:
    """Bytes that an account's files and open uploads take up, as promised."""
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
