"""No test compares a stretch of wall time: on a busy machine it would fail for no fault of the code.

What was done is counted instead (queries, calls, bytes), or the growth of CPU time is measured. Waiting has a limit and
one place, `tests/support/waiting.py`, which raises TimeoutError.
"""

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
CLOCKS = {"monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "time", "time_ns"}
READING = re.compile(rf"\btime\.({'|'.join(sorted(CLOCKS))})\(")


def compared_with_the_clock(source: str) -> list[tuple[int, str]]:
    """Line and text of each `assert` whose outcome depends on a reading of the clock, by way of names and returned
    values of this module."""
    if not READING.search(source):
        return []
    tree = ast.parse(source)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    timers: set[str] = set()
    while True:
        names = {one: _names(one, timers) for one in functions}
        found = {one.name for one in functions if _returns_time(one, names[one], timers)}
        if found <= timers:
            break
        timers |= found
    return sorted(
        {
            (node.lineno, ast.unparse(node.test))
            for one in functions
            for node in ast.walk(one)
            if isinstance(node, ast.Assert) and _compares_time(node.test, names[one], timers)
        }
    )


def _names(function: ast.AST, timers: set[str]) -> set[str]:
    """What is assigned from a reading of the clock, or from what was."""
    found: set[str] = set()
    while True:
        more = {
            name.id
            for node in ast.walk(function)
            if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.NamedExpr)
            if node.value is not None and _is_time(node.value, found, timers)
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            for name in ast.walk(target)
            if isinstance(name, ast.Name)
        }
        if more <= found:
            return found
        found |= more


def _is_time(expression: ast.AST, names: set[str], timers: set[str]) -> bool:
    """Whether an expression is a reading or arithmetic with one: what a call does with it is the call's matter."""
    match expression:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="time"), attr=attribute)):
            return attribute in CLOCKS
        case ast.Call(func=ast.Name(id=name), args=given):
            passes_on = name in {"min", "max", "abs", "round", "int", "float", "sum"}
            return name in timers or (passes_on and any(_is_time(one, names, timers) for one in given))
        case ast.Name(id=name):
            return name in names
        case ast.Call() | ast.Lambda():
            return False
    return any(_is_time(child, names, timers) for child in ast.iter_child_nodes(expression))


def _returns_time(function: ast.AST, names: set[str], timers: set[str]) -> bool:
    return any(
        isinstance(node, ast.Return) and node.value is not None and _is_time(node.value, names, timers)
        for node in ast.walk(function)
    )


def _compares_time(test: ast.AST, names: set[str], timers: set[str]) -> bool:
    return any(isinstance(node, ast.Compare) and _is_time(node, names, timers) for node in ast.walk(test))


@pytest.mark.parametrize(
    "lines",
    [
        "began = time.monotonic(); work(); assert time.monotonic() - began < 3",
        "began = time.perf_counter(); took = time.perf_counter() - began; assert took < 1 and ok",
        "end = time.time() + 9\n    while not done():\n        assert time.time() < end",
        "slowest = 0.0; slowest = max(slowest, time.perf_counter() - 1); assert slowest < 2",
        "assert took() < 3",
    ],
)
def test_comparisons_with_the_clock_are_seen(lines: str) -> None:
    helper = "def took():\n    a = time.monotonic()\n    return time.monotonic() - a\n"
    assert len(compared_with_the_clock(f"import time\n{helper}\ndef test_x():\n    {lines}\n")) == 1


@pytest.mark.parametrize(
    "lines",
    [
        "spent = time.process_time(); assert time.process_time() - spent < 3 * small",
        "old = grant(expires_s=int(time.time()) - 1); assert sent(old) == 409",
        "end = time.monotonic() + 3\n    while not done():\n        if time.monotonic() > end: raise TimeoutError",
    ],
)
def test_what_is_no_comparison_with_the_clock_is_left(lines: str) -> None:
    assert compared_with_the_clock(f"import time\ndef test_x():\n    {lines}\n") == []


def test_no_test_compares_wall_time() -> None:
    found = [
        f"{path.relative_to(TESTS)}:{line}: assert {text}"
        for path in sorted(TESTS.rglob("*.py"))
        for line, text in compared_with_the_clock(path.read_text(encoding="utf-8"))
    ]
    assert found == [], "count what was done, or wait with tests/support/waiting.py"
