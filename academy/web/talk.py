"""Talk under a lecture, as pages that work without a script: notes, questions, clips, and one's own lists of them."""

import functools
import itertools
import re
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from academy import http
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import Message, msg
from academy.core.ids import new_id
from academy.core.paging import number_in
from academy.http import SIGNED_IN, actor, menu, reading, writing
from academy.http.forms import Form, Key, Number, Text, Verb, typed
from academy.http.languages import plural_words
from academy.learning import api as learning
from academy.learning.api import Unit
from academy.library import api as library
from academy.library.api import ItemVersion
from academy.talk import api as talk
from academy.talk.api import Saved, Spot
from academy.trainings import api as trainings
from academy.web.learn import player_page
from academy.web.members import errors_by_field

bp = Blueprint("talk", __name__)
page = functools.partial(http.page, section=menu.COURSES)
own = functools.partial(http.page, section=menu.ME)

_MOMENT = re.compile(r"(?:(\d{1,2})[:：])?(\d{1,3})[:：](\d{1,2})|(\d{1,6})", re.ASCII)
NO_MOMENT = msg("请写成 3:05 这样的时间。")
NO_PAGE = msg("请填写页码。")


def place_in(text: str, unit: Unit) -> int | None:
    """A place as people write it: 3:05, 1:02:05 or seconds in milliseconds; of a document the page, counted from 0."""
    found = _MOMENT.fullmatch(text.strip()[:12])
    if found is None:
        return None
    hours, minutes, seconds, alone = (int(part) if part else 0 for part in found.groups())
    if unit == Unit.PAGE:
        return alone - 1 if 0 < alone < 10**4 else None
    return ((hours * 60 + minutes) * 60 + seconds + alone) * 1000


def spot_in(text: str, item: ItemVersion, field: str = "at") -> Spot:
    """The place that somebody typed.

    Raises:
        Invalid: it cannot be read.
    """
    unit = talk.unit_of(item)
    start = place_in(text, unit)
    if start is None:
        raise Invalid(fields={field: NO_PAGE if unit == Unit.PAGE else NO_MOMENT})
    return Spot(start)


@bp.get("/learn/<item_public_id>/talk")
@page(SIGNED_IN)
def index(item_public_id: str) -> str:
    """Notes and questions of a lecture; the player fetches the same and shows it under the transcript."""
    return _page(item_public_id, {})


def _page(item_public_id: str, errors: Mapping[str, Message]) -> str:
    with reading() as tx:
        item = library.access_item_for_member(tx, actor(), item_public_id)
        unit = talk.unit_of(item)
        at = place_in(typed().get("at") or request.args.get("at", ""), unit)
        line = talk.script_of(tx, item).line_at(at) if at is not None else None
        return render_template(
            "talk/index.html",
            item=item,
            unit=unit,
            at=at,
            line=line if line is not None and at is not None and line.end > at else None,
            notes=talk.notes_of_item(tx, actor(), item.item_id),
            questions=talk.shown_questions(tx, item.item_id),
            own=[
                line.question
                for line in talk.own_questions(tx, actor(), item_id=item.item_id).rows
                if line.question.state not in talk.SEEN
            ],
            reasons=talk.REFUSALS,
            limits={"note": talk.NOTE_LENGTH, "question": talk.QUESTION_LENGTH},
            key=new_id(),
            words=_words(),
            errors=errors,
        )


class NoteForm(Form):
    """A note on a place; without a text it is a bookmark."""

    at = Text()
    body = Text()
    key = Key()


@bp.post("/learn/<item_public_id>/notes")
@page(SIGNED_IN, form=NoteForm, rate=60)
def take_note(item_public_id: str) -> Response | tuple[str, int]:
    """Keep a note or a bookmark."""
    try:
        with writing() as tx:
            item = library.access_item_for_member(tx, actor(), item_public_id)
            form = NoteForm.read()
            sent = Saved(form.body.data, "form", 1, 1)
            talk.add_note(tx, actor(), item, form.key.data or new_id(), spot_in(form.at.data, item), sent)
    except (Invalid, Conflict) as error:
        return _page(item_public_id, errors_by_field(error)), error.status
    flash(gettext("已记下。"), "good")
    return redirect(url_for(".index", item_public_id=item_public_id), 303)


class QuestionForm(Form):
    """A question about a place."""

    at = Text()
    question = Text()
    key = Key()


@bp.post("/learn/<item_public_id>/questions")
@page(SIGNED_IN, form=QuestionForm, rate=10)
def ask(item_public_id: str) -> Response | tuple[str, int]:
    """Ask the lecturer."""
    try:
        with writing() as tx:
            item = library.access_item_for_member(tx, actor(), item_public_id)
            form = QuestionForm.read()
            spot = spot_in(form.at.data, item)
            talk.ask_question(tx, actor(), item, form.key.data or new_id(), spot, form.question.data)
    except (Invalid, Conflict) as error:
        fields = errors_by_field(error)
        return _page(
            item_public_id, {"question" if key == "body" else key: fields[key] for key in fields}
        ), error.status
    flash(gettext("已提交。老师看过以后，大家才能看到；有了结果会发消息给您。"), "good")
    return redirect(url_for(".index", item_public_id=item_public_id), 303)


class ClipForm(Form):
    """The first and the last moment of a stretch."""

    first = Text()
    last = Text()


