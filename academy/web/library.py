"""The library and a course's page, as members see them."""

import functools
from collections.abc import Mapping

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from academy import http
from academy.core.actor import Role
from academy.core.errors import Invalid, NotFound
from academy.core.i18n import Message, msg
from academy.core.paging import number_in
from academy.http import SIGNED_IN, actor, menu, office, reading, runtime, writing
from academy.http.edit_conflicts import check_version, current_row
from academy.http.forms import Choice, Form, Key, Text, Verb
from academy.http.navigation import link
from academy.http.request_context import member_on_show
from academy.learning import api as learning
from academy.learning.api import ItemProgress
from academy.library import api as library
from academy.library.api import CategorySymbol, ItemVersion
from academy.media import api as media
from academy.media.api import Asset
from academy.talk import api as talk

bp = Blueprint("library", __name__, url_prefix="/library")
page = functools.partial(http.page, section=menu.COURSES, search_open=True)
SYMBOLS: dict[str, Message] = {
    CategorySymbol.THEORY: msg("书卷"),
    CategorySymbol.CONSTITUTION: msg("长城"),
    CategorySymbol.HISTORY: msg("宝塔"),
    CategorySymbol.VILLAGE: msg("麦田"),
    CategorySymbol.GOVERNANCE: msg("村舍"),
    CategorySymbol.INTEGRITY: msg("莲花"),
    CategorySymbol.LAW: msg("天平"),
    CategorySymbol.SKILLS: msg("齿轮"),
    CategorySymbol.MODELS: msg("葵花"),
    CategorySymbol.ECONOMY: msg("高楼"),
    CategorySymbol.ECOLOGY: msg("青山"),
    CategorySymbol.DIGITAL: msg("网络"),
    CategorySymbol.CULTURE: msg("灯笼"),
    CategorySymbol.HEALTH: msg("健康"),
    CategorySymbol.PLAIN: msg("远山"),
}
EACH = 4
"""Courses of each category on the library's first page."""
FACES = 4
"""Lecturers on the library's first page."""
KEEPERS = (Role.NODE_ADMINISTRATOR, Role.SYSTEM_ADMINISTRATOR)


@bp.app_template_global("card_picture")
def card_picture(asset: Asset | None, audience: str = "member") -> str | None:
    """The address of a cover at the size of a card; None where a cover is drawn."""
    return media.card_url(runtime().settings, asset, audience=audience) if asset else None


@bp.get("")
@page(SIGNED_IN, menu=menu.COURSES, screen=True)
def index() -> str:
    """Courses by category, newest first."""
    slug, leaders = request.args.get("category", ""), request.args.get("leaders") == "1"
    if not slug and not leaders and request.args.get("all") != "1":
        return _shelves()
    with reading() as tx:
        shelves = library.list_shelves(tx)
        here = next((shelf for shelf in shelves if shelf.category.slug == slug), None)
        if slug and here is None:
            raise NotFound
        page = library.list_published(tx, slug, number_in(request.args.get("page")), leaders=leaders)
        states = learning.course_states(tx, member_on_show(), [card.course.id for card in page.rows])
    return render_template(
        "library/index.html",
        shelves=shelves,
        here=here,
        leaders=leaders,
        page=page,
        states=states,
        keeper=library.may_keep_shelves(actor()),
    )


def _shelves() -> str:
    """The first page: what leaders teach, then each category with its newest courses."""
    with reading() as tx:
        shelves = library.shelves_with_cards(tx, EACH)
        leading = library.list_published(tx, leaders=True, size=EACH)
        teaching = library.list_lecturers(tx, size=FACES)
        shown = [card.course.id for cards in (leading.rows, *(shelf.cards for shelf in shelves)) for card in cards]
        states = learning.course_states(tx, member_on_show(), shown)
    return render_template(
        "library/shelves.html",
        shelves=shelves,
        leading=leading,
        teaching=teaching,
        states=states,
        keeper=library.may_keep_shelves(actor()),
    )


@bp.get("/categories")
@page(office(*KEEPERS))
def categories() -> str:
    """The categories, to be ordered."""
    return _categories({})


class CategoryForm(Form):
    """Operation on a category."""

    verb = Verb("add", "rename", "up", "down", "remove", otherwise="add")
    slug = Key()
    name = Text()
    symbol = Choice([str(symbol) for symbol in CategorySymbol], blank=CategorySymbol.PLAIN)


@bp.post("/categories")
@page(office(*KEEPERS), form=CategoryForm)
def change_categories() -> Response | tuple[str, int]:
    """Add, rename, move or remove a category, by the pressed button."""
    try:
        form = CategoryForm.read()
        verb, slug, name, symbol = form.verb.data, form.slug.data, form.name.data, form.symbol.data
        with writing() as tx:
            if verb == "rename":
                row = current_row(tx, library.find_category(tx, slug))
                kept = {"name": row.name, "symbol": row.symbol}
                check_version(kept, {"name": msg("名称"), "symbol": msg("封面图案")})
                library.update_category(tx, actor(), slug, name, symbol)
            elif verb in {"up", "down"}:
                library.move_category(tx, actor(), slug, 1 if verb == "down" else -1)
            elif verb == "remove":
                library.remove_category(tx, actor(), slug)
            else:
                library.add_category(tx, actor(), name, symbol)
    except Invalid as error:
        return _categories(error.fields), error.status
    return redirect(url_for(".categories"), 303)


def _categories(errors: Mapping[str, Message]) -> str:
    library.require_shelf_keeper(actor())
    with reading() as tx:
        shelves = library.list_shelves(tx)
    return render_template("library/categories.html", shelves=shelves, errors=errors, symbols=SYMBOLS)


@bp.get("/<public_id>")
@page(SIGNED_IN, screen=True)
def course(public_id: str) -> str:
    """One course: lecturer, items, progress."""
    with reading() as tx:
        shown = library.course_page(tx, library.access_published_course(tx, actor(), public_id))
        items = [line.item for line in shown.lines]
        states = learning.item_states(tx, member_on_show(), items)
        mine = learning.course_states(tx, member_on_show(), [shown.course.id]).get(shown.course.id)
        speaker = shown.course.lecturer
        lecturer = library.lecturer_cards(tx, [speaker])[0] if speaker else None
        is_favourite = talk.is_favourite(tx, actor(), shown.course)
    return render_template(
        "library/course.html",
        page=shown,
        lecturer=lecturer,
        states=states,
        mine=mine,
        target=_next(items, states),
        is_favourite=is_favourite,
    )


def _next(items: list[ItemVersion], states: Mapping[int, ItemProgress]) -> ItemVersion | None:
    """The item to continue with: the first incomplete one; when all are complete, the first."""
    open_ = (item for item in items if not (item.item_id in states and states[item.item_id].completed_at))
    return next(open_, items[0] if items else None)


@bp.app_template_global("play")
def play(item: ItemVersion) -> str:
    """The player's address for an item."""
    return link("learn.play", item_public_id=item.public_id) or "#"
