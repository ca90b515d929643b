"""A component is used through its `api` and in no other way; what is excepted is listed here with its reason.

`pyproject.toml` holds the contracts that `lint-imports` checks on every change. Here they are compared with what was
decided (docs/decisions/0047), so that none can be weakened unnoticed; and each `api` is held to what it promises:
complete, sorted, documented, and nothing in it that nobody uses. Tests, tools and benchmarks may reach inside a
component: they test, build and measure its parts.
"""

import ast
import importlib
import inspect
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from types import ModuleType
from typing import Any

import pytest

from academy.components import COMPONENTS
from academy.core.database import Base
from tests.contracts.source import CODE, ROOT, python

OWNERS = tuple(component for component in COMPONENTS if component != "core")
"""Components with an api. `core` has none: it is a base library, and each of its modules is public."""

ROWS = "writes the rows of a sample city in bulk, as no user does"
READ_MODELS: dict[str, dict[str, str]] = {
    "people": {
        "accounts": "grants, sign-in and requests are limited to subtrees of the organisation tree",
        "roster": "compares a file with the register and writes what differs, in bulk",
        "library": "lists of courses and complaints are limited to subtrees",
        "learning": "evidence and corrections are limited to subtrees and sorted by person",
        "talk": "questions to decide on are limited to subtrees",
        "classes": "lists of a class are joined with its members, and who left the register is left out",
        "trainings": "audiences are conditions on members, cohorts, exemptions and places in time",
        "faculty": "posts and obligations are limited to subtrees of the organisation tree",
        "coverage": "figures and names are sums over members by place, sector, age and position",
        "outreach": "recipients are members of a subtree",
        "reports": "reports are sums and lists over members by place and time",
        "cli.sample": ROWS,
    },
    "accounts": {
        "outreach": "delegation goes to the accounts that hold an office in each branch, in one statement",
        "cli.sample": ROWS,
    },
    "notifications": {
        "outreach": "a reminder is a notification to each of thousands of members, inserted by one statement",
        "cli.sample": ROWS,
    },
    "media": {
        "library": "an item shows its file; lists of courses join both",
        "learning": "progress is measured against the lengths of files, for all items of a page at once",
        "trainings": "the share watched is measured against the lengths of files",
        "search": "the index is built from captions and pages of documents, a thousand courses at a time",
        "cli.sample": ROWS,
    },
    "library": {
        "learning": "progress, completions and repair join the items of a course",
        "talk": "notes, favourites and questions are listed with their courses",
        "trainings": "a training's courses are joined with their completions",
        "faculty": "the pool is a list of lecturers, sorted by name and filtered by subject",
        "coverage": "reasons for refusals are counted by item",
        "search": "the index is built from courses, items, categories and lecturers",
        "reports": "the copy of one's own data names courses and holds complaints",
        "cli.sample": ROWS,
    },
    "learning": {
        "trainings": "progress in a training is a query over starts and completions",
        "coverage": "reasons for refusals are counted over the members of a node",
        "reports": "reports count completions and hours; the copy of one's own data holds them",
        "cli.sample": ROWS,
    },
    "talk": {"cli.sample": ROWS},
    "classes": {
        "faculty": "class hours are sums over lectures by term and class",
        "cli.sample": ROWS,
    },
    "faculty": {"cli.sample": ROWS},
    "trainings": {
        "coverage": "figures are sums over enrolments",
        "outreach": "recipients are enrolled members that nobody reminded lately",
        "reports": "reports join trainings with their enrolments",
        "cli.sample": ROWS,
    },
}
"""Owner → component that may name its tables in SQL → why a query of the owner's would not do."""

OTHER_CONTRACTS = {
    "Imports run downwards": "layers",
    "Components below http import no Flask": "forbidden",
    "No part imports what imports it": "acyclic_siblings",
}


