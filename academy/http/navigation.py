"""The frame of every page: navigation, display preferences."""

import dataclasses
import functools
from typing import Any
from urllib.parse import quote, urlencode

from flask import Flask, g, request, url_for
from werkzeug.local import LocalProxy

from academy.accounts import api as accounts
from academy.core import clock
from academy.core.actor import Actor, Role
from academy.core.i18n import Message
from academy.http.declarations import declared, routes, section_url
from academy.http.menu import MEMBER_SECTIONS, OFFICE_GROUPS, SCREEN_SECTIONS, Section
from academy.http.request_context import actor, identity, reading
from academy.notifications import api as notifications

THEMES = ("auto", "light", "dark")
SIZES = ("18", "22", "26", "30")


def link(endpoint: str, **values: Any) -> str | None:
    """The URL of an endpoint, or None where it does not exist or its policy does not admit this reader.

    Raises:
        BuildError: wrong parameters, which is a programming error.
    """
    declaration = routes().by_endpoint.get(endpoint)
    return url_for(endpoint, **values) if declaration is not None and declaration.policy.admits(actor()) else None


def page_url(number: int) -> str:
    """The current page's URL with another page number."""
    # Not by url_for: a query may contain `endpoint` or `_external`, which url_for would interpret.
    asked = [(name, value) for name, value in request.args.items(multi=True) if name != "page"]
    return f"{quote(request.path)}?{urlencode([*asked, ('page', number)])}"


def query_arguments() -> dict[str, str]:
    """The query of this page for building links, without the names that `url_for` reserves."""
    return {name: value for name, value in request.args.items() if name[:1] != "_" and name not in {"endpoint", "self"}}


@dataclasses.dataclass(frozen=True)
class NavigationItem:
    """One section of the navigation as this page shows it."""

    section: Section
    href: str
    current: bool
    waiting: int = 0
    """How many things on that page wait for a decision of this person."""


@dataclasses.dataclass(frozen=True)
class NavigationGroup:
    """Sections of officers that stand together."""

    label: Message
    items: list[NavigationItem]


def navigation_items(who: Actor, offered: tuple[Section, ...]) -> list[NavigationItem]:
    """The offered sections whose page this person may open."""
    known, here = routes(), declared()
    found = []
    for section in offered:
        declaration = known.by_endpoint[known.menu[section]]
        if not declaration.policy.admits(who):
            continue
        waiting = waiting_counts().get(section, 0)
        # What waits is shown to everybody who may decide it.
        if waiting or not declaration.offered_to or who.has(*declaration.offered_to):
            is_current = here is not None and here.section is section
            found.append(NavigationItem(section, section_url(section), is_current, waiting))
    return found


def office_groups(who: Actor) -> list[NavigationGroup]:
    """The sections of this person's offices by group; groups without one are left out."""
    groups = [NavigationGroup(group.label, navigation_items(who, group.sections)) for group in OFFICE_GROUPS]
    return [group for group in groups if group.items]


def waiting_counts() -> dict[Section, int]:
    """What waits for this person, by section; counted once a request."""
    if "waiting" not in g:
        who, known = actor(), routes()
        counted = [
            (section, declaration.waiting)
            for section, endpoint in known.menu.items()
            if (declaration := known.by_endpoint[endpoint]).waiting is not None and declaration.policy.admits(who)
        ]
        with reading() as tx:
            g.waiting = {section: count(tx, who) for section, count in counted} if counted else {}
    found: dict[Section, int] = g.waiting
    return found


def display() -> dict[str, str]:
    """Theme, elder mode and text size: from this device's cookie, else the account."""
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
    """Number of unread notifications of this person."""
    with reading() as tx:
        return notifications.count_unread(tx, actor())


def _frame() -> dict[str, Any]:
    """What the frame of a page is made of; calculated where a template shows it, which parts of a page do not."""
    here = declared()
    groups = functools.cache(lambda: office_groups(actor()))
    places = functools.cache(lambda: navigation_items(actor(), SCREEN_SECTIONS if _on_a_screen() else MEMBER_SECTIONS))
    return {
        "display": display(),
        "search_open": here is not None and here.search_open,
        "member_places": LocalProxy(places),
        "office_groups": LocalProxy(groups),
        "office_waiting": LocalProxy(lambda: sum(item.waiting for group in groups() for item in group.items)),
    }


def install(app: Flask) -> None:
    """Register template globals."""
    app.jinja_env.globals |= {
        "today": clock.today,
        "role_name": lambda role: accounts.ROLE_NAMES[Role(role)],
        "link": link,
        "page_url": page_url,
        "asked": query_arguments,
        "unread": unread,
    }
    app.context_processor(_frame)
