"""Pages of reports: coverage of every training, exported files."""

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from academy.core.actor import Role
from academy.core.paging import number_in
from academy.coverage import api as coverage
from academy.http import actor, menu, office, page, reading, runtime, writing
from academy.http.forms import Choice, Day, Form, Key, Text
from academy.http.languages import html_lang, translate
from academy.reports import api as reports
from academy.trainings import api as trainings
from academy.web.training_forms import STATES

bp = Blueprint("reports", __name__)


@bp.get("/coverage")
@page(office(*trainings.VIEWING_ROLES), menu=menu.COVERAGE, offered_to=(Role.NODE_ADMINISTRATOR, Role.BRANCH_SECRETARY))
def index() -> str:
    """Figures of every training, for one's node."""
    with reading() as tx:
        nodes = trainings.view_roots(tx, actor())
        node = next((n for n in nodes if n.public_id == request.args.get("organisation")), nodes[0])
        page = trainings.trainings_overview(tx, actor(), node, number_in(request.args.get("page")))
        return render_template("reports/index.html", page=page, node=node, nodes=nodes, states=STATES)


@bp.get("/exports")
@page(office(*trainings.VIEWING_ROLES), menu=menu.EXPORTS, offered_to=(Role.NODE_ADMINISTRATOR, Role.BRANCH_SECRETARY))
def exports() -> str:
    """One's exports with their progress."""
    with reading() as tx:
        page = reports.list_exports(tx, actor(), number_in(request.args.get("page")))
        return render_template("reports/exports.html", page=page)


class ExportForm(Form):
    """Training, node, list and format."""

    training = Key()
    organisation = Key()
    kind = Choice(reports.EXPORT_KINDS)
    day = Day()
    status = Key()
    text = Text()
    direct = Key()
    sort = Key()
    format = Choice(reports.REPORT_FORMATS, blank="xlsx")


@bp.post("/exports")
@page(office(*trainings.VIEWING_ROLES), form=ExportForm, section=menu.EXPORTS, rate=30)
def request_() -> Response:
    """Request an export."""
    form = ExportForm.read()
    with writing() as tx:
        training, node = trainings.access_coverage(tx, actor(), form.training.data, form.organisation.data)
        wanted = ("training", "organisation", "day", "status", "text", "direct", "sort", "format")
        params = {name: text[:60] for name, text in form.sent(*wanted).items() if text}
        params["language"] = html_lang()[:2]
        title = f"{training.title}-{node.name}-{_what(form)}"
        reports.request_export(tx, actor(), form.kind.data, params, title=title)
    return export_begun()


def export_begun() -> Response:
    """Lead to where the file will be."""
    flash(gettext("正在生成文件，好了就能下载。"))
    return redirect(url_for("reports.exports"))


def _what(form: ExportForm) -> str:
    """What a file holds, as a part of its name; two files on one desk are told apart by it."""
    kept = [translate(reports.EXPORT_TITLES[form.kind.data])]
    if form.status.data in coverage.NAME_STATUSES:
        kept.append(translate(coverage.NAME_STATUSES[form.status.data]))
    return "-".join(kept)


@bp.get("/exports/<public_id>/file")
@page(office(*trainings.VIEWING_ROLES))
def file(public_id: str) -> Response:
    """A finished file."""
    with reading() as tx:
        export = reports.access_file(tx, actor(), public_id)
    path = runtime().settings.data_dir.absolute() / export.stored_at
    return send_file(path, as_attachment=True, download_name=export.filename, max_age=0)
