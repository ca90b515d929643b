"""Pages of trainings: one's own, planning, coverage down to the names."""

import dataclasses
import datetime as dt
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from academy.core import clock
from academy.core.actor import Role
from academy.core.database import Tx
from academy.core.errors import Invalid
from academy.core.paging import number_in
from academy.coverage import api as coverage
from academy.coverage.api import Coverage, NameFilter
from academy.http import SIGNED_IN, actor, menu, office, page, reading, writing
from academy.http.edit_conflicts import check_version, current_row
from academy.http.languages import count_text, html_lang
from academy.http.personal_data import record_people_shown, shows_people
from academy.people import api as people
from academy.reports import api as reports
from academy.trainings import api as trainings
from academy.trainings.api import TrainingState
from academy.web import coverage_page
from academy.web import training_forms as forms

bp = Blueprint("trainings", __name__)


@bp.get("/my/trainings")
@page(SIGNED_IN, menu=menu.MY_TRAININGS)
def mine() -> str:
    """One's trainings: deadlines, and what is missing."""
    with reading() as tx:
        member = actor().member_id
        found = trainings.trainings_of_member(tx, member) if member else []
        return render_template("trainings/mine.html", trainings=found, is_member=member is not None)


@bp.get("/trainings")
@page(office(*trainings.VIEWING_ROLES), menu=menu.TRAININGS, offered_to=(Role.NODE_ADMINISTRATOR,))
def index() -> str:
    """All trainings that concern one's node."""
    with reading() as tx:
        nodes = trainings.view_roots(tx, actor())
        node = next((n for n in nodes if n.public_id == request.args.get("organisation")), nodes[0])
        page = trainings.trainings_overview(tx, actor(), node, number_in(request.args.get("page")), drafts=True)
        may_plan = actor().may(node.path, *trainings.MANAGING_ROLES)
        return render_template(
            "trainings/index.html", page=page, node=node, nodes=nodes, may_plan=may_plan, states=forms.STATES
        )


@bp.get("/trainings/new/<organisation>")
@page(office(*trainings.MANAGING_ROLES), section=menu.TRAININGS)
def new(organisation: str) -> str:
    """An empty plan for a node."""
    with reading() as tx:
        holder = trainings.access_holder(tx, actor(), organisation)
        return forms.render(tx, holder, None, forms.blank(request.args.get("clip", "")[:300]), {})


@bp.post("/trainings/new/<organisation>")
@page(office(*trainings.MANAGING_ROLES), form=forms.PlanForm, section=menu.TRAININGS)
def create(organisation: str) -> str | tuple[str, int] | Response:
    """Save a draft, or count its audience first."""
    try:
        if forms.is_preview():
            with reading() as tx:
                return forms.render_preview(tx, trainings.access_holder(tx, actor(), organisation), None)
        if forms.is_search():
            with reading() as tx:
                holder = trainings.access_holder(tx, actor(), organisation)
                return forms.render(tx, holder, None, forms.filled(), {})
        with writing() as tx:
            holder = trainings.access_holder(tx, actor(), organisation)
            made = trainings.create_training(tx, actor(), holder, forms.plan(tx, holder))
    except Invalid as error:
        with reading() as tx:
            holder = trainings.access_holder(tx, actor(), organisation)
            return forms.render(tx, holder, None, forms.filled(), error.fields), error.status
    return redirect(url_for(".show", public_id=made.public_id))


@bp.get("/trainings/<public_id>")
@page(office(*trainings.VIEWING_ROLES), section=menu.TRAININGS)
def show(public_id: str) -> str:
    """A training: plan, audience, figures, operations."""
    with reading() as tx:
        training = trainings.access_training(tx, actor(), public_id)
        return forms.render_training(tx, training)


@bp.get("/trainings/<public_id>/edit")
@page(office(*trainings.MANAGING_ROLES), section=menu.TRAININGS)
def edit(public_id: str) -> str:
    """The form to change the plan."""
    with reading() as tx:
        training = trainings.access_own_training(tx, actor(), public_id)
        return forms.render(tx, forms.holder_of(tx, training), training, forms.of_training(tx, training), {})


@bp.post("/trainings/<public_id>/edit")
@page(office(*trainings.MANAGING_ROLES), form=forms.PlanForm, section=menu.TRAININGS)
def save(public_id: str) -> str | tuple[str, int] | Response:
    """Save a changed plan, or count its audience first."""
    try:
        if forms.is_preview():
            with reading() as tx:
                training = trainings.access_own_training(tx, actor(), public_id)
                return forms.render_preview(tx, forms.holder_of(tx, training), training)
        if forms.is_search():
            with reading() as tx:
                training = trainings.access_own_training(tx, actor(), public_id)
                return forms.render(tx, forms.holder_of(tx, training), training, forms.filled(), {})
        with writing() as tx:
            training = trainings.access_own_training(tx, actor(), public_id)
            holder = forms.holder_of(tx, current_row(tx, training))
            check_version(forms.of_training(tx, training), forms.LABELS)
            trainings.edit_training(tx, actor(), training, forms.plan(tx, holder))
    except Invalid as error:
        with reading() as tx:
            training = trainings.access_own_training(tx, actor(), public_id)
            page = forms.render(tx, forms.holder_of(tx, training), training, forms.filled(), error.fields)
            return page, error.status
    flash(gettext("已保存。"))
    return redirect(url_for(".show", public_id=public_id))


