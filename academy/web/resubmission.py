"""Resubmission of a form that was kept in the browser tab during a sign-in."""

from flask import Blueprint, render_template

from academy.http import SIGNED_IN, page
from academy.http.declarations import Landing

bp = Blueprint("resubmission", __name__)


@bp.get("/resubmit")
@page(SIGNED_IN, landing=Landing.RESUBMISSION)
def show() -> str:
    """The page; its script fills in the typed values."""
    nothing: dict[str, list[str]] = {name: [] for name in ("fields", "shown", "secrets", "files")}
    return render_template("resubmit.html", text=None, action="/", first=None, back=None, multipart=False, **nothing)
