"""The organisation tree and its members."""

import functools
from typing import Any

import segno
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from academy import http
from academy.accounts import api as accounts
from academy.core import clock
from academy.core.actor import Role
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import AcademyError, Conflict, Invalid
from academy.core.i18n import Message, msg
from academy.core.paging import number_in
from academy.http import actor, menu, office, reading, runtime, writing
from academy.http.edit_conflicts import check_version, current_row
from academy.http.filters import iso
from academy.http.forms import Choice, Day, Form, Key, Number, Text, Verb, typed
from academy.http.languages import html_lang
from academy.http.personal_data import shows_people
from academy.people import api as people
from academy.people.api import Member, Organisation, TreeOn
from academy.web.member_forms import FIELDS, change_seen

bp = Blueprint("members", __name__)
page = functools.partial(http.page, section=menu.PEOPLE)

WORDS = {
    "kinds": people.ORGANISATION_KINDS,
    "levels": people.ORGANISATION_LEVELS,
    "statuses": people.STATUSES,
    "genders": people.GENDERS,
}


@bp.app_template_global()
def sector_words(*, offered: bool = False) -> dict[str, str]:
    """Code → name of each sector in the reader's language."""
    with reading() as tx:
        return people.sector_names(tx, html_lang(), offered=offered)


def errors_by_field(error: AcademyError) -> dict[str, Message]:
    """A form's errors by field; an error of the form as a whole has the empty name."""
    return error.fields if isinstance(error, Invalid) and error.fields else {"": error.message}


def trail(tx: Tx, node: Organisation) -> list[tuple[str, str | None]]:
    """The breadcrumb: nodes above one's scope are named, not linked."""
    mine = actor().paths(*people.ROSTER_READERS)
    return [
        (
            above.name,
            url_for("members.organisation", public_id=above.public_id)
            if any(above.path.startswith(path) for path in mine)
            else None,
        )
        for above in people.ancestors_of(tx, node)
    ]


@bp.get("/organisations")
@page(office(*people.ROSTER_READERS), menu=menu.PEOPLE)
@shows_people
def index() -> str | Response:
    """The top nodes of one's scope; search results when something is searched."""
    paths, text = actor().paths(*people.ROSTER_READERS), request.args.get("q", "").strip()
    with reading() as tx:
        tops = people.organisations_at(tx, paths)
        if text:
            found = people.find_organisations(tx, paths, text, number_in(request.args.get("page")))
            return render_template("members/found.html", page=found, text=text, **WORDS)
    if len(tops) == 1:
        return redirect(url_for("members.organisation", public_id=tops[0].public_id))
    return render_template("members/index.html", tops=tops, **WORDS)


@bp.get("/organisations/<public_id>")
@page(office(*people.ROSTER_READERS))
@shows_people
def organisation(public_id: str) -> str:
    """A node: its child nodes and members."""
    with reading() as tx:
        node = people.access_organisation(tx, actor(), public_id)
        below = people.children_of(tx, node)
        return render_template(
            "members/organisation.html",
            node=node,
            trail=trail(tx, node),
            children=below,
            merged=people.merger_of(tx, node),
            page=_people(tx, node),
            direct=people.members_of(tx, node, direct=True).total if below else 0,
            **WORDS,
        )


def _people(tx: Tx, node: Organisation) -> Any:
    text = request.args.get("q", "").strip()[:60]
    return people.members_of(
        tx,
        node,
        text=text,
        phone_index=accounts.phone_index_of(runtime(), text),
        status=request.args.get("status", ""),
        page=number_in(request.args.get("page")),
    )


@bp.get("/organisations/<public_id>/new")
@page(office(*people.TREE_EDITORS))
def new_organisation(public_id: str) -> str:
    """The form for a new node."""
    with reading() as tx:
        node = people.access_organisation(tx, actor(), public_id, *people.TREE_EDITORS)
        return render_template("members/new_organisation.html", node=node, errors={}, form={}, **WORDS)


class NewOrganisationForm(Form):
    """Fields of a new node."""

    code = Text()
    name = Text()
    kind = Choice(people.ORGANISATION_KINDS)
    level = Choice(people.ORGANISATION_LEVELS)
    sector = Key()


@bp.post("/organisations/<public_id>/new")
@page(office(*people.TREE_EDITORS), form=NewOrganisationForm)
def create_organisation(public_id: str) -> Any:
    """Create a node below this one."""
    try:
        with writing() as tx:
            node = people.access_organisation(tx, actor(), public_id, *people.TREE_EDITORS)
            form = NewOrganisationForm.read()
            made = people.create_organisation(tx, actor(), parent=node, **form.data)
    except (Invalid, Conflict) as error:
        page = render_template(
            "members/new_organisation.html", node=node, errors=errors_by_field(error), form=typed(), **WORDS
        )
        return page, error.status
    flash(gettext("已新增“%(name)s”。", name=made.name), "good")
    return redirect(url_for("members.organisation", public_id=made.public_id), 303)


