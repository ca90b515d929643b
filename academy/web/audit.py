"""The auditor's page: search of the audit trail."""

import csv
import datetime as dt
import functools
import io
from collections.abc import Iterator, Sequence
from urllib.parse import urlencode

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from academy import http
from academy.accounts import api as accounts
from academy.accounts.api import AuditQuery
from academy.core import clock
from academy.core.actor import Role
from academy.core.audit import record
from academy.core.paging import number_in
from academy.http import actor, menu, office, reading, runtime, writing
from academy.reports import api as reports

bp = Blueprint("audit", __name__, url_prefix="/audit")
page = functools.partial(http.page, section=menu.AUDIT)


@bp.get("")
@page(office(Role.AUDITOR), menu=menu.AUDIT)
def index() -> str:
    """The trail, newest first. Searching it is audited too."""
    asked = _asked()
    if not asked.is_empty:
        with writing() as tx:
            record(tx, actor(), "audit.searched", "audit:trail", asked=asked.to_json())
    with reading() as tx:
        page = accounts.search_audit_trail(tx, asked, number_in(request.args.get("page")))
        return render_template(
            "accounts/audit.html", page=page, asked=asked, verbs=accounts.AUDIT_VERBS, export_url=_export_url()
        )


def _export_url() -> str:
    asked = [(name, value) for name, value in request.args.items(multi=True) if name != "page"]
    return f"{url_for('.export')}?{urlencode(asked)}"


@bp.get("/export")
@page(office(Role.AUDITOR), rate=10)
def export() -> Response:
    """The same as a CSV file, oldest first, with the chain's values; written as it is read."""
    asked = _asked()
    with writing() as tx:
        record(tx, actor(), "audit.exported", "audit:trail", asked=asked.to_json())
    answer = Response(_lines(asked, _head()), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="audit-{clock.today().isoformat()}.csv"'
    return answer


def _head() -> list[str]:
    words = (gettext("序号"), gettext("时间"), gettext("账号"), gettext("动作"), gettext("对象"), gettext("详情"))
    return [*map(str, words), str(gettext("网络")), str(gettext("链值"))]


def _lines(asked: AuditQuery, head: list[str]) -> Iterator[str]:
    kept = runtime()

    def written() -> Iterator[str]:
        # With a byte order mark, without which a common spreadsheet misreads Chinese.
        yield "\ufeff" + _csv(head)
        for line in accounts.stream_audit_trail(kept.db, asked):
            yield _csv([reports.defuse_cell(value) for value in accounts.audit_row(line)])

    return written()


def _csv(values: Sequence[object]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(values)
    return text.getvalue()


def _asked() -> AuditQuery:
    typed = {name: request.args.get(name, "").strip()[:120] for name in ("verb", "target", "who", "whom")}
    return AuditQuery(**typed, since=_day("since"), until=_day("until"))


def _day(name: str) -> dt.date | None:
    try:
        return clock.read_day(request.args.get(name, ""))
    except ValueError:
        return None
