"""A date, a status and a layout's own words are written in one way everywhere."""

import ast
import enum
import importlib
import re
from collections.abc import Iterator

import pytest
from jinja2 import Environment, nodes

from tests.contracts.source import pages, python

DATE = re.compile(r"(?:_on|_at|_until|_since)$|^(?:day|since|until|valid_from|valid_to|birth_date)$")
"""Names of what is a date or an instant, as columns and variables of the runtime are called."""
ENVIRONMENT = Environment(extensions=["jinja2.ext.i18n"])  # noqa: S701 (nothing is rendered)


def bare_dates(text: str) -> Iterator[str]:
    """Dates that a template writes into a page by themselves, as Python would; what stands in a tag's attribute is for
    machines."""
    in_tag = False
    for output in ENVIRONMENT.parse(text).find_all(nodes.Output):
        for one in output.nodes:
            if isinstance(one, nodes.TemplateData):
                opened, closed = one.data.rfind("<"), one.data.rfind(">")
                in_tag = opened > closed if max(opened, closed) >= 0 else in_tag
                continue
            shown = [one]
            if isinstance(one, nodes.Call) and getattr(one.node, "attr", "") != "field":  # an input's value is ISO
                shown += one.args
            for expression in shown:
                name = getattr(expression, "attr", None) or getattr(expression, "name", None)
                plain = isinstance(expression, nodes.Getattr | nodes.Name)
                if plain and not in_tag and isinstance(name, str) and DATE.search(name):
                    yield f"{name} (line {expression.lineno})"


def test_the_look_for_bare_dates_finds_them() -> None:
    text = (
        '<a href="?day={{ row.day }}">{{ row.opened_at }} {{ ui.cell(_("起"), row.valid_from) }} {{ row.day|day }}</a>'
    )
    assert [found.split()[0] for found in bare_dates(text)] == ["opened_at", "valid_from"]


@pytest.mark.parametrize("name", sorted(pages()))
def test_every_date_passes_the_one_filter(name: str) -> None:
    text = pages()[name]
    assert list(bare_dates(text)) == []
    assert not re.search(r"\bstrftime\b|\.isoformat\(", text), "written by `day`, `moment` or `iso`"


def enumerations() -> dict[str, set[str]]:
    """Every enumeration of texts in the application, with its values."""
    found = {}
    for path, syntax in python():
        if any(isinstance(node, ast.Name) and node.id == "StrEnum" for node in syntax) or any(
            isinstance(node, ast.Attribute) and node.attr == "StrEnum" for node in syntax
        ):
            module = importlib.import_module("academy." + path.removesuffix(".py").replace("/", "."))
            for one in vars(module).values():
                if isinstance(one, type) and issubclass(one, enum.StrEnum) and one.__module__ == module.__name__:
                    found[one.__name__] = {member.value for member in one}
    return found


def worded(node: ast.Dict) -> dict[str, str]:
    """What a mapping calls each of its keys: ``"open": msg("进行中")``, or a tuple that begins with it. A whole
    sentence explains and does not name."""
    found = {}
    for key, value in zip(node.keys, node.values, strict=True):
        first = value.elts[0] if isinstance(value, ast.Tuple) and value.elts else value
        name = (
            key.value if isinstance(key, ast.Constant) else key.attr.lower() if isinstance(key, ast.Attribute) else ""
        )
        match first:
            case ast.Call(func=ast.Name(id="msg"), args=[ast.Constant(value=str(word)), *_]) if isinstance(
                name, str
            ) and not word.endswith("。"):
                found[name] = word
    return found


def test_a_status_has_one_word() -> None:
    """Two mappings from the values of one enumeration to words call none of them differently."""
    states = enumerations()
    assert {"MemberStatus", "TrainingState", "CourseState"} <= set(states)
    said: dict[tuple[str, str], dict[str, str]] = {}
    for path, syntax in python():
        for node in syntax:
            if not isinstance(node, ast.Dict):
                continue
            words = worded(node)
            fitting = [name for name, values in states.items() if len(words) > 1 and set(words) <= values]
            if len(fitting) == 1:
                for value, word in words.items():
                    said.setdefault((fitting[0], value), {}).setdefault(word, f"{path}:{node.lineno}")
    assert said, "there are such mappings"
    assert {key: words for key, words in said.items() if len(words) > 1} == {}


def test_a_layout_sets_no_name_for_the_pages_that_extend_it() -> None:
    """What a layout sets at its top level would stand in every page's blocks, in the place of what it was given."""
    texts = pages()
    parents = set(re.findall(r'\{% extends "([^"]+)" %\}', "".join(texts.values())))
    assert "base.html" in parents
    for parent in parents:
        tree = ENVIRONMENT.parse(next(text for name, text in texts.items() if name.endswith("/" + parent)))
        assert [one.target.name for one in top_level(tree) if isinstance(one.target, nodes.Name)] == [], parent


def top_level(node: nodes.Node) -> Iterator[nodes.Assign]:
    """Assignments that are not inside a block, a macro, a loop or a `with`."""
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.Assign):
            yield child
        elif not isinstance(child, nodes.Block | nodes.Macro | nodes.For | nodes.With | nodes.CallBlock):
            yield from top_level(child)
