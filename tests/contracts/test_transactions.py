"""Every write transaction is begun where it is run again when another one is in its way."""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

ACADEMY = Path(__file__).parents[2] / "academy"
OPENS = ("db.begin", "engine.begin", "database.begin")
ALLOWED = {
    ("core/database.py", "once"): "`run_in_transaction` itself",
    ("http/request_context.py", "writing"): "the view around it is run again (doors/retrying.py)",
    ("learning/group_commit.py", "_commit"): "`run_again` stands around it; the beats that it took stay in its hands",
    (
        "search/backends/postgresql/backend.py",
        "rebuild",
    ): "its lectures are a stream; one lock keeps all others out, and its job is run again",
    ("cli/database.py", "limit_service_account"): "the owner's grants at installation, no rows of ours",
}
"""Where a transaction is begun otherwise, with the reason."""
COMMITS = {
    ("core/database.py", "begin"),
    ("learning/consequences.py", "in_savepoint"),
    ("search/backends/whoosh/backend.py", ""),
}
"""Who may say commit: the one place, a savepoint, and the index's own writer."""


@functools.cache
def _functions() -> list[tuple[str, ast.FunctionDef]]:
    return list(_read())


def _read() -> Iterator[tuple[str, ast.FunctionDef]]:
    for path in sorted(ACADEMY.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                yield str(path.relative_to(ACADEMY)), node


def _own_calls(function: ast.FunctionDef) -> Iterator[ast.Call]:
    """Calls in a function, without those of functions inside it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Call):
            yield node
        if not isinstance(node, ast.FunctionDef):
            waiting.extend(ast.iter_child_nodes(node))


def test_transactions_are_begun_where_they_are_run_again() -> None:
    found = {
        (where, function.name)
        for where, function in _functions()
        for call in _own_calls(function)
        if ast.unparse(call.func).endswith((*OPENS, "self.begin")) and not call.args and "Findings" not in where
    }
    assert found == set(ALLOWED), "use db.run_in_transaction(work), or give the reason here"


def test_nobody_else_commits() -> None:
    found = {
        (where, "" if where == "search/backends/whoosh/backend.py" else function.name)
        for where, function in _functions()
        for call in _own_calls(function)
        if isinstance(call.func, ast.Attribute) and call.func.attr == "commit"
    }
    assert found == COMMITS


def test_a_view_that_is_run_again_opens_one_transaction() -> None:
    """What has committed is not run again: whatever a view writes after that uses `run_in_transaction`."""
    found = []
    for where, function in _functions():
        blocks = [call for call in _own_calls(function) if ast.unparse(call.func) == "writing"]
        others = [
            call
            for call in _own_calls(function)
            if ast.unparse(call.func).endswith("run_in_transaction")
            or (call.args and ast.unparse(call.args[0]) == "house()" and _opens_its_own(ast.unparse(call.func)))
        ]
        if len(blocks) + (len(others) if blocks else 0) > 1:
            found.append((where, function.name))
    assert found == []


def _opens_its_own(name: str) -> bool:
    """Whether a service function that is given the runtime, and no transaction, opens transactions."""
    return name.rpartition(".")[2] in _openers()


@functools.cache
def _openers() -> set[str]:
    return {
        function.name
        for where, function in _functions()
        if not where.startswith(("web/", "api/", "cli/"))
        and [one.arg for one in function.args.args[:1]] == ["runtime"]
        and "run_in_transaction" in ast.unparse(function)
    }
