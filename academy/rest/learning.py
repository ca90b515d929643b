"""JSON of the watch ledger: leases, heartbeats, credit, and the operator's metrics.

`POST /api/v1/progress/heartbeats` takes ``{"lease": token, "seq": n, "spans": [[start, end], …],
"position": n}`` without a cookie: the signed token identifies the member and says what is counted: milliseconds, or
pages of a document, where page n is ``[n - 1, n]``. 204 means that all of it is on disk; 200
reports refused time, or that the lecture is complete; 409 that the lease has ended; 503 with Retry-After to send the
same again later. Anything else in the body is ignored.
A response with a body repeats ``seq``: only 204, or JSON with the sequence, is
ours. Any other response (a proxy's page, a portal's 200) says nothing about the heartbeat, and the player sends it
again.
"""

import dataclasses
import hmac
from typing import Any

from flask import Blueprint, Flask, current_app, jsonify, request
from werkzeug.wrappers import Response

from academy.core.actor import Role
from academy.core.errors import NotFound
from academy.core.i18n import Message, msg
from academy.core.runtime import Runtime
from academy.http import PUBLIC, SIGNED_IN, actor, reading, runtime, writing
from academy.http.languages import translate
from academy.http.request_context import identity, player
from academy.learning import api as learning
from academy.learning.api import Committer, LeaseEnd, Ledger, Meter, OtherDevice, Signer, Span, Unit
from academy.library import api as library
from academy.rest import heartbeats
from academy.rest.contracts import (
    NATURAL,
    PROBLEM,
    SPANS,
    TEXT,
    TIME,
    YES,
    Contract,
    ResponseSpec,
    endpoint,
    maybe,
    obj,
    several,
    text,
)

ELSEWHERE = msg("这个账号正在另一台设备上看课。")
REFUSED = obj(reason=TEXT, explanation=TEXT, spans=SPANS)
UNIT = {"enum": list(Unit)}
HELD = obj(
    unit=UNIT, spans=SPANS, covered=NATURAL, position=NATURAL, completed_at=maybe(TIME), refused=several(REFUSED)
)
OUTCOME = obj(
    "reason",
    "explanation",
    "refused",
    seq=NATURAL,
    gained=NATURAL,
    finished=YES,
    ended=YES,
    reason=TEXT,
    explanation=TEXT,
    refused=SPANS,
)
BEAT = Contract(
    body=obj("position", lease=TEXT, seq=NATURAL | {"maximum": learning.MAX_SEQ}, spans=SPANS, position=maybe(NATURAL)),
    answers={
        200: ResponseSpec("Stored, with a message.", OUTCOME),
        204: ResponseSpec("Stored on disk."),
        409: ResponseSpec("The playback has ended; credit up to its end is stored.", OUTCOME, also=PROBLEM),
    },
    refuses=(503,),
)
LEASE = Contract(
    body=obj("device", "take_over", "unit", item=text(60), device=text(200), take_over=YES, unit=UNIT),
    answers={
        201: ResponseSpec(
            "Begun.",
            obj(
                lease=TEXT,
                token=TEXT,
                seq=NATURAL,
                extent=NATURAL,
                threshold_permille=NATURAL,
                expires_at=TIME,
                **HELD["properties"],
            ),
        ),
    },
    refuses=(404, 409),
    most=4 << 10,
)
EVIDENCE = Contract(
    query={"format": {"enum": ["json", "csv"]}},
    answers={200: ResponseSpec("Evidence.", {"type": "object"}, also="text/csv")},
    refuses=(404,),
)

bp = Blueprint("api_progress", __name__, url_prefix="/api/v1/progress")


def install(app: Flask, runtime_: Runtime) -> None:
    """Wrap the application in the heartbeat middleware."""
    meter = Meter()
    signer = Signer(runtime_.settings)
    app.extensions["academy.meter"], app.extensions["academy.signer"] = meter, signer
    app.wsgi_app = heartbeats.HeartbeatMiddleware(app.wsgi_app, Committer(runtime_, meter), signer, meter)  # type: ignore[method-assign]


@bp.post("/heartbeats")
# The middleware in front of Flask has read the body; no cookie is read, so none can be abused.
@endpoint(PUBLIC, BEAT, enforced=False, csrf=False, identified=False)
def heartbeat() -> tuple[Response, int]:
    """Responses of the middleware in front of Flask other than 204; the lease token is the credential."""
    outcome, seq = heartbeats.kept(request.environ)
    body: dict[str, Any] = {"seq": seq, "gained": outcome.gained}
    body |= {"finished": outcome.finished, "ended": bool(outcome.ended)}
    if outcome.reason:
        explanation = translate(learning.explain_refusal(outcome.reason))
        body |= {"reason": outcome.reason, "explanation": explanation, "refused": _pairs(outcome.refused)}
    return jsonify(body), 409 if outcome.ended else 200


