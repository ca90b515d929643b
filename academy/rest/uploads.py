"""tus 1.0.0 at /api/v1/uploads: core, creation, creation-with-upload, checksum, expiration, termination.

Every request must carry `Tus-Resumable`, which no form of another site can send without a preflight
that is never granted; so the blueprint needs no CSRF token and clients of other devices work.
"""

import base64
import binascii
import functools
from email.utils import format_datetime

from flask import Blueprint, Response, current_app, jsonify, make_response, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import ClientDisconnected

from academy.core.errors import AcademyError
from academy.core.i18n import msg
from academy.core.settings import Settings
from academy.http import PUBLIC, actor, office, reading, runtime
from academy.http.filters import day
from academy.media import api as media
from academy.media.api import Upload
from academy.rest import contracts
from academy.rest.contracts import (
    NATURAL,
    TEXT,
    Contract,
    ResponseSpec,
    Schema,
    WrongKind,
    maybe,
    obj,
    several,
)
from academy.rest.method_override import PREFIX

bp = Blueprint("api_uploads", __name__, url_prefix=PREFIX)
endpoint = functools.partial(contracts.endpoint, csrf=False)

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,checksum,expiration,termination"
STREAM = "application/offset+octet-stream"
METADATA_LENGTH = 4000
PROTOCOL: Schema = {"const": VERSION}
WHERE: Schema = {"type": "string", "pattern": "^(0|[1-9][0-9]{0,14})$"}
LONG: Schema = WHERE  # an empty file too: its first step reports the error
SHOWN = ("Upload-Offset", "Tus-Resumable")
PIECE = Contract(
    body={"type": "string", "format": "binary"},
    media=STREAM,
    headers={"Tus-Resumable": PROTOCOL, "Upload-Offset": WHERE},  # and tus's own: Upload-Checksum
    needed=("Tus-Resumable", "Upload-Offset"),
    answers={204: ResponseSpec("Stored on disk.", headers=SHOWN)},
    refuses=(409, 410, 412, 422, 460, 507),
)
ANNOUNCED = Contract(
    headers={"Tus-Resumable": PROTOCOL, "Upload-Length": LONG},
    needed=("Tus-Resumable", "Upload-Length"),
    answers={201: ResponseSpec("Created; Location is the address of the upload.", headers=("Location", *SHOWN))},
    refuses=(400, 409, 412, 413, 422, 460, 507),
)
OPEN = obj(url=TEXT, filename=TEXT, size=NATURAL, head=NATURAL, sha256=TEXT)
KNOWN = Contract(
    query={"size": LONG, "purpose": TEXT, "fingerprint": TEXT},
    headers={"Tus-Resumable": PROTOCOL},
    needed=("Tus-Resumable", "size"),
    answers={200: ResponseSpec("The file, if there is one.", obj(file=maybe(obj(id=TEXT, filename=TEXT, day=TEXT))))},
    refuses=(412,),
)


def whole_file(settings: Settings) -> int:
    """Body limit: that of a file, enforced by `append` while it streams to disk."""
    return settings.max_upload_mb << 20


def version_responses(answers: dict[int, ResponseSpec], *refuses: int) -> Contract:
    """Routes that only check the protocol version."""
    return Contract(answers, headers={"Tus-Resumable": PROTOCOL}, needed=("Tus-Resumable",), refuses=(412, *refuses))


class WrongVersion(AcademyError):
    """The client requests an unsupported version of tus."""

    status = 412
    code = "wrong-version"

    def __init__(self) -> None:
        super().__init__(msg("请求缺少或写错了 %(name)s。", name="Tus-Resumable"))


class Misspoken(AcademyError):
    """A header of the protocol is missing or malformed."""

    status = 400
    code = "bad-request"

    def __init__(self, name: str) -> None:
        super().__init__(msg("请求缺少或写错了 %(name)s。", name=name))


@bp.before_request
def _check_version() -> ResponseReturnValue | None:
    if request.method != "OPTIONS" and request.headers.get("Tus-Resumable") != VERSION:
        raise WrongVersion
    return None


@bp.after_app_request
def _tus_headers(response: Response) -> Response:
    # On every response, also for unknown addresses and refusals before the route.
    if not request.path.startswith(PREFIX):
        return response
    response.headers["Tus-Resumable"] = response.headers["Tus-Version"] = VERSION
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.route("", methods=["OPTIONS"], provide_automatic_options=False)
@endpoint(PUBLIC, Contract({204: ResponseSpec("Supported.", headers=("Tus-Version", "Tus-Extension", "Tus-Max-Size"))}))
def options() -> ResponseReturnValue:
    """Capabilities of this server."""
    headers = {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(runtime().settings.max_upload_mb << 20),
        "Tus-Checksum-Algorithm": ",".join(media.CHECKSUM_ALGORITHMS),
    }
    return Response(status=204, headers=headers)


@bp.post("")
@endpoint(office(*media.UPLOADERS), ANNOUNCED, body=whole_file, streamed=True)
def create() -> ResponseReturnValue:
    """Create an upload, with its first bytes if they are sent along."""
    if "Upload-Concat" in request.headers:
        return Response(status=501)  # as the reference server answers for an unsupported extension
    if "Upload-Defer-Length" in request.headers:
        raise Misspoken("Upload-Length")
    metadata = request.headers.get("Upload-Metadata", "")
    given, size = _metadata(metadata), _number("Upload-Length")
    purpose, name = given.get("purpose", "video"), given.get("filename", "")
    # Its own transaction, like each that follows: a body sent along can't be read a second time.
    made = runtime().db.run_in_transaction(
        lambda tx: media.begin_upload(
            tx, runtime().settings, actor(), filename=name, size=size, purpose=purpose, metadata=metadata
        )
    )
    if request.mimetype == STREAM and size:
        try:
            made = _append(made.public_id, 0)
        except AcademyError:
            # Its address is not returned, so nobody could continue it: it must not take space for a week.
            media.terminate_upload(runtime(), actor(), made.public_id)
            raise
    response = _described(made, 201)
    response.headers["Location"] = url_for("api_uploads.head", public_id=made.public_id)
    return response


