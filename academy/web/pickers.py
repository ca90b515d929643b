"""Pickers: what a search field of a form offers, a page at a time. The same parts stand in pages without script."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template, request

from academy import http
from academy.core.actor import Role
from academy.core.database import Tx
from academy.core.paging import Page, number_in
from academy.http import SIGNED_IN, actor, menu, office, reading
from academy.http.filters import timecode
from academy.http.forms import typed
from academy.http.languages import count_text
from academy.library import api as library
from academy.library.api import CourseCard, LecturerCard
from academy.people import api as people
from academy.people.api import Organisation
from academy.trainings import api as trainings
from academy.web.library import card_picture

bp = Blueprint("pickers", __name__, url_prefix="/pick")
page = functools.partial(http.page, section=menu.COURSES)

SIZE = 12
LONGEST = 60


@dataclass(frozen=True)
class PickerOption:
    """One thing that can be picked."""

    value: str
    title: str
    note: str = ""
    symbol: str = ""
    """Of the cover that is drawn (`CategorySymbol`); empty where the thing has none."""
    picture: str | None = None
    face: str = ""
    """The name of a person whose portrait is drawn."""
    fills: dict[str, str] | None = None
    """Other fields of the form that follow from the choice."""


@bp.get("/courses")
@page(SIGNED_IN)
def courses() -> str:
    """Published courses whose title or lecturer has the text, newest first."""
    with reading() as tx:
        return _options(find_courses(tx, request.args.get("q", ""), number_in(request.args.get("page"))))


@bp.get("/lecturers")
@page(office(Role.TRAINER))
def lecturers() -> str:
    """Lecturers by name or office."""
    with reading() as tx:
        found = library.find_lecturers(
            tx, request.args.get("q", "")[:LONGEST], number_in(request.args.get("page")), SIZE
        )
        return _options(Page([_of_lecturer(card) for card in found.rows], found.total, found.number, found.size))


@bp.get("/organisations/<organisation>")
@page(office(*trainings.MANAGING_ROLES), section=menu.TRAININGS)
def organisations(organisation: str) -> str:
    """Open organisations below a node, by name or code."""
    with reading() as tx:
        holder = trainings.access_holder(tx, actor(), organisation)
        found = find_organisations(tx, holder, request.args.get("q", ""), number_in(request.args.get("page")))
        return _options(found)


def find_courses(tx: Tx, text: str, number: int = 1) -> Page[PickerOption]:
    """Options of published courses."""
    found = library.list_published(tx, page=number, size=SIZE, text=text[:LONGEST].strip())
    return Page([of_course(card) for card in found.rows], found.total, found.number, found.size)


def find_organisations(tx: Tx, holder: Organisation, text: str, number: int = 1) -> Page[PickerOption]:
    """Options of organisations below a node, without itself."""
    found = people.find_organisations(tx, [holder.path], text.strip(), number)
    rows = [node for node in found.rows if node.id != holder.id]
    return Page(of_organisations(tx, rows), found.total, found.number, found.size)


def chosen_organisations(tx: Tx, public_ids: Sequence[str]) -> list[PickerOption]:
    """Options of organisations that were chosen, closed ones too."""
    return of_organisations(tx, people.organisations_of_ids(tx, people.organisation_ids(tx, public_ids)))


def looked_for(name: str) -> tuple[str, int] | None:
    """Without script: what was typed into a picker of the submitted form, and the page, if its button was pressed."""
    form = typed()
    which, _colon, number = form.get("find", "").partition(":")
    return (form.get(f"{name}_search", ""), number_in(number)) if which == name else None


def chosen_courses(tx: Tx, public_ids: Sequence[str]) -> list[PickerOption]:
    """Options of courses that were chosen, in that order; withdrawn ones too."""
    ids = library.course_ids(tx, public_ids)
    cards = library.course_cards(tx, ids.values())
    return [of_course(cards[ids[one]]) for one in dict.fromkeys(public_ids) if ids.get(one) in cards]


def of_course(card: CourseCard) -> PickerOption:
    """A course as an option."""
    version = card.version
    length = (
        timecode(card.duration_ms) if card.duration_ms else count_text("%(n)s 页", card.pages) if card.pages else ""
    )
    notes = [version.lecturer.name if version.lecturer else "", version.category.name, length]
    return PickerOption(
        card.course.public_id,
        version.title,
        " · ".join(note for note in notes if note),
        version.category.symbol,
        card_picture(card.cover),
    )


def of_organisations(tx: Tx, nodes: Sequence[Organisation]) -> list[PickerOption]:
    """Organisations as options: name, and what they belong to."""
    parents = people.organisations_of_ids(tx, [node.parent_id for node in nodes if node.parent_id])
    names = {node.id: node.name for node in parents}
    return [
        PickerOption(node.public_id, node.name, " · ".join(x for x in (names.get(node.parent_id or 0), node.code) if x))
        for node in nodes
    ]


def _of_lecturer(card: LecturerCard) -> PickerOption:
    row = card.lecturer
    fills = {"office": row.office, "is_leader": "1" if row.is_leader else ""}
    return PickerOption(row.name, row.name, row.office, picture=card_picture(card.portrait), face=row.name, fills=fills)


def _options(found: Page[PickerOption]) -> str:
    return render_template("pick/options.html", found=found)
