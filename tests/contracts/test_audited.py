"""A service function that changes rows for somebody writes an audit row in the same transaction."""

import ast
from collections import defaultdict

from tests.contracts import source

OWN = {
    "open_notice": "a message to oneself was read",
    "set_elder_mode": "how one's own pages look",
    "set_language": "how one's own pages look",
}
"""Functions that leave no trace, and why."""
WRITES = {"add", "add_all", "delete", "update", "insert", "execute", "flush"}
EDGES = ("web/", "rest/", "http/", "cli/")
AUDIT = "record"


def called(function: ast.FunctionDef) -> set[str]:
    """Names of what a function calls."""
    return {
        call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        for call in ast.walk(function)
        if isinstance(call, ast.Call)
    }


def changes(function: ast.FunctionDef) -> bool:
    """Whether a function sets an attribute of something, or sends a statement."""
    targets = [
        target
        for node in ast.walk(function)
        if isinstance(node, ast.Assign | ast.AugAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    ]
    return any(isinstance(target, ast.Attribute) for target in targets) or bool(WRITES & called(function))


def test_what_changes_rows_for_somebody_is_audited() -> None:
    calls: dict[str, set[str]] = defaultdict(set)
    services: dict[str, str] = {}
    for path, nodes in source.python():
        if path.startswith(EDGES):
            continue
        for function in nodes:
            if not isinstance(function, ast.FunctionDef):
                continue
            calls[function.name] |= called(function)
            first = [argument.arg for argument in function.args.args[:2]]
            if first == ["tx", "actor"] and not function.name.startswith("_") and changes(function):
                services[function.name] = path

    def reached(name: str) -> set[str]:
        seen, waiting = set[str](), [name]
        while waiting:
            fresh = calls.get(waiting.pop(), set()) - seen
            seen |= fresh
            waiting += fresh
        return seen

    silent = {name: path for name, path in services.items() if AUDIT not in reached(name)}
    assert len(services) > 60
    assert {name: path for name, path in silent.items() if name not in OWN} == {}
    assert set(OWN) <= set(silent)
