"""Background jobs of exports."""

import datetime as dt
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from academy.core.database import Tx
from academy.core.disk import require_space
from academy.jobs import api as jobs
from academy.jobs.api import JobContext
from academy.reports import builder, coverage, evidence, programme, programme_pack, service
from academy.reports.models import Export

Maker = Callable[[Tx, dict[str, Any], Path, Callable[[int], None]], int]

MAKERS: dict[str, Maker] = {
    "names": coverage.write_names,
    "table": coverage.write_table,
    "groups": coverage.write_groups,
    "evidence": evidence.write_pack,
    "programme": programme.write_programme,
    "programme_pack": programme_pack.write_pack,
    **dict.fromkeys(service.REPORT_KINDS, builder.write_report),
}


@jobs.job(service.EXPORT, max_attempts=2)
def export(context: JobContext, export_id: int) -> None:
    """Write one file; restarted from the beginning if the worker was killed."""

    def begin(tx: Tx) -> tuple[str, dict[str, Any], str]:
        service.sweep(tx, context.settings)
        row = tx.get_one(Export, export_id)
        return row.kind, dict(row.params), row.public_id

    kind, params, public_id = context.db.run_in_transaction(begin)
    stored = Path("exports") / f"{public_id}.{service.suffix_of(kind, params)}"
    path = context.settings.data_dir / stored
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)  # names of a whole city
    draft = path.with_name(f"{path.stem}-draft{path.suffix}")

    def progress(done: int) -> None:
        require_space(path.parent, 0, context.settings.disk_reserve)
        context.progress(done * 990 // 1000)

    try:
        progress(0)
        if kind == "groups":
            coverage.publish_groups(context.db, params)
        with context.db.read(snapshot=True) as tx:
            rows = MAKERS[kind](tx, params, draft, progress)
        draft.chmod(0o600)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    with path.open("rb") as handle:
        digest = hashlib.file_digest(handle, "sha256").hexdigest()

    def write(tx: Tx) -> None:
        service.keep_file(tx, export_id, stored_at=str(stored), sha256=digest, rows=rows)

    context.db.run_in_transaction(write)


@jobs.nightly("reports.forget", at=dt.time(2, 35))
def forget(context: JobContext) -> None:
    """Delete files whose link has expired."""
    context.db.run_in_transaction(lambda tx: service.sweep(tx, context.settings))
