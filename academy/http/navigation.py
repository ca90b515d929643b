"""What surrounds every page: where one can go, how the page is to look."""

import dataclasses
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

from flask import Flask, current_app, request, url_for

from academy.accounts.grants import ROLES
from academy.core import clock
from academy.core.actor import Actor, Role
from academy.core.i18n import Message, msg
from academy.http.request_context import actor, identity, reading
from academy.notifications import queries as notices

THEMES = ("auto", "light", "dark")
SIZES = ("18", "22", "26", "30")

R = Role


@dataclasses.dataclass(frozen=True)
class NavigationItem:
    """One entry of the navigation; `roles` empty means everybody who is signed in.

    `also` names other pages that belong to it: endpoints, or whole blueprints by a closing dot.
    """

    endpoint: str
    label: Message
    icon: str
    roles: tuple[Role, ...] = ()
    also: tuple[str, ...] = ()


MEMBER_ITEMS = (
    NavigationItem("home.home", msg("首页"), "home"),
    NavigationItem("library.index", msg("课程"), "book", also=("library.", "learn.")),
    NavigationItem("trainings.mine", msg("培训"), "flag"),
    NavigationItem("accounts.profile", msg("我的"), "person", also=("accounts.", "second_step.", "own_data.index")),
)
SCREEN_ITEMS = MEMBER_ITEMS[1:2]
"""A hall sees lectures and nobody's own affairs."""
OFFICE_ITEMS = (
    NavigationItem("studio.index", msg("工作室"), "film", (R.TRAINER,), ("studio.", "captions.", "files.")),
    NavigationItem("media.failures", msg("未成功的文件"), "alert", (R.SYSTEM_ADMINISTRATOR,)),
    NavigationItem("review.index", msg("审阅"), "check", (R.REVIEWER,), ("review.",)),
    NavigationItem("complaints.box", msg("意见答复"), "inbox", (R.REVIEWER, R.NODE_ADMINISTRATOR)),
    NavigationItem(
        "trainings.index",
        msg("培训管理"),
        "flag",
        (R.NODE_ADMINISTRATOR,),
        ("trainings.new", "trainings.show", "trainings.edit"),
    ),
    NavigationItem(
        "reports.index",
        msg("覆盖率"),
        "chart",
        (R.NODE_ADMINISTRATOR, R.BRANCH_SECRETARY),
        ("trainings.coverage", "trainings.name_list", "trainings.statistics", "reminders."),
    ),
    NavigationItem(
        "reporting.index", msg("报表"), "list", (R.NODE_ADMINISTRATOR, R.BRANCH_SECRETARY, R.AUDITOR), ("reporting.",)
    ),
    NavigationItem(
        "members.index",
        msg("组织与党员"),
        "tree",
        (R.NODE_ADMINISTRATOR, R.BRANCH_SECRETARY, R.ROSTER_OFFICER),
        ("members.", "exemptions.new"),
    ),
    NavigationItem("exemptions.index", msg("免训审批"), "check", (R.NODE_ADMINISTRATOR,)),
    NavigationItem("corrections.index", msg("记录更正"), "edit", (R.NODE_ADMINISTRATOR,), ("corrections.",)),
    NavigationItem("cohorts.index", msg("名单"), "people", (R.NODE_ADMINISTRATOR, R.ROSTER_OFFICER), ("cohorts.",)),
    NavigationItem("rosters.index", msg("花名册"), "list", (R.ROSTER_OFFICER, R.NODE_ADMINISTRATOR), ("rosters.",)),
    NavigationItem(
        "search.terms",
        msg("城市词典"),
        "search",
        (R.REVIEWER, R.TRAINER, R.SYSTEM_ADMINISTRATOR),
        ("search.asked_for",),
    ),
    NavigationItem("own_data.waiting", msg("个人信息要求"), "person", (R.ROSTER_OFFICER, R.NODE_ADMINISTRATOR)),
    NavigationItem("reports.exports", msg("导出"), "download", (R.NODE_ADMINISTRATOR, R.BRANCH_SECRETARY)),
    NavigationItem("sectors.index", msg("领域"), "list", (R.SYSTEM_ADMINISTRATOR,)),
    NavigationItem("jobs.index", msg("后台任务"), "alert", (R.SYSTEM_ADMINISTRATOR,)),
    NavigationItem("grants.index", msg("角色授权"), "person", (R.SECURITY_OFFICER, R.NODE_ADMINISTRATOR)),
    NavigationItem("audit.index", msg("审计"), "shield", (R.AUDITOR,)),
)


def link(endpoint: str, **values: Any) -> str | None:
    """The address of an endpoint, or None where there is no such page or it is not for this reader.

    Raises:
        BuildError: its parameters are called otherwise, which is our mistake and must be seen.
    """
    view = current_app.view_functions.get(endpoint)
    return url_for(endpoint, **values) if view is not None and is_open(actor(), view) else None


def is_open(who: Actor, view: Callable[..., Any]) -> bool:
    """Whether the declared policy of a view lets this person in; which things it then shows, `access_*` decides."""
    policy = str(getattr(view, "__policy__", "public"))
    if policy.startswith("office:"):
        return who.has(*map(Role, policy.removeprefix("office:").split(",")))
    return policy == "public" or not who.is_anonymous


def page_url(number: int) -> str:
    """The present page's address with another page number."""
    # Not by url_for: an address may ask for `endpoint` or `_external`, and those would be its own words.
    asked = [(name, value) for name, value in request.args.items(multi=True) if name != "page"]
    return f"{quote(request.path)}?{urlencode([*asked, ('page', number)])}"


def query_arguments() -> dict[str, str]:
    """The query of this page to make links of, without the words that `url_for` keeps for itself."""
    return {name: value for name, value in request.args.items() if name[:1] != "_" and name not in {"endpoint", "self"}}


def navigation_items(who: Actor, offered: tuple[NavigationItem, ...]) -> list[dict[str, Any]]:
    """Those of the offered places that exist and are open to this person."""
    found = []
    for place in offered:
        address = link(place.endpoint)
        if address and (not place.roles or who.has(*place.roles)):
            found.append({"place": place, "href": address, "current": _here(place)})
    return found


def _here(place: NavigationItem) -> bool:
    """Whether the page belongs to this place."""
    names = {request.endpoint, f"{request.blueprint}."}
    return not names.isdisjoint((place.endpoint, *place.also))


def display() -> dict[str, str]:
    """Theme, elder mode and text size: this device's cookie, else the account's wish."""
    person = identity()
    theme, size = request.cookies.get("theme", "auto"), request.cookies.get("text", "22")
    elder = request.cookies.get("elder", "1" if person and person.elder_mode else "")
    return {
        "theme": theme if theme in THEMES else "auto",
        "elder": "1" if elder == "1" else "",
        "text": size if size in SIZES else "22",
    }


def _on_a_screen() -> bool:
    person = identity()
    return person is not None and person.is_screen


def unread() -> int:
    """How many notices wait for this person."""
    with reading() as tx:
        return notices.unread(tx, actor())


def install(app: Flask) -> None:
    """Give them to the templates."""
    app.jinja_env.globals |= {
        "today": clock.today,
        "role_name": lambda role: ROLES[Role(role)],
        "link": link,
        "page_url": page_url,
        "asked": query_arguments,
        "unread": unread,
    }
    app.context_processor(
        lambda: {
            "display": display(),
            "member_places": navigation_items(actor(), SCREEN_ITEMS if _on_a_screen() else MEMBER_ITEMS),
            "office_places": navigation_items(actor(), OFFICE_ITEMS),
        }
    )
