"""The JSON API against its own description: every check of schemathesis, on the running server, as four people."""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from sqlalchemy import select

from academy.accounts.sessions import open_program_session
from academy.core.actor import Role
from academy.jobs.api import enqueue
from academy.learning import service as progress
from academy.library.models import Course
from academy.media import uploads
from academy.media.models import Asset
from academy.people.models import Organisation
from tests.support import factories as make
from tests.support.ledger_makers import lecture
from tests.support.running import Academy, academy

pytestmark = pytest.mark.faults

# A request that fits may still be refused for what it means: beyond the expected statuses these are lawful
# answers to it, each declared where it can come from (415: a PATCH inside a POST brings another kind of body).
MEANT = ["413", "415", "422", "460", "507"]
SETTLED = """
hooks = "pieces"
[generation]
max-examples = 12
deterministic = true
no-shrink = true
# A schema cannot say that text holds no NUL at any depth of what is ignored; the description says so in words.
allow-x00 = false

[checks.positive_data_acceptance]
expected-statuses = {accepted}

[checks.negative_data_rejection]
expected-statuses = {refused}

[checks.missing_required_header]
expected-statuses = {refused}

[auth.openapi.token]
bearer = "{token}"
{operations}
"""
PIECES = """
import schemathesis
schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
"""
OPERATION = """
[[operations]]
include-path = "{path}"
parameters = {parameters}
"""


@pytest.fixture(scope="module")
def running() -> Iterator[Academy]:
    with tempfile.TemporaryDirectory() as folder, academy(Path(folder) / "academy", max_upload_mb=1) as of:
        of.web()
        yield of


def test_the_description_is_served_to_anybody(running: Academy) -> None:
    said = requests.get(f"{running.address}/api/v1/openapi.json", timeout=10).json()
    assert said["openapi"].startswith("3.1") and len(said["paths"]) > 10
    for path, methods in said["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"] and operation["responses"], (method, path)


@pytest.mark.parametrize("role", [Role.MEMBER, Role.TRAINER, Role.ROSTER_OFFICER, Role.SYSTEM_ADMINISTRATOR])
def test_the_api_does_what_it_says(running: Academy, role: Role, tmp_path: Path) -> None:
    token, real = somebody(running, role)
    operations = "".join(
        OPERATION.format(path=path, parameters="{ " + ", ".join(f'{k} = "{v}"' for k, v in ids.items()) + " }")
        for path, ids in real.items()
    )
    accepted = ["2xx", "401", "403", "404", "409", *MEANT]
    refused = ["400", "401", "403", "404", "405", "406", "409", "410", "412", "413", "415", "422"]
    settled = SETTLED.format(
        accepted=json.dumps(accepted), refused=json.dumps(refused), token=token, operations=operations
    )
    (tmp_path / "schemathesis.toml").write_text(settled)
    (tmp_path / "pieces.py").write_text(PIECES)
    told = [str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(tmp_path / "schemathesis.toml")]
    told += [
        "run",
        f"{running.address}/api/v1/openapi.json",
        "--checks",
        "all",
        "--max-failures",
        "20",
    ]
    done = subprocess.run(
        told,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert re.search(r"([1-9]\d\d+) generated, \1 passed", done.stdout), done.stdout[-3000:]


def somebody(of: Academy, role: Role) -> tuple[str, dict[str, dict[str, str]]]:
    """A person's token, and real ids of theirs for the addresses of the API."""
    with of.runtime.db.begin() as tx:
        node = tx.scalar(select(Organisation)) or make.organisation(tx, level="city")
        person = make.member(tx, node)
        account = make.account(tx, person, *(() if role is Role.MEMBER else ((role, node),)))
        token = open_program_session(tx, account, 1)
        who = make.actor_of(tx, account)
        course: Course = lecture(tx, account)
        asset: Asset = make.asset(tx, account)
        item = course.shown.items[0]
        lease = progress.open_lease(tx, who, item).lease
        upload = uploads.begin_upload(tx, of.settings, who, filename="党课.mp4", size=9, purpose="video")
        job = enqueue(tx, "media.expire", actor=who, delay_s=9999, upload_id=0)
        return token, {
            "/api/v1/jobs/{public_id}": {"public_id": job.public_id},
            "/api/v1/media/{asset_id}/cues": {"asset_id": asset.public_id},
            "/api/v1/progress/evidence/{member}/{item}": {"member": person.public_id, "item": item.public_id},
            "/api/v1/progress/items/{public_id}": {"public_id": item.public_id},
            "/api/v1/progress/leases/{public_id}/end": {"public_id": lease.public_id},
            "/api/v1/uploads/{public_id}": {"public_id": upload.public_id},
        }
