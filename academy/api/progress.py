"""JSON of progress."""

from flask import Blueprint

bp = Blueprint("api_progress", __name__, url_prefix="/api/v1/progress")
