"""The unit tests of the browser's scripts (frontend/tests), run by Node.js's own runner."""

import subprocess
from pathlib import Path

import pytest

from tools import frontend

ROOT = Path(__file__).parents[2]


@pytest.mark.thorough
@pytest.mark.needs("node", "frontend")
def test_scripts_do_what_they_say() -> None:
    files = {path.name.removesuffix(".test.js") for path in (ROOT / "frontend" / "tests").glob("*.test.js")}
    assert {"answers", "captions", "ledger", "queue", "search", "spans", "store", "words"} <= files
    ran = subprocess.run(frontend.tests(), cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
