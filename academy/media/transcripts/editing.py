"""Writes of the caption editor: edits, versions, the city's glossary."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid, NotFound
from academy.core.i18n import msg
from academy.core.unique import get_or_create, lock_row
from academy.jobs import api as jobs
from academy.media import queries, service
from academy.media.captions import caption_files
from academy.media.captions.caption_files import CueText
from academy.media.captions.formats.model import fitting
from academy.media.models import Asset, GlossaryTerm, Transcript, TranscriptVersion

ONE_SITTING = dt.timedelta(minutes=5)
REST_S = 20
KEPT = 100
"""Number of versions kept for each transcript."""


def read_cues(rows: Any) -> list[CueText]:
    """Parse lines sent by the editor: ``[[start_ms, end_ms, text, confidence], …]``; a line that somebody has reviewed
    has no confidence, or null.

    Raises:
        Invalid: not that shape, or impossible times.
    """
    if not isinstance(rows, list) or len(rows) > caption_files.MAX_CUES:
        raise Invalid(msg("字幕内容无法识别，请刷新页面后重试。"))
    cues = []
    for number, row in enumerate(rows, 1):
        match row:
            case [int(start), int(end), str(text), *rest] if 0 <= start < end <= caption_files.MAX_MS and len(rest) < 2:
                # A long line is split in two, not truncated.
                if words := caption_files.plain(text):
                    cues.extend(fitting(CueText(start, end, words, _sure(rest[0] if rest else None))))
            case _:
                raise Invalid(msg("第 %(line)s 条字幕的时间不对：结束要晚于开始。", line=number))
    return caption_files.remove_overlaps(cues).cues


def _sure(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and 0 <= value <= 1 else None


def save_captions(
    tx: Tx, actor: Actor, asset: Asset, cues: list[CueText], seen: int, *, estimated: bool | None = None
) -> Transcript:
    """Save edited lines; the mark that times are estimated stays unless `timed` is given.

    Raises:
        Conflict: somebody else saved since version `seen` was read; nothing is overwritten.
    """
    lock_row(tx, asset)  # the first two writers find no row of the transcript to lock
    before = tx.scalar(
        select(Transcript)
        .where(Transcript.asset_id == asset.id, Transcript.language == service.LANGUAGE)
        .with_for_update()
    )
    if (before.version if before else 0) != seen:
        raise Conflict(msg("别人刚刚改过这份字幕。请复制您未保存的文字，刷新页面后再改。"))
    if before is not None and not _has_versions(tx, before):
        _keep(tx, before, queries.cue_texts(tx, asset.id), None)
    if estimated is None:
        estimated = before is not None and before.estimated
    service.replace_cues(tx, asset, cues, "manual", publish_event=False, estimated=estimated)
    script = queries.transcript_of(tx, asset.id)
    assert script is not None
    _keep(tx, script, cues, actor)
    # The search index is updated when editing pauses, not at every keystroke.
    jobs.enqueue(tx, "media.settle_transcript", key=f"asset:{asset.id}:settle", delay_s=REST_S, asset_id=asset.id)
    record(tx, actor, "captions.edited", f"asset:{asset.public_id}", cues=len(cues), version=script.version)
    return script


def _has_versions(tx: Tx, script: Transcript) -> bool:
    found = select(TranscriptVersion.id).where(TranscriptVersion.transcript_id == script.id).limit(1)
    return tx.scalar(found) is not None


def _keep(tx: Tx, script: Transcript, cues: Sequence[CueText], actor: Actor | None) -> None:
    rows = [[cue.start_ms, cue.end_ms, cue.text, cue.confidence] for cue in cues]
    newest = caption_versions(tx, script)[:1]
    account_id = actor.account_id if actor else None
    if actor and newest and newest[0].account_id == account_id and newest[0].at > clock.now() - ONE_SITTING:
        newest[0].cues, newest[0].number = rows, script.version
        return
    tx.add(TranscriptVersion(transcript_id=script.id, number=script.version, account_id=account_id, cues=rows))
    tx.flush()
    for old in caption_versions(tx, script)[KEPT:]:
        tx.delete(old)


def caption_versions(tx: Tx, script: Transcript) -> Sequence[TranscriptVersion]:
    """Kept versions, newest first."""
    return tx.scalars(
        select(TranscriptVersion)
        .where(TranscriptVersion.transcript_id == script.id)
        .order_by(TranscriptVersion.number.desc())
    ).all()


def restore_captions(tx: Tx, actor: Actor, asset: Asset, number: int) -> Transcript:
    """Restore a kept version, as a new one.

    Raises:
        NotFound: there is no such version.
    """
    script = queries.transcript_of(tx, asset.id)
    kept = next((v for v in caption_versions(tx, script) if v.number == number), None) if script else None
    if script is None or kept is None:
        raise NotFound
    return save_captions(tx, actor, asset, read_cues(kept.cues), script.version)


def mark_captions_timed(tx: Tx, actor: Actor, asset: Asset) -> None:
    """Record that somebody has reviewed estimated times, and they are right.

    Raises:
        NotFound: there are no captions.
    """
    script = queries.transcript_of(tx, asset.id)
    if script is None:
        raise NotFound
    script.estimated = False
    record(tx, actor, "captions.timed", f"asset:{asset.public_id}")


def list_glossary(tx: Tx) -> Sequence[GlossaryTerm]:
    """The city's glossary."""
    return tx.scalars(select(GlossaryTerm).order_by(GlossaryTerm.wrong)).all()


def known_mistakes(tx: Tx, words: Sequence[str]) -> dict[str, list[GlossaryTerm]]:
    """Frequent misrecognitions of each of these words."""
    found: dict[str, list[GlossaryTerm]] = {}
    for term in tx.scalars(select(GlossaryTerm).where(GlossaryTerm.right.in_(words)).order_by(GlossaryTerm.wrong)):
        found.setdefault(term.right, []).append(term)
    return found


def remove_glossary_term(tx: Tx, actor: Actor, public_id: str) -> None:
    """Remove a glossary term.

    Raises:
        NotFound: there is none of that name.
    """
    term = tx.scalar(select(GlossaryTerm).where(GlossaryTerm.public_id == public_id))
    if term is None:
        raise NotFound
    record(tx, actor, "glossary.removed", f"term:{term.public_id}", wrong=term.wrong, right=term.right)
    tx.delete(term)


def add_glossary_term(tx: Tx, actor: Actor, wrong: str, right: str) -> GlossaryTerm:
    """Add a glossary term; a second correction of the same misrecognition replaces the first.

    Raises:
        Invalid: a word is missing, or both are the same.
    """
    wrong, right = (caption_files.clean(word).replace("\n", " ")[:40] for word in (wrong, right))
    if not wrong or not right or wrong == right:
        raise Invalid(fields={"wrong": msg("请填写常见的错字和正确的写法，两者不能相同。")})
    given = {"right": right, "account_id": actor.account_id}
    term, _ = get_or_create(tx, GlossaryTerm, {"wrong": wrong}, **given)
    term.right = right
    tx.flush()
    record(tx, actor, "glossary.added", f"term:{term.public_id}")
    return term
