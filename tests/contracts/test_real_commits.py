"""Where threads or failing statements are the matter, transactions are real: savepoints of one connection collide with
nobody, and a commit that fails is another thing than a savepoint that does."""

import ast
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
SIGNS = {"threading", "concurrent.futures", "multiprocessing", "tests.support.failures"}
NO_DATABASE = {
    "components/test_guessing.py": "the thread waits for a place among the hashes, before any transaction",
    "http/test_sso_answers.py": "the threads wait for the provider's metadata, before any transaction",
    "http/test_sms.py": "the thread is the operator's server of messages",
}


def imported(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
    return found


def test_threads_and_failures_meet_real_transactions() -> None:
    savepoints = set()
    for path in sorted([*TESTS.glob("components/*.py"), *TESTS.glob("http/*.py")]):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        marked = any(isinstance(node, ast.Attribute) and node.attr == "commits" for node in ast.walk(tree))
        if imported(tree) & SIGNS and not marked:
            savepoints.add(path.relative_to(TESTS).as_posix())
    assert sorted(savepoints - set(NO_DATABASE)) == [], "pytestmark = pytest.mark.commits"
    assert sorted(set(NO_DATABASE) - savepoints) == [], "needs no reason any more"
