"""JSON of media: saving captions."""

from flask import Blueprint, jsonify, request
from werkzeug.wrappers import Response

from academy.http import actor, office, writing
from academy.library import api as library
from academy.media import api as media
from academy.rest.contracts import NATURAL, TEXT, Contract, ResponseSpec, endpoint, obj, several

SURE = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
LINE = {"type": "array", "prefixItems": [NATURAL, NATURAL, TEXT, SURE], "items": False, "minItems": 3}
SAVED = Contract(
    body=obj(version=NATURAL, cues=several(LINE, maxItems=media.MAX_CUES)),
    answers={200: ResponseSpec("Saved.", obj(version=NATURAL, count=NATURAL))},
    refuses=(404, 409, 422),
    most=4 << 20,  # twenty thousand lines of sixty characters
)

bp = Blueprint("api_media", __name__, url_prefix="/api/v1/media")


@bp.put("/<asset_id>/cues")
@endpoint(office(*media.UPLOADERS), SAVED)
def save_cues(asset_id: str) -> Response:
    """Save edited captions, or propose them where the lecture is published.

    Body: ``{"version": seen, "cues": [[start_ms, end_ms, text, confidence], …]}``.
    """
    body = request.get_json()
    cues = media.read_cues(body["cues"])
    with writing() as tx:
        asset = media.access_own_asset(tx, actor(), asset_id)
        version = library.save_captions(tx, actor(), asset, cues, body["version"])
        return jsonify(version=version, count=len(cues))
