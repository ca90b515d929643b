"""Failed background jobs, for the operator."""

import functools

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from academy import http
from academy.core.paging import number_in
from academy.http import actor, menu, office, reading, writing
from academy.jobs import api as jobs

bp = Blueprint("jobs", __name__, url_prefix="/system/jobs")
page = functools.partial(http.page, section=menu.JOBS)


@bp.get("")
@page(office(*jobs.OPERATORS), menu=menu.JOBS, waiting=jobs.count_failed_jobs)
def index() -> str:
    """Failed jobs, with their errors."""
    with reading() as tx:
        page = jobs.list_failed_jobs(tx, actor(), number_in(request.args.get("page")))
        return render_template("jobs/failed.html", page=page, is_retried_elsewhere=jobs.is_retried_elsewhere)


@bp.post("/<public_id>/retry")
@page(office(*jobs.OPERATORS))
def retry(public_id: str) -> Response:
    """Retry a failed job."""
    with writing() as tx:
        jobs.retry_failed_job(tx, actor(), public_id)
    flash(gettext("已重新排队。"))
    return redirect(url_for(".index"))
