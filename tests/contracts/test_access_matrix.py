"""Every route by every role, inside and outside their scope, against the declared table."""

import dataclasses
import io
import re
from collections.abc import Iterator

import pytest
from werkzeug.test import TestResponse

from academy.accounts.queries import TWO_STEPS, Identity
from academy.core.actor import Role, Scope
from academy.core.runtime import Runtime
from academy.http.declarations import declaration_of
from tests.conftest import sign_in
from tests.contracts import access_matrix as matrix
from tests.contracts.access_calls import address, calls, filled
from tests.contracts.access_kinds import KINDS
from tests.contracts.access_matrix import Row
from tests.contracts.access_world import NOBODY, ROLES, World


def test_every_route_is_declared(world: World) -> None:
    declared = {(row.method, row.address) for row in matrix.rows()}
    real = set(world.rules)
    missing = [str(suggestion(world, *route)) for route in sorted(real - declared, key=lambda r: (r[1], r[0]))]
    assert not missing, (
        "add to tests/contracts/access_matrix.py (these lines are guesses from the guards: set kind and marks; "
        "a new kind of thing is made in access_kinds.py):\n" + "\n".join(missing)
    )
    assert sorted(declared - real) == [], "declared but gone"


def suggestion(world: World, method: str, address: str) -> Row:
    """A line to begin with, from the guard."""
    rule = world.rules[method, address]
    policy = declaration_of(world.app, rule.endpoint).policy
    mark = "+" if rule.arguments else "*"
    marks = {
        role: mark if policy.admits_role(None if role == NOBODY else Role(role)) else "."
        for role in matrix.COLUMNS.values()
    }
    return Row(method, address, "KIND" if rule.arguments else "nothing", marks)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_reaches_exactly_what_is_declared(world: World, role: str) -> None:
    wrong = []
    for row in matrix.rows():
        for place, let_in in calls(row, role):
            answer = call(world, row, place, role, let_in=let_in)
            if answer.status_code >= 500 or reached(answer) is not let_in:
                wrong.append(f"{row.method} {row.address} [{row.kind}: {place}] {answer.status}, declared {let_in}")
    assert not wrong, "\n".join(wrong)


def call(world: World, row: Row, place: str, role: str, *, let_in: bool) -> TestResponse:
    """One call with a real thing behind every id; whatever it changes is taken back.

    Somebody signed in who is to be refused is refused in JSON: the page that says so, a thousand times the same,
    took half of all the time, and the test below reads it."""
    ids = KINDS[row.kind](world, place, role)
    sent = matrix.SENT.get(f"{row.method} {row.address}", {})
    values = {name: filled(sent[name], ids) for name in ("data", "json") if name in sent}
    if "files" in sent:
        values["data"] = {name: (io.BytesIO(text.encode()), file) for name, (file, text) in sent["files"].items()}
    headers = {"Tus-Resumable": "1.0.0"} | world.credentials(role) | sent.get("headers", {})
    if not let_in and role != NOBODY:
        headers.setdefault("Accept", "application/json")
    client = world.app.test_client(use_cookies=False)  # what one call does to the cookie is not the next one's
    savepoint = world.connection.begin_nested()
    try:
        with client.open(address(world, row, ids), method=row.method, headers=headers, **values) as answer:
            answer.get_data()
            return answer
    finally:
        savepoint.rollback()


def reached(answer: TestResponse) -> bool:
    """Whether somebody was let in, to be served or to be told what is wrong with the form."""
    if answer.status_code in {401, 403, 404}:
        return False
    return not answer.headers.get("Location", "").startswith("/sign-in?next=")


def test_marks_keep_to_the_guards(world: World) -> None:
    """No cell lets in whom the route's guard would turn away: the two are written apart and must agree."""
    for row in matrix.rows():
        guard = suggestion(world, row.method, row.address)
        wider = [role for role, mark in row.marks.items() if mark != "." and guard.marks[role] == "."]
        assert not wider, (row.method, row.address, wider)


@pytest.mark.parametrize("role", Role)
def test_what_is_refused_is_told_on_a_page_of_ones_own(world: World, role: Role) -> None:
    client = world.app.test_client()
    sign_in(client, world.tokens[role])
    page = client.get("/members/abcdefghjkmnpqrs")
    assert (page.status_code, page.mimetype) == (404, "text/html") and 'action="/sign-out"' in page.text


def test_what_is_refused_looks_like_what_is_missing(world: World) -> None:
    """The page about a stranger's member is the page about nobody, letter for letter but for the nonces."""
    client = world.app.test_client()
    sign_in(client, world.tokens["node_administrator"])
    for template in ("/members/{}", "/organisations/{}", "/trainings/{}", "/rosters/{}"):
        kind = {"m": "member", "o": "organisation", "t": "training", "r": "received"}[template[1]]
        real = KINDS[kind](world, "sibling", "node_administrator")["public_id"]
        pages = [client.get(template.format(public_id)) for public_id in (real, "abcdefghjkmnpqrs")]
        assert {page.status_code for page in pages} == {404}
        assert len({bare(page.text, real) for page in pages}) == 1, kind


def bare(page: str, real: str) -> str:
    """A page without what is new each time."""
    page = page.replace(real, "abcdefghjkmnpqrs")
    return re.sub(r'(nonce|content|value)="[^"]{16,}"', r'\1=""', page)


def test_kinds_are_all_used() -> None:
    assert {row.kind for row in matrix.rows()} == set(KINDS)


ENROLMENT = "/me/second-step"


@pytest.fixture
def strict(world: World) -> Iterator[World]:
    """The same city under the rule of two steps, which the other tests of it are spared."""
    plain = world.runtime
    settings = dataclasses.replace(plain.settings, second_step=True)
    world.served.put(Runtime(settings, plain.db, plain.sealer))
    yield world
    world.served.put(plain)


@pytest.mark.parametrize("role", sorted(TWO_STEPS))
def test_an_office_is_nothing_before_the_second_step(strict: World, role: Role) -> None:
    tried, wrong = 0, []
    for row in matrix.rows():
        as_member = dict(calls(row, Role.MEMBER))
        for place, by_office in calls(row, role):
            if not by_office or as_member.get(place, as_member.get("mine", False)):
                continue  # nobody's, or any member's
            tried += 1
            answer = call(strict, row, place, role, let_in=False)
            got_in = reached(answer) and not answer.headers.get("Location", "").startswith(ENROLMENT)
            if answer.status_code >= 500 or got_in:
                wrong.append(f"{row.method} {row.address} [{row.kind}: {place}] {answer.status}")
    assert tried, "the office opens something"
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("strong", [True, False])
@pytest.mark.parametrize("screen", [True, False])
def test_the_one_place_that_builds_an_actor(strict: World, role: Role, *, strong: bool, screen: bool) -> None:
    account = strict.made["account", role]
    held = (Scope(role, 1, "/1/"), Scope(Role.BRANCH_SECRETARY, 2, "/1/2/"))
    who = Identity(
        account_id=account.id,
        public_id=account.public_id,
        session_id=1,
        seen_at=account.created_at,
        display_name="",
        language=None,
        elder_mode=False,
        member_id=7,
        organisation_id=2,
        offices=held,
        strong=strong,
        is_screen=screen,
    )
    whole = not screen and (strong or role not in TWO_STEPS)
    assert who.actor().scopes == (held if whole else ()), "all of them or none: no office is half open"
    assert who.actor(two_steps=False).scopes == (() if screen else held), "the demo, and an operator who says so"
    assert who.actor().member_id == (None if screen else 7)
    assert who.actor(playing=True).member_id == 7
