"""The client our page uses, and the words of the protocol that its reference server's tests insist on."""

import hashlib
import json
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from academy.core.actor import Role
from academy.media import uploads
from academy.media.models import Upload
from tests.support.running import Academy, academy, kill
from tools.browser_libraries import fetch, node

pytestmark = [pytest.mark.faults, pytest.mark.needs("node")]

ROOT = Path(__file__).parents[2]
SIZE = (24 << 20) + 17
DATA = random.Random(11).randbytes(SIZE)


@pytest.fixture(scope="module")
def client() -> Path:
    """The package itself, as set-up fetched it for the page."""
    found = ROOT / ".cache" / "browser" / "node_modules" / "tus-js-client"
    if not found.exists():
        fetch(ROOT / ".cache" / "browser")
    return found


def test_tus_js_client_in_pieces_resumed_given_up_and_through_a_killed_server(tmp_path: Path, client: Path) -> None:
    film = tmp_path / "film"
    film.write_bytes(DATA)
    with academy(tmp_path / "academy") as of:
        of.web()
        script = ROOT / "tests" / "provider" / "tus_client.mjs"
        cookie = of.cookie(of.account(Role.TRAINER))
        told = [node(), script, client, f"{of.address}/api/v1/uploads", cookie, film, tmp_path]
        heard = _heard(of, [str(part) for part in told])
        assert [line["name"] for line in heard] == [
            *("pieces", "with-creation", "override", "half", "half", "gone", "after-giving-up", "killed", "too-large")
        ]
        pieces, along, override, half, other, gone, after, killed, large = heard
        assert pieces["statuses"] == ["POST 201"] + ["PATCH 204"] * 7
        assert along["statuses"] == ["POST 201"] + ["PATCH 204"] * 6, "the first piece came with the announcement"
        assert override["statuses"] == ["POST 201"] + ["POST 204"] * 7
        assert half["stopped"] and other["done"] and other["url"] == half["url"]
        assert other["statuses"][0] == "HEAD 200" and len(other["statuses"]) < len(pieces["statuses"])
        assert gone["stopped"] and after["status"] == 404
        assert killed["done"] and killed["retries"] > 0 and "HEAD 200" in killed["statuses"]
        assert "413" in large["error"]
        _all_arrived(of, 5)


def _heard(of: Academy, told: list[str]) -> list[dict[str, Any]]:
    found = []
    with subprocess.Popen(told, stdout=subprocess.PIPE, text=True) as node:
        assert node.stdout is not None
        for text in node.stdout:
            line = json.loads(text)
            if line["name"] == "kill":
                kill(of.processes[-1])
                of.web()
            else:
                found.append(line)
    assert node.returncode == 0
    return found


def _all_arrived(of: Academy, count: int) -> None:
    with of.runtime.db.read() as tx:
        rows = tx.scalars(select(Upload)).all()
    assert len(rows) == count and all(row.completed_at for row in rows)
    for row in rows:
        arrived = uploads.part_path(of.settings, row.public_id).read_bytes()
        assert hashlib.sha256(arrived).digest() == hashlib.sha256(DATA).digest(), row.filename
