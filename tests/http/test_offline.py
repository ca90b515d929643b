"""Lectures that are kept on phones, by http: what is given out, to whom, and what a phone is told later."""

import datetime as dt
import json

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from academy.accounts.models import Account
from academy.core import clock
from academy.core.runtime import Runtime
from academy.library.api import withdraw_course
from academy.library.models import Course
from academy.media.keeping.kept_files import MANIFEST
from academy.media.keeping.make_kept import KeptFile, KeptSet
from academy.media.models import Asset
from academy.media.storage.file_storage import local_storage, set_key
from tests.conftest import sign_in
from tests.support import factories
from tests.support.ledger_makers import learner, lecture

KEEP, CONTACT = "/api/v1/offline/lectures", "/api/v1/offline/contact"
BEATS = "/api/v1/progress/heartbeats"
PHONE = "0123456789abcdef"
SOUND, STILL = KeptFile("kept/aa.mp4", 9, "a" * 64), KeptFile("kept/bb.webp", 4, "b" * 64, 3000)


def keepable(runtime: Runtime, asset_id: int | None) -> None:
    """Files to be kept of a lecture, with so little in them that it can be seen in answers."""
    found = KeptSet(sound=SOUND, stills=(STILL,))
    with runtime.db.begin() as tx:
        asset = tx.get_one(Asset, asset_id)
        asset.probe = {"kept": {"generation": asset.generation, "sizes": found.sizes()}}
        folder = local_storage(runtime.settings).path(set_key(asset.public_id, asset.generation))
    (folder / MANIFEST).parent.mkdir(parents=True)
    (folder / MANIFEST).write_text(json.dumps(found.to_json()), encoding="utf-8")
    (folder / SOUND.file).write_bytes(b"the sound")


@pytest.fixture
def course(runtime: Runtime, client: FlaskClient) -> Course:
    """A course that can be kept, with its learner signed in."""
    with runtime.db.begin() as tx:
        _, _, account = learner(tx)
        sign_in(client, factories.session_token(tx, account))
        made = lecture(tx, account)
    keepable(runtime, made.shown.items[0].asset_id)
    return made


def keep(client: FlaskClient, course: Course, form: str = "sound", device: str = PHONE) -> TestResponse:
    return client.post(KEEP, json={"item": course.shown.items[0].public_id, "form": form, "device": device})


def test_what_is_to_be_fetched_and_played(client: FlaskClient, course: Course) -> None:
    answer = keep(client, course)
    assert answer.status_code == 201 and answer.headers["Cache-Control"] == "no-store"
    told = answer.json or {}
    assert [(one["file"], one["size"], one["at"]) for one in told["files"]] == [
        (SOUND.file, 9, 0),
        (STILL.file, 4, 3000),
    ]
    assert (told["extent"], told["form"], told["kind"], told["spans"]) == (600_000, "sound", "video", [])
    stranger = client.application.test_client()
    part = stranger.get(told["files"][0]["url"], headers={"Range": "bytes=4-8"}, buffered=True)
    assert (part.status_code, part.data) == (206, b"sound"), "a signed link, as of a lecture that is played"
    forged = told["files"][0]["url"].replace(told["files"][0]["url"].split("/")[2], "A" * 22)
    assert stranger.get(forged).status_code == 404


def test_a_report_from_the_queue_needs_no_cookie_and_is_credited(client: FlaskClient, course: Course) -> None:
    start = dt.datetime(2026, 3, 2, 4, 0, tzinfo=dt.UTC)
    with clock.frozen(start):
        told = keep(client, course).json or {}
    with clock.frozen(start + dt.timedelta(days=20)):
        said = {"lease": told["token"], "seq": 1, "spans": [[0, 600_000]], "position": 600_000}
        answer = client.application.test_client().post(BEATS, data=json.dumps(said))
        assert (answer.status_code, (answer.json or {})["finished"]) == (200, True)
    with clock.frozen(start + dt.timedelta(days=31)):
        late = client.application.test_client().post(BEATS, data=json.dumps(said))
    assert (late.status_code, (late.json or {})["type"]) == (409, "urn:academy:lease-ended")


def test_a_form_that_there_is_not_is_no_form(client: FlaskClient, course: Course) -> None:
    assert keep(client, course, "film").status_code == 409
    assert keep(client, course, "other").status_code == 400
    assert keep(client, course, device="short").status_code == 400


def test_a_withdrawn_lecture_goes_at_the_next_contact_and_others_tell_nothing(
    runtime: Runtime, client: FlaskClient, app: Flask, course: Course
) -> None:
    lease = (keep(client, course).json or {})["lease"]
    said = {"device": PHONE, "leases": [lease]}
    [fresh] = (client.post(CONTACT, json=said).json or {})["lectures"]
    assert (fresh["lease"], fresh["ended"]) == (lease, "") and fresh["token"]
    other = app.test_client()
    with runtime.db.begin() as tx:
        _, _, account = learner(tx)
        sign_in(other, factories.session_token(tx, account))
    [foreign] = (other.post(CONTACT, json=said).json or {})["lectures"]
    assert foreign["ended"] == "unknown" and "token" not in foreign
    with runtime.db.begin() as tx:
        mine = tx.get_one(Course, course.id)
        withdraw_course(tx, factories.actor_of(tx, tx.get_one(Account, mine.created_by)), mine, reason="过时")
    [gone] = (client.post(CONTACT, json=said).json or {})["lectures"]
    assert gone["ended"] == "withdrawn" and "下架" in gone["explanation"] and "token" not in gone
    assert keep(client, course).status_code == 404


def test_nothing_without_an_account(app: Flask, course: Course) -> None:
    stranger = app.test_client()
    assert keep(stranger, course).status_code == 401
    assert stranger.post(CONTACT, json={"device": PHONE, "leases": []}).status_code == 401
