"""Whether this process can serve."""

from flask import Blueprint, jsonify
from sqlalchemy import text
from werkzeug.wrappers import Response

from academy.doors import public, reading

bp = Blueprint("api_health", __name__, url_prefix="/api/v1")


@bp.get("/health")
@public
def health() -> Response:
    """200 when the database answers."""
    with reading() as tx:
        tx.execute(text("SELECT 1"))
    return jsonify(status="ok")
