"""The application's own text, for contracts about all of it: modules by their syntax, templates, scripts."""

import ast
import functools
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = ROOT / "academy"


@functools.cache
def python() -> list[tuple[str, list[ast.AST]]]:
    """The application's modules, by their path: everything in each, the module itself first; read once."""
    return [
        (path.relative_to(CODE).as_posix(), list(ast.walk(ast.parse(path.read_text(encoding="utf-8")))))
        for path in sorted(CODE.rglob("*.py"))
    ]


@functools.cache
def imported() -> dict[str, set[str]]:
    """What each module imports; asked by many contracts, found out once."""
    return {path: imports(nodes) for path, nodes in python()}


def imports(nodes: list[ast.AST]) -> set[str]:
    """Names of what a module imports, wherever in it."""
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return found


def who_imports(*packages: str) -> dict[str, set[str]]:
    """Modules that import one of the packages, or a part of it."""
    wanted = re.compile(rf"^(?:{'|'.join(map(re.escape, packages))})(?:\.|$)")
    found = {path: {name for name in names if wanted.match(name)} for path, names in imported().items()}
    return {path: names for path, names in found.items() if names}


def pages() -> dict[str, str]:
    return {str(p.relative_to(CODE)): p.read_text(encoding="utf-8") for p in (CODE / "web/templates").rglob("*.html")}


def scripts() -> dict[str, str]:
    """Our own scripts."""
    root = CODE / "web/static/js"
    return {p.relative_to(root).as_posix(): p.read_text(encoding="utf-8") for p in root.rglob("*.js")}