@cache
def contracts() -> dict[str, dict[str, Any]]:
    """The contracts of import-linter, by their name."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return {one["name"]: one for one in tomllib.loads(text)["tool"]["importlinter"]["contracts"]}


def api_of(component: str) -> ModuleType:
    return importlib.import_module(f"academy.{component}.api")


def owner_of(path: str) -> str:
    """The component of a module, by its path below academy/."""
    return path.split("/")[0].removesuffix(".py")


def imported(nodes: list[ast.AST]) -> Iterator[tuple[str, str, str]]:
    """What a module imports of ours: (module, name, local name); the name is empty for `import academy.x`."""
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "academy":
            yield from ((node.module or "", alias.name, alias.asname or alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, "", "") for alias in node.names if alias.name.split(".")[0] == "academy")


def is_module(name: str) -> bool:
    place = CODE.joinpath(*name.split(".")[1:])
    return place.with_suffix(".py").exists() or place.is_dir()


def module_of(module: str, name: str) -> str:
    """The module that an import reaches."""
    return f"{module}.{name}" if name and is_module(f"{module}.{name}") else module


def is_type(name: str) -> bool:
    return name[0].isupper() and not name.isupper()


@cache
def uses() -> dict[str, dict[str, set[str]]]:
    """Component → name of its api → other modules that use it."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for path, nodes in python():
        aliases = {}
        for module, name, local in imported(nodes):
            reached = module_of(module, name)
            if reached.endswith(".api") and reached.count(".") == 2:
                component = reached.split(".")[1]
                if reached == module:
                    found[component][name].add(path)
                else:
                    aliases[local] = component
        for node in nodes:
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in aliases:
                found[aliases[node.value.id]][node.attr].add(path)
    return found


def test_contracts_are_those_that_were_decided() -> None:
    entered = {f"{component} is used through its api" for component in OWNERS}
    assert set(contracts()) == set(OTHER_CONTRACTS) | entered
    assert {name: contracts()[name]["type"] for name in OTHER_CONTRACTS} == OTHER_CONTRACTS
    for name in OTHER_CONTRACTS:
        assert "ignore_imports" not in contracts()[name], name


def test_layers_hold_every_component_in_its_order() -> None:
    layers = [part.strip() for layer in contracts()["Imports run downwards"]["layers"] for part in layer.split("|")]
    assert [part for part in reversed(layers) if part in COMPONENTS] == list(COMPONENTS)
    assert set(contracts()["Components below http import no Flask"]["source_modules"]) == {
        f"academy.{component}" for component in COMPONENTS
    }


def test_circles_are_looked_for_everywhere() -> None:
    contract = contracts()["No part imports what imports it"]
    assert contract["ancestors"] == ["academy"]
    assert set(contract) == {"name", "type", "ancestors"}, "no part is left out"


@pytest.mark.parametrize("component", OWNERS)
def test_a_component_is_protected_but_for_its_api_and_the_listed_read_models(component: str) -> None:
    contract = contracts()[f"{component} is used through its api"]
    own = f"academy.{component}"
    assert contract["type"] == "protected"
    assert contract["protected_modules"] == contract["allowed_importers"] == [own]
    readers = {f"academy.{reader}.** -> {own}.models" for reader in READ_MODELS.get(component, ())}
    assert set(contract["ignore_imports"]) == {f"academy.** -> {own}.api", *readers}
    assert set(contract) == {"name", "type", "protected_modules", "allowed_importers", "ignore_imports"}


def test_nothing_is_imported_past_an_api() -> None:
    wrong = []
    for path, nodes in python():
        folder = path.removesuffix(".py").replace("/", ".")
        for module, name, _ in imported(nodes):
            reached = module_of(module, name)
            owner = reached.split(".")[1] if "." in reached else ""
            if owner not in OWNERS or owner == owner_of(path) or reached == f"academy.{owner}.api":
                continue
            readers = READ_MODELS.get(owner, {})
            is_reader = any(folder.startswith(f"{reader}.") for reader in readers)
            if reached != f"academy.{owner}.models" or not is_reader:
                wrong.append(f"{path}: {reached}")
    assert wrong == []


def test_no_component_imports_its_own_api() -> None:
    wrong = [
        path
        for path, nodes in python()
        for module, name, _ in imported(nodes)
        if module_of(module, name) == f"academy.{owner_of(path)}.api"
    ]
    assert wrong == []


def test_functions_are_called_through_the_component_and_types_by_their_name() -> None:
    """`from academy.people import api as people`, then `people.subtree(…)`; `from academy.people.api import Member`."""
    wrong = []
    for path, nodes in python():
        for module, name, local in imported(nodes):
            reached = module_of(module, name)
            if not (reached.endswith(".api") and reached.count(".") == 2):
                continue
            component = reached.split(".")[1]
            if (reached == module and not is_type(name)) or (reached != module and local != component):
                wrong.append(f"{path}: from {module} import {name} as {local}")
    assert wrong == []


