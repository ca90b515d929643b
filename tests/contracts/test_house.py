"""What must hold everywhere: guards, the order of components, sizes, and nothing of anybody's machine."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from pip._internal.models.index import PyPI

from academy.http.declarations import declaration_of

ROOT = Path(__file__).resolve().parent.parent.parent
LONGEST_FILE = 400
LONG_FOR_A_REASON = {
    "academy/faculty/api.py": "what the component offers, a name a line",
    "benchmarks/ledger_scene.py": "one scene of players and networks, read from top to bottom",
}

# Hosts of registries (asked of the client, never written here) and folders of machines: a clone must not
# carry where it was made.
_HOSTS = (PyPI.netloc, PyPI.file_storage_domain)
_FOLDERS = ("home", "opt", "root", "tmp", "work")
_FOREIGN = re.compile("|".join([*map(re.escape, _HOSTS), rf"(?<![\w/.*]){os.sep}(?:{'|'.join(_FOLDERS)}){os.sep}\w"]))


def tracked(*suffixes: str) -> Iterator[Path]:
    """Files that git keeps."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path.is_file() and (not suffixes or path.suffix in suffixes):
            yield path


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_nobody_gets_in_where_a_guard_stands(app: Flask) -> None:
    """The matrix for a stranger: every guarded page asks to sign in, every guarded API says 401."""
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        methods = (rule.methods or set()) & {"GET", "POST", "PATCH", "DELETE"}
        if declaration_of(app, rule.endpoint).policy.is_public or not methods:
            continue
        address = _example(rule.rule)
        for method in methods:
            answer = client.open(address, method=method)
            if address.startswith("/api/"):
                assert answer.status_code in {401, 412}, (method, address, answer.status_code)
            else:
                assert (answer.status_code, "/sign-in" in answer.headers.get("Location", "")) == (302, True), (
                    method,
                    address,
                )


def _example(rule: str) -> str:
    """An address that fits the rule and names nothing."""
    words = re.sub(r"<any\(['\"]?(\w+)[^>]*>", r"\1", re.sub(r"<int:[^>]+>", "1", rule))
    return re.sub(r"<[^>]+>", "abcdefghjkmnpqrs", words)


@pytest.mark.needs("git")
def test_files_stay_readable() -> None:
    """But for lists of names: an api that only imports is as long as what others use of it."""
    long = {
        str(path.relative_to(ROOT)): lines
        for path in tracked(".py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
        and path.relative_to(ROOT).parts[0] in {"academy", "tools", "benchmarks"}
        and not (path.name == "api.py" and not re.search(r"^(?:def|class|async) ", path.read_text("utf-8"), re.M))
    }
    assert set(long) <= set(LONG_FOR_A_REASON), long


@pytest.mark.needs("git")
def test_nothing_says_where_it_was_made() -> None:
    here = Path(__file__).resolve()
    guilty = []
    for path in tracked(".py", ".md", ".json", ".toml", ".txt", ".js", ".css", ".html", ".po", ".mako", ".mjs", ""):
        if path == here or "vendor" in path.parts:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if _FOREIGN.search(line):
                guilty.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    assert guilty == []


def test_imports_run_downwards() -> None:
    found = subprocess.run(
        [Path(sys.executable).with_name("lint-imports")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stdout[-2000:]


@pytest.mark.needs("git")
def test_the_container_of_secrets_is_not_tracked() -> None:
    names = {path.name for path in tracked()}
    assert not names & {".env", "secret_key", "data_key"}
