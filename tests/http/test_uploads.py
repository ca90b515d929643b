"""The tus protocol at our door."""

import base64
import hashlib
import io
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from academy.accounts.models import Account
from academy.core import clock, disk
from academy.core.actor import Role
from academy.core.audit import AuditEntry
from academy.core.errors import Conflict
from academy.core.runtime import Runtime
from academy.jobs.api import Job
from academy.media import service, uploads
from academy.media.models import Asset, Upload
from academy.media.storage.file_storage import uploads_folder
from tests.http.tus import DATA, STREAM, TUS, b64, client_of, create, send
from tests.support import factories
from tests.support.shortcuts import drain


@pytest.fixture
def who(runtime: Runtime) -> Account:
    with runtime.db.begin() as tx:
        return factories.account(tx, None, (Role.TRAINER, factories.organisation(tx)))


@pytest.fixture
def trainer(app: Flask, runtime: Runtime, who: Account) -> FlaskClient:
    return client_of(app, runtime, who)


def offset(client: FlaskClient, url: str) -> int:
    answer = client.head(url, headers=TUS)
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    return int(answer.headers["Upload-Offset"])


def test_what_the_server_can_do(trainer: FlaskClient) -> None:
    answer = trainer.options("/api/v1/uploads")
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert "checksum" in answer.headers["Tus-Extension"]
    assert int(answer.headers["Tus-Max-Size"]) == 8192 << 20


def test_pieces_become_an_asset_with_its_chinese_name(trainer: FlaskClient, runtime: Runtime) -> None:
    url = create(trainer)
    assert offset(trainer, url) == 0
    assert send(trainer, url, 0, DATA[:100_000]) == 204
    assert send(trainer, url, 100_000, DATA[100_000:]) == 204
    assert offset(trainer, url) == len(DATA)
    with runtime.db.read() as tx:
        upload = tx.scalars(select(Upload)).one()
        asset = tx.scalars(select(Asset)).one()
    assert (upload.asset_id, asset.filename, asset.size) == (asset.id, "党课.mp4", len(DATA))
    assert send(trainer, url, len(DATA), b"") == 204, "a client that missed the answer may ask again"
    drain(runtime)
    with runtime.db.read() as tx:
        assert tx.get_one(Asset, asset.id, populate_existing=True).sha256 == hashlib.sha256(DATA).hexdigest()
        assert tx.scalar(select(func.count()).select_from(Asset)) == 1


def test_first_bytes_may_come_along(trainer: FlaskClient) -> None:
    given = STREAM | {"Upload-Length": str(len(DATA)), "Upload-Metadata": f"filename {b64('x')}"}
    answer = trainer.post("/api/v1/uploads", headers=given, data=DATA[:1000])
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, "1000")


def test_overlapping_and_gapped_pieces_conflict(trainer: FlaskClient) -> None:
    url = create(trainer)
    assert send(trainer, url, 0, DATA[:1000]) == 204
    assert send(trainer, url, 500, DATA[500:2000]) == 409
    assert send(trainer, url, 2000, DATA[2000:]) == 409
    assert offset(trainer, url) == 1000


def test_more_than_was_announced_is_refused(trainer: FlaskClient) -> None:
    url = create(trainer)
    assert send(trainer, url, 0, DATA[:1000]) == 204
    assert send(trainer, url, 1000, DATA) == 413
    assert offset(trainer, url) == 1000