@pytest.mark.parametrize("component", OWNERS)
def test_an_api_is_sorted_complete_and_no_longer_than_used(component: str) -> None:
    api = api_of(component)
    names: list[str] = api.__all__
    assert names == sorted(set(names), key=lambda name: (0 if name.isupper() else 1 if is_type(name) else 2, name))
    public = {name for name in vars(api) if not name.startswith("_")}
    assert public == set(names), "an api holds what it offers and nothing else"
    assert set(uses()[component]) == set(names), "each is used by another component, or by a page or command"
    strange = [name for name in names if not _home(getattr(api, name), f"academy.{component}.")]
    assert strange == [], "what belongs to another component is imported from there"


def _home(value: object, own: str) -> bool:
    module = getattr(value, "__module__", None) if inspect.isfunction(value) or inspect.isclass(value) else None
    return module is None or module.startswith(own)


@pytest.mark.parametrize("component", OWNERS)
def test_what_an_api_offers_is_documented(component: str) -> None:
    api = api_of(component)
    assert inspect.getdoc(api)
    bare = []
    for name in api.__all__:
        value = getattr(api, name)
        if inspect.isclass(value) or inspect.isfunction(value):
            text = value.__doc__ or ""
            if not text.strip() or text.startswith(f"{name}("):
                bare.append(name)
    assert bare == []


@pytest.mark.parametrize("component", OWNERS)
def test_errors_that_a_function_raises_are_in_its_docstring(component: str) -> None:
    api = api_of(component)
    silent = []
    for name in api.__all__:
        value = getattr(api, name)
        if inspect.isfunction(value) and _raised(value) and "aises" not in (value.__doc__ or ""):
            silent.append(f"{value.__module__}.{name}: {sorted(_raised(value))}")
    assert silent == []


def _raised(function: Any) -> set[str]:
    """Names of the classes that a function's own text raises, without those that it catches itself."""
    tree = ast.parse(inspect.cleandoc("\n" + inspect.getsource(inspect.unwrap(function))))
    caught = {
        ast.unparse(one)
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and node.type is not None
        for one in (node.type.elts if isinstance(node.type, ast.Tuple) else [node.type])
    }
    raised = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and node.exc is not None:
            raised.add(ast.unparse(node.exc.func if isinstance(node.exc, ast.Call) else node.exc))
    return {one for one in raised if one[0].isupper()} - caught


def test_a_model_from_an_api_is_a_type_and_no_table() -> None:
    """Who joins a table is in READ_MODELS and imports `models`; an api gives rows and the names of their types."""
    wrong = []
    for path, nodes in python():
        models = {
            local
            for module, name, local in imported(nodes)
            if module.endswith(".api") and is_type(name) and _is_table(module, name)
        }
        if not models:
            continue
        typed = {id(part) for node in nodes for field in ("annotation", "returns") for part in _parts(node, field)}
        casts = {
            id(part)
            for node in nodes
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "cast"
            for part in ast.walk(node.args[0])
        }
        wrong += [
            f"{path}:{node.lineno}: {node.id}"
            for node in nodes
            if isinstance(node, ast.Name) and node.id in models and id(node) not in typed | casts
        ]
    assert wrong == []


def _is_table(module: str, name: str) -> bool:
    value = getattr(importlib.import_module(module), name, None)
    return inspect.isclass(value) and issubclass(value, Base)


def _parts(node: ast.AST, field: str) -> Iterator[ast.AST]:
    found = getattr(node, field, None)
    return ast.walk(found) if isinstance(found, ast.AST) else iter(())


CONFINED = (
    "media.captions.parse_captions",
    "media.documents.draw_pages",
    "media.documents.read_package",
    "media.draw_image",
    "media.jailed",
    "media.transcription.recogniser",
    "roster.sheet_reader",
)
"""Modules with which a confined child process begins."""


@pytest.mark.parametrize("module", CONFINED)
def test_a_confined_process_loads_no_api(module: str) -> None:
    """An api imports its whole component, and with it the database: a child that parses one file needs none of it."""
    texts = {"academy." + path.removesuffix(".py").replace("/", "."): nodes for path, nodes in python()}
    waiting, loaded = [f"academy.{module}"], set[str]()
    assert waiting[0] in texts
    while waiting:
        one = waiting.pop()
        if one in loaded or one not in texts:
            continue
        loaded.add(one)
        waiting += [module_of(source, name) for source, name, _ in imported(texts[one])]
    assert [one for one in sorted(loaded) if one.endswith((".api", ".models"))] == []
