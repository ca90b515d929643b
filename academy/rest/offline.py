"""JSON of lectures that are kept on a phone: what to fetch, and what a phone is told at each contact.

A lecture is kept in three steps: this endpoint gives a lease and the links, the page fetches the files (signed links,
by content, with ranges), and what is played later goes into the ordinary queue of heartbeats with the lease's token.
"""

import dataclasses
from typing import Any

from flask import Blueprint, current_app, jsonify, request, url_for
from werkzeug.wrappers import Response

from academy.core.database import Tx
from academy.core.errors import Conflict
from academy.core.i18n import Message, msg
from academy.http import SIGNED_IN, actor, runtime, writing
from academy.http.languages import translate
from academy.http.request_context import identity
from academy.learning import api as learning
from academy.learning.api import KeptForm, LeaseEnd, Signer, Unit
from academy.library import api as library
from academy.library.api import ItemVersion
from academy.media import api as media
from academy.media.api import Asset
from academy.rest.contracts import NATURAL, SPANS, TEXT, TIME, Contract, ResponseSpec, endpoint, obj, several, text

DEVICE = text(40, minLength=8)
FILE = obj(file=TEXT, url=TEXT, size=NATURAL, sha256=TEXT, at=NATURAL)
CUE = {"type": "array", "prefixItems": [NATURAL, NATURAL, TEXT], "items": False, "minItems": 3}
LECTURE = obj(
    lease=TEXT,
    token=TEXT,
    expires_at=TIME,
    item=TEXT,
    form=TEXT,
    kind=TEXT,
    title=TEXT,
    course=TEXT,
    course_href=TEXT,
    lecturer=TEXT,
    unit={"enum": list(Unit)},
    extent=NATURAL,
    threshold_permille=NATURAL,
    spans=SPANS,
    position=NATURAL,
    seq=NATURAL,
    done={"type": "boolean"},
    files=several(FILE),
    cues=several(CUE),
    chapters=several({"type": "array", "prefixItems": [NATURAL, TEXT], "items": False, "minItems": 2}),
    texts=several(TEXT),
)
KEEP = Contract(
    body=obj(item=text(60), form={"enum": list(KeptForm)}, device=DEVICE),
    answers={201: ResponseSpec("The lease, and what to fetch.", LECTURE)},
    refuses=(404, 409),
    most=4 << 10,
)
STANDING = obj(
    "token",
    "expires_at",
    "spans",
    "seq",
    "explanation",
    lease=TEXT,
    ended=TEXT,
    explanation=TEXT,
    token=TEXT,
    expires_at=TIME,
    spans=SPANS,
    seq=NATURAL,
)
CONTACT = Contract(
    body=obj(device=DEVICE, leases=several(text(16), maxItems=200)),
    answers={
        200: ResponseSpec(
            "Each lecture that may stay, with a renewed token, or why not.", obj(lectures=several(STANDING))
        )
    },
    most=16 << 10,
)
ENDED: dict[str, Message] = {
    LeaseEnd.WITHDRAWN: msg("课程已经下架，已从手机上删除。"),
    LeaseEnd.REPLACED: msg("课程换了新的版本，旧的已从手机上删除，可以重新存一次。"),
    LeaseEnd.EXPIRED: msg("存了很久没有联网，已从手机上删除，可以重新存一次。"),
}
GONE = msg("已不能再离线观看，已从手机上删除。")

bp = Blueprint("api_offline", __name__, url_prefix="/api/v1/offline")


@bp.post("/lectures")
@endpoint(SIGNED_IN, KEEP)
def keep() -> tuple[Response, int]:
    """Begin (or continue) to keep a lecture on this device, in one of the forms that there are."""
    asked, me = request.get_json(), identity()
    form = KeptForm(asked["form"])
    with writing() as tx:
        item = library.access_item_for_member(tx, actor(), asked["item"])
        if item.asset is None or form not in media.kept_sizes(item.asset):
            raise Conflict(msg("这节课还不能存到手机，请过一会儿再试。"))
        kept = learning.keep_lecture(
            tx,
            actor(),
            item,
            form,
            rate=runtime().settings.accepted_rate,
            device=learning.device_of(request.headers.get("User-Agent", "")),
            device_key=asked["device"],
            session_id=me.session_id if me else None,
        )
        described = _described(tx, kept, item, item.asset)
    return jsonify(described), 201


def _described(tx: Tx, kept: learning.KeptLease, item: ItemVersion, asset: Asset) -> dict[str, Any]:
    held = learning.ledger_of(tx, kept.lease.member_id, item)
    lecturer = item.course_version.lecturer
    cues = [[cue.start_ms, cue.end_ms, cue.text] for cue in media.cues_of(tx, asset.id)]
    pages = media.page_links(runtime().settings, asset, media.document_pages(tx, asset.id))
    return _lease(kept.opened) | {
        "item": item.public_id,
        "form": kept.form,
        "kind": item.kind,
        "title": item.title,
        "course": item.course_version.title,
        "course_href": url_for("library.course", public_id=item.course.public_id),
        "lecturer": lecturer.name if lecturer else "",
        "unit": held.unit,
        "extent": kept.lease.extent,
        "threshold_permille": kept.lease.threshold_permille,
        "position": held.position,
        "done": held.completed_at is not None,
        "files": _files(asset, kept.form),
        "cues": cues,
        "chapters": [[chapter.start_ms, chapter.title] for chapter in media.chapters_of(tx, asset.id)],
        "texts": [page.text for page in pages],
    }


def _lease(opened: Any) -> dict[str, Any]:
    """What is renewed at each contact."""
    lease = opened.lease
    return {
        "lease": lease.public_id,
        "token": _signer().sign(opened.grant),
        "expires_at": lease.expires_at.isoformat(),
        "spans": [list(span) for span in learning.unpack_spans(opened.ledger.spans)],
        "seq": opened.ledger.seq,
    }


def _files(asset: Asset, form: str) -> list[dict[str, Any]]:
    """The files of a form, those first without which nothing can be played."""
    settings = runtime().settings
    found = media.kept_set(settings, asset)
    chosen = {
        KeptForm.SOUND: (found.sound, *found.stills),
        KeptForm.FILM: (found.film,),
        KeptForm.PAGES: found.pages,
    }[KeptForm(form)]
    return [
        dataclasses.asdict(one) | {"url": media.file_url(settings, asset, one.file)}
        for one in chosen
        if one is not None
    ]


@bp.post("/contact")
@endpoint(SIGNED_IN, CONTACT)
def contact() -> Response:
    """Renew what this device keeps; what has been withdrawn or replaced is to be deleted there."""
    asked, me = request.get_json(), identity()
    if actor().member_id is None:
        return jsonify(lectures=[])
    with writing() as tx:
        found = learning.renew_kept(
            tx, actor(), asked["device"], asked["leases"], session_id=me.session_id if me else None
        )
        answers = [
            _lease(one.opened) | {"ended": ""}
            if one.opened is not None
            else {
                "lease": one.lease.public_id,
                "ended": one.ended_because,
                "explanation": translate(ENDED.get(one.ended_because, GONE)),
            }
            for one in found
        ]
    known = {one["lease"] for one in answers}
    answers += [
        {"lease": lease, "ended": "unknown", "explanation": translate(GONE)}
        for lease in asked["leases"]
        if lease not in known
    ]
    return jsonify(lectures=answers)


def _signer() -> Signer:
    signer: Signer = current_app.extensions["academy.signer"]
    return signer