@pytest.mark.parametrize(("size", "status"), [(8192 << 20, 507), ((8192 << 20) + 1, 413), (10**20, 413)])
def test_sizes_that_cannot_be(trainer: FlaskClient, size: int, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # As on a small disk: the real one's room differs from machine to machine.
    monkeypatch.setattr(disk, "free_bytes", lambda _folder: 1 << 30)
    answer = trainer.post("/api/v1/uploads", headers=TUS | {"Upload-Length": str(size)})
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert answer.json and answer.json["title"].endswith("。")


def test_another_trainers_upload_is_not_found_and_audited(app: Flask, runtime: Runtime, trainer: FlaskClient) -> None:
    url = create(trainer)
    with runtime.db.begin() as tx:
        other = factories.account(tx, None, (Role.TRAINER, factories.organisation(tx)))
    stranger = client_of(app, runtime, other)
    assert send(stranger, url, 0, DATA) == 404
    assert stranger.head(url, headers=TUS).status_code == 404
    assert stranger.delete(url, headers=TUS).status_code == 404
    with runtime.db.read() as tx:
        refused = select(func.count()).select_from(AuditEntry).where(AuditEntry.verb == "access.refused")
        assert tx.scalar(refused) == 3


def test_a_member_without_office_cannot_upload(app: Flask, runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        plain = factories.account(tx)
    client = client_of(app, runtime, plain)
    assert client.post("/api/v1/uploads", headers=TUS | {"Upload-Length": "5"}).status_code == 404
    assert app.test_client().post("/api/v1/uploads", headers=TUS | {"Upload-Length": "5"}).status_code == 401


@pytest.mark.parametrize("name", ["sha1", "sha256", "md5"])
def test_a_wrong_checksum_keeps_nothing_and_a_right_one_all(trainer: FlaskClient, name: str) -> None:
    url = create(trainer)
    right = base64.b64encode(hashlib.new(name, DATA[:5000]).digest()).decode()
    assert send(trainer, url, 0, DATA[1:5001], **{"Upload-Checksum": f"{name} {right}"}) == 460
    assert offset(trainer, url) == 0
    assert send(trainer, url, 0, DATA[:5000], **{"Upload-Checksum": f"{name} {right}"}) == 204
    assert send(trainer, url, 5000, DATA[5000:], **{"Upload-Checksum": "crc99 AAAA"}) == 400
    assert offset(trainer, url) == 5000


def test_protocol_slips_have_their_statuses(trainer: FlaskClient) -> None:
    url = create(trainer)
    assert trainer.patch(url, data=DATA, headers={"Upload-Offset": "0"}).status_code == 412
    assert trainer.patch(url, data=DATA, headers=TUS | {"Upload-Offset": "0"}).status_code == 415
    assert trainer.patch(url, data=DATA, headers=STREAM).status_code == 400
    assert trainer.patch(url + "x", data=DATA, headers=STREAM | {"Upload-Offset": "0"}).status_code == 404
    assert trainer.patch("/api/v1/uploads/", data=DATA, headers=STREAM | {"Upload-Offset": "0"}).status_code == 404
    for path in ("..%2F..%2Fetc%2Fpasswd", "a%00b", "%2e%2e"):
        assert trainer.head(f"/api/v1/uploads/{path}", headers=TUS).status_code == 404
    assert trainer.get(url, headers=TUS).status_code == 405
    assert trainer.post(url, headers=TUS).status_code == 405


@pytest.mark.parametrize("sent", ["GET", "POST", "PUT", "DELETE", "HEAD"])
@pytest.mark.parametrize("spelt", [str.upper, str.lower, str.title])
def test_the_named_method_counts_whatever_was_sent(
    trainer: FlaskClient, sent: str, spelt: Callable[[str], str]
) -> None:
    def ask(method: str, url: str = "/api/v1/uploads", **headers: str) -> TestResponse:
        named = {"X-HTTP-Method-Override": spelt(method)}
        return trainer.open(url, method=sent, data=headers.pop("data", None), headers=TUS | named | headers)

    assert ask("OPTIONS").headers["Tus-Extension"]
    url = ask("POST", **{"Upload-Length": "10"}).headers["Location"]
    stream = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
    assert ask("PATCH", url, data="12345", **stream).status_code == 204
    assert ask("HEAD", url).headers["Upload-Offset"] == "5"
    assert ask("DELETE", url).status_code == 204
    assert ask("HEAD", url).status_code == 404
    assert ask("BREW", url).status_code == 405


def test_an_empty_file_is_whole_at_once_and_says_what_is_wrong(trainer: FlaskClient, runtime: Runtime) -> None:
    answer = trainer.post("/api/v1/uploads", headers=TUS | {"Upload-Length": "0"})
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, "0")
    heard = trainer.head(answer.headers["Location"], headers=TUS)
    assert (heard.headers["Upload-Offset"], heard.headers["Upload-Length"]) == ("0", "0")
    assert send(trainer, answer.headers["Location"], 0, b"") == 204
    drain(runtime)
    with runtime.db.read() as tx:
        asset = tx.scalars(select(Asset)).one()
        assert "0 字节" in str((asset.error or {})["text"])


def test_every_answer_speaks_the_protocol(trainer: FlaskClient, app: Flask, runtime: Runtime) -> None:
    url = create(trainer)
    answers = [
        trainer.options("/api/v1/uploads"),
        trainer.get("/api/v1/uploads/nothing/here"),
        trainer.get("/api/v1/uploads"),
        trainer.put(url, headers=TUS),
        trainer.patch(url, data=DATA, headers=STREAM | {"Upload-Offset": "7"}),
        trainer.patch(url, data=DATA, headers={"Upload-Offset": "0"}),
        trainer.post("/api/v1/uploads", headers=TUS | {"Upload-Length": "1" * 30}),
        trainer.patch(url, headers=STREAM | {"Upload-Offset": "0"}, environ_overrides={"CONTENT_LENGTH": str(1 << 50)}),
        app.test_client().post("/api/v1/uploads", headers=TUS | {"Upload-Length": "5"}),
    ]
    assert [answer.status_code for answer in answers] == [204, 404, 405, 405, 409, 412, 413, 413, 401]
    assert [answer.headers.get("Tus-Resumable") for answer in answers] == ["1.0.0"] * len(answers)


@pytest.mark.parametrize(("extra", "status"), [({}, 413), ({"Upload-Checksum": f"sha1 {b64('x' * 20)}"}, 460)])
def test_an_announcement_whose_body_is_refused_takes_no_room(
    trainer: FlaskClient, runtime: Runtime, extra: dict[str, str], status: int
) -> None:
    told = STREAM | {"Upload-Length": "10"} | extra
    answer = trainer.post("/api/v1/uploads", data=DATA[: 10 if extra else 20], headers=told)
    assert answer.status_code == status and "Location" not in answer.headers
    with runtime.db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(Upload)) == 0
    assert not list(uploads_folder(runtime.settings).iterdir())


