"""Signed media, processing state of a file, captions, and an upload without scripts."""

import os
from collections.abc import Mapping

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wsgi import FileWrapper

from academy.core.actor import Role
from academy.core.database import Tx
from academy.core.errors import Invalid, NotFound
from academy.core.i18n import Message, msg
from academy.core.paging import number_in
from academy.core.settings import Settings
from academy.http import PUBLIC, actor, menu, office, page, reading, runtime, writing
from academy.http.body_limits import MIB, form_file
from academy.http.edit_conflicts import check_version, current_row
from academy.http.filters import timecode
from academy.http.forms import Choice, File, Form, OnwardForm, Text
from academy.http.languages import count_text
from academy.library import api as library
from academy.library.api import ContentProposal
from academy.media import api as media
from academy.media.api import Asset, AssetState, CueText
from academy.web.captions import proposed
from academy.web.learn import addresses

bp = Blueprint("media", __name__)


PIECE = 1 << 18


@bp.app_template_filter("extent")
def extent(asset: Asset) -> str:
    """Length of a file: pages of a document, else its duration."""
    if asset.kind == "document":
        return count_text("%(n)s 页", asset.pages or 0)
    return timecode(asset.duration_ms or 0)


@bp.get("/m/<digest>/<int:expires>/<asset_id>/<generation>/<path:file>")
@page(PUBLIC, identified=False)
def deliver(digest: str, expires: int, asset_id: str, generation: str, file: str) -> ResponseReturnValue:
    """One file of a published set, for a valid link; 404 once the set is gone."""
    settings = runtime().settings
    kind = media.CONTENT_TYPES.get(os.path.splitext(file)[1])  # noqa: PTH122 - a URL's name, not a path
    if kind is None or not media.is_valid_link(settings, digest, expires, asset_id, generation):
        raise NotFound
    with reading() as tx:
        asset = media.asset_of_set(tx, asset_id, generation)
        if asset is None or asset.state != AssetState.READY:
            raise NotFound
        if file.startswith("captions."):
            return _captions(media.cue_texts(tx, asset.id, file.split(".")[1]))
    return _stored(settings, f"{media.set_key(asset_id, generation)}/{file}", kind)


def _captions(cues: list[CueText]) -> Response:
    response = Response(media.to_vtt(cues), mimetype="text/vtt")
    response.headers["Cache-Control"] = "private, no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


def _stored(settings: Settings, key: str, kind: str) -> Response:
    internal = media.internal_path_of(settings, key)
    if internal is not None:
        # nginx sends the file, so that a slow reader occupies no thread of ours.
        response = Response(headers={"X-Accel-Redirect": internal}, mimetype=kind)
    else:
        try:
            file, size, etag = media.open_published(settings, key)
        except (FileNotFoundError, IsADirectoryError) as error:
            raise NotFound from error
        # In large pieces: most of the cost of such a response is iterations in Python.
        response = Response(FileWrapper(file, PIECE), mimetype=kind, direct_passthrough=True)
        response.content_length = size
        response.set_etag(etag)
        response.make_conditional(request, accept_ranges=True, complete_length=size)
    response.headers["Cache-Control"] = media.CACHE_CONTROL
    return response


@bp.get("/media/<asset_id>/steps")
@page(office(*media.UPLOADERS))
def steps(asset_id: str) -> ResponseReturnValue:
    """Processing steps of a file."""
    with reading() as tx:
        asset = media.access_own_asset(tx, actor(), asset_id)
        rows, parts = media.steps_of(tx, asset.id), media.parts_in_progress(tx, [asset.id])
        return render_template("media/steps.html", asset=asset, steps=rows, parts=parts, titles=media.STEP_TITLES)


@bp.post("/media/<asset_id>/retry")
@page(office(*media.UPLOADERS), form=OnwardForm)
def retry(asset_id: str) -> ResponseReturnValue:
    """Retry the failed step."""
    with writing() as tx:
        media.retry_asset(tx, actor(), media.access_own_asset(tx, actor(), asset_id))
    flash(_("已重新开始处理。"))
    return redirect(back())


@bp.post("/media/<asset_id>/help")
@page(office(*media.UPLOADERS), form=OnwardForm)
def ask_operator(asset_id: str) -> ResponseReturnValue:
    """Ask the operators to examine a file."""
    with writing() as tx:
        media.ask_operator(tx, actor(), media.access_own_asset(tx, actor(), asset_id))
    flash(_("已通知运维人员查看。"))
    return redirect(back())


