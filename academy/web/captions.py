"""The caption editor, beside the video."""

import io

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from academy.core.errors import NotFound
from academy.doors import actor, house, office, reading, signed_in, writing
from academy.media import captions, delivery, editing, queries
from academy.media.access import UPLOADERS, access_own_asset

bp = Blueprint("captions", __name__, url_prefix="/studio/captions")

WRITERS = {"srt": captions.to_srt, "vtt": captions.to_vtt}


@bp.get("/<asset_id>")
@signed_in
def edit(asset_id: str) -> ResponseReturnValue:
    """The lines, the video, the versions."""
    with reading() as tx:
        asset = access_own_asset(tx, actor(), asset_id)
        script = queries.transcript(tx, asset.id)
        return render_template(
            "media/captions.html",
            asset=asset,
            script=script,
            cues=queries.cues(tx, asset.id),
            versions=editing.versions(tx, script) if script else [],
            terms=[(term.wrong, term.right) for term in editing.glossary(tx)],
            playlist=delivery.playlist_url(house().settings, asset, audience="staff"),
        )


@bp.get("/<asset_id>/download.<kind>")
@signed_in
def download(asset_id: str, kind: str) -> ResponseReturnValue:
    """The captions as a file."""
    with reading() as tx:
        asset = access_own_asset(tx, actor(), asset_id)
        cues = queries.cue_texts(tx, asset.id)
    if kind not in WRITERS:
        raise NotFound
    return send_file(
        io.BytesIO(WRITERS[kind](cues).encode()),
        mimetype="text/vtt" if kind == "vtt" else "application/x-subrip",
        as_attachment=True,
        download_name=f"{asset.filename.rpartition('.')[0] or asset.filename}.{kind}",
    )


@bp.post("/<asset_id>/restore")
@signed_in
def restore(asset_id: str) -> ResponseReturnValue:
    """Bring a kept version back."""
    number = request.form.get("version", "")
    with writing() as tx:
        asset = access_own_asset(tx, actor(), asset_id)
        editing.restore(tx, actor(), asset, int(number) if number.isdecimal() and len(number) < 9 else -1)
    flash(_("已恢复到选定的版本。"))
    return redirect(url_for(".edit", asset_id=asset_id))


@bp.post("/<asset_id>/terms")
@office(*UPLOADERS)
def add_term(asset_id: str) -> ResponseReturnValue:
    """Teach every editor a word."""
    with writing() as tx:
        access_own_asset(tx, actor(), asset_id)
        editing.add_term(tx, actor(), request.form.get("wrong", ""), request.form.get("right", ""))
    flash(_("已加入词表，所有字幕都会提示。"))
    return redirect(url_for(".edit", asset_id=asset_id))