@bp.get("/organisations/<public_id>/change")
@page(office(*people.TREE_EDITORS))
def change_organisation(public_id: str) -> str:
    """The form to rename, move or close a node."""
    return _change_page(public_id, {})


def _change_page(public_id: str, errors: dict[str, Message]) -> str:
    with reading() as tx:
        node = people.access_organisation(tx, actor(), public_id, *people.TREE_EDITORS)
        spells = people.spells_of(tx, node)
        return render_template(
            "members/change_organisation.html", node=node, errors=errors, spells=spells, trail=trail(tx, node), **WORDS
        )


class OrganisationForm(Form):
    """Operation on a node."""

    verb = Verb("rename", "move", "sector", "close")
    name = Text()
    parent = Text()
    seen = Number(17)
    sector = Key()
    on = Day()


@bp.post("/organisations/<public_id>/change")
@page(office(*people.TREE_EDITORS), form=OrganisationForm)
def change_organisation_post(public_id: str) -> Any:
    """Rename, move or close a node."""
    try:
        with writing() as tx:
            node = people.access_organisation(tx, actor(), public_id, *people.TREE_EDITORS)
            _change(tx, node, OrganisationForm.read())
    except (Invalid, Conflict) as error:
        return _change_page(public_id, errors_by_field(error)), error.status
    flash(gettext("已保存。"), "good")
    return redirect(url_for("members.organisation", public_id=public_id), 303)


def _change(tx: Tx, node: Organisation, form: OrganisationForm) -> None:
    verb, on = form.verb.data, form.on.data
    if verb == "rename":
        check_version({"name": current_row(tx, node).name}, {"name": msg("新名称")})
        people.rename_organisation(tx, actor(), node, form.name.data, on=on)
    elif verb == "move":
        target = people.find_organisation(tx, actor().paths(*people.TREE_EDITORS), form.parent.data)
        if target is None:
            raise Invalid(fields={"parent": msg("在您的管理范围内没有这个组织代码。")})
        people.move_organisation(tx, actor(), node, target, on=on, seen_parent_id=form.seen.data)
    elif verb == "sector":
        check_version({"sector": current_row(tx, node).sector}, {"sector": msg("领域")})
        people.set_sector(tx, actor(), node, form.sector.data)
    else:
        people.close_organisation(tx, actor(), node, on=on)


@bp.get("/organisations/<public_id>/past")
@page(office(*people.ROSTER_READERS))
@shows_people
def past(public_id: str) -> str:
    """The node on a past day: its child nodes, and number of members."""
    try:
        on = clock.read_day(request.args.get("on", ""))
    except ValueError:
        on = clock.today()
    with reading() as tx:
        node = people.access_organisation(tx, actor(), public_id)
        tree = TreeOn(tx, min(on, clock.today()))
        below = tree.children(node.id)
        ids = people.organisation_public_ids(tx, [then.id for then in below])
        mine = {row: public for row, (public, path) in ids.items() if actor().may(path, *people.ROSTER_READERS)}
        return render_template("members/past.html", node=node, tree=tree, children=below, links=mine)


@bp.get("/organisations/<public_id>/members/new")
@page(office(*people.ROSTER_KEEPERS))
def new_member(public_id: str) -> str:
    """The form for a new member."""
    with reading() as tx:
        node = people.access_organisation(tx, actor(), public_id, *people.ROSTER_KEEPERS)
        return render_template("members/new_member.html", node=node, errors={}, form={}, **WORDS)


class NewMemberForm(Form):
    """Fields of a new member."""

    number = Text()
    name = Text()
    phone = Text()
    gender = Choice(people.GENDERS)
    birth_date = Day()
    joined_on = Day()


@bp.post("/organisations/<public_id>/members/new")
@page(office(*people.ROSTER_KEEPERS), form=NewMemberForm)
def create_member(public_id: str) -> Any:
    """Enter one person."""
    try:
        with writing() as tx:
            node = people.access_organisation(tx, actor(), public_id, *people.ROSTER_KEEPERS)
            form = NewMemberForm.read()
            made = people.add_member(
                tx,
                actor(),
                runtime().sealer,
                node,
                number=form.number.data,
                name=form.name.data,
                phone=form.phone.data,
                gender=form.gender.data or None,
                birth_date=form.birth_date.data,
                joined_on=form.joined_on.data,
            )
    except (Invalid, Conflict) as error:
        errors = errors_by_field(error)
        return render_template("members/new_member.html", node=node, errors=errors, form=typed(), **WORDS), error.status
    return redirect(url_for("members.member", public_id=made.public_id), 303)


