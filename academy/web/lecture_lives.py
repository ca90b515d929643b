"""A lecture's whole life on one page."""

import functools

from flask import Blueprint, render_template, url_for

from academy import http
from academy.core.actor import Role
from academy.faculty import api as faculty
from academy.http import actor, menu, office, reading
from academy.http.personal_data import shows_people
from academy.web.contests import STATES as CONTEST_STATES
from academy.web.evaluations import question_words
from academy.web.lectures import MATERIAL_TONES, NAMES

bp = Blueprint("lecture_lives", __name__, url_prefix="/faculty/lectures")
page = functools.partial(http.page, section=menu.LECTURES)


@bp.get("/<public_id>/life")
@page(office(*faculty.PROGRAMME_READERS))
@shows_people
def show(public_id: str) -> str:
    """Who asked for a lecture, why it was matched, what the review changed, who was there, whom it has reached since,
    how it was judged: each line with its evidence and day."""
    with reading() as tx:
        lecture = faculty.access_lecture(tx, actor(), public_id)
        trail = url_for("audit.index", target=f"lecture:{public_id}") if actor().has(Role.AUDITOR) else ""
        return render_template(
            "faculty/life.html",
            lecture=lecture,
            life=faculty.lecture_life(tx, actor(), lecture),
            trail=trail,
            consent_names=faculty.CONSENT_NAMES,
            contest_states=CONTEST_STATES,
            evaluation_kinds=faculty.EVALUATION_NAMES,
            invitation_states=faculty.ASSIGNMENT_STATE_NAMES,
            least=faculty.LEAST_ANSWERS,
            material_names=faculty.MATERIAL_NAMES,
            material_states=faculty.MATERIAL_STATE_NAMES,
            material_tones=MATERIAL_TONES,
            words=question_words,
            **NAMES,
        )
