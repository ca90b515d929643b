"""JSON of talk under a lecture, for the player's script: notes that save themselves, questions, clips.

A note has a key that the browser makes, so that what a queue sends twice is one note. `writer` names the page that
saves, `sequence` counts its saves, and `revision` is what the text was made from. What another device saved meanwhile
is kept beside it, and the response has the whole text.
"""

from typing import Any

from flask import Blueprint, jsonify, request, url_for
from werkzeug.wrappers import Response

from academy.http import SIGNED_IN, actor, writing
from academy.library import api as library
from academy.rest.contracts import NATURAL, TEXT, YES, Contract, ResponseSpec, endpoint, obj, text
from academy.talk import api as talk
from academy.talk.api import Note, Saved, Spot

bp = Blueprint("api_talk", __name__, url_prefix="/api/v1/talk")

PLACE = {"start": NATURAL | {"maximum": 2**31 - 1}, "version": NATURAL | {"maximum": 2**31 - 1}, "words": text(2000)}
KEY = text(talk.KEY_LENGTH, minLength=1)
WHOLE = NATURAL | {"maximum": 2**31 - 1}
NOTE = obj(key=TEXT, body=TEXT, revision=NATURAL, merged=YES, start=NATURAL, end=NATURAL, quote=TEXT, place=TEXT)
PUT_NOTE = Contract(
    body=obj(
        "version",
        "words",
        item=text(60),
        body=text(3 * talk.NOTE_LENGTH),
        writer=KEY,
        sequence=WHOLE,
        revision=WHOLE,
        **PLACE,
    ),
    answers={200: ResponseSpec("Stored.", NOTE)},
    refuses=(404, 409, 422),
    most=128 << 10,
)
ASK = Contract(
    body=obj("version", "words", item=text(60), key=KEY, body=text(3 * talk.QUESTION_LENGTH), **PLACE),
    answers={201: ResponseSpec("Asked; others do not see it yet.", obj(public_id=TEXT, state=TEXT))},
    refuses=(404, 409, 422, 503),
)
SHARE = Contract(
    body=obj("version", "last_words", "words", item=text(60), last=WHOLE, last_words=text(2000), **PLACE),
    answers={201: ResponseSpec("The clip's address.", obj(address=TEXT, start=NATURAL, end=NATURAL))},
    refuses=(404, 422),
)


def _spot(asked: dict[str, Any]) -> Spot:
    return Spot(asked["start"], asked.get("version", 0), asked.get("words", ""))


@bp.put("/notes/<key>")
@endpoint(SIGNED_IN, PUT_NOTE, rate=120)
def save_note(key: str) -> Response:
    """Store the next state of one's own note; the first one makes it."""
    asked = request.get_json()
    sent = Saved(asked["body"], asked["writer"], asked["sequence"], asked["revision"])
    with writing() as tx:
        note = talk.find_note(tx, actor(), key)
        if note is not None:
            is_merged = talk.edit_note(tx, actor(), note, sent)
        else:
            item = library.access_item_for_member(tx, actor(), asked["item"])
            note, is_merged = talk.add_note(tx, actor(), item, key, _spot(asked), sent)
        return jsonify(_note(note, is_merged))


def _note(note: Note, is_merged: bool) -> dict[str, Any]:
    return {
        "key": note.key,
        "body": note.body,
        "revision": note.revision,
        "merged": is_merged,
        "start": note.place_start,
        "end": note.place_end,
        "quote": note.quote,
        "place": note.place,
    }


@bp.delete("/notes/<key>")
@endpoint(SIGNED_IN, Contract({204: ResponseSpec("Deleted.")}, refuses=(404,)))
def remove_note(key: str) -> tuple[str, int]:
    """Delete one's own note."""
    with writing() as tx:
        talk.remove_note(tx, actor(), talk.access_note(tx, actor(), key))
    return "", 204


@bp.post("/questions")
@endpoint(SIGNED_IN, ASK, rate=10)
def ask() -> tuple[Response, int]:
    """Ask about a place of a lecture; what a queue sends twice is one question."""
    asked = request.get_json()
    with writing() as tx:
        item = library.access_item_for_member(tx, actor(), asked["item"])
        row = talk.ask_question(tx, actor(), item, asked["key"], _spot(asked), asked["body"])
        return jsonify(public_id=row.public_id, state=row.state), 201


@bp.post("/clips")
@endpoint(SIGNED_IN, SHARE, rate=30)
def share() -> tuple[Response, int]:
    """Give a stretch of a lecture an address, from one sentence to the end of another."""
    asked = request.get_json()
    with writing() as tx:
        item = library.access_item_for_member(tx, actor(), asked["item"])
        last = Spot(asked["last"], asked.get("version", 0), asked.get("last_words", ""))
        clip = talk.make_clip(tx, actor(), item, _spot(asked), last)
        address = url_for("talk.clip", public_id=clip.public_id, _external=True)
        return jsonify(address=address, start=clip.place_start, end=clip.place_end), 201
