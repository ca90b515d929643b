"""What a lecturer writes: the own lectures, and the syllabus and handout of each, also by the office on behalf."""

import functools
import os
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage

from academy import http
from academy.core import clock
from academy.core.database import Tx
from academy.core.errors import Conflict, Forbidden, Invalid
from academy.core.i18n import Message, msg
from academy.core.paging import number_in
from academy.faculty import api as faculty
from academy.faculty.api import ConsentKind, MaterialKind, MaterialText, MaterialVersion, ProgrammeLecture
from academy.http import SIGNED_IN, actor, menu, reading, runtime, writing
from academy.http.body_limits import form_file
from academy.http.edit_conflicts import check_version, current_row
from academy.http.forms import Choice, File, Form, Key, Text, Verb, typed
from academy.http.languages import count_text, translate
from academy.media import api as media
from academy.media.api import PageLink
from academy.web.forum import feed_token
from academy.web.lectures import MATERIAL_TONES, STATE_TONES
from academy.web.members import errors_by_field
from academy.web.pool import OWED_TONES
from academy.web.pool_lecturer import WEEKDAYS

bp = Blueprint("lecture_materials", __name__, url_prefix="/teaching")
page = functools.partial(http.page, SIGNED_IN, section=menu.ME)
MATERIAL = "<public_id>/<any(syllabus, handout):kind>"
NAMES = {
    "material_names": faculty.MATERIAL_NAMES,
    "material_states": faculty.MATERIAL_STATE_NAMES,
    "material_tones": MATERIAL_TONES,
    "lecture_kinds": faculty.LECTURE_KIND_NAMES,
    "lecture_states": faculty.LECTURE_STATE_NAMES,
    "lecture_tones": STATE_TONES,
}


@bp.get("")
@page()
def index() -> str:
    """A lecturer's own page: the next lecture, what is owed, invitations, material, results, consents."""
    past = request.args.get("past") == "1"
    with reading() as tx:
        own, token = faculty.own_teaching(tx, actor(), clock.today()), feed_token(tx)
        return render_template(
            "faculty/teaching.html",
            page=faculty.own_lectures(
                tx, actor(), clock.today(), past=past, number=number_in(request.args.get("page"))
            ),
            past=past,
            own=own,
            answer_links={
                one.row.id: faculty.answer_path(runtime().settings, one.row)
                for one in (own.invitations if own is not None else ())
            },
            feed=url_for("forum.teaching_calendar", token=token, _external=True) if token else "",
            consents=faculty.own_consents(tx, actor()),
            consent_names=faculty.CONSENT_NAMES,
            owed=faculty.OBLIGATION_NAMES,
            owed_tones=OWED_TONES,
            invitation_states=faculty.ASSIGNMENT_STATE_NAMES,
            evaluation_kinds=faculty.EVALUATION_NAMES,
            weekdays=WEEKDAYS,
            today=clock.today(),
            **NAMES,
        )


@bp.get(f"/{MATERIAL}")
@page()
def show(public_id: str, kind: str) -> str:
    """The syllabus or the handout of a lecture: the version in work, comments, earlier versions."""
    return _shown(public_id, MaterialKind(kind), {})


class MaterialForm(Form):
    """What is saved or done. `seen` names the version that a button is about."""

    verb = Verb("save", "submit", "send", "take_back", "discard", otherwise="save")
    text = Text()
    change_note = Text()
    file = File(required=False)
    seen = Key()


@bp.post(f"/{MATERIAL}")
@page(form=MaterialForm, body=form_file, rate=30)
def change(public_id: str, kind: str) -> Any:
    """Save, submit, take back or throw away the version in work."""
    with reading() as tx:
        faculty.access_material_lecture(tx, actor(), public_id)
    form = MaterialForm.read()
    verb = form.verb.data
    try:
        asset_id = _stored(public_id, form.file.data) if verb in {"save", "submit"} else None
        with writing() as tx:
            lecture = faculty.access_material_lecture(tx, actor(), public_id)
            if verb in {"save", "submit"}:
                version = _save(tx, lecture, MaterialKind(kind), form, asset_id)
                if verb == "submit":
                    faculty.submit_material(tx, actor(), version)
            else:
                _ACTS[verb](tx, actor(), faculty.access_material_version(tx, actor(), lecture, form.seen.data))
    except (Invalid, Conflict) as error:
        return _shown(public_id, MaterialKind(kind), errors_by_field(error)), error.status
    flash(_done(verb), "good")
    return redirect(url_for(".show", public_id=public_id, kind=kind), 303)


def _done(verb: str) -> str:
    done = {"save": _("已保存，还没有送审。"), "take_back": _("已撤回。"), "discard": _("草稿已删去。")}
    return str(done.get(verb) or _("已送审，有结果会发消息给您。"))


_ACTS = {"send": faculty.submit_material, "take_back": faculty.take_back, "discard": faculty.discard_draft}