@bp.post("/leases")
@endpoint(SIGNED_IN, LEASE, screen=True)
def open_lease() -> tuple[Response, int]:
    """Open a playback: ``{"item": id, "device": word, "take_over": false, "unit": "page"}``; 409 when another device
    plays. A player that names no unit counts in milliseconds, also the pages of a document."""
    asked, me = request.get_json(), identity()
    unit = Unit(asked.get("unit", Unit.MS))
    with writing() as tx:
        item = library.access_item_for_member(tx, actor(), asked["item"])
        try:
            opened = learning.open_lease(
                tx,
                player(),
                item,
                device=learning.device_of(request.headers.get("User-Agent", "")),
                device_key=asked.get("device", "")[:40],
                session_id=me.session_id if me else None,
                take_over=asked.get("take_over") is True,
            )
        except OtherDevice as other:
            return _other_device(other, in_public=me is not None and me.is_screen)
        # A public screen does not show the progress of its owner.
        in_public = me is not None and me.is_screen
        held = learning.ledger_of(tx, 0 if in_public else opened.lease.member_id, item)
    lease, grant = opened.lease, opened.grant_for(unit)
    return jsonify(
        lease=lease.public_id,
        token=_signer().sign(dataclasses.replace(grant, in_public=in_public)),
        seq=opened.ledger.seq,
        extent=grant.extent,
        threshold_permille=lease.threshold_permille,
        expires_at=lease.expires_at.isoformat(),
        **_held(held, grant.unit),
    ), 201


def _other_device(other: OtherDevice, *, in_public: bool) -> tuple[Response, int]:
    """Another device plays. A public screen does not show what its owner watches elsewhere, nor on which device."""
    if in_public:
        title, more = translate(ELSEWHERE), dict[str, str]()
    else:
        device = translate(learning.device_label(other.device))
        title = translate(Message(other.message.text, {"device": device, "title": other.title}))
        more = {"device": device}
    answer = jsonify(type="urn:academy:other-device", title=title, status=409, **more)
    answer.mimetype = "application/problem+json"
    return answer, 409


@bp.post("/leases/<public_id>/end")
@endpoint(SIGNED_IN, Contract({204: ResponseSpec("Ended.")}, refuses=(404,)), screen=True)
def end_lease(public_id: str) -> tuple[str, int]:
    """End one's own playback."""
    with writing() as tx:
        learning.end_lease(tx, learning.access_lease(tx, player(), public_id), LeaseEnd.FINISHED)
    return "", 204


@bp.get("/items/<public_id>")
@endpoint(SIGNED_IN, Contract({200: ResponseSpec("The credit.", HELD)}, refuses=(404,)), screen=True)
def held(public_id: str) -> Response:
    """The caller's credit of an item: spans, position, refusals with reasons."""
    with reading() as tx:
        item = library.access_item_for_member(tx, actor(), public_id)
        member_id = actor().member_id
        if member_id is None:
            raise NotFound
        return jsonify(_held(learning.ledger_of(tx, member_id, item)))


@bp.get("/evidence/<member>/<item>")
@endpoint(SIGNED_IN, EVIDENCE)
def evidence_of(member: str, item: str) -> Response:
    """Leases, spans, refusals and completions of one member and item; ``?format=csv`` as a table."""
    with writing() as tx:  # the read is audited
        document = learning.collect_evidence(tx, actor(), *learning.access_evidence(tx, actor(), member, item))
    if request.args.get("format") != "csv":
        return jsonify(document)
    answer = Response("\ufeff" + learning.evidence_csv(document), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="evidence-{document["item"]}.csv"'
    return answer


@bp.get("/metrics")
@endpoint(
    PUBLIC,
    Contract({200: ResponseSpec("In Prometheus' text format.", media="text/plain")}, refuses=(404,)),
    identified=False,
)
def metrics() -> Response:
    """Heartbeats, commits, latency and refusals for Prometheus; by bearer token or as system administrator."""
    token = runtime().settings.metrics_token
    shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
    known = token != "" and hmac.compare_digest(shown.encode(), token.encode())
    if not known and not actor().has(Role.SYSTEM_ADMINISTRATOR):
        raise NotFound
    meter: Meter = current_app.extensions["academy.meter"]
    return Response(meter.expose(), mimetype="text/plain; version=0.0.4")


def _signer() -> Signer:
    signer: Signer = current_app.extensions["academy.signer"]
    return signer


def _pairs(spans: tuple[Span, ...]) -> list[list[int]]:
    return [list(span) for span in spans]


def _held(ledger: Ledger, unit: Unit | None = None) -> dict[str, Any]:
    """A ledger in its own unit, or in milliseconds for a player that counts pages so."""
    in_ms = unit == Unit.MS and ledger.unit == Unit.PAGE
    per, given = (learning.PAGE_MS, learning.milliseconds_of) if in_ms else (1, tuple)
    return {
        "unit": unit or ledger.unit,
        "spans": _pairs(given(ledger.spans)),
        "covered": ledger.covered * per,
        "position": ledger.position * per,
        "completed_at": ledger.completed_at.isoformat() if ledger.completed_at else None,
        "refused": [
            {
                "reason": r.reason,
                "explanation": translate(learning.explain_refusal(r.reason)),
                "spans": _pairs(given(r.spans)),
            }
            for r in ledger.refused
        ],
    }
