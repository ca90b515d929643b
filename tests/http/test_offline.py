"""Lectures that are kept on phones, by http: what is given out, to whom, and what a phone is told later."""

import dataclasses
import datetime as dt
import io
import json
import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from academy.accounts.models import Account
from academy.app import create_app
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


def test_the_worker_is_of_its_release_and_bound_by_a_policy_of_its_own(client: FlaskClient) -> None:
    answer = client.get("/service-worker.js")
    assert (answer.mimetype, answer.headers["Cache-Control"]) == ("text/javascript", "no-cache")
    policy = answer.headers["Content-Security-Policy"]
    assert "connect-src 'self'" in policy and "sandbox" not in policy and "unsafe" not in policy
    head = {line.split()[1]: json.loads(line.split(" = ")[1].rstrip(";")) for line in answer.text.splitlines()[:3]}
    page = client.get(head["SHELL"])
    assert page.headers["Academy-Version"] == head["VERSION"], "the page that belongs to these files"
    assert client.get("/service-worker.js").text == answer.text
    for file in head["FILES"]:
        assert client.get(file, buffered=True).headers["Cache-Control"].startswith("public"), file
    linked = re.findall(r'(?:href|src)="(/static/[^"#]+)', page.text)
    wanted = {unescape(one) for one in linked if "hls" not in one and ".png" not in one}
    assert wanted <= set(head["FILES"]), "without a network the page has all of its parts"


def test_the_page_is_the_same_for_everybody_and_says_nothing_of_who_asked(
    runtime: Runtime, app: Flask, client: FlaskClient, course: Course
) -> None:
    with runtime.db.read() as tx:
        account = tx.get_one(Account, course.created_by)
        names = [account.username, account.display_name]
    mine = client.get("/offline")
    assert mine.status_code == 200 and not any(name in mine.text for name in names)
    assert "/sign-out" not in mine.text and "/notifications" not in mine.text
    stranger = app.test_client().get("/offline")
    assert stranger.status_code == 200 and stranger.headers["Academy-Version"] == mine.headers["Academy-Version"]


def test_whose_page_it_is_is_the_same_on_each_device_and_tells_nothing(
    runtime: Runtime, app: Flask, client: FlaskClient, course: Course
) -> None:
    def mark(asked: FlaskClient) -> str:
        found = re.search(r'<meta name="owner" content="([^"]*)"', asked.get("/offline").text)
        assert found
        return found[1]

    again, other = app.test_client(), app.test_client()
    with runtime.db.begin() as tx:
        sign_in(again, factories.session_token(tx, tx.get_one(Account, course.created_by)))
        sign_in(other, factories.session_token(tx, learner(tx)[2]))
    assert mark(client) == mark(again) != mark(other)
    assert len(mark(client)) == 16 and mark(app.test_client()) == ""


@pytest.mark.thorough
@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_switched_off_the_worker_removes_itself(runtime: Runtime, course: Course) -> None:
    off = create_app(dataclasses.replace(runtime, settings=dataclasses.replace(runtime.settings, offline=False)))
    client = off.test_client()
    with runtime.db.begin() as tx:
        sign_in(client, factories.session_token(tx, tx.get_one(Account, course.created_by)))
    assert 'const VERSION = "";' in client.get("/service-worker.js").text
    item = course.shown.items[0].public_id
    page = client.get(f"/learn/{item}").text
    assert '<meta name="owner" content="off">' in page and "data-keep-link" not in page
    assert client.get(f"/my/offline/{item}").status_code == 404


@pytest.mark.parametrize(("language", "short"), [("zh", "云学院"), ("en", "Academy")])
def test_a_phone_is_told_what_it_puts_onto_its_first_page(client: FlaskClient, language: str, short: str) -> None:
    client.set_cookie("lang", language)
    answer = client.get("/manifest.webmanifest")
    assert answer.mimetype == "application/manifest+json"
    said = json.loads(answer.text)
    assert (said["short_name"], said["scope"], said["display"], said["id"]) == (short, "/", "standalone", "/")
    assert {icon.get("purpose", "any") for icon in said["icons"]} == {"any", "maskable"}
    for icon in said["icons"]:
        side = int(icon["sizes"].split("x")[0])
        with Image.open(io.BytesIO(client.get(icon["src"], buffered=True).data)) as drawn:
            assert drawn.size == (side, side)
    for shortcut in said["shortcuts"]:
        assert client.get(shortcut["url"]).status_code in (200, 302)


def test_sizes_are_said_before_anything_is_fetched(client: FlaskClient, course: Course) -> None:
    item = course.shown.items[0].public_id
    assert f'href="/my/offline/{item}"' in client.get(f"/learn/{item}").text
    page = client.get(f"/my/offline/{item}").text
    assert 'value="sound"' in page and "13 B" in page and 'value="film"' not in page


@pytest.mark.parametrize(("shared", "cleared"), [("1", '"cache", "storage"'), ("0", None), ("", None)])
def test_a_shared_device_forgets_everything_at_sign_out(
    client: FlaskClient, course: Course, shared: str, cleared: str | None
) -> None:
    answer = client.post("/sign-out", data={"shared": shared})
    assert (answer.status_code, answer.headers.get("Clear-Site-Data")) == (303, cleared)


def test_nothing_without_an_account(app: Flask, course: Course) -> None:
    stranger = app.test_client()
    assert keep(stranger, course).status_code == 401
    assert stranger.get(f"/my/offline/{course.shown.items[0].public_id}").status_code == 302
    assert stranger.post(CONTACT, json={"device": PHONE, "leases": []}).status_code == 401
