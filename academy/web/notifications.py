"""A person's notifications."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from academy.core.paging import number_in
from academy.http import SIGNED_IN, actor, page, reading, writing
from academy.http.local_paths import local_path
from academy.notifications import api as notifications

bp = Blueprint("notifications", __name__, url_prefix="/notifications")


@bp.get("")
@page(SIGNED_IN)
def inbox() -> str:
    """The inbox, newest first."""
    with reading() as tx:
        return render_template(
            "notifications/inbox.html", page=notifications.inbox(tx, actor(), number_in(request.args.get("page")))
        )


@bp.post("/<public_id>/open")
@page(SIGNED_IN)
def open_one(public_id: str) -> Response:
    """Mark a notification as read and follow its link."""
    with writing() as tx:
        link = notifications.open_notification(tx, actor(), public_id).link
    return redirect(local_path(link) if link else url_for("notifications.inbox"), 303)


@bp.post("/read")
@page(SIGNED_IN)
def read_all() -> Response:
    """Mark every notification as read."""
    with writing() as tx:
        notifications.mark_all_read(tx, actor())
    return redirect(url_for("notifications.inbox"), 303)
