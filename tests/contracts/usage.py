"""Who uses what: names of modules, resolved through imports and re-exports, by syntax alone."""

import ast
import functools
from dataclasses import dataclass, field

from tests.contracts.source import ROOT

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

PLAIN = {
    "dataclass",
    "dataclasses.dataclass",
    "contextmanager",
    "contextlib.contextmanager",
    "functools.cache",
    "functools.lru_cache",
    "cache",
    "lru_cache",
    "total_ordering",
    "functools.total_ordering",
    "final",
    "overload",
    "staticmethod",
}
"""Decorators that do not register what they decorate."""


@dataclass
class Module:
    """A module's imports, definitions, and what it uses where."""

    name: str
    tree: ast.Module
    aliases: dict[str, str] = field(default_factory=dict)
    """Name in the module → what it stands for, dotted."""
    defined: dict[str, Definition] = field(default_factory=dict)


@functools.cache
def read(*patterns: str) -> dict[str, Module]:
    """The modules of the files of these patterns, by their dotted names."""
    found = {}
    for path in sorted(path for pattern in patterns for path in ROOT.glob(pattern)):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        module = Module(name, ast.parse(path.read_text(encoding="utf-8")))
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Import):
                for one in node.names:
                    module.aliases[one.asname or one.name.partition(".")[0]] = (
                        one.name if one.asname else one.name.partition(".")[0]
                    )
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                for one in node.names:
                    module.aliases[one.asname or one.name] = f"{node.module}.{one.name}"
        module.defined = {node.name: node for node in module.tree.body if isinstance(node, Definition)}
        found[name] = module
    return found


def origin(dotted: str, modules: dict[str, Module]) -> str:
    """Where a name is defined, through every module that only passes it on."""
    for _ in range(10):
        owner, _, name = dotted.rpartition(".")
        module = modules.get(owner)
        if module is None or name in module.defined or name not in module.aliases:
            break
        dotted = module.aliases[name]
    return dotted


def used(modules: dict[str, Module]) -> set[str]:
    """Dotted names of every function and class that a module uses, by where it is defined; but for itself."""
    found = set()
    for module in modules.values():
        for statement in module.tree.body:
            own = f"{module.name}.{statement.name}" if isinstance(statement, Definition) else ""
            found |= {origin(name, modules) for name in _names(statement, module)} - {own}
    return found


def _names(statement: ast.AST, module: Module) -> set[str]:
    found = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Name | ast.Attribute):
            name = _dotted(node, module)
            found |= {name} if name else set()
        for note in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            for text in ast.walk(note) if note is not None else ():
                if isinstance(text, ast.Constant) and isinstance(text.value, str):
                    found |= _names(ast.parse(text.value, mode="eval"), module)
    return found


def _dotted(node: ast.expr, module: Module) -> str | None:
    if isinstance(node, ast.Name):
        if node.id in module.aliases:
            return module.aliases[node.id]
        return f"{module.name}.{node.id}" if node.id in module.defined else None
    if isinstance(node, ast.Attribute):
        before = _dotted(node.value, module)
        return f"{before}.{node.attr}" if before else None
    return None


def is_registered(node: Definition) -> bool:
    """Whether a decorator hands the function or class to somebody."""
    names = {ast.unparse(one.func if isinstance(one, ast.Call) else one) for one in node.decorator_list}
    return bool(names - PLAIN)
