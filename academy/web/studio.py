"""The trainers' studio: courses, new course, editor, review comments."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from academy import http
from academy.core.actor import Role
from academy.core.database import Tx
from academy.core.errors import Invalid
from academy.core.i18n import msg
from academy.core.paging import number_in
from academy.http import actor, menu, office, reading, writing
from academy.http.edit_conflicts import check_version, current_row
from academy.http.forms import Flag, Form, Key, Text, Verb, typed
from academy.http.languages import translate
from academy.library import api as library
from academy.library.api import Course, CourseState, ItemSummary, ItemVersion
from academy.media import api as media
from academy.media.api import Asset, AssetState
from academy.web.course_editor import THRESHOLD, CourseForm, particulars, render_editor, render_new, values_of
from academy.web.learn import addresses, begins_at, second_in
from academy.web.pinned_comments import CommentVerbForm, change_comment, pinned_comments

bp = Blueprint("studio", __name__, url_prefix="/studio")
page = functools.partial(http.page, section=menu.STUDIO)

TONES = {"submitted": "info", "returned": "warn", "approved": "info", "published": "good", "withdrawn": "bad"}
Fields = Mapping[str, Any]
BLANK = {"threshold": THRESHOLD, "credit_minutes": ""}
LABELS = {
    "title": msg("标题"),
    "category": msg("分类"),
    "summary": msg("简介"),
    "lecturer": msg("主讲人"),
    "office": msg("单位和职务"),
    "credit_minutes": msg("学时（分钟）"),
    "threshold": msg("学完标准（%%）"),
}


@bp.app_template_filter("course_state")
def course_state(state: str) -> tuple[str, str]:
    """A state's name and the colour of its badge."""
    return translate(library.COURSE_STATES[CourseState(state)]), TONES.get(state, "neutral")


@bp.get("")
@page(office(Role.TRAINER), menu=menu.STUDIO)
def index() -> str:
    """One's courses, and those that need action."""
    with reading() as tx:
        page = library.my_courses(tx, actor(), number_in(request.args.get("page")))
        unready = library.items_by_file_state(tx, actor(), AssetState.PROCESSING, AssetState.FAILED)
        at_work = media.assets_in_progress(tx, [line.asset.id for line in unready if line.asset])
    return render_template("studio/index.html", page=page, unready=unready, at_work=at_work)


@bp.get("/new")
@page(office(Role.TRAINER))
def new() -> str:
    """The form for a new course."""
    with reading() as tx:
        return render_new(tx, BLANK, {})


@bp.post("/new")
@page(office(Role.TRAINER), form=CourseForm)
def create() -> Response | tuple[str, int]:
    """Create a draft; then continue with its files."""
    try:
        with writing() as tx:
            made = library.create_course(tx, actor(), **particulars())
    except Invalid as error:
        with reading() as tx:
            return render_new(tx, typed(), error.fields), 422
    return redirect(url_for(".course", public_id=made.public_id), 303)


@bp.get("/<public_id>")
@page(office(Role.TRAINER))
def course(public_id: str) -> str:
    """The editor: fields, files with progress, missing parts, review comments."""
    with reading() as tx:
        return render_editor(tx, public_id)


@bp.post("/<public_id>")
@page(office(Role.TRAINER), form=CourseForm)
def save(public_id: str) -> Response | tuple[str, int]:
    """Save the fields."""

    def change(tx: Tx, row: Course) -> None:
        # The course first: a submission or a decision locks it before its version changes.
        check_version(values_of(current_row(tx, library.edited(current_row(tx, row)))), LABELS)
        library.edit_course(tx, actor(), row, **particulars())

    return _change(public_id, change, _("已保存。"))


class FileForm(Form):
    """A file: a new upload, or an earlier one."""

    upload = Key()
    asset = Key()


class NewItemForm(FileForm):
    """A file, and its title in the course."""

    item_title = Text()


@bp.post("/<public_id>/items")
@page(office(Role.TRAINER), form=NewItemForm)
def add_item(public_id: str) -> Response | tuple[str, int]:
    """Add an uploaded file to the course."""

    def change(tx: Tx, row: Course) -> None:
        form = NewItemForm.read()
        asset = _given(tx, form)
        title = form.item_title.data.strip() or asset.filename.rsplit(".", 1)[0]
        counts = asset.kind != "document"
        library.add_item(tx, actor(), row, kind=asset.kind, title=title[:120], asset=asset, required=counts)

    return _change(public_id, change, _("已加入课程，正在处理文件。"))


@bp.get("/<public_id>/items/<item_id>")
@page(office(Role.TRAINER))
def watch(public_id: str, item_id: str) -> str:
    """Preview an item as a reviewer sees it."""
    with reading() as tx:
        row = library.access_own_course(tx, actor(), public_id)
        item = library.access_own_item(tx, actor(), row, item_id)
        words = media.cues_of(tx, item.asset_id) if item.asset_id else []
        links = addresses(tx, item.asset, "staff")
        version = library.edited(row)
        comments = pinned_comments(tx, row, version)
        return render_template(
            "studio/watch.html",
            course=row,
            version=version,
            playing=ItemSummary(item, item.asset),
            cues=words,
            start_ms=begins_at([cue.start_ms for cue in words], second_in(request.args.get("t", ""))),
            start_page=second_in(request.args.get("page", "")),
            comments=comments,
            pins=comments.of_item(item),
            **links,
        )