@pytest.mark.parametrize("text", ["-1", "-0", "+0", "0100", "hello", "1asd", "1.3", "NaN", "+Infinity", "１", ""])
def test_numbers_are_written_as_the_protocol_writes_them(trainer: FlaskClient, text: str) -> None:
    assert trainer.post("/api/v1/uploads", headers=TUS | {"Upload-Length": text}).status_code == 400
    assert send(trainer, create(trainer), 0, DATA[:10], **{"Upload-Offset": text}) == 400


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("is_confidential", 201),
        (f"file/name {b64('test.mp4')},size OTYwMjQ0,type! dmlkZW8vbXA0,video,withWhitespace", 201),
        ("filename !!", 400),
        ("too-many   spaces", 400),
        (f"filename {b64('a')},filename {b64('b')}", 400),
        (
            "filename //4=,digest " + base64.b64encode(bytes(range(256))).decode(),
            201,
        ),
        (",", 400),
        ("filename " + "A" * 8000, 400),
    ],
)
def test_what_a_client_says_of_its_file_is_said_back(trainer: FlaskClient, text: str, status: int) -> None:
    answer = trainer.post("/api/v1/uploads", headers=TUS | {"Upload-Length": "5", "Upload-Metadata": text})
    assert answer.status_code == status
    assert answer.headers["Tus-Resumable"] == "1.0.0"
    if status == 201:
        heard = trainer.head(answer.headers["Location"], headers=TUS)
        assert heard.headers["Upload-Metadata"] == text and heard.headers["Upload-Length"] == "5"


def test_extensions_we_do_not_speak_are_refused(trainer: FlaskClient) -> None:
    assert trainer.post("/api/v1/uploads", headers=TUS | {"Upload-Defer-Length": "1"}).status_code == 400
    partial = {"Upload-Length": "5", "Upload-Concat": "partial"}
    assert trainer.post("/api/v1/uploads", headers=TUS | partial).status_code == 501
    told = trainer.options("/api/v1/uploads").headers["Tus-Extension"].split(",")
    assert told == ["creation", "creation-with-upload", "checksum", "expiration", "termination"]


