"""One error page and one JSON envelope (RFC 9457), in the reader's language."""

import errno
import logging
import uuid
from typing import Any

from flask import Flask, g, jsonify, redirect, render_template, request
from flask_babel import gettext
from flask_login import AnonymousUserMixin
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, OperationalError, SQLAlchemyError
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.wrappers import Response

from academy.core import collisions
from academy.core.actor import NOBODY
from academy.core.audit import record
from academy.core.errors import (
    AcademyError,
    Busy,
    Conflict,
    Forbidden,
    Invalid,
    SecondStepRequired,
    SignInRequired,
    StorageFull,
)
from academy.core.i18n import Message, msg
from academy.core.logging import log_event
from academy.http import resubmission
from academy.http.declarations import Landing, landing_url
from academy.http.languages import translate
from academy.http.request_context import actor, runtime

log = logging.getLogger(__name__)

SENTENCES = {
    400: msg("请求有误，请返回重试。"),
    404: msg("没有找到这个页面。"),
    405: msg("没有找到这个页面。"),
    413: msg("提交的内容太大。"),
    429: msg("操作太频繁，请稍候再试。"),
}
COLLIDED = msg("刚才有人同时改动了同样的内容，您这次的改动没有保存。请再试一次。")


def wants_json() -> bool:
    """Whether the client prefers JSON: the API, and requests that accept JSON first."""
    return request.path.startswith("/api/") or request.accept_mimetypes.best == "application/json"


def install(app: Flask) -> None:
    """Register the handlers, most specific first."""
    app.register_error_handler(AcademyError, _academy)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)
    app.after_request(_log_refused)


def _logged_path() -> str:
    """The path of the request for a log or an audit row; of an address that is a credential by itself, its rule."""
    secret = "token" in (request.view_args or {})
    return request.url_rule.rule if secret and request.url_rule is not None else request.path


def _log_refused(response: Response) -> Response:
    """Log input that was refused, by its page and status: many of them indicate an attack. Never the input itself."""
    if response.status_code in {400, 413, 415, 422}:
        log_event(log, "request.refused", endpoint=request.endpoint, status=response.status_code)
    return response


def _academy(error: AcademyError) -> Response:
    if isinstance(error, Forbidden):
        refused = error.what
        runtime().db.run_in_transaction(lambda tx: record(tx, actor(), "access.refused", refused, path=_logged_path()))
    if isinstance(error, SignInRequired | SecondStepRequired) and not wants_json() and resubmission.is_form():
        if isinstance(error, SignInRequired):
            return resubmission.signed_out()
        return resubmission.asked_first(Landing.SECOND_STEP)
    if isinstance(error, SignInRequired) and not wants_json():
        return redirect(landing_url(Landing.SIGN_IN, next=request.full_path.rstrip("?")))
    if isinstance(error, SecondStepRequired) and not wants_json():
        return redirect(landing_url(Landing.SECOND_STEP, next=request.full_path.rstrip("?")))
    fields = error.fields if isinstance(error, Invalid) else {}
    translated = {k: translate(v) for k, v in fields.items()}
    response = _answer(error.status, error.code, error.message, translated, error.details)
    if isinstance(error, Busy):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _csrf(_error: CSRFError) -> Response:
    if resubmission.is_form() and not wants_json():
        return resubmission.stale()
    return _answer(400, "csrf", msg("页面停留太久，请刷新后再提交。"), {})


def _http(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:
        return error.get_response()
    if isinstance(error, SecurityError):
        # A foreign name in the Host header: no page can be rendered, because its links would point to that host.
        return Response(translate(SENTENCES[400]), 400, mimetype="text/plain")
    response = _answer(error.code, f"http-{error.code}", SENTENCES.get(error.code, SENTENCES[400]), {})
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After", "Content-Range", "Accept-Ranges"}:
            response.headers[name] = value
    if error.code == 429:
        response.headers.setdefault("Retry-After", "60")
    return response


def _unexpected(error: Exception) -> Response:
    try:
        return _explained(error)
    except SQLAlchemyError:
        # The database cannot even identify the reader: render for an anonymous one, which needs no further query.
        g._login_user, g.actor = AnonymousUserMixin(), NOBODY
        return _explained(error)


def _explained(error: Exception) -> Response:
    if _disk_full(error):
        return _academy(StorageFull())
    if collisions.is_passing(error):
        log.warning("request.collided", extra={"path": _logged_path()}, exc_info=error)
        return _academy(Busy(COLLIDED))
    if collisions.is_duplicate(error):
        log.exception("request.duplicate", extra={"path": _logged_path()})
        return _academy(Conflict(COLLIDED))
    if _unfit(error):
        log.warning("request.invalid_value", extra={"path": _logged_path()}, exc_info=error)
        return _answer(400, "malformed", SENTENCES[400], {})
    reference = uuid.uuid4().hex[:8]
    log.exception("request.crashed", extra={"reference": reference, "path": _logged_path()})
    return _answer(
        500, "crash", msg("系统出了点问题，已经记录（编号 %(reference)s）。请稍后再试。", reference=reference), {}
    )


def _unfit(error: BaseException) -> bool:
    """Whether a value cannot be stored in any row: a number of 25 digits, a lone surrogate, a day outside the calendar.

    Forms and schemas refuse them with a message of their own; this is for values that pass them.
    """
    return isinstance(error, DataError | OverflowError | UnicodeEncodeError)


def _disk_full(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return True
    return isinstance(error, OperationalError) and "disk is full" in str(error.orig)


def _answer(
    status: int, code: str, message: Message, fields: dict[str, str], details: dict[str, int] | None = None
) -> Response:
    if isinstance(request.routing_exception, SecurityError):
        # The Host header is not ours: no URL can be built, so no page either.
        return Response(str(message), status, mimetype="text/plain")
    text = translate(message)
    if wants_json():
        body: dict[str, Any] = {"type": f"urn:academy:{code}", "title": text, "status": status}
        if fields:
            body["errors"] = fields
        body |= details or {}
        response: Response = jsonify(body)
        response.mimetype = "application/problem+json"
    else:
        response = Response(
            render_template(
                "error.html",
                status=status,
                text=text,
                fields=fields,
                title=gettext("出错了"),
                typed=resubmission.typed_texts(),
            ),
            mimetype="text/html",
        )
    response.status_code = status
    return response
