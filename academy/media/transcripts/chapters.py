"""Chapters of a lecture: from the file's own list, or written by the trainer one a line."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select

from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Invalid
from academy.core.i18n import Message, msg
from academy.core.unique import lock_row
from academy.media.captions.caption_files import clean
from academy.media.models import Asset, Chapter

MOST = 200
TITLE = 120
NEAR_MS = 500
"""Within so many ms after a late start, a chapter of the file counts as the first one."""
_LINE = re.compile(r"(?:(\d{1,2})[:：])?(\d{1,3})[:：]([0-5]\d)(?:\s{0,9}[-—,，、]\s{0,9}|\s{1,9})(.+)")
Pair = tuple[int, str]


def parse_chapters(text: str, duration_ms: int) -> list[Pair]:
    """Start and title of each line such as ``12:30 第二部分``, in order of time.

    Raises:
        Invalid: lines that cannot be read or lie beyond the end, each with its number.
    """
    found: dict[int, str] = {}
    wrong: list[Message] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        match = _LINE.fullmatch(line.strip())
        title = clean(match[4])[:TITLE].strip() if match else ""
        if match is None or not title:
            wrong.append(msg("第 %(line)s 行：请写成“12:30 标题”的样子。", line=number))
            continue
        start = ((int(match[1] or 0) * 60 + int(match[2])) * 60 + int(match[3])) * 1000
        if start >= duration_ms:
            wrong.append(msg("第 %(line)s 行：时间超过了这一讲的长度。", line=number))
        elif start in found:
            wrong.append(msg("第 %(line)s 行：同一时间已经有一章。", line=number))
        found[start] = title
    if len(found) > MOST:
        wrong.append(msg("最多 %(most)s 章。", most=MOST))
    if wrong:
        raise Invalid(fields={f"chapters.{n}" if n else "chapters": one for n, one in enumerate(wrong[:10])})
    return sorted(found.items())


def written_chapters(chapters: Iterable[Chapter]) -> str:
    """The text from which `parse_chapters` reads these chapters."""
    return chapter_lines((chapter.start_ms, chapter.title) for chapter in chapters)


def chapter_lines(pairs: Iterable[Pair]) -> str:
    """Likewise from pairs of start and title."""
    return "\n".join(f"{_clock(start)} {title}" for start, title in pairs)


def _clock(ms: int) -> str:
    minutes, seconds = divmod(ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def inside(found: Mapping[str, Any], duration_ms: int, start_ms: int = 0) -> list[Pair]:
    """Chapters embedded in the file, from ffprobe's output; invalid ones are skipped.

    `start_ms` is the start of the lecture in the file's clock. Of chapters before it, the last one is current then.
    """
    named: list[Pair] = []
    for entry in found.get("chapters", [])[:MOST]:
        title = clean(str(entry.get("tags", {}).get("title", "")))[:TITLE].replace("\n", " ").strip()
        try:
            start = round(float(entry["start_time"]) * 1000)
        except (KeyError, TypeError, ValueError, OverflowError):
            continue
        if title and start >= 0:
            named.append((start, title))
    named.sort(key=lambda pair: pair[0])
    if not named or named[-1][0] < start_ms:
        start_ms = 0  # a copy whose streams were shifted without its chapters
    pairs: dict[int, str] = {}
    for start, title in named:
        if start_ms and start < start_ms + NEAR_MS:
            pairs[0] = title
        elif start - start_ms < duration_ms:
            pairs.setdefault(start - start_ms, title)
    # A single chapter covers the whole film: nothing to choose from.
    return sorted(pairs.items()) if len(pairs) > 1 else []


def chapters_of(tx: Tx, asset_id: int) -> Sequence[Chapter]:
    """A lecture's chapters in order; two hundred at most."""
    return tx.scalars(select(Chapter).where(Chapter.asset_id == asset_id).order_by(Chapter.start_ms)).all()


def put_chapters(tx: Tx, asset: Asset, pairs: list[Pair]) -> None:
    """Replace the lecture's chapters."""
    lock_row(tx, asset)  # of two concurrent saves, neither would see the rows of the other to delete
    tx.execute(delete(Chapter).where(Chapter.asset_id == asset.id))
    tx.add_all(Chapter(asset_id=asset.id, start_ms=start, title=title) for start, title in pairs)


def save_chapters(tx: Tx, actor: Actor, asset: Asset, text: str) -> int:
    """Save edited chapters; returns how many.

    Raises:
        Invalid: see `parse_chapters`.
    """
    pairs = parse_chapters(text, asset.duration_ms or 0)
    put_chapters(tx, asset, pairs)
    record(tx, actor, "chapters.saved", f"asset:{asset.public_id}", chapters=len(pairs))
    return len(pairs)