def test_given_up_and_expired_uploads_leave_nothing(trainer: FlaskClient, runtime: Runtime, who: Account) -> None:
    first, second = create(trainer), create(trainer)
    send(trainer, first, 0, DATA[:1000])
    send(trainer, second, 0, DATA[:1000])
    folder = uploads_folder(runtime.settings)
    assert trainer.delete(first, headers=TUS).status_code == 204
    assert trainer.head(first, headers=TUS).status_code == 404
    later = clock.now() + uploads.LIFETIME
    with clock.frozen(later - uploads.LIFETIME / 10):
        drain(runtime)
    assert offset(trainer, second) == 1000
    with clock.frozen(later + uploads.LIFETIME / 10):
        with runtime.db.read() as tx:
            found = tx.scalars(select(Upload)).one()
        with pytest.raises(uploads.Gone):
            uploads.find_upload(runtime, factories.actor_of(tx, who), found.public_id)
        drain(runtime)
    with runtime.db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(Upload)) == 0
        assert tx.scalar(select(func.count()).select_from(Job).where(Job.state == "failed")) == 0
    assert list(folder.iterdir()) == []


def test_a_broken_line_keeps_what_came(runtime: Runtime, who: Account) -> None:
    class Line(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() >= 300_000:
                raise OSError("the line broke")
            return super().read(min(size or 0, 100_000))

    with runtime.db.read() as tx:
        actor = factories.actor_of(tx, who)
    with runtime.db.begin() as tx:
        upload = uploads.begin_upload(tx, runtime.settings, actor, filename="x.mp4", size=len(DATA), purpose="video")
    got = uploads.append_upload(runtime, actor, upload.public_id, offset=0, body=Line(DATA), length=len(DATA))
    assert got.offset == 300_000
    done = uploads.append_upload(
        runtime, actor, upload.public_id, offset=300_000, body=io.BytesIO(DATA[300_000:]), length=300_000
    )
    assert done.completed_at is not None
    assert uploads.part_path(runtime.settings, upload.public_id).read_bytes() == DATA


def test_a_later_request_takes_over_from_one_that_hangs(runtime: Runtime, who: Account) -> None:
    with runtime.db.read() as tx:
        actor = factories.actor_of(tx, who)
    with runtime.db.begin() as tx:
        public_id = uploads.begin_upload(
            tx, runtime.settings, actor, filename="x", size=len(DATA), purpose="video"
        ).public_id

    class Hanging(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() == 100_000:
                # Meanwhile, over another line, the whole file arrives.
                uploads.append_upload(runtime, actor, public_id, offset=0, body=io.BytesIO(DATA), length=len(DATA))
            return super().read(100_000)

    with pytest.raises(Conflict):
        uploads.append_upload(runtime, actor, public_id, offset=0, body=Hanging(b"\0" * len(DATA)), length=len(DATA))
    assert uploads.find_upload(runtime, actor, public_id).completed_at is not None
    assert uploads.part_path(runtime.settings, public_id).read_bytes() == DATA


def test_another_device_finds_what_was_begun(trainer: FlaskClient) -> None:
    url = create(trainer)
    send(trainer, url, 0, DATA[:5000])
    found = trainer.get("/api/v1/uploads/unfinished", headers=TUS).json
    assert found == {
        "uploads": [
            {
                "url": url,
                "filename": "党课.mp4",
                "size": len(DATA),
                "head": 5000,
                "sha256": hashlib.sha256(DATA[:5000]).hexdigest(),
            }
        ]
    }


def test_a_small_file_needs_no_script(trainer: FlaskClient, runtime: Runtime) -> None:
    given = {"file": (io.BytesIO(b"abc"), "讲稿.pdf"), "purpose": "document", "next": "//elsewhere.example/"}
    page = trainer.post("/media/upload", data=given)
    assert page.status_code == 200 and "elsewhere" not in page.text
    with runtime.db.read() as tx:
        upload = tx.scalars(select(Upload)).one()
        assert upload.public_id in page.text
        assert tx.get_one(Asset, upload.asset_id).filename == "讲稿.pdf"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/党课.mp4", "党课.mp4"),
        ("C:\\课件\\第一讲.mp4", "第一讲.mp4"),
        ("a\r\nSet-Cookie: x.mp4", "a Set-Cookie: x.mp4"),
        ("\u202egpj.4pm", "gpj.4pm"),
        ("", "未命名"),
        ("-i", "-i"),
        ("concat:a|b", "concat:a|b"),
    ],
)
def test_names_are_kept_as_titles_and_made_harmless(given: str, kept: str) -> None:
    assert service.title_of(given) == kept
