"""Deliveries that were given up, for the operator."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from academy.core.paging import number_in
from academy.http import actor, menu, office, page, reading, writing
from academy.jobs import api as jobs
from academy.notifications import api as notifications

bp = Blueprint("deliveries", __name__, url_prefix="/system/deliveries")


@bp.get("")
@page(office(*jobs.OPERATORS), menu=menu.DELIVERIES, waiting=notifications.count_failed_deliveries)
def index() -> str:
    """Failed deliveries, with what the last attempt met: no address, no text."""
    with reading() as tx:
        return render_template(
            "notifications/failed.html",
            page=notifications.list_failed_deliveries(tx, actor(), number_in(request.args.get("page"))),
            channel_names=notifications.CHANNEL_NAMES,
        )


@bp.post("/<public_id>/retry")
@page(office(*jobs.OPERATORS))
def retry(public_id: str) -> Response:
    """Send a failed delivery again."""
    with writing() as tx:
        notifications.retry_delivery(tx, actor(), public_id)
    flash(gettext("已重新排队。"))
    return redirect(url_for(".index"), 303)
