"""Health of this process."""

from flask import Blueprint, jsonify
from sqlalchemy import text
from werkzeug.wrappers import Response

from academy.http import PUBLIC, SIGNED_IN, reading
from academy.rest.contracts import Contract, ResponseSpec, endpoint, obj

bp = Blueprint("api_health", __name__, url_prefix="/api/v1")


@bp.get("/health")
@endpoint(
    PUBLIC,
    Contract({200: ResponseSpec("Supported.", obj(status={"const": "ok"}))}, refuses=(500, 503)),
    identified=False,
)
def health() -> Response:
    """200 when the database answers."""
    with reading() as tx:
        tx.execute(text("SELECT 1"))
    return jsonify(status="ok")


@bp.get("/session")
@endpoint(SIGNED_IN, Contract({204: ResponseSpec("Signed in.")}), consent=False, screen=True)
def session() -> tuple[str, int]:
    """204 while the client is signed in, 401 otherwise: for apps that show the academy in a web view."""
    return "", 204
