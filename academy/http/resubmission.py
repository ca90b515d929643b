"""Typed input survives the end of a session and an old page: the form is shown again, ready to be sent.

A form may arrive without a session (it ended meanwhile), with another session's token, or before a required consent or
second step. The response is a page that holds all typed values, apart from passwords and files, with a fresh token and
a button to send it again. Where signing in is needed first, the page's script keeps the form in this browser tab until
then; without scripts, signing in opens in another tab.
"""

from urllib.parse import urlsplit

from flask import render_template, request
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from academy.core.i18n import Message, msg
from academy.http.body_limits import FORMS
from academy.http.declarations import Landing, declared, landing_url
from academy.http.forms import Secret
from academy.http.request_context import actor

SECRET = frozenset({"password", "again", "old"})
"""Password fields: typed anew, never put into a page."""
NOT_TYPED = frozenset({"csrf_token"})
SHORTEST = 2
"""Shorter values are those of buttons and check boxes, not worth showing."""

STALE = msg("这一页打开得太久了。您填写的内容还在，请再发送一次。")
SIGNED_OUT = msg("登录已经过期。您填写的内容还在：先登录，再发送一次。")
ASKED_FIRST = msg("还有一步要先做完。您填写的内容还在：做完后再发送一次。")


def is_form() -> bool:
    """Whether the request is a form that a person sent from a page."""
    return request.method == "POST" and request.mimetype in FORMS and not request.path.startswith("/api/")


def page(text: Message, status: int, first: str | None = None) -> Response:
    """The page that holds the form. `first` is the address to visit before it can be sent."""
    fields = [(name, value) for name, value in request.form.items(multi=True) if name not in NOT_TYPED | SECRET]
    files = [file.filename for file in request.files.values() if _is_chosen(file)]
    answer = render_template(
        "resubmit.html",
        text=text,
        action=request.full_path.rstrip("?"),
        fields=fields,
        shown=_shown(fields),
        secrets=sorted(SECRET & set(request.form)),
        files=files,
        multipart=bool(request.files),
        first=first,
        back=_page_before(),
    )
    return Response(answer, status, mimetype="text/html", headers={"Cache-Control": "no-store"})


def typed_texts() -> list[str]:
    """Typed values of this request's form, for an error page. Without passwords, codes, values of buttons, and the
    address to continue at."""
    if not is_form() or "form" not in vars(request):
        return []  # a body that was refused unread is not read for its error page either
    here = declared()
    fields = here.form() if here is not None and here.form is not None else ()
    secret = SECRET.union(field.name for field in fields if isinstance(field, Secret))
    return _shown([(name, value) for name, value in request.form.items(multi=True) if name not in secret | NOT_TYPED])


def _shown(fields: list[tuple[str, str]]) -> list[str]:
    return [value for name, value in fields if len(value) >= SHORTEST and name not in {"next", "version", "verb"}]


def stale() -> Response:
    """For a form with an expired token, or one of another session."""
    if actor().is_anonymous and not _is_public():
        return signed_out()
    return page(STALE, 400)


def signed_out() -> Response:
    """For a form sent after the session ended."""
    return page(SIGNED_OUT, 401, landing_url(Landing.SIGN_IN, next=landing_url(Landing.RESUBMISSION)))


def asked_first(where: Landing) -> Response:
    """For a form sent before a required consent or second step; `where` is that page."""
    return page(ASKED_FIRST, 409, landing_url(where, next=landing_url(Landing.RESUBMISSION)))


def _is_public() -> bool:
    here = declared()
    return here is not None and here.policy.is_public


def _is_chosen(file: FileStorage) -> bool:
    return bool(file.filename)


def _page_before() -> str | None:
    """The page that the form was on, if it was one of ours."""
    before = urlsplit(request.referrer or "")
    return before.path if before.netloc == request.host and before.path.startswith("/") else None
