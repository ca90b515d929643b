"""Reads about exports."""

from dataclasses import dataclass

from sqlalchemy import select

from academy.core import clock
from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.paging import Page, page_of
from academy.jobs import api as jobs
from academy.jobs.api import Job
from academy.reports.models import Export

PAGE = 20


@dataclass(frozen=True)
class ExportSummary:
    """A file, and the progress of its job."""

    export: Export
    job: Job | None

    @property
    def is_ready(self) -> bool:
        return bool(self.export.stored_at) and not self.is_expired

    @property
    def is_expired(self) -> bool:
        return self.export.expires_at <= clock.now()

    @property
    def is_open(self) -> bool:
        """Whether it is still in progress."""
        return not self.export.stored_at and self.job is not None and self.job.state in ("queued", "running")


def list_exports(tx: Tx, actor: Actor, page: int = 1) -> Page[ExportSummary]:
    """The actor's files, newest first."""
    query = select(Export).where(Export.account_id == actor.account_id).order_by(Export.id.desc())
    found = page_of(tx, query, page, PAGE)
    jobs_of = jobs.jobs_by_id(tx, [export.job_id for export in found.rows])
    rows = [ExportSummary(export, jobs_of.get(export.job_id or 0)) for export in found.rows]
    return Page(rows, found.total, found.number, found.size)
