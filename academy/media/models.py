"""Uploaded files and what is made of them."""

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
    """Processing state of a file. `failed` waits for its owner or the operator, with the reason as a sentence."""

    UPLOADING = "uploading"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"
    DELETED = "deleted"


class AssetKind(enum.StrEnum):
    """Kind of file; determines its steps (`rules.STEPS_BY_KIND`)."""

    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"
    IMAGE = "image"


class StepName(enum.StrEnum):
    """The processing steps of a file."""

    HASH = "hash"
    PROBE = "probe"
    ENCODE = "encode"
    JOIN = "join"
    POSTER = "poster"
    CAPTIONS = "captions"
    PAGES = "pages"
    PUBLISH = "publish"


class StepState(enum.StrEnum):
    """State of a step."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


class PartState(enum.StrEnum):
    """State of a part of a long film."""

    WAITING = "waiting"
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"


class TranscriptOrigin(enum.StrEnum):
    """Origin of a transcript: people, the file itself, or speech recognition. A manual one is never overwritten."""

    MANUAL = "manual"
    EMBEDDED = "embedded"
    ASR = "asr"


class TranscriptionState(enum.StrEnum):
    """State of speech recognition. `kept`: people's captions existed first."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    KEPT = "kept"


class Upload(Base):
    """A resumable upload in progress: `offset` bytes of `size` are on disk and acknowledged."""

    __tablename__ = "uploads"
    __table_args__ = (Index(None, "expires_at"), one_of("purpose", AssetKind))

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    filename: Mapped[str] = mapped_column(String(255))
    purpose: Mapped[str] = mapped_column(String(20), default=AssetKind.VIDEO)
    """The purpose: the kind of file that it becomes."""
    size: Mapped[int] = mapped_column(BigInteger)
    offset: Mapped[int] = mapped_column(BigInteger, default=0)
    asset_id: Mapped[int | None] = mapped_column(ForeignKey("assets.id"))
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[dt.datetime]
    completed_at: Mapped[dt.datetime | None]
    tus_metadata: Mapped[str] = mapped_column(Text, default="", server_default="")
    """The client's metadata, returned on request (tus: creation)."""


class Asset(Base):
    """One original file and its derived sets. Its properties come from the probe, never from the browser.

    Files are in storage under ``assets/<public_id>/``; `generation` names the folder of the published set, so that
    publishing is one column's change.
    """

    __tablename__ = "assets"
    __table_args__ = (
        Index(None, "account_id", "id"),
        # Finds a file that was uploaded before.
        Index(None, "sha256"),
        one_of("kind", AssetKind),
        one_of("state", AssetState),
        CheckConstraint("pages IS NULL OR duration_ms IS NULL", name="length"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    kind: Mapped[str] = mapped_column(String(12))
    filename: Mapped[str] = mapped_column(String(255))
    """Name given by the trainer; shown, never used as a path."""
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64))
    fingerprint: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of the first and the last megabyte: what a page can compute before it sends gigabytes again."""
    duplicate_of_id: Mapped[int | None] = mapped_column(ForeignKey("assets.id"))
    """An earlier file of the same account with the same bytes, until its owner has chosen."""
    state: Mapped[str] = mapped_column(String(12), default=AssetState.PROCESSING)
    error: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    duration_ms: Mapped[int | None]
    """Of a film or recording; None for a document."""
    pages: Mapped[int | None]
    """Of a document; None for everything else."""
    width: Mapped[int | None]
    height: Mapped[int | None]
    probe: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    generation: Mapped[str] = mapped_column(String(16), default=new_id)
    building: Mapped[str | None] = mapped_column(String(16))
    incoming: Mapped[str | None] = mapped_column(Text)
    """Path of the file that the first step moves into storage; None afterwards."""
    has_poster: Mapped[bool] = mapped_column(default=False)
    has_storyboard: Mapped[bool] = mapped_column(default=False)
    has_audio: Mapped[bool] = mapped_column(default=False)
    """Whether there is an audio-only variant for weak lines."""
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    ready_at: Mapped[dt.datetime | None]


class AssetStep(Base):
    """One step of an asset's processing (hash, probe, encode, poster, captions, publish), as shown in the studio."""

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
    """A stretch of a long film that one worker encodes (number 0: its complete audio); the rows are deleted when the
    parts are joined."""

    __tablename__ = "asset_parts"
    # A part has one row, however often its planning step is retried.
    __table_args__ = (UniqueConstraint("asset_id", "generation", "number"), one_of("state", PartState))

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    asset_id: Mapped[int] = mapped_column(ForeignKey("assets.id"))
    generation: Mapped[str] = mapped_column(String(16))
    number: Mapped[int]
    state: Mapped[str] = mapped_column(String(12), default=PartState.WAITING)
    permille: Mapped[int] = mapped_column(default=0)
    finished_at: Mapped[dt.datetime | None]


class Chapter(Base):
    """A chapter of a lecture: from the file, or written by the trainer."""

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
    """One variant of the ladder, as measured after encoding."""

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
    """One page of the published set of a document: its picture is ``pages/NNN.jpg``, its text is here.

    Written in the transaction that publishes the set, so that pages and set always agree.
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
    """Speech recognition of one asset: requested, running, done or failed. The result becomes its transcript."""

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
    """A saved state of a transcript, so that no edit is lost to a later one.

    Saves of one person within some minutes are one version; `cues` is a list of
    ``[start_ms, end_ms, text]``.
    """

    __tablename__ = "transcript_versions"
    # Closes the race of two people saving the same transcript: the second finds the number taken.
    __table_args__ = (UniqueConstraint("transcript_id", "number"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    transcript_id: Mapped[int] = mapped_column(ForeignKey("transcripts.id", ondelete="CASCADE"))
    number: Mapped[int]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    cues: Mapped[list[list[Any]]] = mapped_column(JSON)
    at: Mapped[dt.datetime] = mapped_column(default=clock.now)


class GlossaryTerm(Base):
    """A word as the city writes it, and a frequent misrecognition; suggested in every caption editor."""

    __tablename__ = "glossary_terms"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    wrong: Mapped[str] = mapped_column(String(40), unique=True)
    right: Mapped[str] = mapped_column(String(40))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
