"""Declarations of routes: one beside each view, and the only place where a property of the route is declared.

    @bp.get("/audit") @page(office(Role.AUDITOR), menu=menu.AUDIT) def index() -> str: ...

`academy.rest.contracts.endpoint` is the same for JSON, with the schemas of request and response. Access, limits of rate
and body, consent, public screens, the navigation, CSRF, docs/access.md and the OpenAPI document are read from the
declarations: `collect` checks every rule of `app.url_map` once, when the application starts, and raises when one has no
declaration. A request finds its own by its endpoint (`declared`). See
docs/decisions/0053-declarations-of-routes-are-our-own.md.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, TypeVar

from flask import Flask, current_app, request, url_for

from academy.core.actor import Actor, Role
from academy.core.database import Tx
from academy.core.settings import Settings
from academy.http.forms import Form
from academy.http.menu import Section
from academy.http.policies import Policy

V = TypeVar("V", bound=Callable[..., Any])
K = TypeVar("K")
BodyLimit = int | Callable[[Settings], int]
Waiting = Callable[[Tx, Actor], int]

DEFAULT_BODY = 256 << 10
"""Bytes of a form filled in by hand: 25,000 Chinese characters as a browser encodes them."""
ATTRIBUTE = "__declaration__"


class Landing(Enum):
    """Pages that request hooks redirect to; each page declares itself as one of them."""

    SIGN_IN = auto()
    CONSENT = auto()
    SECOND_STEP = auto()
    RESUBMISSION = auto()


@dataclass(frozen=True, kw_only=True)
class RouteDeclaration:
    """The declaration of a route."""

    policy: Policy
    rate: int | None = None
    """Requests a minute for one account, or for one network of anonymous clients; None: the setting's default."""
    body: BodyLimit = DEFAULT_BODY
    """Maximum body in bytes, or a function of the settings."""
    streamed: bool = False
    """Whether the route streams its body and enforces the limit itself."""
    csrf: bool = True
    """Whether a CSRF token is required; False where another credential than the cookie is used."""
    identified: bool = True
    """Whether the session is loaded before the view runs. Not for files and heartbeats, which carry their own signed
    credential and are requested by the hundred: no rate limit, no consent check, no session look-up."""
    consent: bool = True
    """Whether the privacy text must be accepted first."""
    screen: bool = False
    """Whether a public screen may show it."""
    section: Section | None = None
    """The navigation section to which the page belongs."""
    menu: Section | None = None
    """The navigation section that links to it."""
    waiting: Waiting | None = None
    """Counts what the page lists as waiting for a decision of this person: the figure stands in the navigation and in
    the inbox of the home page, and is the total of the list."""
    offered_to: tuple[Role, ...] = ()
    """Roles that see that section; empty: everybody whom the policy admits."""
    landing: Landing | None = None
    form: type[Form] | None = None
    """Its form class; a route without one reads nothing but its address."""
    search_open: bool = False
    """Whether the page shows the search field open, on phones too."""


def declare(declaration: RouteDeclaration) -> Callable[[V], V]:
    """Attach a declaration to a view, and wrap the view in its policy."""

    def decorate(view: V) -> V:
        guarded = declaration.policy.guard(view)
        setattr(guarded, ATTRIBUTE, declaration)
        return guarded

    return decorate


def page(
    policy: Policy,
    *,
    rate: int | None = None,
    body: BodyLimit = DEFAULT_BODY,
    csrf: bool = True,
    identified: bool = True,
    consent: bool = True,
    screen: bool = False,
    section: Section | None = None,
    menu: Section | None = None,
    waiting: Waiting | None = None,
    offered_to: tuple[Role, ...] = (),
    landing: Landing | None = None,
    form: type[Form] | None = None,
    search_open: bool = False,
) -> Callable[[V], V]:
    """Declare a page or a form of one; `RouteDeclaration` documents the parameters.

    A module whose pages share parameters defines its own `page` with ``functools.partial``.
    """
    return declare(
        RouteDeclaration(
            policy=policy,
            rate=rate,
            body=body,
            csrf=csrf,
            identified=identified,
            consent=consent,
            screen=screen,
            section=menu or section,
            menu=menu,
            waiting=waiting,
            offered_to=offered_to,
            landing=landing,
            form=form,
            search_open=search_open,
        )
    )


class UndeclaredRoute(RuntimeError):
    """A route has no declaration, or two declare the same place: raised at start-up."""


@dataclass(frozen=True)
class Routes:
    """All declarations by endpoint, and what is derived from them."""

    by_endpoint: dict[str, RouteDeclaration]
    largest: dict[str, int]
    """Maximum body of each, in bytes."""
    menu: dict[Section, str]
    """The endpoint of each navigation section."""
    landings: dict[Landing, str]


def collect(app: Flask, settings: Settings) -> Routes:
    """Read the declarations of all routes and store them with the application.

    Raises:
        UndeclaredRoute: a route has none, or two declare the same place.
    """
    found = {rule.endpoint: declaration_of(app, rule.endpoint) for rule in app.url_map.iter_rules()}
    kept = Routes(
        by_endpoint=found,
        largest={endpoint: limit_of(declaration, settings) for endpoint, declaration in found.items()},
        menu=_only((declaration.menu, endpoint) for endpoint, declaration in found.items()),
        landings=_only((declaration.landing, endpoint) for endpoint, declaration in found.items()),
    )
    app.extensions["academy.routes"] = kept
    return kept


def _only(places: Iterable[tuple[K | None, str]]) -> dict[K, str]:
    """The one endpoint that declares a place."""
    found: dict[K, str] = {}
    for place, endpoint in places:
        if place is not None and found.setdefault(place, endpoint) != endpoint:
            raise UndeclaredRoute(f"{found[place]} and {endpoint} both declare {place}")
    return found


def declaration_of(app: Flask, endpoint: str) -> RouteDeclaration:
    """The declaration of an endpoint's view.

    Raises:
        UndeclaredRoute: it has none.
    """
    found = getattr(app.view_functions.get(endpoint), ATTRIBUTE, None)
    if not isinstance(found, RouteDeclaration):
        raise UndeclaredRoute(f"{endpoint}: wear @page (academy/http) or @endpoint (academy/rest/contracts.py)")
    return found


def limit_of(declaration: RouteDeclaration, settings: Settings) -> int:
    """Maximum body in bytes."""
    return declaration.body if isinstance(declaration.body, int) else declaration.body(settings)


def routes() -> Routes:
    """The declarations of the current application."""
    found: Routes = current_app.extensions["academy.routes"]
    return found


def declared() -> RouteDeclaration | None:
    """The declaration of the current request's route; None for an unknown address."""
    return routes().by_endpoint.get(request.endpoint or "")


def landing_url(landing: Landing, **values: Any) -> str:
    """The URL of the page that declares this landing."""
    return url_for(routes().landings[landing], **values)


def section_url(section: Section) -> str:
    """The URL of a navigation section."""
    return url_for(routes().menu[section])