@bp.get("/studio/failures")
@page(
    office(*media.UPLOADERS),
    menu=menu.FAILED_FILES,
    offered_to=(Role.SYSTEM_ADMINISTRATOR,),
    waiting=media.count_failed_assets,
)
def failures() -> ResponseReturnValue:
    """Failed files, with possible actions."""
    with reading() as tx:
        page = media.list_failed_assets(tx, actor(), number_in(request.args.get("page")))
        courses = library.courses_of_assets(tx, [row.asset.id for row in page.rows])
    unheld = actor().has(Role.SYSTEM_ADMINISTRATOR) and not media.landlock_version()
    return render_template("media/failures.html", page=page, courses=courses, titles=media.STEP_TITLES, unheld=unheld)


class CaptionFileForm(OnwardForm):
    """A file of captions."""

    captions = File()


@bp.post("/media/<asset_id>/captions")
@page(office(*media.UPLOADERS), form=CaptionFileForm, body=media.MAX_CAPTION_BYTES + MIB)
def import_captions(asset_id: str) -> ResponseReturnValue:
    """Import captions from a file."""
    with reading() as tx:
        length = media.access_own_asset(tx, actor(), asset_id).duration_ms
    given = CaptionFileForm.read().captions.data
    assert given is not None and given.filename is not None
    data = given.stream.read(media.MAX_CAPTION_BYTES + 1)
    # Between two transactions: a file of 5 MB takes a while, and SQLite has one writer.
    parsed = media.parse_captions_jailed(given.filename, data, length)
    with writing() as tx:
        asset = media.access_own_asset(tx, actor(), asset_id)
        is_proposed = library.import_captions(tx, actor(), asset, parsed)
    if not parsed.is_whole:
        return render_template("media/imported.html", asset=asset, parsed=parsed, name=given.filename, next=back())
    flash(
        proposed() if is_proposed else count_text("已导入 %(count)s 条字幕。", len(parsed.cues), count=len(parsed.cues))
    )
    return redirect(back())


@bp.get("/media/<asset_id>/chapters")
@page(office(*media.UPLOADERS))
def edit_chapters(asset_id: str) -> ResponseReturnValue:
    """The lecture and its chapters, one a line."""
    with reading() as tx:
        asset = media.access_own_asset(tx, actor(), asset_id)
        return _chapters(tx, asset, _written(tx, asset), {}, library.pending_proposal(tx, asset.id, library.CHAPTERS))


def _written(tx: Tx, asset: Asset) -> str:
    """The chapters shown in the form: pending ones, else the published ones."""
    proposal = library.pending_proposal(tx, asset.id, library.CHAPTERS)
    return library.proposed_chapters(proposal) if proposal else media.written_chapters(media.chapters_of(tx, asset.id))


class ChaptersForm(Form):
    """Chapters, one a line."""

    chapters = Text()


@bp.post("/media/<asset_id>/chapters")
@page(office(*media.UPLOADERS), form=ChaptersForm)
def save_chapters(asset_id: str) -> ResponseReturnValue:
    """Save the chapters, or show their errors."""
    text = ChaptersForm.read().chapters.data
    try:
        with writing() as tx:
            asset = current_row(tx, media.access_own_asset(tx, actor(), asset_id))
            check_version({"chapters": _written(tx, asset)}, {"chapters": msg("章节")})
            is_proposed = library.save_chapters(tx, actor(), asset, text)
    except Invalid as error:
        with reading() as tx:
            return _chapters(tx, media.access_own_asset(tx, actor(), asset_id), text, error.fields), error.status
    flash(proposed() if is_proposed else _("章节已保存。"))
    return redirect(url_for(".edit_chapters", asset_id=asset_id), 303)


def _chapters(
    tx: Tx, asset: Asset, text: str, errors: Mapping[str, Message], proposal: ContentProposal | None = None
) -> str:
    courses = library.courses_of_assets(tx, [asset.id])
    links = addresses(tx, asset, "staff")
    return render_template(
        "media/chapters.html",
        asset=asset,
        course=courses.get(asset.id),
        text=text,
        kept={"chapters": _written(tx, asset)},
        errors=errors,
        proposal=proposal,
        is_published=library.published_course_of(tx, asset.id) is not None,
        **links,
    )


class UploadForm(OnwardForm):
    """A file and its purpose."""

    file = File()
    purpose = Choice(media.ASSET_KINDS, blank="video")


@bp.post("/media/upload")
@page(office(*media.UPLOADERS), form=UploadForm, body=form_file)
def upload() -> ResponseReturnValue:
    """Upload a small file by an ordinary form; the previous page completes with the upload's id."""
    form = UploadForm.read()
    given = form.file.data
    assert given is not None and given.filename is not None
    size = given.stream.seek(0, os.SEEK_END)
    given.stream.seek(0)
    made = media.upload_whole(
        runtime(), actor(), filename=given.filename, purpose=form.purpose.data, body=given.stream, size=size
    )
    return render_template("media/received.html", upload=made, next=back())


def back() -> str:
    """The form's address to continue at: a path of this site."""
    return OnwardForm.read().next.data or "/"
