"""Files that trainers give and what is made of them."""

import datetime as dt
import enum
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from academy.core import clock
from academy.core.database import Base
from academy.core.ids import new_id
from academy.core.types import Key, one_of


class AssetState(enum.StrEnum):
    """Where a file stands on its way. `failed` waits for a person, with the reason in words."""

    UPLOADING = "uploading"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"
    DELETED = "deleted"


class AssetKind(enum.StrEnum):
    """What a file is; decides which steps it takes (`rules.STEPS`)."""

    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"
    IMAGE = "image"


class StepName(enum.StrEnum):
    """The steps of a file's way."""

    HASH = "hash"
    PROBE = "probe"
    ENCODE = "encode"
    JOIN = "join"
    POSTER = "poster"
    CAPTIONS = "captions"
    PAGES = "pages"
    PUBLISH = "publish"


class StepState(enum.StrEnum):
    """Where a step stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


class PartState(enum.StrEnum):
    """Where a part of a long film stands."""

    WAITING = "waiting"
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"


class TranscriptOrigin(enum.StrEnum):
    """Whose words a transcript is: people's, the file's own, or a machine's. A manual one is never overwritten."""

    MANUAL = "manual"
    EMBEDDED = "embedded"
    ASR = "asr"


class TranscriptionState(enum.StrEnum):
    """Where speech recognition stands. `kept`: people's words were there first."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    KEPT = "kept"


class Upload(Base):
    """A file on its way in, resumable: `offset` bytes of `size` are on disk and acknowledged."""

    __tablename__ = "uploads"
    __table_args__ = (Index(None, "expires_at"), one_of("purpose", AssetKind))

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    filename: Mapped[str] = mapped_column(String(255))
    purpose: Mapped[str] = mapped_column(String(20), default=AssetKind.VIDEO)
    """The kind of file that it is sent as."""
    size: Mapped[int] = mapped_column(BigInteger)
    offset: Mapped[int] = mapped_column(BigInteger, default=0)
    asset_id: Mapped[int | None] = mapped_column(ForeignKey("assets.id"))
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[dt.datetime]
    completed_at: Mapped[dt.datetime | None]
    tus_metadata: Mapped[str] = mapped_column(Text, default="", server_default="")
    """What the client said of the file, to be said back when it asks (tus: creation)."""


class Asset(Base):
    """One original file and what it was made into. Facts about it come from the probe, never from
    the browser. Files live in storage under ``assets/<public_id>/``; `generation` names the folder
    of the published set, so that publishing is one column's change."""

    __tablename__ = "assets"
    __table_args__ = (
        Index(None, "account_id", "id"),
        # Recognises a file that was uploaded before.
        Index(None, "sha256"),
        one_of("kind", AssetKind),
        one_of("state", AssetState),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    kind: Mapped[str] = mapped_column(String(12))
    filename: Mapped[str] = mapped_column(String(255))
    """As the trainer called it; shown, never used as a path."""
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64))
    fingerprint: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of the first and the last megabyte: what a page can work out before it sends gigabytes again."""
    duplicate_of_id: Mapped[int | None] = mapped_column(ForeignKey("assets.id"))
    """An earlier file of the same account with the same bytes, until its owner has chosen."""
    state: Mapped[str] = mapped_column(String(12), default=AssetState.PROCESSING)
    error: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    duration_ms: Mapped[int | None]
    """Of a document: the media time that its pages count for, `pages.PAGE_MS` each."""
    width: Mapped[int | None]
    height: Mapped[int | None]
    probe: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    generation: Mapped[str] = mapped_column(String(16), default=new_id)
    building: Mapped[str | None] = mapped_column(String(16))
    incoming: Mapped[str | None] = mapped_column(Text)
    """Path of the file that the first step takes into storage; None once it is there."""
    has_poster: Mapped[bool] = mapped_column(default=False)
    has_storyboard: Mapped[bool] = mapped_column(default=False)
    has_audio: Mapped[bool] = mapped_column(default=False)
    """Whether there is an audio-only variant to offer on a weak line."""
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    ready_at: Mapped[dt.datetime | None]


class AssetStep(Base):
    """One step of an asset's way (hash, probe, encode, poster, captions, publish): what the studio shows."""

    __tablename__ = "asset_steps"
    __table_args__ = (UniqueConstraint("asset_id", "step"), one_of("step", StepName), one_of("state", StepState))

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    asset_id: Mapped[int] = mapped_column(ForeignKey("assets.id"))
    step: Mapped[str] = mapped_column(String(20))
    position: Mapped[int]
    state: Mapped[str] = mapped_column(String(12), default=StepState.WAITING)
    permille: Mapped[int] = mapped_column(default=0)
    log: Mapped[str] = mapped_column(Text, default="")
    started_at: Mapped[dt.datetime | None]
    finished_at: Mapped[dt.datetime | None]


