"""The auditor's page: who saw or changed what."""

from flask import Blueprint, render_template, request

from academy.accounts import queries
from academy.core.actor import Role
from academy.core.audit import record
from academy.core.pages import number_in
from academy.doors import actor, office, reading, writing

bp = Blueprint("audit", __name__, url_prefix="/audit")


@bp.get("")
@office(Role.AUDITOR)
def index() -> str:
    """The trail, newest first. Looking something up in it is kept too."""
    args = request.args
    verb, target, who = (args.get(name, "").strip()[:120] for name in ("verb", "target", "who"))
    if (verb or target or who) and "page" not in args:
        with writing() as tx:
            record(tx, actor(), "audit.searched", "audit:trail", asked={"verb": verb, "target": target})
    with reading() as tx:
        account = queries.find_account(tx, who) if who else None
        account_id = account.id if account else -1 if who else None
        page = queries.audit_trail(
            tx, verb=verb, target=target, account_id=account_id, page=number_in(args.get("page"))
        )
        return render_template("accounts/audit.html", page=page)
