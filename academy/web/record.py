"""A member's own learning record, year by year, and as a sheet to print."""

from flask import Blueprint, render_template, request

from academy.core import clock
from academy.core.errors import NotFound
from academy.core.i18n import Message, msg
from academy.core.paging import number_in
from academy.faculty import api as faculty
from academy.http import SIGNED_IN, actor, menu, page, reading
from academy.learning import api as learning
from academy.learning.api import RecordYear
from academy.people import api as people
from academy.trainings import api as trainings
from academy.trainings.api import DueTraining

bp = Blueprint("record", __name__)

WAYS: dict[str, Message] = {
    "watched": msg("在线学习"),
    "group_study": msg("集中学习"),
    "imported": msg("历史导入"),
    "corrected": msg("补登"),
}
PRINTED = 500
"""Completions on one sheet; nobody has more in a year."""


@bp.get("/my/record")
@page(SIGNED_IN, menu=menu.ME)
def index() -> str:
    """Courses completed and hours of a year; the present one unless asked otherwise."""
    member_id = actor().member_id
    if not member_id:
        return render_template("record/index.html", member=None, teaches=False)
    with reading() as tx:
        teaches = faculty.find_own_membership(tx, actor()) is not None
        member = people.member_of_id(tx, member_id)
        years = learning.record_years(tx, member_id)
        year = _year(request.args.get("year"), years)
        shown = learning.record_of_year(tx, member_id, year, number_in(request.args.get("page")))
        finished = _finished(trainings.trainings_of_member(tx, member_id), year)
        home = people.ancestors_of(tx, member.organisation)
    return render_template(
        "record/index.html",
        member=member,
        home=home,
        years=years,
        year=year,
        shown=shown,
        finished=finished,
        teaches=teaches,
        ways=WAYS,
    )


@bp.get("/my/record/<int:year>/print")
@page(SIGNED_IN)
def sheet(year: int) -> str:
    """The same on one sheet of paper, with everything of the year."""
    member_id = actor().member_id
    if not member_id:
        return render_template("record/index.html", member=None, teaches=False)
    with reading() as tx:
        member = people.member_of_id(tx, member_id)
        if year not in {clock.today().year, *(one.year for one in learning.record_years(tx, member_id))}:
            raise NotFound
        shown = learning.record_of_year(tx, member_id, year, size=PRINTED)
        finished = _finished(trainings.trainings_of_member(tx, member_id), year)
        home = people.ancestors_of(tx, member.organisation)
    return render_template(
        "record/sheet.html", member=member, home=home, year=year, shown=shown, finished=finished, ways=WAYS
    )


def _year(asked: str | None, years: list[RecordYear]) -> int:
    """The year that was asked for, if there is anything in it; else the present one."""
    known = {str(one.year): one.year for one in years}
    return known.get(asked or "", clock.today().year)


def _finished(found: list[DueTraining], year: int) -> list[DueTraining]:
    return [one for one in found if one.completed_on is not None and one.completed_on.year == year]
