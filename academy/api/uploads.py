"""JSON of uploads."""

from flask import Blueprint

bp = Blueprint("api_uploads", __name__, url_prefix="/api/v1/uploads")
