"""Files that fail, words that are replaced, links that die."""

import datetime as dt
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from academy.accounts.models import Account
from academy.core import clock
from academy.core.actor import Actor, Role
from academy.core.errors import Conflict, Invalid, NotFound, TooLarge
from academy.core.runtime import Runtime
from academy.media import access, delivery, failed_assets, queries, service, uploads
from academy.media.captions.caption_files import CueText
from academy.media.models import Asset, AssetState
from academy.notifications.models import Notification
from tests.conftest import make_settings, sign_in
from tests.support import factories
from tests.support.shortcuts import adopt_file, drain, import_captions


@pytest.fixture
def trainer(runtime: Runtime) -> Account:
    with runtime.db.begin() as tx:
        return factories.account(tx, None, (Role.TRAINER, factories.organisation(tx)))


@pytest.fixture
def operator(runtime: Runtime) -> Account:
    with runtime.db.begin() as tx:
        return factories.account(tx, None, (Role.SYSTEM_ADMINISTRATOR, factories.organisation(tx)))


@pytest.fixture
def failed(runtime: Runtime, trainer: Account, tmp_path: Path) -> Asset:
    path = tmp_path / "党课.mp4"
    path.write_text("这是讲稿，不是视频。" * 100, encoding="utf-8")
    with runtime.db.begin() as tx:
        asset_id = adopt_file(tx, Actor(account_id=trainer.id), path, path.name, "video").id
    drain(runtime)
    with runtime.db.read() as tx:
        return tx.get_one(Asset, asset_id)


def test_a_failed_file_waits_with_its_reason_and_its_owner_is_told_once(
    runtime: Runtime, app: Flask, trainer: Account, operator: Account, failed: Asset
) -> None:
    assert failed.state == AssetState.FAILED
    client = app.test_client()
    with runtime.db.begin() as tx:
        notices = tx.scalars(select(Notification).where(Notification.account_id == trainer.id)).all()
        token, other = factories.session_token(tx, trainer), factories.session_token(tx, operator)
    assert len(notices) == 1 and notices[0].link == "/studio/failures"
    sign_in(client, token)
    page = client.get("/studio/failures")
    assert "这不是音视频文件" in page.text and "党课.mp4" in page.text
    url = f"/media/{failed.public_id}"
    assert client.post(f"{url}/help", data={"next": "/studio/failures"}).status_code == 302
    assert client.post(f"{url}/help").status_code == 409
    assert client.post(f"{url}/retry", data={"next": "https://elsewhere.example"}).headers["Location"] == "/"
    with runtime.db.read() as tx:
        again = tx.get_one(Asset, failed.id, populate_existing=True)
        assert (again.state, again.error) == (AssetState.PROCESSING, None)
        asked = select(func.count()).select_from(Notification).where(Notification.account_id == operator.id)
        assert tx.scalar(asked) == 1
    drain(runtime)
    operators = app.test_client()
    sign_in(operators, other)
    assert "党课.mp4" in operators.get("/studio/failures").text


def test_a_failed_file_takes_no_room(runtime: Runtime, trainer: Account, failed: Asset) -> None:
    with runtime.db.read() as tx:
        assert queries.bytes_held(tx, trainer.id) == 0


def test_room_is_limited_by_role(runtime: Runtime, trainer: Account, operator: Account, tmp_path: Path) -> None:
    small = make_settings(tmp_path, trainer_quota_gb=0, office_quota_gb=1)
    with runtime.db.begin() as tx:
        with pytest.raises(TooLarge, match="空间还剩 0 MB"):
            uploads.begin_upload(tx, small, Actor(account_id=trainer.id), filename="x", size=5, purpose="video")
        from academy.accounts.queries import scopes_of

        office = Actor(account_id=operator.id, scopes=scopes_of(tx, operator.id))
        assert uploads.begin_upload(tx, small, office, filename="x", size=5, purpose="video").size == 5


def test_nobody_else_sees_the_file(runtime: Runtime, app: Flask, failed: Asset) -> None:
    client = app.test_client()
    with runtime.db.begin() as tx:
        stranger = factories.account(tx, None, (Role.TRAINER, factories.organisation(tx)))
        token = factories.session_token(tx, stranger)
        with pytest.raises(NotFound):
            access.access_own_asset(tx, Actor(account_id=stranger.id), failed.public_id)
    sign_in(client, token)
    for method, path in (("GET", "steps"), ("POST", "retry"), ("POST", "help")):
        assert client.open(f"/media/{failed.public_id}/{path}", method=method).status_code == 404
    assert "党课.mp4" not in client.get("/studio/failures").text


def test_what_people_wrote_is_never_overwritten_by_a_machine(runtime: Runtime, failed: Asset) -> None:
    with runtime.db.begin() as tx:
        assert service.replace_cues(tx, failed, [CueText(0, 1000, "机器听写", 0.4)], "asr")
        assert import_captions(tx, Actor(), failed, "x.srt", b"1\n00:00:00,000 --> 00:00:01,000\nword\n") == 1
        assert not service.replace_cues(tx, failed, [CueText(0, 1000, "机器又来", 0.4)], "asr")
        assert [c.text for c in queries.cues_of(tx, failed.id)] == ["word"]
        script = queries.transcript_of(tx, failed.id)
        assert script is not None and script.version == 2


def test_captions_of_something_longer_are_refused(runtime: Runtime, failed: Asset) -> None:
    with runtime.db.begin() as tx:
        asset = tx.get_one(Asset, failed.id)
        asset.duration_ms = 10_000
        with pytest.raises(Invalid, match="00:01:05 才结束，而视频只有 00:00:10"):
            import_captions(tx, Actor(), asset, "x.srt", "00:01:00,000 --> 00:01:05,000\n长\n".encode())


def test_a_file_without_trouble_has_nothing_to_retry(runtime: Runtime, trainer: Account, tmp_path: Path) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(b"x")
    with runtime.db.begin() as tx:
        asset = adopt_file(tx, Actor(account_id=trainer.id), path, "x.mp4", "video")
        for verb in (service.retry_asset, failed_assets.ask_operator):
            with pytest.raises(Conflict):
                verb(tx, Actor(account_id=trainer.id), asset)


def test_links_end_and_are_shared_until_then(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    asset = Asset(public_id="a" * 16, generation="b" * 16, state=AssetState.READY, kind="video")
    moment = dt.datetime(2026, 5, 1, 8, tzinfo=dt.UTC)
    with clock.frozen(moment):
        first = delivery.playlist_url(settings, asset)
    with clock.frozen(moment + dt.timedelta(minutes=50)):
        assert delivery.playlist_url(settings, asset) == first, "one address for all who come within hours"
    assert first is not None
    _, _, digest, expires, public_id, generation, _ = first.split("/")
    with clock.frozen(moment + dt.timedelta(hours=11)):
        assert delivery.is_valid_link(settings, digest, int(expires), public_id, generation)
    with clock.frozen(moment + dt.timedelta(hours=19)):
        assert not delivery.is_valid_link(settings, digest, int(expires), public_id, generation)
    assert not delivery.is_valid_link(settings, digest, int(expires), public_id, "c" * 16)
