"""The caption editor, beside the video."""

import functools
import io

from flask import Blueprint, flash, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from academy import http
from academy.core.errors import NotFound
from academy.http import actor, menu, office, reading, runtime, writing
from academy.http.body_limits import MIB
from academy.http.forms import Choice, Form, Number, OnwardForm, Text
from academy.http.languages import count_text
from academy.library import api as library
from academy.media import api as media
from academy.search import api as search

bp = Blueprint("captions", __name__, url_prefix="/studio/captions")
page = functools.partial(http.page, section=menu.STUDIO)

WRITERS = {"srt": media.to_srt, "vtt": media.to_vtt, "txt": media.to_txt}
TYPES = {"srt": "application/x-subrip", "vtt": "text/vtt", "txt": "text/plain"}


@bp.get("/<asset_id>")
@page(office(*media.UPLOADERS))
def edit(asset_id: str) -> ResponseReturnValue:
    """The editor: lines, video, versions."""
    with reading() as tx:
        asset = media.access_own_asset(tx, actor(), asset_id)
        script, proposal = (
            media.transcript_of(tx, asset.id),
            library.pending_proposal(tx, asset.id, library.CAPTIONS),
        )
        return render_template(
            "media/captions.html",
            asset=asset,
            script=script,
            proposal=proposal,
            is_published=library.published_course_of(tx, asset.id) is not None,
            version=proposal.revision if proposal else script.version if script else 0,
            cues=library.proposed_cues(proposal) if proposal else media.cues_of(tx, asset.id),
            versions=media.caption_versions(tx, script) if script else [],
            terms=[(term.wrong, term.right) for term in media.list_glossary(tx)],
            transcription=media.transcriptions_of(tx, [asset.id]).get(asset.id),
            can_hear=media.find_speech_model(runtime().settings) is not None,
            playlist=media.playlist_url(runtime().settings, asset, audience="staff"),
        )


@bp.get("/<asset_id>/download.<kind>")
@page(office(*media.UPLOADERS))
def download(asset_id: str, kind: str) -> ResponseReturnValue:
    """The captions as a file."""
    with reading() as tx:
        asset = media.access_own_asset(tx, actor(), asset_id)
        cues = media.cue_texts(tx, asset.id)
    if kind not in WRITERS:
        raise NotFound
    return send_file(
        io.BytesIO(WRITERS[kind](cues).encode()),
        mimetype=TYPES[kind],
        as_attachment=True,
        download_name=f"{asset.filename.rpartition('.')[0] or asset.filename}.{kind}",
    )


@bp.get("/<asset_id>/versions/<number>")
@page(office(*media.UPLOADERS))
def version(asset_id: str, number: str) -> ResponseReturnValue:
    """Content of an earlier version, before it is restored."""
    with reading() as tx:
        asset = media.access_own_asset(tx, actor(), asset_id)
        return render_template(
            "media/version.html", asset=asset, kept=media.caption_version(tx, asset, _number(number))
        )


@bp.post("/<asset_id>/recognise")
@page(office(*media.UPLOADERS), form=OnwardForm)
def recognise(asset_id: str) -> ResponseReturnValue:
    """Start speech recognition."""
    with writing() as tx:
        media.request_transcription(tx, actor(), runtime().settings, media.access_own_asset(tx, actor(), asset_id))
    flash(_("已开始识别，完成后会出现在这里。"))
    return redirect(OnwardForm.read().next.data or url_for(".edit", asset_id=asset_id))


class PastedForm(Form):
    """A text without times."""

    text = Text()


@bp.post("/<asset_id>/text")
@page(office(*media.UPLOADERS), form=PastedForm, body=2 * MIB)
def take_text(asset_id: str) -> ResponseReturnValue:
    """Import a pasted text without times."""
    data = PastedForm.read().text.data.encode()
    with reading() as tx:
        length = media.access_own_asset(tx, actor(), asset_id).duration_ms
    parsed = media.parse_captions_jailed("pasted.txt", data, length)
    with writing() as tx:
        is_proposed = library.import_captions(tx, actor(), media.access_own_asset(tx, actor(), asset_id), parsed)
    if is_proposed:
        flash(proposed())
    elif parsed.estimated:
        flash(count_text("已导入 %(count)s 条字幕，时间按字数估计，请核对。", len(parsed.cues), count=len(parsed.cues)))
    else:
        flash(count_text("已导入 %(count)s 条字幕。", len(parsed.cues), count=len(parsed.cues)))
    return redirect(url_for(".edit", asset_id=asset_id))


@bp.post("/<asset_id>/timed")
@page(office(*media.UPLOADERS))
def timed(asset_id: str) -> ResponseReturnValue:
    """Confirm that estimated times are right."""
    with writing() as tx:
        is_proposed = library.mark_captions_timed(tx, actor(), media.access_own_asset(tx, actor(), asset_id))
    flash(proposed() if is_proposed else _("已确认时间。"))
    return redirect(url_for(".edit", asset_id=asset_id))


class RestoreForm(Form):
    """Which version to bring back."""

    version = Number(8)


@bp.post("/<asset_id>/restore")
@page(office(*media.UPLOADERS), form=RestoreForm)
def restore(asset_id: str) -> ResponseReturnValue:
    """Restore a kept version."""
    with writing() as tx:
        asset = media.access_own_asset(tx, actor(), asset_id)
        number = RestoreForm.read().version.data
        is_proposed = library.restore_captions(tx, actor(), asset, -1 if number is None else number)
    flash(proposed() if is_proposed else _("已恢复到选定的版本。"))
    return redirect(url_for(".edit", asset_id=asset_id))


class WithdrawalForm(OnwardForm):
    """Kind of proposal: captions or chapters."""

    kind = Choice(library.PROPOSAL_NAMES)


@bp.post("/<asset_id>/withdraw")
@page(office(*media.UPLOADERS), form=WithdrawalForm)
def withdraw(asset_id: str) -> ResponseReturnValue:
    """Withdraw a proposal for a published lecture."""
    with writing() as tx:
        asset = media.access_own_asset(tx, actor(), asset_id)
        form = WithdrawalForm.read()
        library.withdraw_proposal(tx, actor(), asset, form.kind.data)
    flash(_("已撤回，党员看到的内容没有变化。"))
    return redirect(form.next.data or url_for(".edit", asset_id=asset_id))


def proposed() -> str:
    """Message: the change waits for a reviewer."""
    return str(_("这一讲已经发布：您的修改已交审阅，通过以后党员才会看到。"))


def _number(text: str) -> int:
    """The number of a version; for invalid input one that no version has."""
    return int(text) if text.isdecimal() and len(text) < 9 else -1


class GlossaryTermForm(Form):
    """A term and a frequent misrecognition of it."""

    right = Text()
    wrong = Text()


@bp.post("/<asset_id>/terms")
@page(office(*media.UPLOADERS), form=GlossaryTermForm)
def add_term(asset_id: str) -> ResponseReturnValue:
    """Add a term to the glossary of all editors."""
    with writing() as tx:
        media.access_own_asset(tx, actor(), asset_id)
        form = GlossaryTermForm.read()
        right = search.ensure_dictionary_term(tx, actor(), form.right.data)
        media.add_glossary_term(tx, actor(), form.wrong.data, right)
    flash(_("已加入城市词典，所有字幕都会提示。"))
    return redirect(url_for(".edit", asset_id=asset_id))
