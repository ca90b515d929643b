"""One's uploaded files, quota, and removal of unused files."""

import functools

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from academy import http
from academy.core.paging import number_in
from academy.http import actor, menu, office, reading, runtime, writing
from academy.library import api as library
from academy.media import api as media

bp = Blueprint("files", __name__, url_prefix="/studio/files")
page = functools.partial(http.page, section=menu.STUDIO)


@bp.get("")
@page(office(*media.UPLOADERS))
def index() -> str:
    """One's files, newest first, and the space they take."""
    with reading() as tx:
        page = library.my_files(tx, actor(), number_in(request.args.get("page")))
        held = media.bytes_held(tx, actor().account_id or 0)
    return render_template(
        "media/files.html", page=page, held=held, room=media.upload_quota(runtime().settings, actor())
    )


@bp.post("/<asset_id>/remove")
@page(office(*media.UPLOADERS))
def remove(asset_id: str) -> Response:
    """Remove an unused file."""
    with writing() as tx:
        library.remove_file(tx, actor(), media.access_own_asset(tx, actor(), asset_id))
    flash(_("已删除，空间已经腾出。"))
    return redirect(url_for(".index"), 303)