@bp.get("/unfinished")
@endpoint(office(*media.UPLOADERS), version_responses({200: ResponseSpec("Open uploads.", obj(uploads=several(OPEN)))}))
def unfinished() -> ResponseReturnValue:
    """The caller's open uploads, so that another device can continue: it compares the first bytes' digest."""
    found = [
        {
            "url": url_for("api_uploads.head", public_id=upload.public_id),
            "filename": upload.filename,
            "size": upload.size,
            "head": length,
            "sha256": digest,
        }
        for upload, length, digest in media.unfinished_uploads(runtime(), actor())
    ]
    return jsonify(uploads=found)


@bp.get("/known")
@endpoint(office(*media.UPLOADERS), KNOWN)
def known() -> ResponseReturnValue:
    """A file of the caller's own with this purpose, size and fingerprint (SHA-256 of the first and the last megabyte),
    so that nothing is sent twice over a weak line: ``{"file": null | {id, filename, day}}``."""
    size = request.args.get("size", "")
    if not (size.isascii() and size.isdigit() and len(size) < 16):
        raise Misspoken("size")
    with reading() as tx:
        found = media.find_same_file(
            tx,
            actor().account_id,
            request.args.get("purpose", ""),
            int(size),
            request.args.get("fingerprint", ""),
        )
    if found is None:
        return jsonify(file=None)
    return jsonify(file={"id": found.public_id, "filename": found.filename, "day": day(found.created_at)})


@bp.route("/<id:public_id>", methods=["HEAD"], provide_automatic_options=False)
@endpoint(
    office(*media.UPLOADERS),
    version_responses({200: ResponseSpec("The offset.", headers=("Upload-Length", *SHOWN))}, 410),
)
def head(public_id: str) -> ResponseReturnValue:
    """The offset: how much has arrived."""
    found = media.find_upload(runtime(), actor(), public_id)
    response = _described(found, 200)
    response.headers["Upload-Length"] = str(found.size)
    if found.tus_metadata:
        response.headers["Upload-Metadata"] = found.tus_metadata
    return response


@bp.route("/<id:public_id>", methods=["PATCH"])
@endpoint(office(*media.UPLOADERS), PIECE, enforced=False, body=whole_file, streamed=True)
def append(public_id: str) -> ResponseReturnValue:
    """Append bytes."""
    if request.mimetype != STREAM:
        raise WrongKind(STREAM)
    return _described(_append(public_id, _number("Upload-Offset")), 204)


@bp.delete("/<id:public_id>")
@endpoint(office(*media.UPLOADERS), version_responses({204: ResponseSpec("Terminated.")}))
def give_up(public_id: str) -> ResponseReturnValue:
    """Terminate an unfinished upload."""
    media.terminate_upload(runtime(), actor(), public_id)
    return Response(status=204)


def _append(public_id: str, offset: int) -> Upload:
    length = request.content_length
    return media.append_upload(
        runtime(), actor(), public_id, offset=offset, body=_Body(), length=length, checksum=_checksum()
    )


class _Body:
    """The request's body as a stream; a broken connection is an OSError with every server."""

    def read(self, size: int, /) -> bytes:
        try:
            return request.stream.read(size)
        except ClientDisconnected as error:
            raise ConnectionResetError from error


def _described(upload: Upload, status: int) -> Response:
    response = make_response("", status)
    response.headers["Upload-Offset"] = str(upload.offset)
    if upload.completed_at is None:
        response.headers["Upload-Expires"] = format_datetime(upload.expires_at, usegmt=True)
    return response


def _number(name: str) -> int:
    text = request.headers.get(name, "")
    # A number by the protocol's grammar: no sign, no leading zero. A huge one is a number too, and too large.
    if not (text.isascii() and text.isdigit() and len(text) < 40 and (text == "0" or text[0] != "0")):
        raise Misspoken(name)
    return int(text)


def _checksum() -> tuple[str, bytes] | None:
    text = request.headers.get("Upload-Checksum")
    if text is None:
        return None
    name, _, value = text.partition(" ")
    try:
        if name in media.CHECKSUM_ALGORITHMS:
            return name, base64.b64decode(value, validate=True)
    except binascii.Error:
        current_app.logger.info("upload.bad_checksum_header")
    raise Misspoken("Upload-Checksum")


def _metadata(text: str) -> dict[str, str]:
    """The metadata's keys and values; a key may have no value."""
    found: dict[str, str] = {}
    if len(text) > METADATA_LENGTH:
        raise Misspoken("Upload-Metadata")
    for pair in text.split(",") if text else []:
        key, _, value = pair.strip().partition(" ")
        try:
            if not key or key in found:
                raise Misspoken("Upload-Metadata")
            # A value may be any bytes; in the keys used here, invalid UTF-8 becomes "�".
            found[key] = base64.b64decode(value, validate=True).decode(errors="replace")
        except binascii.Error as error:
            raise Misspoken("Upload-Metadata") from error
    return found
