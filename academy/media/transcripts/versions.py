"""Kept versions of a transcript, and their comparison with the present one. Pure except for the reads."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from academy.core.database import Tx
from academy.core.errors import NotFound
from academy.media import queries
from academy.media.captions import caption_files
from academy.media.captions.caption_files import CueText
from academy.media.models import Asset, Transcript, TranscriptVersion

MOST_COMPARED = 4_000
"""Lines; comparing two longer transcripts that share little would take many seconds."""


@dataclass(frozen=True)
class CueChange:
    """One line of the comparison."""

    cue: CueText
    change: str
    """``back`` (would return), ``gone`` (would go), or empty (stays)."""


@dataclass(frozen=True)
class Kept:
    """A kept version compared with the present one."""

    version: TranscriptVersion
    cues: Sequence[CueText]
    changes: Sequence[CueChange] | None
    """Only the lines that would change, in the order of the film; None where they are too many to compare."""
    is_current: bool


def caption_version(tx: Tx, asset: Asset, number: int) -> Kept:
    """A kept version of the asset's captions.

    Raises:
        NotFound: there is none of that number.
    """
    script = queries.transcript_of(tx, asset.id)
    kept = _of(tx, script, number) if script else None
    if script is None or kept is None:
        raise NotFound
    cues = [CueText(start, end, text, sure) for start, end, text, sure in (_row(row) for row in kept.cues)]
    now = queries.cue_texts(tx, asset.id)
    few = max(len(cues), len(now)) <= MOST_COMPARED
    return Kept(kept, cues, [*compare_cues(now, cues)] if few else None, number == script.version)


def _of(tx: Tx, script: Transcript, number: int) -> TranscriptVersion | None:
    return tx.scalar(
        select(TranscriptVersion).where(
            TranscriptVersion.transcript_id == script.id, TranscriptVersion.number == number
        )
    )


def _row(row: list[object]) -> tuple[int, int, str, float | None]:
    """A row's cues; versions of early releases have no confidence."""
    start, end, text, *rest = row
    return start, end, text, rest[0] if rest else None  # type: ignore[return-value]


def compare_cues(now: Sequence[CueText], then: Sequence[CueText]) -> Sequence[CueChange]:
    """Lines that would go and come if `then` replaced `now`: by text and time."""
    here, there = [_key(cue) for cue in now], [_key(cue) for cue in then]
    found = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, here, there, autojunk=False).get_opcodes():
        if kind != "equal":
            found += [CueChange(cue, "gone") for cue in now[a:b]] + [CueChange(cue, "back") for cue in then[c:d]]
    return found


def _key(cue: CueText) -> tuple[str, str, str]:
    return caption_files.stamp(cue.start_ms), caption_files.stamp(cue.end_ms), cue.text