def _stored(public_id: str, given: FileStorage | None) -> int | None:
    """The row id of the file that was sent, stored before the transaction that refers to it; None without one."""
    if given is None or given.filename is None:
        return None
    with reading() as tx:
        lecture = faculty.access_material_lecture(tx, actor(), public_id)
        if not faculty.may_write(tx, actor(), lecture):
            raise Forbidden(f"material:{public_id}")
    size = given.stream.seek(0, os.SEEK_END)
    given.stream.seek(0)
    return media.store_document(runtime(), actor(), filename=given.filename, body=given.stream, size=size)


def _save(
    tx: Tx, lecture: ProgrammeLecture, kind: MaterialKind, form: MaterialForm, asset_id: int | None
) -> MaterialVersion:
    current_row(tx, lecture)
    check_version({"text": _editable(faculty.newest_version(tx, lecture, kind))}, {"text": msg("正文")})
    asset = media.own_document(tx, actor(), asset_id) if asset_id is not None else None
    return faculty.save_draft(
        tx, actor(), lecture, kind, MaterialText(form.text.data, asset, change_note=form.change_note.data)
    )


def _editable(version: MaterialVersion | None) -> str:
    """The text that the form is filled with; that of a file is not edited here."""
    return faculty.text_of(version.passages) if version is not None and version.asset_id is None else ""


def _shown(public_id: str, kind: MaterialKind, errors: Mapping[str, Message], *, answering: str = "") -> str:
    with reading() as tx:
        lecture = faculty.access_material_lecture(tx, actor(), public_id)
        standing = next(one for one in faculty.standings_of(tx, [lecture])[lecture.id] if one.kind == kind)
        newest = faculty.newest_version(tx, lecture, kind)
        asked = request.args.get("version", "")
        version = faculty.access_material_version(tx, actor(), lecture, asked) if asked else newest
        return render_template(
            "faculty/material.html",
            lecture=lecture,
            kind=kind,
            standing=standing,
            newest=newest,
            sheet=faculty.material_sheet(tx, version) if version is not None else None,
            pages=material_pages(tx, version),
            is_older=version is not newest,
            may_write=faculty.may_write(tx, actor(), lecture),
            is_office=faculty.is_programme_office(actor()),
            kept={"text": _editable(newest)},
            text=typed().get("text", _editable(newest)),
            longest=faculty.MATERIAL_LENGTH,
            answering=answering,
            errors=errors,
            **NAMES,
        )


def material_pages(tx: Tx, version: MaterialVersion | None, *, audience: str = "staff") -> dict[int, PageLink]:
    """Pictures of the pages of a version's file, by number; empty for typed text, and until the file is read."""
    if version is None or version.asset is None:
        return {}
    settings, pages = runtime().settings, media.document_pages(tx, version.asset.id)
    return {one.number: one for one in media.page_links(settings, version.asset, pages, audience=audience)}


class OwnConsentForm(Form):
    """A consent that the lecturer withdraws."""

    kind = Choice((ConsentKind.RECORD, ConsentKind.PUBLISH), blank=ConsentKind.PUBLISH)


@bp.post("/consent")
@page(form=OwnConsentForm, rate=10)
def withdraw_consent() -> Any:
    """Withdraw one's consent to be recorded, or to have recordings on the shelf."""
    try:
        with writing() as tx:
            membership = faculty.own_membership(tx, actor())
            kind = ConsentKind(OwnConsentForm.read().kind.data)
            gone = faculty.withdraw_lecturer_consent(tx, actor(), membership, kind)
    except Conflict as error:
        flash(translate(error.message), "bad")
        return redirect(url_for(".index"), 303)
    flash(count_text("已撤回，下架了 %(n)s 门课程。", gone) if gone else _("已撤回。"), "good")
    return redirect(url_for(".index"), 303)


class MaterialAnswerForm(Form):
    """A comment that was dealt with, or is not."""

    verb = Verb("settle", "reopen")
    answer = Text()


@bp.post("/comments/<comment_id>")
@page(form=MaterialAnswerForm)
def answer(comment_id: str) -> Any:
    """Mark a comment as dealt with, or take that back."""
    with reading() as tx:
        about = faculty.access_material_comment(tx, actor(), comment_id).version.material
        public_id, kind = about.lecture.public_id, MaterialKind(about.kind)
    form = MaterialAnswerForm.read()
    try:
        with writing() as tx:
            comment = faculty.access_material_comment(tx, actor(), comment_id)
            if form.verb.data == "settle":
                faculty.settle_material_comment(tx, actor(), comment, form.answer.data)
            else:
                faculty.reopen_material_comment(tx, actor(), comment)
    except Invalid as error:
        return _shown(public_id, kind, error.fields, answering=comment_id), error.status
    return redirect(url_for(".show", public_id=public_id, kind=kind, _anchor=f"comment-{comment_id}"), 303)
