"""The operator sees what was put aside, and may have it run again."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from academy.core.actor import Role
from academy.core.audit import AuditEntry
from academy.core.database import Tx
from academy.core.errors import Conflict
from academy.core.i18n import Message, msg
from academy.core.runtime import Runtime
from academy.jobs.api import Job, JobContext, JobState, enqueue, job
from tests.conftest import sign_in
from tests.support import factories as make
from tests.support.shortcuts import drain


@job("test.page.fails")
def _fails(context: JobContext) -> None:
    raise Conflict(msg("不行。"))


def _mend(tx: Tx, message: Message) -> None:
    """The component has seen to it."""


@job("test.page.handled", on_failure=_mend)
def _handled(context: JobContext) -> None:
    raise Conflict(msg("不行。"))


@pytest.fixture
def failed(runtime: Runtime) -> tuple[str, str]:
    with runtime.db.begin() as tx:
        made = enqueue(tx, "test.page.fails").public_id, enqueue(tx, "test.page.handled").public_id
    drain(runtime, only=["test.page.fails", "test.page.handled"])
    return made


def operator(runtime: Runtime, client: FlaskClient) -> FlaskClient:
    with runtime.db.begin() as tx:
        who = make.account(tx, None, (Role.SYSTEM_ADMINISTRATOR, make.organisation(tx, level="city")))
        sign_in(client, make.session_token(tx, who))
    return client


def test_a_failed_job_is_shown_and_runs_again(runtime: Runtime, client: FlaskClient, failed: tuple[str, str]) -> None:
    browser = operator(runtime, client)
    page = browser.get("/system/jobs").text
    assert "test.page.fails" in page and "不行。" in page and f"/system/jobs/{failed[0]}/retry" in page
    assert browser.post(f"/system/jobs/{failed[0]}/retry").status_code == 302
    with runtime.db.read() as tx:
        assert tx.scalars(select(Job).where(Job.public_id == failed[0])).one().state == JobState.QUEUED
        assert tx.scalar(select(AuditEntry.target).where(AuditEntry.verb == "job.retried")) == f"job:{failed[0]}"
    assert browser.post(f"/system/jobs/{failed[0]}/retry").status_code == 409, "it waits already"


def test_what_its_component_has_dealt_with_is_retried_there(
    runtime: Runtime, client: FlaskClient, failed: tuple[str, str]
) -> None:
    browser = operator(runtime, client)
    assert f"/system/jobs/{failed[1]}/retry" not in browser.get("/system/jobs").text
    assert browser.post(f"/system/jobs/{failed[1]}/retry").status_code == 409
