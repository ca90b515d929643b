"""Pages of search."""

import functools
from collections.abc import Mapping

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from academy import http
from academy.core.actor import Role
from academy.core.database import Tx
from academy.core.errors import Invalid
from academy.core.i18n import Message
from academy.core.paging import number_in
from academy.http import SIGNED_IN, actor, menu, office, reading, runtime, writing
from academy.http.forms import Form, Text, typed
from academy.library import api as library
from academy.media import api as media
from academy.search import api as search
from academy.search.api import SearchFilters

bp = Blueprint("search", __name__)
page = functools.partial(http.page, search_open=True)
EDITORS = (Role.REVIEWER, Role.TRAINER, Role.SYSTEM_ADMINISTRATOR)


def _number(name: str) -> int | None:
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def _one_of(name: str, allowed: tuple[str, ...]) -> str:
    text = request.args.get(name, "")
    return text if text in allowed else ""


def _filters() -> SearchFilters:
    return SearchFilters(
        category=_number("category"),
        lecturer=_number("lecturer"),
        year=_number("year"),
        length=_one_of("length", tuple(search.LENGTH_FILTERS)),
        finished=_one_of("finished", search.FINISHED_FILTER),
        sort=_one_of("sort", search.SORT_ORDERS) or search.SORT_ORDERS[0],
    )


@bp.get("/search")
@page(SIGNED_IN, rate=120, screen=True)
def results() -> str:
    """Search results; the address can be shared."""
    text, literally = request.args.get("q", ""), request.args.get("exact") == "1"
    page = number_in(request.args.get("page"))
    found = search.search_lectures(runtime(), actor(), text, _filters(), page, literally=literally)
    if page == 1 and not found.filters.any:
        search.record_query(runtime().db, found)
    return render_template("search/results.html", found=found, text=found.question.text)


@bp.get("/search/suggest")
@page(SIGNED_IN, screen=True)
def suggest() -> Response:
    """Suggestions while typing, as JSON."""
    return jsonify(search.suggest_queries(runtime(), request.args.get("q", "")))


@bp.get("/search/in/<item_public_id>")
@page(SIGNED_IN, screen=True)
def within(item_public_id: str) -> Response:
    """Matching lines of one item, as JSON: milliseconds, page (0 for audio and video), text in pieces."""
    with reading() as tx:
        item_id = library.access_item_for_member(tx, actor(), item_public_id).item_id
    lines = search.search_item(runtime(), item_id, request.args.get("q", ""))
    return jsonify([{"ms": line.start_ms, "page": line.page, "text": line.text.pieces} for line in lines])


@bp.get("/search/terms")
@page(office(*EDITORS), menu=menu.DICTIONARY)
def terms() -> str:
    """The city's own terms, kept whole in search, with frequent misrecognitions in captions."""
    return _terms({}, {})


class TermForm(Form):
    """A term, and one misrecognition of it."""

    text = Text()
    wrong = Text()


@bp.post("/search/terms")
@page(office(*EDITORS), form=TermForm, section=menu.DICTIONARY)
def add_term() -> Response | tuple[str, int]:
    """Add a term, or another misrecognition of it."""
    try:
        with writing() as tx:
            form = TermForm.read()
            _learn(tx, form.text.data, form.wrong.data)
    except Invalid as error:
        return _terms(error.fields, typed()), 422
    flash(gettext("已加入词典，相关课程正在重新整理。"))
    return redirect(url_for("search.terms"), 303)


def _learn(tx: Tx, text: str, wrong: str) -> None:
    if wrong.strip():
        media.add_glossary_term(tx, actor(), wrong, search.ensure_dictionary_term(tx, actor(), text))
    else:
        search.add_dictionary_term(tx, actor(), text)


def _terms(errors: Mapping[str, Message], form: Mapping[str, str]) -> str:
    with reading() as tx:
        page = search.dictionary_page(tx, number_in(request.args.get("page")))
        misheard = media.known_mistakes(tx, [term.text for term in page.rows])
    return render_template("search/terms.html", page=page, misheard=misheard, errors=errors, form=form)


@bp.post("/search/terms/misheard/<public_id>/remove")
@page(office(*EDITORS), section=menu.DICTIONARY)
def forget_mistake(public_id: str) -> Response:
    """Remove a misrecognition."""
    with writing() as tx:
        media.remove_glossary_term(tx, actor(), public_id)
    flash(gettext("已移出词典。"))
    return redirect(url_for("search.terms"), 303)


@bp.post("/search/terms/<int:term_id>/remove")
@page(office(*EDITORS), section=menu.DICTIONARY)
def remove_term(term_id: int) -> Response:
    """Remove a term."""
    with writing() as tx:
        search.remove_dictionary_term(tx, actor(), term_id)
    flash(gettext("已移出词典。"))
    return redirect(url_for("search.terms"), 303)


@bp.get("/search/asked")
@page(office(*EDITORS), section=menu.DICTIONARY)
def asked_for() -> str:
    """Searches of the last thirty days, and those without results."""
    everything = request.args.get("all") == "1"
    search.flush_query_log(runtime().db)
    with reading() as tx:
        page = search.asked_queries(tx, missing=not everything, number=number_in(request.args.get("page")))
    return render_template("search/asked.html", page=page, everything=everything)
