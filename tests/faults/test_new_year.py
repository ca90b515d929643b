"""A lecture watched across midnight of New Year in Shanghai, on the running server."""

import datetime as dt
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import select

from academy.cli.database import alembic_config
from academy.core import clock
from academy.core.runtime import Runtime
from academy.learning import queries, service
from academy.learning.models import ItemCompletion
from academy.learning.tokens import Signer
from tests.conftest import SECRET, make_settings
from tests.support.ledger_makers import learner, lecture
from tests.support.services import free_port, wait_for_port

pytestmark = pytest.mark.faults

ROOT = Path(__file__).parents[2]
MIDNIGHT = dt.datetime(2026, 12, 31, 16, tzinfo=dt.UTC)
BEFORE = dt.timedelta(seconds=12)


def beat(port: int, token: str, seq: int, spans: list[list[int]]) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", "/api/v1/progress/heartbeats", json.dumps({"lease": token, "seq": seq, "spans": spans}))
    status = connection.getresponse().status
    connection.close()
    return status


def test_a_lecture_across_the_turn_of_the_year(tmp_path: Path) -> None:
    port = free_port()
    settings = make_settings(tmp_path, port=port)
    settings.data_dir.mkdir(parents=True)
    command.upgrade(alembic_config(settings.database), "head")
    runtime = Runtime.build(settings)
    # The server is up before its clock comes near midnight: starting takes a few seconds.
    began = clock.now()
    shift = MIDNIGHT - BEFORE - began
    env = os.environ | {
        "ACADEMY_SECRET_KEY": SECRET,
        "ACADEMY_DATA_KEY": SECRET,
        "ACADEMY_TRUSTED_HOSTS": "127.0.0.1,localhost",
        "ACADEMY_TRUSTED_PROXIES": "0",
        "ACADEMY_RATE_PER_MINUTE": "0",
        "ACADEMY_CONSENT": "0",
        "ACADEMY_DATA_DIR": str(settings.data_dir),
        "ACADEMY_MEDIA_DIR": str(settings.media_dir),
        "ACADEMY_TEST_SHIFT_MS": str(int(shift.total_seconds() * 1000)),
        "ACADEMY_LOG_LEVEL": "ERROR",
    }
    line = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    server = subprocess.Popen(
        [*line, "--log-level", "error", "tests.faults.late_clock:app"], cwd=ROOT, env=env, start_new_session=True
    )
    try:
        wait_for_port(port)
        with clock.frozen(MIDNIGHT - dt.timedelta(seconds=30)), runtime.db.begin() as tx:
            _, actor, account = learner(tx)
            item = lecture(tx, account, minutes=0.5).shown.items[0]
            token = Signer(settings).sign(service.open_lease(tx, actor, item).grant)
        assert beat(port, token, 1, [[0, 14_000]]) in {200, 204}
        with runtime.db.read() as tx:
            assert actor.member_id is not None
            assert queries.ledger_of(tx, actor.member_id, item).covered == 14_000
        while clock.now() + shift < MIDNIGHT + dt.timedelta(seconds=3):
            time.sleep(0.2)
        assert beat(port, token, 2, [[14_000, 30_000]]) in {200, 204}
        with runtime.db.read() as tx:
            done = tx.scalars(select(ItemCompletion)).one()
            assert queries.ledger_of(tx, actor.member_id, item).covered == 30_000
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait(10)
        runtime.db.dispose()
    assert clock.to_city(done.completed_at).date() == dt.date(2027, 1, 1)
    assert done.completed_at >= MIDNIGHT