@bp.get("/members/<public_id>")
@page(office(*people.ROSTER_READERS))
def member(public_id: str) -> str:
    """One member. Reading personal data is audited."""
    with reading() as tx:
        person = people.access_member(tx, actor(), public_id)
    return _member_page(person, {})


def _member_page(person: Member, errors: dict[str, Message], code: str = "") -> str:
    link = accounts.activation_link(url_for("accounts.activate", _external=True), person.number, code)
    with writing() as tx:
        # Here, and not in one of the routes: a failed change shows the same data.
        person = people.member_of_id(tx, person.id)
        record(tx, actor(), "member.read", f"member:{person.public_id}")
        return render_template(
            "members/member.html",
            person=person,
            kept=_particulars(person),
            trail=trail(tx, person.organisation),
            phone=people.masked_phone(runtime().sealer, person),
            memberships=people.memberships_of(tx, person.id),
            exemptions=people.exemptions_of(tx, person.id),
            terms=people.terms_of(tx, person.id),
            undoable=people.undoable_changes(tx, person),
            posts=people.POSTS,
            account=accounts.account_of_member(tx, person.id),
            restriction=accounts.restriction_of(tx, person.id),
            keeps=actor().may(person.organisation.path, *people.ROSTER_KEEPERS),
            decides=actor().may(person.organisation.path, Role.NODE_ADMINISTRATOR),
            errors=errors,
            code=code,
            code_picture=segno.make(link, error="m").svg_data_uri(scale=5, border=2) if code else "",
            **WORDS,
        )


class MemberForm(Form):
    """Personal data, or a transfer or change of status that was previewed. Personal data is parsed by the service, from
    texts: a date may be a month, and fields not sent stay unchanged."""

    verb = Verb("edit", "transfer", "status")
    name = Text()
    gender = Key()
    birth_date = Text()
    joined_on = Text()
    education = Text()
    position = Text()
    position_since = Text()
    phone = Text()
    organisation = Text()
    status = Choice(people.STATUSES)
    note = Text()
    on = Day()
    seen = Text()


@bp.post("/members/<public_id>")
@page(office(*people.ROSTER_KEEPERS), form=MemberForm)
def change_member(public_id: str) -> Any:
    """Change personal data, status or branch of a member, by the pressed button."""
    try:
        with writing() as tx:
            person = people.access_member(tx, actor(), public_id, *people.ROSTER_KEEPERS)
            _change_member(tx, person, MemberForm.read())
    except (Invalid, Conflict) as error:
        return _member_page(person, errors_by_field(error)), error.status
    flash(gettext("已保存。"), "good")
    return redirect(url_for("members.member", public_id=public_id), 303)


PARTICULARS = {
    "name": msg("姓名"),
    "birth_date": msg("出生日期"),
    "joined_on": msg("入党日期"),
    "education": msg("学历"),
    "position": msg("职务"),
    "position_since": msg("任职日期"),
}


def _particulars(person: Member) -> dict[str, Any]:
    """The values that the form of a member's personal data replaces. The phone is not shown in it."""
    dates = {name: iso(person.known_date(name)) for name in ("birth_date", "joined_on", "position_since")}
    plain = {name: getattr(person, name) for name in ("name", "gender", "education", "position")}
    return plain | dates


def _change_member(tx: Tx, person: Member, form: MemberForm) -> None:
    verb = form.verb.data
    if verb == "edit":
        check_version(_particulars(current_row(tx, person)), PARTICULARS)
        people.edit_member(tx, actor(), runtime().sealer, person, form.sent(*PARTICULARS, "gender", "phone"))
    else:
        seen = form.seen.data if form.seen.raw_data else None
        change_seen(tx, person, verb, form.sent(*FIELDS[verb]), form.on.data, seen)


@bp.post("/members/<public_id>/code")
@page(office(*people.ROSTER_READERS))
def code(public_id: str) -> Any:
    """The code is shown on this page only."""
    try:
        with writing() as tx:
            person = people.access_member(tx, actor(), public_id)
            made = accounts.issue_activation_code(tx, actor(), person)
    except Conflict as error:
        return _member_page(person, errors_by_field(error)), error.status
    return _member_page(person, {}, code=made)
