"""Pages of search."""

from flask import Blueprint, render_template, request

from academy.core.pages import number_in
from academy.doors import actor, house, signed_in
from academy.search import service
from academy.search.results import FINISHED, LENGTHS, SORTS, Filters

bp = Blueprint("search", __name__)


def _number(name: str) -> int | None:
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def _one_of(name: str, allowed: tuple[str, ...]) -> str:
    text = request.args.get(name, "")
    return text if text in allowed else ""


def _filters() -> Filters:
    return Filters(
        category=_number("category"),
        lecturer=_number("lecturer"),
        year=_number("year"),
        length=_one_of("length", tuple(LENGTHS)),
        finished=_one_of("finished", FINISHED),
        sort=_one_of("sort", SORTS) or SORTS[0],
    )


@bp.get("/search")
@signed_in
def results() -> str:
    text = request.args.get("q", "")
    found = service.search(house(), actor(), text, _filters(), number_in(request.args.get("page")))
    return render_template("search/results.html", found=found, text=found.question.text)
