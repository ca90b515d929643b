"""Exported files, kept for a limited time."""

import datetime as dt
import enum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from academy.core import clock
from academy.core.database import Base
from academy.core.ids import new_id
from academy.core.types import Key, one_of


class ExportKind(enum.StrEnum):
    """Kinds of files: the first four are about one training in one node, the last two about the lecture programme, the
    others about a node."""

    NAMES = "names"
    TABLE = "table"
    GROUPS = "groups"
    EVIDENCE = "evidence"
    PERIOD = "period"
    SECRETARIES = "secretaries"
    FLOATING = "floating"
    EXEMPTIONS = "exemptions"
    QUALITY = "quality"
    PROGRAMME = "programme"
    PROGRAMME_PACK = "programme_pack"


class Export(Base):
    """A file made by a background job for one account; the link ends at `expires_at`."""

    __tablename__ = "exports"
    __table_args__ = (Index(None, "account_id", "id"), one_of("kind", ExportKind))

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    kind: Mapped[str] = mapped_column(String(40))
    params: Mapped[dict[str, Any]] = mapped_column(JSON)
    filename: Mapped[str] = mapped_column(String(160))
    stored_at: Mapped[str] = mapped_column(String(255), default="")
    sha256: Mapped[str | None] = mapped_column(String(64))
    rows: Mapped[int | None]
    # For the nightly deletion: each deleted job is looked up here.
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[dt.datetime]
