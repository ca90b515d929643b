"""Review: the queue, one course in full, the decision."""

import functools
from collections.abc import Callable, Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from academy import http
from academy.accounts import api as accounts
from academy.core.actor import Role
from academy.core.database import Tx
from academy.core.errors import Invalid
from academy.core.i18n import Message
from academy.core.paging import number_in
from academy.http import actor, menu, office, reading, writing
from academy.http.forms import Form, Number, Text, Verb, typed
from academy.library import api as library
from academy.library.api import Course, CourseState
from academy.media import api as media
from academy.web.learn import addresses, begins_at, second_in
from academy.web.pinned_comments import CommentForm, CommentVerbForm, change_comment, pinned_comments

bp = Blueprint("review", __name__, url_prefix="/review")
page = functools.partial(http.page, section=menu.REVIEW)

SHOWN = (
    CourseState.SUBMITTED,
    CourseState.APPROVED,
    CourseState.PUBLISHED,
    CourseState.RETURNED,
    CourseState.WITHDRAWN,
)


@bp.get("")
@page(office(Role.REVIEWER), menu=menu.REVIEW, waiting=library.count_to_review)
def index() -> str:
    """Pending courses, longest waiting first; and decided ones."""
    state = request.args.get("state", "")
    state = state if state in SHOWN else CourseState.SUBMITTED
    own = bool(request.args.get("own")) and state == CourseState.SUBMITTED
    with reading() as tx:
        page = library.review_queue(tx, actor(), number_in(request.args.get("page")), state=state, own=own)
        elsewhere = library.count_to_review(tx, actor(), own=True)
    return render_template("review/index.html", page=page, state=state, shown=SHOWN, own=own, elsewhere=elsewhere)


@bp.get("/proposals")
@page(office(Role.REVIEWER), menu=menu.PROPOSALS, waiting=library.count_open_proposals)
def proposal_list() -> str:
    """Pending proposals for the text of published lectures."""
    with reading() as tx:
        page = library.open_proposals(tx, actor(), number_in(request.args.get("page")))
        names = accounts.account_names(tx, [row.account_id for row in page.rows])
        return render_template("review/proposals.html", page=page, names=names, kinds=library.PROPOSAL_NAMES)


@bp.get("/proposals/<proposal_id>")
@page(office(Role.REVIEWER))
def proposal(proposal_id: str) -> str:
    """The differences, line by line."""
    with reading() as tx:
        return _proposal(tx, proposal_id)


class ContentProposalForm(Form):
    """The decision on the revision that was read, and its reason."""

    verb = Verb("approve", "return", otherwise="return")
    comment = Text()
    seen = Number()


@bp.post("/proposals/<proposal_id>")
@page(office(Role.REVIEWER), form=ContentProposalForm)
def decide_proposal(proposal_id: str) -> Response | tuple[str, int]:
    """Approve a proposal or return it."""
    try:
        with writing() as tx:
            row = library.access_proposal(tx, actor(), proposal_id)
            form = ContentProposalForm.read()
            if form.verb.data == "approve":
                library.approve_proposal(tx, actor(), row, seen=form.seen.data)
                done = _("已通过，党员现在能看到。")
            else:
                library.return_proposal(tx, actor(), row, comment=form.comment.data, seen=form.seen.data)
                done = _("已退回，作者会收到您的意见。")
    except Invalid as error:
        with reading() as tx:
            return _proposal(tx, proposal_id, error.fields), 422
    flash(done)
    return redirect(url_for(".proposal_list"), 303)


def _proposal(tx: Tx, proposal_id: str, errors: Mapping[str, Message] | None = None) -> str:
    row = library.access_proposal(tx, actor(), proposal_id)
    return render_template(
        "review/proposal.html",
        row=row,
        changes=library.proposal_changes(tx, row),
        what=library.PROPOSAL_NAMES[row.kind],
        author=accounts.account_names(tx, [row.account_id]).get(row.account_id, ""),
        mine=row.account_id == actor().account_id,
        errors=errors or {},
        comment=typed().get("comment", ""),
    )


@bp.get("/<public_id>")
@page(office(Role.REVIEWER))
def course(public_id: str) -> str:
    """All data for a decision on a course."""
    with reading() as tx:
        return _desk(tx, public_id)


class ReviewDecisionForm(Form):
    """The decision on the revision that was read, and its reason."""

    verb = Verb("return", "approve", "approve_and_publish", "publish", "withdraw", "republish", otherwise="return")
    comment = Text()
    seen = Number()


