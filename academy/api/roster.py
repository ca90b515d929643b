"""The personnel system's door: members' changes as JSON, with a token of its own."""

from flask import Blueprint, jsonify, request
from werkzeug.wrappers import Response

from academy.core.errors import Invalid, SignInRequired
from academy.core.i18n import msg
from academy.doors import actor, house, office, reading
from academy.doors.install import csrf
from academy.doors.language import translate
from academy.members.access import KEEPERS, access_organisation
from academy.members.queries import by_code
from academy.members.roster_changes import accept_changes

bp = Blueprint("api_roster", __name__, url_prefix="/api/v1/roster")


@bp.post("/changes")
@office(*KEEPERS)
def changes() -> tuple[Response, int]:
    """Apply changes of members below a node, all or none.

    Body: ``{"organisation": code, "members": [{"number", "name", "organisation", …}]}``, texts as in
    a roster file. 200 with counts, or 422 with the place and the reasons of every bad row. The token
    of `flask accounts token` goes into ``Authorization: Bearer``.
    """
    if request.authorization is None or request.authorization.type != "bearer":
        # A cookie alone is not enough: this door asks for no CSRF token.
        raise SignInRequired
    sent = request.get_json(silent=True)
    if not isinstance(sent, dict):
        raise Invalid(msg("请发送 JSON 对象。"))
    with reading() as tx:
        found = by_code(tx, actor().paths(*KEEPERS), str(sent.get("organisation", "")))
        if found is None:
            raise Invalid(fields={"organisation": msg("在您的管理范围内没有这个组织代码。")})
        node = access_organisation(tx, actor(), found.public_id, *KEEPERS)
    answer = accept_changes(house(), actor(), node, sent.get("members"))  # type: ignore[arg-type]
    bad = [
        {"row": place, "number": number, "reasons": [translate(note) for note in notes]}
        for place, number, notes in answer.bad
    ]
    return jsonify(counts=answer.counts, bad=bad), 422 if bad else 200


csrf.exempt(changes)  # the token in the header is the credential, and no other site can send it