@bp.post("/trainings/<public_id>/open")
@page(office(*trainings.MANAGING_ROLES), section=menu.TRAININGS)
def open_(public_id: str) -> Response:
    """Enrol the audience; a large one is enrolled by a job, which the page follows."""
    with writing() as tx:
        number = trainings.begin_opening(tx, actor(), trainings.access_own_training(tx, actor(), public_id))
    if number is not None:
        flash(count_text("培训已开始，%(n)s 名党员列入培训范围。", number, n=f"{number:,}"))
    return redirect(url_for(".show", public_id=public_id))


@bp.post("/trainings/<public_id>/<any(close, archive, discard, copy):verb>")
@page(office(*trainings.MANAGING_ROLES), section=menu.TRAININGS)
def change(public_id: str, verb: str) -> Response:
    """Close, archive, discard or copy it."""
    with writing() as tx:
        training = trainings.access_own_training(tx, actor(), public_id)
        made = forms.VERBS[verb](tx, actor(), training)
        shown = made.public_id if made is not None else public_id
    if verb == "discard":
        return redirect(url_for(".index"))
    return redirect(url_for(".edit" if verb == "copy" else ".show", public_id=shown))


@bp.get("/coverage/<training>/<organisation>", endpoint="coverage")
@page(office(*trainings.VIEWING_ROLES), section=menu.COVERAGE)
def show_coverage(training: str, organisation: str) -> str:
    """Coverage of a node on a day: figures, children, and names where there are no children."""
    with reading() as tx:
        plan, node = trainings.access_coverage(tx, actor(), training, organisation)
        day = past_day(request.args.get("day"))
        sort, falling = request.args.get("sort", "missing"), request.args.get("order", "desc") == "desc"
        found = coverage.coverage_of(tx, plan, node, day, sort, falling=falling)
        chosen = coverage.read_filters(request.args)
        measured = coverage.measure_filtered(tx, found, chosen) if chosen else []
    if measured:
        # Figures shown for a day are stored: a day has one figure, whatever is corrected later.
        with writing() as tx:
            coverage.publish_filtered(tx, found, measured)
    with reading() as tx:
        if chosen:
            return _filtered(tx, found, chosen)
        listed = None
        if not found.lines:
            name_filter = dataclasses.replace(name_filter_in(plan, node, day), sort="progress")
            listed = coverage.list_names(tx, name_filter, number_in(request.args.get("page")))
        trail = trainings.view_trail(tx, actor(), node)
        words = _words(found, listed) | {"filters": coverage.filter_options(tx, html_lang()[:2])}
        page = render_template("trainings/coverage.html", **words, **coverage_page.standing(tx, found), trail=trail)
    if listed is not None and listed.total:
        record_people_shown()
    return page


def _filtered(tx: Tx, found: Coverage, chosen: dict[str, str]) -> str:
    """The figures of the members who match some filters; without names, small groups withheld."""
    result = coverage.filter_coverage(tx, found, chosen)
    return render_template(
        "trainings/filtered.html",
        **_words(found, None) | {"definition": reports.coverage_definition(result.day)},
        trail=trainings.view_trail(tx, actor(), found.node),
        filters=coverage.filter_options(tx, html_lang()[:2]),
        result=result,
        blurred=coverage.BLURRED_NOTE,
    )


@bp.get("/coverage/<training>/<organisation>/names")
@page(office(*trainings.VIEWING_ROLES), section=menu.COVERAGE)
@shows_people
def name_list(training: str, organisation: str) -> str:
    """The names of a node with everything below it, filtered."""
    with reading() as tx:
        plan, node = trainings.access_coverage(tx, actor(), training, organisation)
        day = past_day(request.args.get("day"))
        found = coverage.coverage_of(tx, plan, node, day)
        listed = coverage.list_names(tx, name_filter_in(plan, node, day), number_in(request.args.get("page")))
        trail = trainings.view_trail(tx, actor(), node)
        return render_template("trainings/names.html", **_words(found, listed), trail=trail)


def _words(found: Coverage, listed: Any) -> dict[str, Any]:
    return {
        "found": found,
        "names": listed,
        "definition": reports.coverage_definition(found.day),
        "statuses": list(coverage.NAME_STATUSES.items()),
        "levels": people.ORGANISATION_LEVELS,
        "today": clock.today(),
        "is_running": found.training.state == TrainingState.OPEN and found.day is None,
    }


def past_day(text: str | None) -> dt.date | None:
    """A past day from a query string; today and invalid input are now."""
    try:
        day = clock.read_day(text or "")
    except ValueError:
        return None
    return day if day < clock.today() else None


def name_filter_in(training: Any, node: Any, day: dt.date | None) -> NameFilter:
    """The filter of names in the query string."""
    args = request.args
    return NameFilter(
        training=training,
        node=node,
        day=day,
        status=args.get("status", ""),
        text=args.get("text", "").strip()[:60],
        direct=bool(args.get("direct")),
        sort=args.get("sort", ""),
    )