@bp.post("/<public_id>")
@page(office(Role.REVIEWER), form=ReviewDecisionForm)
def decide(public_id: str) -> Response | tuple[str, int]:
    """Approve, return, publish, withdraw or republish, by the pressed button."""
    try:
        with writing() as tx:
            row = library.access_course_for_review(tx, actor(), public_id)
            form = ReviewDecisionForm.read()
            done = _ACTS[form.verb.data](tx, row, form)
    except Invalid as error:
        with reading() as tx:
            return _desk(tx, public_id, error.fields), 422
    flash(done)
    return redirect(url_for(".index"), 303)


@bp.post("/<public_id>/comments")
@page(office(Role.REVIEWER), form=CommentForm)
def add_comment(public_id: str) -> Response | tuple[str, int]:
    """Pin a comment to a second or a page."""
    try:
        with writing() as tx:
            row, form = library.access_course_for_review(tx, actor(), public_id), CommentForm.read()
            item = form.item.data
            made = library.add_comment(tx, actor(), row, item=item, place=form.place.data, body=form.body.data)
            where = f"comment-{made.public_id}"
    except Invalid as error:
        with reading() as tx:
            return _desk(tx, public_id, error.fields), 422
    flash(_("批注已保存，作者会收到消息。"))
    return redirect(url_for(".course", public_id=public_id, item=item, _anchor=where), 303)


@bp.post("/<public_id>/comments/<comment_id>")
@page(office(Role.REVIEWER), form=CommentVerbForm)
def change_pinned(public_id: str, comment_id: str) -> Response | tuple[str, int]:
    """Answer a comment, mark it as dealt with, or take that back."""
    try:
        with writing() as tx:
            row = library.access_course_for_review(tx, actor(), public_id)
            done = change_comment(tx, row, comment_id, CommentVerbForm.read())
    except Invalid as error:
        with reading() as tx:
            return _desk(tx, public_id, error.fields, answered=comment_id), 422
    flash(done)
    item = request.args.get("item")
    return redirect(url_for(".course", public_id=public_id, item=item, _anchor=f"comment-{comment_id}"), 303)


def _return(tx: Tx, row: Course, form: ReviewDecisionForm) -> str:
    library.return_course(tx, actor(), row, comment=form.comment.data, seen=form.seen.data)
    return str(_("已退回，作者会收到您的意见。"))


def _approve(tx: Tx, row: Course, form: ReviewDecisionForm) -> str:
    library.approve_course(tx, actor(), row, comment=form.comment.data, seen=form.seen.data)
    return str(_("已通过。"))


def _approve_and_publish(tx: Tx, row: Course, form: ReviewDecisionForm) -> str:
    library.approve_course(tx, actor(), row, comment=form.comment.data, seen=form.seen.data)
    library.publish_course(tx, actor(), row)
    return str(_("已通过并发布，党员现在就能看到。"))


def _publish(tx: Tx, row: Course, _form: ReviewDecisionForm) -> str:
    library.publish_course(tx, actor(), row)
    return str(_("已发布，党员现在就能看到。"))


def _withdraw(tx: Tx, row: Course, form: ReviewDecisionForm) -> str:
    library.withdraw_course(tx, actor(), row, reason=form.comment.data)
    return str(_("已下架。"))


def _republish(tx: Tx, row: Course, _form: ReviewDecisionForm) -> str:
    library.republish_course(tx, actor(), row)
    return str(_("已重新上架。"))


_ACTS: dict[str, Callable[[Tx, Course, ReviewDecisionForm], str]] = {
    "return": _return,
    "approve": _approve,
    "approve_and_publish": _approve_and_publish,
    "publish": _publish,
    "withdraw": _withdraw,
    "republish": _republish,
}


def _desk(tx: Tx, public_id: str, errors: Mapping[str, Message] | None = None, *, answered: str | None = None) -> str:
    row = library.access_course_for_review(tx, actor(), public_id)
    page = library.course_page(tx, row, library.reviewed_version(row))
    asked = typed().get("item") or request.args.get("item")
    playing = next((line for line in page.lines if line.item.public_id == asked), None)
    playing = playing or next(iter(page.lines), None)
    asset = playing.asset if playing else None
    cues = media.cues_of(tx, asset.id) if asset else []
    comments = pinned_comments(tx, row, page.version)
    return render_template(
        "review/course.html",
        page=page,
        playing=playing,
        **addresses(tx, asset, "staff"),
        cues=cues,
        start_ms=begins_at([cue.start_ms for cue in cues], second_in(request.args.get("t", ""))),
        start_page=second_in(request.args.get("page", "")),
        author=accounts.account_names(tx, [row.created_by]).get(row.created_by, ""),
        said=library.decisions_on(tx, row),
        verbs=library.offered_verbs(row, is_author=row.created_by == actor().account_id, is_reviewer=True),
        mine=row.created_by == actor().account_id,
        comments=comments,
        pins=comments.of_item(playing.item if playing else None),
        may_comment=library.may_comment(actor(), row),
        answered=answered,
        errors=errors or {},
        comment=typed().get("comment", ""),
    )
