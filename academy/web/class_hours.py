"""The ledger of class hours: the leaders' share term by term, and the lectures behind each figure."""

import functools

from flask import Blueprint, render_template, request

from academy import http
from academy.classes import api as classes
from academy.core.errors import NotFound
from academy.core.paging import number_in
from academy.faculty import api as faculty
from academy.faculty.api import HoursFilter, LecturerLevel
from academy.http import actor, menu, office, reading
from academy.http.personal_data import shows_people
from academy.web.pool import WORDS

bp = Blueprint("class_hours", __name__, url_prefix="/faculty/hours")
page = functools.partial(http.page, section=menu.CLASS_HOURS)


@bp.get("")
@page(office(*faculty.PROGRAMME_READERS), menu=menu.CLASS_HOURS)
def index() -> str:
    """The share of each term against the floor."""
    with reading() as tx:
        faculty.require_programme_office(actor(), "hours:all")
        shares = faculty.term_shares(tx, classes.list_terms(tx))
        return render_template("faculty/hours.html", shares=shares)


@bp.get("/<term>")
@page(office(*faculty.PROGRAMME_READERS))
def term(term: str) -> str:
    """One term: by level, by class, by lecturer."""
    with reading() as tx:
        faculty.require_programme_office(actor(), "hours:all")
        found = classes.access_term(tx, actor(), term)
        (share,) = faculty.term_shares(tx, [found])
        return render_template(
            "faculty/term_hours.html", share=share, term=found, sums=faculty.term_sums(tx, found), **WORDS
        )


@bp.get("/<term>/lectures")
@page(office(*faculty.PROGRAMME_READERS))
@shows_people
def rows(term: str) -> str:
    """The parts behind a figure."""
    args = request.args
    level = args.get("level", "")
    if level and level not in {*LecturerLevel, faculty.NO_LEVEL}:
        raise NotFound
    with reading() as tx:
        faculty.require_programme_office(actor(), "hours:all")
        found = classes.access_term(tx, actor(), term)
        asked = HoursFilter(
            level=level,
            class_id=classes.access_class(tx, actor(), args["class"]).id if args.get("class") else None,
            lecturer_id=faculty.access_pool_membership(tx, actor(), args["lecturer"]).lecturer_id
            if args.get("lecturer")
            else None,
            main=args.get("main") == "1",
            leaders=args.get("leaders") == "1",
        )
        page = faculty.hour_lines(tx, found, asked, number_in(args.get("page")))
        return render_template("faculty/hour_rows.html", term=found, page=page, asked_for=asked, **WORDS)
