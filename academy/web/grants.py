"""Role grants: who holds which role, where and until when."""

import functools
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from academy import http
from academy.accounts import api as accounts
from academy.accounts.api import Account
from academy.core.actor import Actor, Role
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid, NotFound
from academy.core.i18n import Message, msg
from academy.core.paging import number_in
from academy.http import actor, menu, office, reading, writing
from academy.http.forms import NOT_OFFERED, Choice, Day, Form, Text
from academy.people import api as people
from academy.web.members import errors_by_field

bp = Blueprint("grants", __name__, url_prefix="/grants")
page = functools.partial(http.page, section=menu.GRANTS)

GIVERS = (Role.SECURITY_OFFICER, Role.NODE_ADMINISTRATOR)


def waiting(tx: Tx, who: Actor) -> int:
    """How many second steps wait for this security officer's approval."""
    return accounts.count_waiting_second_steps(tx, who.paths(Role.SECURITY_OFFICER))


@bp.get("")
@page(office(*GIVERS), menu=menu.GRANTS, waiting=waiting)
def index() -> str:
    """Grants below one's nodes."""
    return _page({})


def _page(errors: dict[str, Message], code: str = "") -> str:
    me = actor()
    with reading() as tx:
        mine = [role for role in accounts.ROLE_NAMES if role is not Role.MEMBER]
        if not me.has(Role.SECURITY_OFFICER):
            mine = [role for role in mine if role in accounts.LOCAL_ROLES]
        page = accounts.grants_under(
            tx, me.paths(*GIVERS), number_in(request.args.get("page")), text=request.args.get("q", "")
        )
        return render_template(
            "accounts/grants.html",
            page=page,
            roles=[(role.value, accounts.ROLE_NAMES[role]) for role in mine],
            givers=accounts.account_names(tx, [grant.granted_by for grant, _, _ in page.rows]),
            may={grant.id: accounts.may_grant(me, Role(grant.role), node) for grant, _, node in page.rows},
            errors=errors,
            code=code,
            may_issue=me.has(Role.SECURITY_OFFICER),
            enrolments=accounts.waiting_second_steps(tx, me.paths(Role.SECURITY_OFFICER)),
        )


class GrantForm(Form):
    """Account, role, node, period."""

    username = Text()
    role = Choice(tuple(Role))
    organisation = Text()
    valid_from = Day()
    valid_to = Day()


@bp.post("")
@page(office(*GIVERS), form=GrantForm)
def create() -> Any:
    """Grant an account a role for a node."""
    try:
        form = GrantForm.read()
        begin, end = form.valid_from.data, form.valid_to.data
        with writing() as tx:
            account = _account(tx, form.username)
            if not form.role.data:
                raise Invalid(fields={"role": NOT_OFFERED})
            node = people.find_organisation(tx, actor().paths(*GIVERS), form.organisation.data)
            if node is None:
                raise Invalid(fields={"organisation": msg("在您的管理范围内没有这个组织代码。")})
            accounts.grant_role(tx, actor(), account, Role(form.role.data), node, valid_from=begin, valid_to=end)
    except (Invalid, Conflict) as error:
        return _page(errors_by_field(error)), error.status
    flash(gettext("已授权。"), "good")
    return redirect(url_for("grants.index"), 303)


def _account(tx: Tx, field: Text) -> Account:
    account = accounts.find_account(tx, field.data)
    try:
        if account is None:
            raise NotFound
        return accounts.access_account(tx, actor(), account.public_id)
    except NotFound:
        # An account out of scope and a missing one give the same error: this field must not reveal who has an account.
        raise Invalid(fields={field.name: msg("没有这个账号。还没激活的党员，请先让支部发激活码。")}) from None


@bp.post("/<public_id>/revoke")
@page(office(*GIVERS))
def revoke(public_id: str) -> Response:
    """Revoke a role."""
    with writing() as tx:
        accounts.revoke_role(tx, actor(), public_id)
    flash(gettext("已收回，此人的设备已退出登录。"), "good")
    return redirect(url_for("grants.index"), 303)


class CodeForm(Form):
    """The account that needs a code."""

    holder = Text()


@bp.post("/code")
@page(office(Role.SECURITY_OFFICER), form=CodeForm)
def code() -> Any:
    """An activation code for an account with roles; shown on this page only."""
    try:
        with writing() as tx:
            account = _account(tx, CodeForm.read().holder)
            member = people.member_of_id(tx, account.member_id) if account.member_id else None
            if member is None:
                raise Invalid(fields={"holder": msg("这个账号不是党员的，请由系统管理员重设密码。")})
            made = accounts.issue_activation_code(tx, actor(), member)
    except (Invalid, Conflict) as error:
        return _page({"holder": error.message} | errors_by_field(error)), error.status
    return _page({}, code=made)


class SecondStepForm(Form):
    """The account and the check number given by its owner."""

    enrolled = Text()
    number = Text()


@bp.post("/second-step")
@page(office(Role.SECURITY_OFFICER), form=SecondStepForm)
def approve_second_step() -> Any:
    """Approve a second step: its owner gave the check number shown on their page."""
    try:
        with writing() as tx:
            form = SecondStepForm.read()
            accounts.approve_second_step(tx, actor(), _account(tx, form.enrolled), form.number.data)
    except (Invalid, Conflict) as error:
        return _page({"enrolled": error.message} | errors_by_field(error)), error.status
    flash(gettext("已核对，此人的管理和教学功能已打开。"), "good")
    return redirect(url_for("grants.index"), 303)


@bp.post("/second-step/refuse")
@page(office(Role.SECURITY_OFFICER), form=SecondStepForm)
def refuse_second_step() -> Any:
    """Void a second step that its owner did not set up; its sessions end."""
    try:
        with writing() as tx:
            accounts.refuse_second_step(tx, actor(), _account(tx, SecondStepForm.read().enrolled))
    except (Invalid, Conflict) as error:
        return _page({"enrolled": error.message} | errors_by_field(error)), error.status
    flash(gettext("已作废，此人的设备已全部退出登录。请本人改密码后重新设置。"), "good")
    return redirect(url_for("grants.index"), 303)


class SignOutForm(Form):
    """The account to sign out."""

    lost = Text()


@bp.post("/sign-out")
@page(office(*GIVERS), form=SignOutForm)
def sign_out() -> Any:
    """Sign an account out everywhere: a phone was lost, or the account was taken over."""
    try:
        with writing() as tx:
            accounts.sign_out_everywhere(tx, actor(), _account(tx, SignOutForm.read().lost))
    except Invalid as error:
        return _page(errors_by_field(error)), error.status
    flash(gettext("此人的设备已全部退出登录。"), "good")
    return redirect(url_for("grants.index"), 303)
