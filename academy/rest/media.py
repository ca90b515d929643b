"""JSON of media: saving captions."""

from flask import Blueprint, jsonify, request
from werkzeug.wrappers import Response

from academy.http import actor, office, writing
from academy.library import proposals
from academy.media.access import UPLOADERS, access_own_asset
from academy.media.captions import caption_files, editing
from academy.rest.contracts import NATURAL, TEXT, Contract, ResponseSpec, endpoint, obj, several

SURE = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
LINE = {"type": "array", "prefixItems": [NATURAL, NATURAL, TEXT, SURE], "items": False, "minItems": 3}
SAVED = Contract(
    body=obj(version=NATURAL, cues=several(LINE, maxItems=caption_files.MAX_CUES)),
    answers={200: ResponseSpec("Saved.", obj(version=NATURAL, count=NATURAL))},
    refuses=(404, 409, 422),
    most=4 << 20,  # twenty thousand lines of sixty characters
)

bp = Blueprint("api_media", __name__, url_prefix="/api/v1/media")


@bp.put("/<asset_id>/cues")
@endpoint(office(*UPLOADERS), SAVED)
def save_cues(asset_id: str) -> Response:
    """Save edited captions, or propose them where the lecture is published.

    Body: ``{"version": seen, "cues": [[start_ms, end_ms, text, confidence], …]}``.
    """
    body = request.get_json()
    cues = editing.read_cues(body["cues"])
    with writing() as tx:
        asset = access_own_asset(tx, actor(), asset_id)
        version = proposals.save_captions(tx, actor(), asset, cues, body["version"])
        return jsonify(version=version, count=len(cues))
