"""One declaration a route, beside its view, and the only place where anything about the route is said.

    @bp.get("/audit")
    @page(office(Role.AUDITOR), menu=menu.AUDIT)
    def index() -> str: ...

`academy.rest.contracts.endpoint` is the same for JSON, with the contract of what goes in and out. Access, limits of
rate and body, consent, public screens, the navigation, CSRF, docs/access.md and the OpenAPI document are read from
the declarations: `collect` looks at every rule of `app.url_map` once, when the application starts, and refuses to
start when one declares nothing. A request looks its own up by its endpoint (`declared`).
See docs/decisions/0053-declarations-of-routes-are-our-own.md.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, TypeVar

from flask import Flask, current_app, request, url_for

from academy.core.actor import Role
from academy.core.settings import Settings
from academy.http.forms import Form
from academy.http.menu import Section
from academy.http.policies import Policy

V = TypeVar("V", bound=Callable[..., Any])
K = TypeVar("K")
BodyLimit = int | Callable[[Settings], int]

DEFAULT_BODY = 256 << 10
"""Bytes of a form that people fill in: 25,000 Chinese characters as a browser encodes them."""
ATTRIBUTE = "__declaration__"


class Landing(Enum):
    """Pages that a request hook leads to: what a page is for, said by the page itself."""

    SIGN_IN = auto()
    CONSENT = auto()
    SECOND_STEP = auto()
    RESUBMISSION = auto()


@dataclass(frozen=True, kw_only=True)
class RouteDeclaration:
    """What a route declares."""

    policy: Policy
    rate: int | None = None
    """How often a minute one account, or one network of strangers, may call it; None: as the settings say."""
    body: BodyLimit = DEFAULT_BODY
    """The largest body in bytes, or how the settings give it."""
    streamed: bool = False
    """Whether the route reads its body piece by piece and counts for itself."""
    csrf: bool = True
    """Whether a browser has to send the page's token; not where something else than the cookie is the credential."""
    identified: bool = True
    """Whether anybody asks who is here before the view does. Not for files and heartbeats, which carry their own
    signed credential, come by the hundred and never wait: no rate, no consent, no look at the session."""
    consent: bool = True
    """Whether the text about one's data has to be agreed to first."""
    screen: bool = False
    """Whether a public screen may show it."""
    section: Section | None = None
    """The place of the navigation to which the page belongs."""
    menu: Section | None = None
    """The place of the navigation that leads to it."""
    offered_to: tuple[Role, ...] = ()
    """Whose navigation shows that place; empty: of everybody whom the policy admits."""
    landing: Landing | None = None
    form: type[Form] | None = None
    """What is typed into it; a route that takes a form declares nothing here where it reads nothing but its address."""
    search_open: bool = False
    """Whether the page shows the search box open, on telephones too."""


def declare(declaration: RouteDeclaration) -> Callable[[V], V]:
    """Put a declaration on a view, and its policy in front of it."""

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
    identified: bool = True,
    consent: bool = True,
    screen: bool = False,
    section: Section | None = None,
    menu: Section | None = None,
    offered_to: tuple[Role, ...] = (),
    landing: Landing | None = None,
    form: type[Form] | None = None,
    search_open: bool = False,
) -> Callable[[V], V]:
    """Declare a page, or a form of one; `RouteDeclaration` says what each word means.

    Where a module's pages have something in common, it makes its own `page` with ``functools.partial``.
    """
    return declare(
        RouteDeclaration(
            policy=policy,
            rate=rate,
            body=body,
            identified=identified,
            consent=consent,
            screen=screen,
            section=menu or section,
            menu=menu,
            offered_to=offered_to,
            landing=landing,
            form=form,
            search_open=search_open,
        )
    )


class UndeclaredRoute(RuntimeError):
    """A route declares nothing, or two declare to be the same page: the application must not start."""


@dataclass(frozen=True)
class Routes:
    """All declarations, by endpoint, with what follows from them."""

    by_endpoint: dict[str, RouteDeclaration]
    largest: dict[str, int]
    """The largest body of each, in bytes."""
    menu: dict[Section, str]
    """The endpoint that a place of the navigation leads to."""
    landings: dict[Landing, str]


def collect(app: Flask, settings: Settings) -> Routes:
    """Read the declarations of all routes, and keep them for the requests.

    Raises:
        UndeclaredRoute: a route has none, or two want to be the same place.
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
    """Which endpoint is at a place; there is one at each."""
    found: dict[K, str] = {}
    for place, endpoint in places:
        if place is not None and found.setdefault(place, endpoint) != endpoint:
            raise UndeclaredRoute(f"{found[place]} and {endpoint} both declare {place}")
    return found


def declaration_of(app: Flask, endpoint: str) -> RouteDeclaration:
    """What the view of an endpoint declares.

    Raises:
        UndeclaredRoute: nothing.
    """
    found = getattr(app.view_functions.get(endpoint), ATTRIBUTE, None)
    if not isinstance(found, RouteDeclaration):
        raise UndeclaredRoute(f"{endpoint}: wear @page (academy/http) or @endpoint (academy/rest/contracts.py)")
    return found


def limit_of(declaration: RouteDeclaration, settings: Settings) -> int:
    """The largest body in bytes."""
    return declaration.body if isinstance(declaration.body, int) else declaration.body(settings)


def routes() -> Routes:
    """The declarations of the present application."""
    found: Routes = current_app.extensions["academy.routes"]
    return found


def declared() -> RouteDeclaration | None:
    """What the present request's route declares; None where there is no such address."""
    return routes().by_endpoint.get(request.endpoint or "")


def landing_url(landing: Landing, **values: Any) -> str:
    """The address of the page that declares to be this one."""
    return url_for(routes().landings[landing], **values)


def section_url(section: Section) -> str:
    """The address that a place of the navigation leads to."""
    return url_for(routes().menu[section])
