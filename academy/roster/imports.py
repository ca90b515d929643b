"""State of a roster import: received, checked, reviewed by the officer, applied or discarded."""

import hashlib
import shutil
from pathlib import Path
from typing import IO

from sqlalchemy import select, update

from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid, TooLarge
from academy.core.i18n import msg
from academy.core.ids import new_id
from academy.core.retention import days_ago
from academy.core.runtime import Runtime
from academy.core.settings import Settings
from academy.jobs import api as jobs
from academy.jobs.api import Job
from academy.people import api as people
from academy.people.models import Organisation, RosterImport
from academy.roster import columns, corrected_rows
from academy.roster.findings import RowFindings


def folder(settings: Settings, roster: RosterImport) -> Path:
    """Folder of an import's source and findings."""
    return settings.data_dir / "rosters" / roster.public_id


def source(settings: Settings, roster: RosterImport) -> Path:
    """The file as it was sent; deleted once the import is over."""
    return folder(settings, roster) / "source"


def read_findings(settings: Settings, roster: RosterImport) -> RowFindings:
    """The findings of the dry run."""
    return RowFindings(folder(settings, roster) / "findings.db")


def receive_file(settings: Settings, stream: IO[bytes]) -> tuple[str, str]:
    """Store an upload in a folder of its own, before any transaction; returns the id and its SHA-256.

    Raises:
        TooLarge: it exceeds the limit for forms.
        Invalid: it is empty.
    """
    public_id = new_id()
    place = settings.data_dir / "rosters" / public_id
    place.mkdir(parents=True, mode=0o700)
    try:
        return public_id, _write(settings, stream, place / "source")
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise


def receive_corrected_rows(settings: Settings, roster: RosterImport, stream: IO[bytes]) -> Path:
    """Store corrected rows beside the file that they belong to. Raises as `receive_file`."""
    target = folder(settings, roster) / f"{corrected_rows.SENT}.{new_id()}"
    try:
        _write(settings, stream, target)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return target


def _write(settings: Settings, stream: IO[bytes], path: Path) -> str:
    digest, left = hashlib.sha256(), settings.max_form_mb * 1024 * 1024
    with path.open("xb") as target:
        while block := stream.read(1 << 20):
            left -= len(block)
            if left < 0:
                raise TooLarge(msg("文件超过 %(most)s MB。", most=settings.max_form_mb))
            digest.update(block)
            target.write(block)
    if digest.digest() == hashlib.sha256().digest():
        raise Invalid(fields={"file": msg("文件是空的。")})
    return digest.hexdigest()


def begin_import(
    tx: Tx,
    actor: Actor,
    node: Organisation,
    *,
    received: tuple[str, str],
    filename: str,
    complete: bool = False,
    kind: str = "members",
) -> RosterImport:
    """Enqueue the dry run of a file stored by `receive_file`."""
    people.require_access(
        actor,
        node.path,
        f"organisation:{node.public_id}",
        *(people.TREE_EDITORS if kind == "tree" else people.ROSTER_KEEPERS),
    )
    public_id, sha256 = received
    roster = RosterImport(
        public_id=public_id,
        account_id=actor.account_id,
        organisation_id=node.id,
        kind=kind if kind in columns.COLUMNS_BY_KIND else "members",
        filename=Path(filename.replace("\\", "/")).name[-200:] or "roster",
        sha256=sha256,
        stored_at=f"rosters/{public_id}/source",
        complete=complete,
    )
    tx.add(roster)
    tx.flush()
    _ask(tx, actor, roster, "roster.check")
    record(tx, actor, "roster.received", f"roster:{public_id}", organisation=node.public_id, sha256=sha256)
    return roster


def choose_columns(tx: Tx, actor: Actor, roster: RosterImport, mapping: dict[str, str]) -> RosterImport:
    """Set the column mapping, and check the file again."""
    _expect(tx, roster, ("checked", "refused"), "checking")
    fields = [column.field for column in columns.COLUMNS_BY_KIND[roster.kind]]
    wide = len(roster.header)
    roster.mapping = {
        field: int(mapping[field])
        for field in fields
        if mapping.get(field, "").isdecimal() and int(mapping[field]) < wide
    }
    roster.problem = None
    _ask(tx, actor, roster, "roster.check")
    return roster


def check_corrected_rows(tx: Tx, actor: Actor, roster: RosterImport, received: Path) -> RosterImport:
    """Apply corrected rows to the file, and check all of it again.

    Raises:
        Conflict: the import is not in a state for corrections.
    """
    _expect(tx, roster, ("checked", "refused"), "checking")
    received.replace(received.with_name(corrected_rows.SENT))
    roster.problem = None
    _ask(tx, actor, roster, "roster.check")
    record(tx, actor, "roster.mended", f"roster:{roster.public_id}")
    return roster


