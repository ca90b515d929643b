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
from academy.http.forms import Form, Key, Text, Verb
from academy.http.navigation import link
from academy.http.request_context import member_on_show
from academy.learning import queries as progress
from academy.learning.queries import ItemProgress
from academy.library import access, queries, service
from academy.library.categories import find_category
from academy.library.models import CourseItem
from academy.media import delivery
from academy.media.models import Asset

bp = Blueprint("library", __name__, url_prefix="/library")
page = functools.partial(http.page, section=menu.COURSES, search_open=True)
KEEPERS = (Role.NODE_ADMINISTRATOR, Role.SYSTEM_ADMINISTRATOR)


@bp.app_template_global("poster")
def poster(asset: Asset | None, audience: str = "member") -> str | None:
    """The address of a cover or of a video's poster; None where there is none."""
    return delivery.poster_url(runtime().settings, asset, audience=audience) if asset else None


@bp.get("")
@page(SIGNED_IN, menu=menu.COURSES, screen=True)
def index() -> str:
    """Courses by category, newest first."""
    slug, leaders = request.args.get("category", ""), request.args.get("leaders") == "1"
    with reading() as tx:
        shelves = queries.shelves(tx)
        here = next((shelf for shelf in shelves if shelf.category.slug == slug), None)
        if slug and here is None:
            raise NotFound
        page = queries.published(tx, slug, number_in(request.args.get("page")), leaders=leaders)
        states = progress.course_states(tx, member_on_show(), [card.course.id for card in page.rows])
    return render_template(
        "library/index.html",
        shelves=shelves,
        here=here,
        leaders=leaders,
        page=page,
        states=states,
        keeper=access.may_keep_shelves(actor()),
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


@bp.post("/categories")
@page(office(*KEEPERS), form=CategoryForm)
def change_categories() -> Response | tuple[str, int]:
    """Add, rename, move or remove a category, by the pressed button."""
    try:
        form = CategoryForm.read()
        verb, slug, name = form.verb.data, form.slug.data, form.name.data
        with writing() as tx:
            if verb == "rename":
                row = current_row(tx, find_category(tx, slug))
                check_version({"name": row.name}, {"name": msg("名称")})
                service.rename_category(tx, actor(), slug, name)
            elif verb in {"up", "down"}:
                service.move_category(tx, actor(), slug, 1 if verb == "down" else -1)
            elif verb == "remove":
                service.remove_category(tx, actor(), slug)
            else:
                service.add_category(tx, actor(), name)
    except Invalid as error:
        return _categories(error.fields), error.status
    return redirect(url_for(".categories"), 303)


def _categories(errors: Mapping[str, Message]) -> str:
    access.keep_shelves(actor())
    with reading() as tx:
        shelves = queries.shelves(tx)
    return render_template("library/categories.html", shelves=shelves, errors=errors)


@bp.get("/<public_id>")
@page(SIGNED_IN, screen=True)
def course(public_id: str) -> str:
    """One course: lecturer, items, progress."""
    with reading() as tx:
        shown = queries.course_page(tx, access.access_published_course(tx, actor(), public_id))
        items = [line.item for line in shown.lines]
        states = progress.item_states(tx, member_on_show(), items)
        mine = progress.course_states(tx, member_on_show(), [shown.course.id]).get(shown.course.id)
    return render_template("library/course.html", page=shown, states=states, mine=mine, target=_next(items, states))


def _next(items: list[CourseItem], states: Mapping[int, ItemProgress]) -> CourseItem | None:
    """The item to continue with: the first incomplete one; when all are complete, the first."""
    open_ = (item for item in items if not (item.id in states and states[item.id].completed_at))
    return next(open_, items[0] if items else None)


@bp.app_template_global("play")
def play(item: CourseItem) -> str:
    """The player's address for an item."""
    return link("learn.play", item_public_id=item.public_id) or "#"