@bp.post("/<public_id>/comments/<comment_id>")
@page(office(Role.TRAINER), form=CommentVerbForm)
def change_pinned(public_id: str, comment_id: str) -> Response | tuple[str, int]:
    """Answer a reviewer's comment, mark it as dealt with, or take that back."""
    try:
        with writing() as tx:
            row = library.access_own_course(tx, actor(), public_id)
            done = change_comment(tx, row, comment_id, CommentVerbForm.read())
    except Invalid as error:
        with reading() as tx:
            return render_editor(tx, public_id, error.fields, answered=comment_id), error.status
    flash(done)
    item = request.args.get("item")
    if item:
        return redirect(url_for(".watch", public_id=public_id, item_id=item, _anchor=f"comment-{comment_id}"), 303)
    return redirect(url_for(".course", public_id=public_id, _anchor=f"comment-{comment_id}"), 303)


class ItemForm(NewItemForm):
    """Operation on an item."""

    verb = Verb("rename", "remove", "up", "down", "replace", "earlier", "both", otherwise="rename")
    required = Flag()


@bp.post("/<public_id>/items/<item_id>")
@page(office(Role.TRAINER), form=ItemForm)
def change_item(public_id: str, item_id: str) -> Response | tuple[str, int]:
    """Rename, move, replace or remove an item, by the pressed button."""

    def change(tx: Tx, row: Course) -> None:
        item, form = library.access_own_item(tx, actor(), row, item_id), ItemForm.read()
        verb = form.verb.data
        if verb == "remove":
            library.remove_item(tx, actor(), row, item)
        elif verb in {"up", "down"}:
            library.move_item(tx, actor(), row, item, 1 if verb == "down" else -1)
        elif verb == "replace":
            asset = _given(tx, form)
            library.replace_item(tx, actor(), row, item, asset=asset)
        elif verb == "earlier":
            library.use_earlier_file(tx, actor(), row, item)
        elif verb == "both":
            if item.asset is not None:
                media.keep_duplicate(tx, actor(), item.asset)
        else:
            current_row(tx, row)
            check_version(_of_item(current_row(tx, item)), {"item_title": msg("课件标题"), "required": msg("必学")})
            library.rename_item(tx, actor(), row, item, title=form.item_title.data, required=form.required.data)

    return _change(public_id, change, _("已保存。"))


@bp.post("/<public_id>/cover")
@page(office(Role.TRAINER), form=FileForm)
def cover(public_id: str) -> Response | tuple[str, int]:
    """Set an uploaded picture as the cover; without one, the video's poster is shown."""

    def change(tx: Tx, row: Course) -> None:
        form = FileForm.read()
        picture = _given(tx, form) if form.upload.data or form.asset.data else None
        library.set_cover(tx, actor(), row, picture)

    return _change(public_id, change, _("封面已更新。"))


class ActForm(Form):
    """Operation on a course."""

    verb = Verb("submit", "publish", "withdraw", "revise", "discard", otherwise="submit")


@bp.post("/<public_id>/do")
@page(office(Role.TRAINER), form=ActForm)
def do(public_id: str) -> Response | tuple[str, int]:
    """Submit, publish, withdraw, revise, discard."""
    with writing() as tx:
        course = library.access_own_course(tx, actor(), public_id)
        verb = ActForm.read().verb.data
        if verb == "revise":
            library.revise_course(tx, actor(), course)
            return redirect(url_for(".course", public_id=public_id), 303)
    acts: dict[str, tuple[Callable[..., object], str, str]] = {
        "submit": (library.submit_course, _("已提交，等待审阅。"), ".course"),
        "publish": (library.publish_course, _("已发布，党员现在就能看到。"), ".index"),
        "withdraw": (library.withdraw_course, _("已下架。"), ".course"),
        "discard": (library.discard_draft, _("已删除。"), ".index"),
    }
    act, done, onward = acts[verb]
    return _change(public_id, lambda tx, row: act(tx, actor(), row), done, onward)


def _given(tx: Tx, form: FileForm) -> Asset:
    return media.chosen_asset(tx, actor(), upload=form.upload.data, asset=form.asset.data)


def _change(
    public_id: str, change: Callable[[Tx, Course], object], done: str, onward: str = ".course"
) -> Response | tuple[str, int]:
    """Execute a change, show a message and continue; or show the editor again with errors."""
    try:
        with writing() as tx:
            change(tx, library.access_own_course(tx, actor(), public_id))
    except Invalid as error:
        with reading() as tx:
            return render_editor(tx, public_id, error.fields), error.status
    flash(done)
    return redirect(url_for(onward, public_id=public_id) if onward == ".course" else url_for(onward), 303)


def _of_item(item: ItemVersion) -> dict[str, Any]:
    return {"item_title": item.title, "required": item.required}