def confirm_import(tx: Tx, actor: Actor, roster: RosterImport) -> RosterImport:
    """Confirm the dry run and enqueue its application.

    Raises:
        Conflict: it is not in a state to be applied: refused, in progress, done, or confirmed concurrently.
    """
    _expect(tx, roster, ("checked",), "applying")
    roster.problem = None
    _ask(tx, actor, roster, "roster.apply")
    record(tx, actor, "roster.confirmed", f"roster:{roster.public_id}", **roster.summary)
    return roster


def discard_import(tx: Tx, actor: Actor, roster: RosterImport, settings: Settings) -> RosterImport:
    """Discard an import and its file."""
    _expect(tx, roster, ("checked", "refused", "failed"), "discarded")
    place = folder(settings, roster)
    tx.after_commit(lambda: shutil.rmtree(place, ignore_errors=True))
    record(tx, actor, "roster.discarded", f"roster:{roster.public_id}")
    return roster


def import_job(tx: Tx, roster: RosterImport) -> Job | None:
    """The job working on it, for the progress bar."""
    return jobs.find_job(tx, roster.job_id)


def imports_under(tx: Tx, paths: tuple[str, ...], limit: int = 30) -> list[tuple[RosterImport, Organisation]]:
    """The last imports inside the subtrees, newest first."""
    rows = tx.execute(
        select(RosterImport, Organisation)
        .join(Organisation, Organisation.id == RosterImport.organisation_id)
        .where(people.subtrees(paths))
        .order_by(RosterImport.id.desc())
        .limit(limit)
    )
    return [(roster, node) for roster, node in rows]


def remembered_headings(tx: Tx, roster: RosterImport) -> dict[str, str]:
    """Field → heading, as last used by the officers of this node."""
    last = tx.scalar(
        select(RosterImport)
        .where(
            RosterImport.organisation_id == roster.organisation_id,
            RosterImport.kind == roster.kind,
            RosterImport.id != roster.id,
            RosterImport.state.in_(("checked", "applied")),
        )
        .order_by(RosterImport.id.desc())
        .limit(1)
    )
    if last is None:
        return {}
    return {field: last.header[place] for field, place in last.mapping.items() if place < len(last.header)}


def _ask(tx: Tx, actor: Actor, roster: RosterImport, name: str) -> None:
    tx.flush()
    job = jobs.enqueue(tx, name, key=f"{name}:{roster.id}", actor=actor, roster_id=roster.id)
    tx.flush()
    roster.job_id = job.id


def _expect(tx: Tx, roster: RosterImport, states: tuple[str, ...], then: str) -> None:
    """Change the state if it is one of the expected; of two concurrent callers one succeeds."""
    hit = tx.scalar(
        update(RosterImport)
        .where(RosterImport.id == roster.id, RosterImport.state.in_(states))
        .values(state=then)
        .returning(RosterImport.id)
        .execution_options(synchronize_session=False)
    )
    if hit is None:
        raise Conflict(msg("这份花名册的状态已经变了，请刷新后再看。"))
    tx.refresh(roster)


def finish_import(tx: Tx, roster: RosterImport, settings: Settings) -> None:
    """Mark an import as applied; its source file is deleted."""
    roster.state, roster.applied_at = "applied", clock.now()
    gone = (source(settings, roster), folder(settings, roster) / corrected_rows.KEPT)

    def clear() -> None:
        for path in gone:
            path.unlink(missing_ok=True)

    tx.after_commit(clear)


def forget_files(runtime: Runtime, most: int = 100) -> int:
    """Delete the folders of old rosters, and mark pending ones as discarded; returns how many."""
    old = days_ago(runtime.settings.keep_rosters_days)

    def write(tx: Tx) -> list[Path]:
        rosters = tx.scalars(
            select(RosterImport).where(RosterImport.created_at < old, RosterImport.stored_at != "").limit(most)
        ).all()
        places = [folder(runtime.settings, roster) for roster in rosters]
        for roster in rosters:
            roster.stored_at = ""
            if roster.state in ("checking", "checked", "refused", "failed"):
                roster.state = "discarded"
        return places

    places = runtime.db.run_in_transaction(write)
    for place in places:
        shutil.rmtree(place, ignore_errors=True)
    return len(places)


def import_of_id(tx: Tx, row_id: int) -> RosterImport:
    """The import of a row id.

    Raises:
        NoResultFound: there is none.
    """
    return tx.get_one(RosterImport, row_id)
