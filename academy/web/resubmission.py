"""Where a form is sent again that was kept in the browser tab while its writer signed in."""

from flask import Blueprint, render_template

from academy.http import SIGNED_IN, page
from academy.http.declarations import Landing

bp = Blueprint("resubmission", __name__)


@bp.get("/resubmit")
@page(SIGNED_IN, landing=Landing.RESUBMISSION)
def show() -> str:
    """The page; its script fills in what was typed."""
    return render_template(
        "resubmit.html", text=None, action="/", fields=[], shown=[], secrets=[], files=[], first=None
    )
