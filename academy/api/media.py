"""JSON of media: what the caption editor saves."""

from flask import Blueprint, jsonify, request
from werkzeug.wrappers import Response

from academy.core.errors import Invalid
from academy.core.i18n import msg
from academy.doors import actor, signed_in, writing
from academy.media import editing
from academy.media.access import access_own_asset

bp = Blueprint("api_media", __name__, url_prefix="/api/v1/media")


@bp.put("/<asset_id>/cues")
@signed_in
def save_cues(asset_id: str) -> Response:
    """Put edited captions in place: ``{"version": seen, "cues": [[start_ms, end_ms, text], …]}``."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict) or not isinstance(body.get("version"), int):
        raise Invalid(msg("字幕内容无法识别，请刷新页面后重试。"))
    cues = editing.read_cues(body.get("cues"))
    with writing() as tx:
        asset = access_own_asset(tx, actor(), asset_id)
        script = editing.save(tx, actor(), asset, cues, body["version"])
        return jsonify(version=script.version, count=len(cues))
