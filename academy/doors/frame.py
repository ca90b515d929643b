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
from academy.doors.context import actor, identity, reading
from academy.notices import queries as notices

THEMES = ("auto", "light", "dark")
SIZES = ("18", "22", "26", "30")

R = Role


@dataclasses.dataclass(frozen=True)
class Place:
    """One entry of the navigation; `roles` empty means everybody who is signed in.

    `also` names other pages that belong to it: endpoints, or rooms by a closing dot.
    """

    endpoint: str
    label: Message
    icon: str
    roles: tuple[Role, ...] = ()
    also: tuple[str, ...] = ()


MEMBER_PLACES = (
    Place("home.home", msg("首页"), "home"),
    Place("library.index", msg("课程"), "book", also=("library.", "learn.")),
    Place("trainings.mine", msg("培训"), "flag"),
    Place("accounts.profile", msg("我的"), "person", also=("accounts.", "second_step.", "own_data.index")),
)
SCREEN_PLACES = MEMBER_PLACES[1:2]
"""A hall sees lectures and nobody's own affairs."""
OFFICE_PLACES = (
    Place("studio.index", msg("工作室"), "film", (R.TRAINER,), ("studio.", "captions.", "files.")),
    Place("media.failures", msg("未成功的文件"), "alert", (R.SYSTEM_ADMINISTRATOR,)),
    Place("review.index", msg("审阅"), "check", (R.REVIEWER,), ("review.",)),
    Place("complaints.box", msg("意见答复"), "inbox", (R.REVIEWER, R.NODE_ADMINISTRATOR)),
    Place(
        "trainings.index",
        msg("培训管理"),
        "flag",
        (R.NODE_ADMINISTRATOR,),
        ("trainings.new", "trainings.show", "trainings.edit"),
    ),
    Place(
        "reports.index",
        msg("覆盖率"),
        "chart",
        (R.NODE_ADMINISTRATOR, R.BRANCH_SECRETARY),
        ("trainings.coverage", "trainings.name_list", "trainings.statistics", "reminders."),
    ),
    Place(
        "reporting.index", msg("报表"), "list", (R.NODE_ADMINISTRATOR, R.BRANCH_SECRETARY, R.AUDITOR), ("reporting.",)
    ),
    Place(
        "members.index",
        msg("组织与党员"),
        "tree",
        (R.NODE_ADMINISTRATOR, R.BRANCH_SECRETARY, R.ROSTER_OFFICER),
        ("members.", "exemptions.new"),
    ),
    Place("exemptions.index", msg("免训审批"), "check", (R.NODE_ADMINISTRATOR,)),
    Place("corrections.index", msg("记录更正"), "edit", (R.NODE_ADMINISTRATOR,), ("corrections.",)),
    Place("cohorts.index", msg("名单"), "people", (R.NODE_ADMINISTRATOR, R.ROSTER_OFFICER), ("cohorts.",)),
    Place("rosters.index", msg("花名册"), "list", (R.ROSTER_OFFICER, R.NODE_ADMINISTRATOR), ("rosters.",)),
    Place(
        "search.terms",
        msg("城市词典"),
        "search",
        (R.REVIEWER, R.TRAINER, R.SYSTEM_ADMINISTRATOR),
        ("search.asked_for",),
    ),
    Place("own_data.waiting", msg("个人信息要求"), "person", (R.ROSTER_OFFICER, R.NODE_ADMINISTRATOR)),
    Place("reports.exports", msg("导出"), "download", (R.NODE_ADMINISTRATOR, R.BRANCH_SECRETARY)),
    Place("sectors.index", msg("领域"), "list", (R.SYSTEM_ADMINISTRATOR,)),
    Place("jobs.index", msg("后台任务"), "alert", (R.SYSTEM_ADMINISTRATOR,)),
    Place("grants.index", msg("角色授权"), "person", (R.SECURITY_OFFICER, R.NODE_ADMINISTRATOR)),
    Place("audit.index", msg("审计"), "shield", (R.AUDITOR,)),
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


def asked() -> dict[str, str]:
    """The query of this page to make links of, without the words that `url_for` keeps for itself."""
    return {name: value for name, value in request.args.items() if name[:1] != "_" and name not in {"endpoint", "self"}}


def places(who: Actor, offered: tuple[Place, ...]) -> list[dict[str, Any]]:
    """Those of the offered places that exist and are open to this person."""
    found = []
    for place in offered:
        address = link(place.endpoint)
        if address and (not place.roles or who.has(*place.roles)):
            found.append({"place": place, "href": address, "current": _here(place)})
    return found


def _here(place: Place) -> bool:
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
        "asked": asked,
        "unread": unread,
    }
    app.context_processor(
        lambda: {
            "display": display(),
            "member_places": places(actor(), SCREEN_PLACES if _on_a_screen() else MEMBER_PLACES),
            "office_places": places(actor(), OFFICE_PLACES),
        }
    )
