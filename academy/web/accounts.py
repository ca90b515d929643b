"""Pages of accounts."""

from flask import Blueprint

from academy.doors import public

bp = Blueprint("accounts", __name__)


@bp.get("/sign-in")
@public
def sign_in() -> str:
    return ""
