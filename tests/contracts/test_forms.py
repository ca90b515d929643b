"""Every form of every page: declared, typed, refused in words, and nothing typed is lost by it."""

import ast
import html
import io
from collections.abc import Iterator

import pytest
from werkzeug.test import TestResponse

from academy.core.actor import Role
from academy.http import forms
from academy.http.declarations import declaration_of
from tests.contracts import access_matrix as matrix
from tests.contracts import source
from tests.contracts.access_calls import address, calls, filled
from tests.contracts.access_kinds import KINDS
from tests.contracts.access_matrix import Row
from tests.contracts.access_world import NOBODY, World

GARBAGE = "‹胡话›"
TYPED_KINDS = (forms.Day, forms.Number, forms.Figure)
"""Fields into which a person types what may be wrong."""
NOT_TYPED = {"seen", "version", "next"}
"""What a page sends beside what somebody typed."""


def posts(world: World) -> Iterator[tuple[Row, forms.Form, str, str]]:
    """Each form of a page once, with a role that may send it, and a place where it may."""
    seen = set()
    for row in matrix.rows():
        if row.method != "POST" or row.address.startswith("/api/") or row.address in seen:
            continue
        form = declaration_of(world.app, world.rules["POST", row.address].endpoint).form
        let_in = [(role, place) for role in (*Role, NOBODY) for place, in_ in calls(row, role) if in_]
        if form is not None and let_in:
            seen.add(row.address)
            yield row, form(), *let_in[0]


def send(world: World, row: Row, role: str, place: str, data: dict[str, str]) -> TestResponse:
    """The form as a page would send it, but for `data`; what comes of it is taken back."""
    ids = KINDS[row.kind](world, place, role)
    usual = matrix.SENT.get(f"POST {row.address}", {})
    sent = filled(usual.get("data", {}), ids) | data
    sent |= {name: (io.BytesIO(text.encode()), file) for name, (file, text) in usual.get("files", {}).items()}
    client = world.app.test_client(use_cookies=False)
    savepoint = world.connection.begin_nested()
    try:
        with client.open(address(world, row, ids), method="POST", headers=world.credentials(role), data=sent) as answer:
            answer.get_data()
            return answer
    finally:
        savepoint.rollback()


def usual_verb(form: forms.Form) -> dict[str, str]:
    return {field.name: next(iter(field.options)) for field in form if isinstance(field, forms.Verb)}


def test_no_view_reads_a_form_by_hand() -> None:
    by_hand = [
        f"{path}:{node.lineno}"
        for path, nodes in source.python()
        if path.startswith("web/")
        for node in nodes
        if isinstance(node, ast.Attribute) and node.attr in {"form", "files", "values"}
        if getattr(node.value, "id", "") == "request"
    ]
    assert by_hand == [], "declare a form (academy/http/forms.py)"


def test_a_button_that_no_page_has_is_refused(world: World) -> None:
    tried, wrong = 0, []
    for row, form, role, place in posts(world):
        for field in form:
            if isinstance(field, forms.Verb):
                answer = send(world, row, role, place, {field.name: "fly"})
                tried += 1
                if answer.status_code != 422:
                    wrong.append(f"{row.address} {field.name}: {answer.status}")
    assert tried >= 15
    assert wrong == []


def test_what_is_none_of_its_kind_is_refused_and_what_was_typed_is_kept(world: World) -> None:
    tried, wrong = 0, []
    for row, form, role, place in posts(world):
        typed = {
            field.name: f"写下的{field.name}"
            for field in form
            if type(field) is forms.Text and field.name not in NOT_TYPED
        }
        for field in form:
            if isinstance(field, (forms.Choice, forms.Choices, forms.Flag, *TYPED_KINDS)):
                answer = send(world, row, role, place, usual_verb(form) | typed | {field.name: GARBAGE})
                tried += 1
                shown = html.unescape(answer.text)
                words = [*typed.values(), *[GARBAGE] * (isinstance(field, TYPED_KINDS) and field.name not in NOT_TYPED)]
                lost = [word for word in words if word not in shown]
                if not 400 <= answer.status_code < 500 or lost:
                    wrong.append(f"{row.address} {field.name}: {answer.status} {lost}")
    assert tried >= 40
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize("text", [GARBAGE * 900, ""])
def test_no_text_crashes_a_form(world: World, text: str) -> None:
    wrong = []
    for row, form, role, place in posts(world):
        texts = {field.name: text for field in form if isinstance(field, forms.Text | forms.Texts)}
        answer = send(world, row, role, place, texts | usual_verb(form))
        if answer.status_code >= 500 and answer.status_code != 503:  # 503: guessed too often
            wrong.append(f"{row.address}: {answer.status}")
        if (
            answer.status_code in {409, 422}
            and text
            and not all(
                text in html.unescape(answer.text)
                for field in form
                if type(field) is forms.Text and field.name not in NOT_TYPED
            )
        ):
            wrong.append(f"{row.address}: lost what was typed")
    assert wrong == [], "\n".join(wrong)
