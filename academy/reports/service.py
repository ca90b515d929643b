"""Writes: request an export, store it, delete it after expiry."""

import datetime as dt
from typing import Any

from sqlalchemy import select

from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Invalid, SignInRequired
from academy.core.i18n import Message, msg
from academy.core.settings import Settings
from academy.jobs import api as jobs
from academy.reports.models import Export, ExportKind
from academy.reports.spreadsheets import REPORT_FORMATS

EXPORT = "reports.export"
KEPT = dt.timedelta(days=7)
EXPORT_KINDS = (ExportKind.NAMES, ExportKind.TABLE, ExportKind.GROUPS, ExportKind.EVIDENCE)
"""Files about one training in one node."""
EXPORT_TITLES: dict[str, Message] = {
    ExportKind.NAMES: msg("名单"),
    ExportKind.TABLE: msg("覆盖率表"),
    ExportKind.GROUPS: msg("分组统计"),
    ExportKind.EVIDENCE: msg("证明材料"),
}
PROGRAMME_KINDS = (ExportKind.PROGRAMME, ExportKind.PROGRAMME_PACK)
"""Files about the lecture programme in a node: one list, and all lists as evidence."""
REPORT_KINDS = tuple(kind for kind in ExportKind if kind not in (*EXPORT_KINDS, *PROGRAMME_KINDS))
"""Files about a node."""
PACKS = (ExportKind.EVIDENCE, ExportKind.PROGRAMME_PACK)


def request_export(tx: Tx, actor: Actor, kind: str, params: dict[str, Any], *, title: str) -> Export:
    """Request an export; the caller has checked that the actor may see the objects in `params`.

    Raises:
        Invalid: no such kind or format.
    """
    if actor.account_id is None:
        raise SignInRequired
    if kind not in set(ExportKind) or params.get("format", "xlsx") not in REPORT_FORMATS:
        raise Invalid(msg("没有这种导出。"))
    day = params.get("day") or clock.today().isoformat()
    export = Export(
        account_id=actor.account_id,
        kind=kind,
        params=params,
        filename=f"{title[:100]}-{day}.{suffix_of(kind, params)}",
        expires_at=clock.now() + KEPT,
    )
    tx.add(export)
    tx.flush()
    export.job_id = jobs.enqueue(tx, EXPORT, key=f"{EXPORT}:{export.id}", actor=actor, export_id=export.id).id
    record(tx, actor, "export.requested", f"export:{export.public_id}", kind=kind, **params)
    return export


def suffix_of(kind: str, params: dict[str, Any]) -> str:
    """The file's suffix."""
    return "zip" if kind in PACKS else str(params.get("format", "xlsx"))


def keep_file(tx: Tx, export_id: int, *, stored_at: str, sha256: str, rows: int) -> None:
    """Record that the file is written and can be downloaded."""
    export = tx.get_one(Export, export_id)
    export.stored_at, export.sha256, export.rows = stored_at, sha256, rows


def sweep(tx: Tx, settings: Settings) -> int:
    """Delete expired files."""
    over = tx.scalars(select(Export).where(Export.expires_at <= clock.now(), Export.stored_at != "")).all()
    for export in over:
        (settings.data_dir / export.stored_at).unlink(missing_ok=True)
        export.stored_at = ""
    return len(over)
