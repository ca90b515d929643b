"""What bandit finds, each explained here; `make check` runs it."""

import hashlib
import json
import subprocess
import sys
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.support.templates import kept

ROOT = Path(__file__).resolve().parents[2]

# Left out, as in the linter's settings: B101 (asserts narrow types, they guard nothing), B404 and B603 (programs
# are started from argument lists, never by a shell).
LEFT_OUT = "B101,B404,B603"

FIXED_PIECES = "put together from fixed pieces; every value is bound"
EXPLAINED = {
    ("academy/rest/learning.py", "B105"): "compares with nothing, where no token is set",
    ("academy/cli/sample/__init__.py", "B311"): "the sample city draws lots",
    ("academy/cli/sample/accounts.py", "B105"): "the password of the sample accounts, which the demo shows",
    ("academy/faculty/simulated_school.py", "B311"): "a made-up school draws lots",
    ("academy/core/collisions.py", "B311"): "how long who collided with another waits",
    ("academy/cli/server.py", "B104"): "recognises the address, to show a better one",
    ("academy/core/jail.py", "B108"): "a folder of the jail's own",
    ("academy/core/jail.py", "B606"): "the jailed program, from an argument list",
    ("academy/media/documents/office.py", "B108"): "where LibreOffice puts its socket; removed by its exact name",
    (
        "academy/media/documents/office_package.py",
        "B314",
    ): "what holds a DOCTYPE was refused before, so no entity can be declared",
    ("academy/media/documents/office_package.py", "B405"): "as above",
    ("academy/media/documents/kinds.py", "B314"): "as above, and at most a megabyte of it is read",
    ("academy/media/documents/kinds.py", "B405"): "as above",
    ("academy/roster/findings.py", "B608"): FIXED_PIECES,
    ("academy/roster/apply.py", "B608"): FIXED_PIECES,
    ("academy/learning/ledger_rows.py", "B608"): FIXED_PIECES,
    ("academy/search/backends/postgresql/rows.py", "B608"): FIXED_PIECES,
    ("academy/search/backends/postgresql/search.py", "B608"): FIXED_PIECES,
    ("academy/search/backends/postgresql/where.py", "B608"): FIXED_PIECES,
    ("academy/search/backends/whoosh/bulk.py", "B403"): "the index's own, between our own processes",
    ("academy/search/backends/whoosh/view.py", "B301"): "as above; whoosh itself reads its files so",
    ("academy/search/backends/whoosh/view.py", "B403"): "as above",
}


def test_bandit_finds_nothing_that_is_not_explained() -> None:
    found = {}
    for name, results in said_of_each().items():
        found |= {(name, one["test_id"]): one for one in results}
        assert Counter(one["issue_severity"] for one in results)["HIGH"] == 0
    new = [f"{at[0]}:{one['line_number']} {one['issue_text']}" for at, one in found.items() if at not in EXPLAINED]
    assert new == [], "mend it, or explain it here"
    assert set(EXPLAINED) <= set(found), "explained, and no longer there"


def said_of_each() -> dict[str, list[dict[str, Any]]]:
    """File → what bandit finds in it. A file that it has read before, letter for letter, is not read again."""
    files = {name.relative_to(ROOT).as_posix(): name for name in (ROOT / "academy").rglob("*.py")}
    files |= {name: ROOT / name for name in ("wsgi.py", "config.py")}
    folder = kept("bandit", hashlib.sha256(f"{LEFT_OUT} {version('bandit')}".encode()).hexdigest()[:16], lambda _: None)
    notes = {
        name: folder / hashlib.sha256(name.encode() + file.read_bytes()).hexdigest() for name, file in files.items()
    }
    unread = [name for name, note in notes.items() if not note.exists()]
    if unread:
        bandit = Path(sys.executable).with_name("bandit")
        told = [bandit, "-q", *unread, "-f", "json", "--skip", LEFT_OUT]
        report = json.loads(subprocess.run(told, cwd=ROOT, capture_output=True, text=True, check=False).stdout)
        assert report["errors"] == []
        read = {name.removeprefix("./") for name in report["metrics"]}
        assert read - {"_totals"} == set(unread), "it reads what it is told to"
        for name in unread:
            results = [one for one in report["results"] if one["filename"].removeprefix("./") == name]
            notes[name].write_text(json.dumps(results), encoding="utf-8")
    return {name: json.loads(note.read_text(encoding="utf-8")) for name, note in notes.items()}
