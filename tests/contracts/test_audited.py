"""A service function that changes rows for somebody writes an audit row in the same transaction."""

import ast
from functools import cache

from tests.contracts import source

UNTRACED = {
    "check_lines": "a dry run: nothing is written",
    "check_people": "a dry run: nothing is written",
    "choose_columns": "the file is only looked at again",
    "edit_note": "one's own notes",
    "keep_lecture": "the lease is a dated row of its own",
    "mark_all_read": "one's own messages",
    "move": "whoever moves a course writes the row, with the verb",
    "open_lease": "the lease is a dated row of its own",
    "open_notification": "one's own message",
    "place_members": "who enrols, approves or lets somebody move up writes the row",
    "queue_members": "as `place_members`",
    "renew_kept": "one's own leases, renewed or ended when they have expired",
    "reopen": "one's own draft, until it is submitted",
    "remove_note": "one's own notes",
    "set_elder_mode": "how one's own pages look",
    "set_language": "how one's own pages look",
    "unmark_favourite": "one's own list",
}
"""Functions that write no audit row, and why."""
WRITES = {"add", "add_all", "delete", "update", "insert", "flush"}
EDGES = ("web/", "rest/", "http/", "cli/")
AUDIT = ("core/audit.py", "record")


@cache
def functions(path: str) -> dict[str, ast.FunctionDef]:
    """The functions of a module."""
    return {node.name: node for node in dict(source.python())[path] if isinstance(node, ast.FunctionDef)}


@cache
def imported(path: str) -> dict[str, tuple[str, str]]:
    """What names of other modules mean in this one: the module, and the name in it (empty: the module itself)."""
    modules = dict(source.python())
    found = {}
    for node in modules[path]:
        if not (isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("academy")):
            continue
        base = node.module.removeprefix("academy").strip(".").replace(".", "/")
        for name in node.names:
            whole = f"{base}/{name.name}.py".lstrip("/")
            inside = next((file for file in (f"{base}.py", f"{base}/__init__.py") if file in modules), "")
            found[name.asname or name.name] = (whole, "") if whole in modules else (inside, name.name)
    return found


def meant(path: str, name: str) -> tuple[str, str] | None:
    """The function that a name means in a module, through whatever modules hand it on."""
    while path:
        if name in functions(path):
            return path, name
        path, name = imported(path).get(name, ("", ""))
    return None


def called(path: str, function: ast.FunctionDef) -> set[tuple[str, str]]:
    """The application's functions that a function calls."""
    found = set()
    for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
        target = call.func
        if isinstance(target, ast.Name):
            found.add(meant(path, target.id))
        elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
            module, inside = imported(path).get(target.value.id, ("", ""))
            found.add(meant(module, target.attr) if module and not inside else None)
    return {one for one in found if one is not None}


def reaches_audit(start: tuple[str, str]) -> bool:
    """Whether a function, or one that it calls, writes an audit row."""
    seen, waiting = {start}, [start]
    while waiting:
        path, name = waiting.pop()
        fresh = called(path, functions(path)[name]) - seen
        seen |= fresh
        waiting += fresh
    return AUDIT in seen


def changes_rows(function: ast.FunctionDef) -> bool:
    """Whether a function sets an attribute of something, or sends a statement."""
    nodes = list(ast.walk(function))
    targets = [target for node in nodes if isinstance(node, ast.Assign) for target in node.targets]
    targets += [node.target for node in nodes if isinstance(node, ast.AugAssign)]
    calls = [node.func for node in nodes if isinstance(node, ast.Call)]
    sent = {call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "") for call in calls}
    return any(isinstance(target, ast.Attribute) for target in targets) or bool(WRITES & sent)


def test_what_changes_rows_for_somebody_is_audited() -> None:
    services = [
        (path, function.name)
        for path, _ in source.python()
        if not path.startswith(EDGES)
        for function in functions(path).values()
        if [argument.arg for argument in function.args.args[:2]] == ["tx", "actor"]
        and not function.name.startswith("_")
        and changes_rows(function)
    ]
    assert len(services) > 60
    silent = {name: path for path, name in services if not reaches_audit((path, name))}
    assert {name: path for name, path in silent.items() if name not in UNTRACED} == {}
    assert set(UNTRACED) <= set(silent)
