"""The shelves and a course's page, as members see them."""

from collections.abc import Mapping

from flask import Blueprint, render_template, request

from academy.core.errors import NotFound
from academy.core.pages import number_in
from academy.doors import actor, house, reading, signed_in
from academy.doors.frame import link
from academy.library import access, queries
from academy.library.models import CourseItem
from academy.media import delivery
from academy.media.models import Asset
from academy.progress import queries as progress
from academy.progress.queries import ItemProgress

bp = Blueprint("library", __name__, url_prefix="/library")


@bp.app_template_global("poster")
def poster(asset: Asset | None, audience: str = "member") -> str | None:
    """The address of a cover or of a video's poster; None where there is none."""
    return delivery.poster_url(house().settings, asset, audience=audience) if asset else None


@bp.get("")
@signed_in
def index() -> str:
    """Courses by category, newest first."""
    slug, leaders = request.args.get("category", ""), request.args.get("leaders") == "1"
    with reading() as tx:
        shelves = queries.shelves(tx)
        here = next((shelf for shelf in shelves if shelf.category.slug == slug), None)
        if slug and here is None:
            raise NotFound
        page = queries.published(tx, slug, number_in(request.args.get("page")), leaders=leaders)
        states = progress.course_states(tx, actor().member_id or 0, [card.course.id for card in page.rows])
    return render_template("library/index.html", shelves=shelves, here=here, leaders=leaders, page=page, states=states)


@bp.get("/<public_id>")
@signed_in
def course(public_id: str) -> str:
    """One course: who speaks, what is in it, how far one is."""
    with reading() as tx:
        shown = queries.course_page(tx, access.access_published_course(tx, actor(), public_id))
        items = [line.item for line in shown.lines]
        states = progress.item_states(tx, actor().member_id or 0, items)
        mine = progress.course_states(tx, actor().member_id or 0, [shown.course.id]).get(shown.course.id)
    return render_template("library/course.html", page=shown, states=states, mine=mine, target=_next(items, states))


def _next(items: list[CourseItem], states: Mapping[int, ItemProgress]) -> CourseItem | None:
    """Where to go on: the first item that is not completed; when all are, the first."""
    open_ = (item for item in items if not (item.id in states and states[item.id].completed_at))
    return next(open_, items[0] if items else None)


@bp.app_template_global("play")
def play(item: CourseItem) -> str:
    """The player's address for an item."""
    return link("learn.play", item_public_id=item.public_id) or "#"
