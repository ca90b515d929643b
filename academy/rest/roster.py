"""Member changes from the personnel system as JSON, authenticated by a token."""

from flask import Blueprint, jsonify, request
from werkzeug.wrappers import Response

from academy.core.errors import Invalid, SignInRequired
from academy.core.i18n import msg
from academy.http import actor, office, reading, runtime
from academy.http.languages import translate
from academy.people import api as people
from academy.rest.contracts import NATURAL, PROBLEM, TEXT, Contract, ResponseSpec, endpoint, maybe, obj, several, text
from academy.roster import api as roster

PERSON = {
    "type": "object",
    "properties": {name: maybe(TEXT) for name in roster.CHANGE_FIELDS},
    "additionalProperties": False,
}
COUNTS = {"type": "object", "additionalProperties": NATURAL}
ROW = obj(row=NATURAL, number=TEXT, reasons=several(TEXT))
OUTCOME = obj(counts=COUNTS, bad=several(ROW))
CHANGES = Contract(
    body=obj(
        "check", check={"type": "boolean"}, organisation=text(60), members=several(PERSON, maxItems=roster.MOST_CHANGES)
    ),
    answers={
        200: ResponseSpec("Applied, with counts; with `check`, what would be applied.", OUTCOME),
        422: ResponseSpec(
            "Nothing was applied: the reasons of every bad row, or what is wrong with the request.",
            OUTCOME,
            also=PROBLEM,
        ),
    },
    refuses=(409,),
    most=1 << 20,  # a thousand people
)

bp = Blueprint("api_roster", __name__, url_prefix="/api/v1/roster")


@bp.post("/changes")
@endpoint(
    office(*people.ROSTER_KEEPERS), CHANGES, csrf=False
)  # the token in the header is the credential; no other site can send it
def changes() -> tuple[Response, int]:
    """Apply changes of members below a node, all or none.

    Body: ``{"organisation": code, "members": [{"number", "name", "organisation", …}]}``, texts as in a roster file;
    with
    ``"check": true`` nothing is applied. 200 with counts, or 422 with the index and the reasons of every bad row. The
    token of `flask accounts token` goes into ``Authorization: Bearer``.
    """
    if request.authorization is None or request.authorization.type != "bearer":
        # A cookie alone is not enough: this endpoint requires no CSRF token.
        raise SignInRequired
    sent = request.get_json()
    with reading() as tx:
        found = people.find_organisation(tx, actor().paths(*people.ROSTER_KEEPERS), sent["organisation"])
        if found is None:
            raise Invalid(fields={"organisation": msg("在您的管理范围内没有这个组织代码。")})
        node = people.access_organisation(tx, actor(), found.public_id, *people.ROSTER_KEEPERS)
    answer = roster.accept_changes(runtime(), actor(), node, sent["members"], check=sent.get("check") is True)
    bad = [
        {"row": place, "number": number, "reasons": [translate(note) for note in notes]}
        for place, number, notes in answer.bad
    ]
    return jsonify(counts=answer.counts, bad=bad), 422 if bad else 200
