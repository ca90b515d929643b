"""What a route declares stands beside its view, and nowhere else."""

import ast
import inspect
import textwrap

import pytest
from flask import Flask

from academy.core.actor import Role
from academy.http import menu
from academy.http.declarations import Landing, UndeclaredRoute, collect, declaration_of
from academy.http.forms import Form
from tests.contracts import source

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])

SECTIONS = {name: value for name, value in vars(menu).items() if isinstance(value, menu.Section)}
LEADS = {"url_for", "link", "redirect"}
"""Functions whose first argument names an endpoint; an endpoint's name stands nowhere else."""
FLASKS_OWN = "static"


def test_the_application_does_not_start_with_a_route_that_declares_nothing(fresh_app: Flask) -> None:
    fresh_app.add_url_rule("/forgotten", "forgotten", lambda: "")
    with pytest.raises(UndeclaredRoute, match="forgotten"):
        collect(fresh_app, fresh_app.extensions["academy"].settings)


def test_one_page_for_each_place_and_each_landing(app: Flask, fresh_app: Flask) -> None:
    assert app is not fresh_app, "what is added below would stay for every test that follows"
    routes = app.extensions["academy.routes"]
    assert {name for name, section in SECTIONS.items() if section not in routes.menu} == set()
    grouped = [section for group in menu.OFFICE_GROUPS for section in group.sections]
    assert len(grouped) == len(set(grouped)), "one place for each"
    assert set(SECTIONS.values()) == {*menu.MEMBER_SECTIONS, *grouped}
    assert set(routes.landings) == set(Landing)
    fresh_app.add_url_rule("/twice", "twice", fresh_app.view_functions[routes.menu[menu.AUDIT]])
    with pytest.raises(UndeclaredRoute, match="both declare"):
        collect(fresh_app, fresh_app.extensions["academy"].settings)


def test_the_navigation_offers_nothing_that_is_refused(app: Flask) -> None:
    for section, endpoint in app.extensions["academy.routes"].menu.items():
        declared = declaration_of(app, endpoint)
        assert declared.section is section
        assert {Role(role) for role in declared.offered_to} <= (declared.policy.roles or set(Role)), endpoint
        if section.on_screens:
            assert declared.screen, endpoint


def test_what_makes_a_file_has_a_rate_of_its_own(app: Flask) -> None:
    """The figure stood in a list by the name of a page that had been renamed, and held for nothing."""
    makers = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "request_export(" in inspect.getsource(inspect.unwrap(app.view_functions[rule.endpoint]))
    }
    assert len(makers) >= 2
    assert {endpoint: declaration_of(app, endpoint).rate for endpoint in makers} == dict.fromkeys(makers, 30)


def test_no_endpoint_is_named_outside_a_link_to_it(app: Flask) -> None:
    names = set(app.view_functions) - {FLASKS_OWN}
    found = []
    for path, nodes in source.python():
        if not path.startswith(("http/", "rest/", "web/")):
            continue
        allowed = (
            {id(leaf) for node in nodes for leaf in _link_targets(node)} if not path.startswith("http/") else set()
        )
        found += [
            f"{path}:{node.lineno}: {node.value}"
            for node in nodes
            if isinstance(node, ast.Constant) and node.value in names and id(node) not in allowed
        ]
    assert found == []


def _link_targets(node: ast.AST) -> list[ast.AST]:
    """What a call of `url_for` or `link` names."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in LEADS and node.args:
        return list(ast.walk(node.args[0]))
    return []


def test_a_view_declares_the_form_that_it_reads(app: Flask) -> None:
    """What is not declared is not tried with what no page sends (test_forms.py)."""
    wrong = []
    for endpoint, view in app.view_functions.items():
        function = inspect.unwrap(view)
        declared = declaration_of(app, endpoint).form
        read = {
            function.__globals__[call.func.value.id]
            for call in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function))))
            if isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and call.func.attr == "read"
            and isinstance(call.func.value, ast.Name)
            and call.func.value.id in function.__globals__
        }
        forms = {form for form in read if inspect.isclass(form) and issubclass(form, Form)}
        if forms - {declared}:
            wrong.append(f"{endpoint} reads {', '.join(form.__name__ for form in forms)} and declares {declared}")
    assert wrong == []