class AssetPart(Base):
    """A stretch of a long film that one worker encodes (number 0: the sound of all of it); the rows go when
    the parts are joined."""

    __tablename__ = "asset_parts"
    # A part has one row, however often the step that plans them is run again.
    __table_args__ = (UniqueConstraint("asset_id", "generation", "number"), one_of("state", PartState))

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    asset_id: Mapped[int] = mapped_column(ForeignKey("assets.id"))
    generation: Mapped[str] = mapped_column(String(16))
    number: Mapped[int]
    state: Mapped[str] = mapped_column(String(12), default=PartState.WAITING)
    permille: Mapped[int] = mapped_column(default=0)
    finished_at: Mapped[dt.datetime | None]


class Chapter(Base):
    """Where a new subject begins in a lecture: from the file, or as the trainer wrote it."""

    __tablename__ = "chapters"
    # Two chapters at one moment would be one line of the list.
    __table_args__ = (
        UniqueConstraint("asset_id", "start_ms"),
        CheckConstraint("start_ms >= 0", name="start"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    asset_id: Mapped[int] = mapped_column(ForeignKey("assets.id"))
    start_ms: Mapped[int]
    title: Mapped[str] = mapped_column(String(120))


class Rendition(Base):
    """One variant of the ladder, as it was measured after encoding."""

    __tablename__ = "renditions"
    __table_args__ = (UniqueConstraint("asset_id", "name"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    asset_id: Mapped[int] = mapped_column(ForeignKey("assets.id"))
    name: Mapped[str] = mapped_column(String(12))
    width: Mapped[int | None]
    height: Mapped[int | None]
    codecs: Mapped[str] = mapped_column(String(60))
    bandwidth: Mapped[int]
    average_bandwidth: Mapped[int]
    size: Mapped[int] = mapped_column(BigInteger)


class DocumentPage(Base):
    """One page of the published set of a document: its picture is ``pages/NNN.jpg``, its words are here.

    Written in the transaction that publishes the set, so pages and set can never disagree.
    """

    __tablename__ = "document_pages"

    asset_id: Mapped[int] = mapped_column(ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    """From 1."""
    width: Mapped[int]
    height: Mapped[int]
    """Of the picture, in pixels."""
    text: Mapped[str] = mapped_column(Text)


class Transcript(Base):
    """The timed text of an asset in one language: the source of truth of captions and search."""

    __tablename__ = "transcripts"
    __table_args__ = (UniqueConstraint("asset_id", "language"), one_of("origin", TranscriptOrigin))

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    asset_id: Mapped[int] = mapped_column(ForeignKey("assets.id"))
    language: Mapped[str] = mapped_column(String(12), default="zh-CN")
    origin: Mapped[str] = mapped_column(String(12))
    estimated: Mapped[bool] = mapped_column(default=False)
    """Whether its times were spread over the lecture by length, from a text without times."""
    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[dt.datetime] = mapped_column(default=clock.now)


class Transcription(Base):
    """Speech recognition of one asset: asked for, running, done or failed. The words become its transcript."""

    __tablename__ = "transcriptions"
    __table_args__ = (one_of("state", TranscriptionState),)

    asset_id: Mapped[int] = mapped_column(ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True)
    state: Mapped[str] = mapped_column(String(12), default=TranscriptionState.WAITING)
    permille: Mapped[int] = mapped_column(default=0)
    model: Mapped[str] = mapped_column(String(120), default="")
    error: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    asked_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    finished_at: Mapped[dt.datetime | None]


class Cue(Base):
    """One line of a transcript, shown during ``[start_ms, end_ms)`` of media time."""

    __tablename__ = "cues"
    __table_args__ = (
        UniqueConstraint("transcript_id", "seq"),
        CheckConstraint("start_ms >= 0 AND end_ms > start_ms", name="times"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    transcript_id: Mapped[int] = mapped_column(ForeignKey("transcripts.id", ondelete="CASCADE"))
    seq: Mapped[int]
    start_ms: Mapped[int]
    end_ms: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    confidence: Mapped[float | None]


class TranscriptVersion(Base):
    """A transcript as somebody left it, so that nothing anybody wrote is lost to the next hand.

    Saves of one person within some minutes are one version; `cues` is a list of
    ``[start_ms, end_ms, text]``.
    """

    __tablename__ = "transcript_versions"
    # Two people saving over the same text at once: the second finds the number taken.
    __table_args__ = (UniqueConstraint("transcript_id", "number"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    transcript_id: Mapped[int] = mapped_column(ForeignKey("transcripts.id", ondelete="CASCADE"))
    number: Mapped[int]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    cues: Mapped[list[list[Any]]] = mapped_column(JSON)
    at: Mapped[dt.datetime] = mapped_column(default=clock.now)


class GlossaryTerm(Base):
    """A word as the city writes it, and how it is often misheard; proposed in every caption editor."""

    __tablename__ = "glossary_terms"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    wrong: Mapped[str] = mapped_column(String(40), unique=True)
    right: Mapped[str] = mapped_column(String(40))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