@bp.post("/learn/<item_public_id>/clips")
@page(SIGNED_IN, form=ClipForm, rate=30)
def share(item_public_id: str) -> Response | tuple[str, int]:
    """Give a stretch an address."""
    try:
        with writing() as tx:
            item = library.access_item_for_member(tx, actor(), item_public_id)
            form = ClipForm.read()
            first, last = spot_in(form.first.data, item, "first"), spot_in(form.last.data, item, "last")
            clip = talk.make_clip(tx, actor(), item, first, last)
            found = clip.public_id
    except Invalid as error:
        return _page(item_public_id, errors_by_field(error)), error.status
    return redirect(url_for(".clip", public_id=found), 303)


@bp.get("/clips/<public_id>")
@page(SIGNED_IN, screen=True)
def clip(public_id: str) -> str:
    """A stretch of a lecture: it plays from its first sentence to its last, then offers the whole."""
    with reading() as tx:
        found, item = talk.access_clip(tx, actor(), public_id)
        return player_page(
            tx, item, found, may_remind=actor().has(*trainings.REMINDING_ROLES), plans_for=_plans_for(tx)
        )


def _plans_for(tx: Tx) -> str | None:
    """The node whose next training could begin with a clip; None for whoever plans none."""
    if not actor().has(*trainings.MANAGING_ROLES):
        return None
    roots = trainings.view_roots(tx, actor())
    return next((node.public_id for node in roots if actor().may(node.path, *trainings.MANAGING_ROLES)), None)


@bp.get("/my/notes")
@own(SIGNED_IN)
def notes() -> str:
    """All of one's own notes and bookmarks, by lecture."""
    with reading() as tx:
        found = talk.own_notes(tx, actor(), number_in(request.args.get("page")))
    groups = [list(lines) for _, lines in itertools.groupby(found.rows, key=lambda line: line.note.item_id)]
    return render_template("talk/notes.html", page=found, groups=groups, words=_words())


@bp.get("/my/notes/<key>")
@own(SIGNED_IN)
def note(key: str) -> str:
    """One note, to be changed or deleted."""
    return _note(key, {})


def _note(key: str, errors: Mapping[str, Message]) -> str:
    with reading() as tx:
        talk.access_note(tx, actor(), key)
        line = talk.own_notes(tx, actor(), key=key).rows[0]
    return render_template("talk/note.html", line=line, most=talk.NOTE_LENGTH, errors=errors)


class NoteChangeForm(Form):
    """The next text of a note, or its end."""

    verb = Verb("save", "remove", otherwise="save")
    body = Text()
    version = Number()


@bp.post("/my/notes/<key>")
@own(SIGNED_IN, form=NoteChangeForm)
def change_note(key: str) -> Response | tuple[str, int]:
    """Change a note, or delete it."""
    try:
        with writing() as tx:
            found = talk.access_note(tx, actor(), key)
            form = NoteChangeForm.read()
            if form.verb.data == "remove":
                talk.remove_note(tx, actor(), found)
                text = gettext("已删除。")
            else:
                is_merged = talk.edit_note(tx, actor(), found, Saved(form.body.data, "form", 0, form.version.data or 0))
                text = gettext("别的设备上也改过，两处写的都留着。") if is_merged else gettext("已保存。")
    except Invalid as error:
        return _note(key, error.fields), error.status
    flash(text, "good")
    return redirect(url_for(".notes"), 303)


@bp.get("/my/questions")
@own(SIGNED_IN)
def questions() -> str:
    """One's own questions, with answers and reasons."""
    with reading() as tx:
        found = talk.own_questions(tx, actor(), number_in(request.args.get("page")))
    return render_template("talk/questions.html", page=found, reasons=talk.REFUSALS)


@bp.get("/my/favourites")
@own(SIGNED_IN)
def favourites() -> str:
    """One's own list of courses."""
    with reading() as tx:
        found = talk.favourite_cards(tx, actor(), number_in(request.args.get("page")))
        shown = [card.course.id for card in found.rows]
        states = learning.course_states(tx, actor().member_id or 0, shown)
    return render_template("talk/favourites.html", page=found, states=states)


class FavouriteForm(Form):
    """Put on the list, or taken off it."""

    verb = Verb("add", "remove", otherwise="add")


@bp.post("/library/<public_id>/favourite")
@page(SIGNED_IN, form=FavouriteForm)
def favourite(public_id: str) -> Response:
    """Put a course on one's own list, or take it off."""
    with writing() as tx:
        course = library.access_published_course(tx, actor(), public_id)
        if FavouriteForm.read().verb.data == "remove":
            talk.unmark_favourite(tx, actor(), course)
        else:
            talk.mark_favourite(tx, actor(), course)
    return redirect(url_for("library.course", public_id=public_id), 303)


def _words() -> dict[str, Any]:
    """Sentences of the script, with places that it fills."""
    return {
        "saving": gettext("正在保存…"),
        "saved": gettext("已保存"),
        "kept": gettext("网络不通，已存在这台设备上，恢复后自动保存"),
        "merged": gettext("别的设备上也改过，两处写的都留着"),
        "signed_out": gettext("登录过期了。您写的还在这台设备上，重新登录后自动保存"),
        "asked": gettext("已提交。老师看过以后，大家才能看到；有了结果会发消息给您。"),
        "ask_kept": gettext("网络不通，提问已存在这台设备上，恢复后自动提交"),
        "marked": gettext("已收藏这一句"),
        "unmarked": gettext("已取消收藏"),
        "copied": gettext("地址已复制"),
        "copy_by_hand": gettext("请长按地址复制"),
        "failed": gettext("没有成功，请再试一次"),
        "page_at": gettext("第 %(n)s 页", n="%(n)s"),
        "waiting": plural_words("%(n)s 条等网络恢复后保存"),
        "removed": gettext("已删除"),
        "draft": gettext("有一个提问还没有提交"),
    }
