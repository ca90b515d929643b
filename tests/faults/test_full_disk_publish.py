"""A disk that is full where a document is drawn, where captions are read, and where a set is published."""

import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import ClientError
from PIL import Image
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import OperationalError

from academy.accounts.models import Account
from academy.app import create_app
from academy.core import clock
from academy.core.actor import Actor, Role
from academy.core.errors import StorageFull
from academy.core.i18n import Message
from academy.jobs.api import GAVE_UP, Job
from academy.jobs.queue import release_lost
from academy.media import queries, service
from academy.media.models import Asset, AssetState, Cue, DocumentPage, Rendition
from academy.media.rules import STEPS_BY_KIND
from academy.media.storage.file_storage import LocalStorage, Storage, local_storage, set_key
from academy.media.storage.selection import storage_of
from academy.media.transcoding.playlist import is_whole
from tests.conftest import sign_in
from tests.faults.filling import fill
from tests.media import papers
from tests.media.printed import written
from tests.media.taking import ffmpeg
from tests.support import factories
from tests.support.running import Academy, academy
from tests.support.services import seaweed
from tests.support.shortcuts import adopt_file, drain
from tests.support.waiting import until

pytestmark = [pytest.mark.faults, pytest.mark.needs("ffmpeg")]

PAPERS: dict[str, tuple[Callable[[Path], object], str, int]] = {
    "pdf, nothing left": (lambda path: written(path, "Dangke"), "讲稿.pdf", 0),
    "pdf, some left": (lambda path: written(path, "Dangke"), "讲稿.pdf", 12_000),
    "word, no space to clean it": (lambda path: papers.docx(path, "Dangke"), "讲稿.docx", 8_000),
    "word, no space for LibreOffice": (lambda path: papers.docx(path, "Dangke"), "讲稿.docx", 120_000),
    "picture": (lambda path: Image.new("RGB", (900, 700), "red").save(path, "PNG"), "照片.png", 4_096),
}


def take(of: Academy, path: Path, name: str, kind: str) -> tuple[Asset, Actor]:
    who = of.actor(of.account(Role.TRAINER))
    with of.runtime.db.begin() as tx:
        return adopt_file(tx, who, path, name, kind), who


def again(of: Academy, asset: Asset) -> Asset:
    with of.runtime.db.read() as tx:
        return tx.get_one(Asset, asset.id)


def to_the_end(of: Academy) -> None:
    """Whatever is due, and without its pause what is to be tried again."""
    while drain(of.runtime):
        with of.runtime.db.begin() as tx:
            tx.execute(update(Job).where(Job.state == "queued", Job.attempts > 0).values(run_after=clock.now()))


def expect_full(of: Academy, asset: Asset, step: str) -> None:
    """Said in the words for it, to the owner; nothing is published, counted or still at work."""
    asset = again(of, asset)
    assert asset.state == AssetState.FAILED and asset.ready_at is None, asset.error
    assert Message.from_json(asset.error or {}).text == StorageFull().message.text
    assert (asset.error or {})["fault"] == "machine"
    with of.runtime.db.read() as tx:
        assert [s.step for s in queries.steps_of(tx, asset.id) if s.state == "failed"] == [step]
        assert queries.bytes_held(tx, asset.account_id) == 0, "a failed file takes no space"
        assert not tx.scalar(select(func.count()).where(Job.state.in_(("queued", "running"))))
    place = local_storage(of.settings).path(f"assets/{asset.public_id}")
    assert sorted(one.name for one in place.iterdir()) == ["original"], "no half of a set"


def expect_ready(of: Academy, asset: Asset, who: Actor) -> Asset:
    """There is room again: the button is enough."""
    with of.runtime.db.begin() as tx:
        service.retry_asset(tx, who, tx.get_one(Asset, asset.id))
    to_the_end(of)
    asset = again(of, asset)
    assert asset.state == AssetState.READY and asset.error is None, asset.error
    assert [*(of.settings.media_dir / "work").iterdir()] == []
    return asset


@pytest.mark.needs("libreoffice")
@pytest.mark.parametrize("paper", PAPERS)
def test_a_document_is_not_called_damaged(tmp_path: Path, small_disk: Path, paper: str) -> None:
    make, name, left = PAPERS[paper]
    with academy(tmp_path / "academy", media_dir=small_disk / "media") as of:
        (small_disk / "media").mkdir()
        make(tmp_path / name)
        asset, who = take(of, tmp_path / name, name, "document")
        drain(of.runtime, only=["media.hash", "media.probe"])
        filler = fill(small_disk, left)
        drain(of.runtime)
        expect_full(of, asset, "pages")
        filler.unlink()
        asset = expect_ready(of, asset, who)
        with of.runtime.db.read() as tx:
            said = tx.scalars(select(DocumentPage.text).where(DocumentPage.asset_id == asset.id)).all()
        assert said == ([""] if name.endswith("png") else ["Dangke"])


def film(of: Academy, folder: Path) -> Path:
    """Fourteen seconds with two lines of captions inside."""
    (folder / "said.srt").write_text(
        "1\n00:00:01,000 --> 00:00:03,000\n同志们好\n\n2\n00:00:04,000 --> 00:00:06,000\n下课\n"
    )
    source = ("-f", "lavfi", "-i", "testsrc2=size=320x240:rate=15:duration=14", "-f", "lavfi", "-i", "sine=duration=14")
    ffmpeg(of.runtime, *source, "-i", str(folder / "said.srt"), "-c:s", "srt", str(folder / "film.mkv"))
    return folder / "film.mkv"


def test_captions_inside_a_file_are_not_lost_and_publishing_needs_no_room(tmp_path: Path, small_disk: Path) -> None:
    with academy(tmp_path / "academy", media_dir=small_disk / "media") as of:
        (small_disk / "media").mkdir()
        asset, _ = take(of, film(of, tmp_path), "党课.mkv", "video")
        steps = ("hash", "probe", "encode", "join", "poster")
        drain(of.runtime, only=[*(f"media.{step}" for step in steps), "media.part", "media.sound"])
        fill(small_disk)
        drain(of.runtime)
        asset = again(of, asset)
        assert asset.state == AssetState.READY, asset.error
        with of.runtime.db.read() as tx:
            assert len(tx.scalars(select(Cue)).all()) == 2
        assert local_storage(of.settings).exists(f"{set_key(asset.public_id, asset.generation)}/master.m3u8")


def test_publishing_onto_a_full_disk(tmp_path: Path, small_disk: Path) -> None:
    """Where lectures have a disk of their own, a set is copied there: whole or not at all."""
    with academy(tmp_path / "academy") as of:
        of.settings.media_dir.mkdir()
        (small_disk / "assets").mkdir()
        (of.settings.media_dir / "assets").symlink_to(small_disk / "assets")
        asset, who = take(of, film(of, tmp_path), "党课.mkv", "video")
        steps = ("hash", "probe", "encode", "join", "poster", "captions")
        drain(of.runtime, only=[*(f"media.{step}" for step in steps), "media.part", "media.sound"])
        filler = fill(small_disk, 60_000)
        drain(of.runtime)
        expect_full(of, asset, "publish")
        browser = create_app(of.runtime).test_client()
        with of.runtime.db.begin() as tx:
            sign_in(browser, factories.session_token(tx, tx.get_one(Account, asset.account_id)))
        page = browser.get("/studio/failures").get_data(as_text=True)
        assert "党课.mkv" in page and "存储空间已满" in page and "再试一次" in page
        filler.unlink()
        asset = expect_ready(of, asset, who)
        assert not [*(small_disk / "assets").rglob("draft-*")]


@pytest.mark.parametrize("step", ["hash", "probe", "encode", "poster", "publish"])
def test_the_database_is_on_the_same_full_disk(tmp_path: Path, small_disk: Path, step: str) -> None:
    """In one folder everything is full at once: not even a failure can be written. Nothing is lost, and it goes on."""
    with academy(small_disk / "academy") as of:
        asset, who = take(of, film(of, tmp_path), "党课.mkv", "video")
        order = STEPS_BY_KIND["video"]
        before = [f"media.{name}" for name in order[: order.index(step)]]
        drain(of.runtime, only=[*before, "media.part", "media.sound"])
        filler = fill(small_disk)
        with contextlib.suppress(OperationalError):
            drain(of.runtime)
        filler.unlink()
        with of.runtime.db.begin() as tx:
            release_lost(tx, [""])  # as the worker does with what ended without a word
        to_the_end(of)
        if again(of, asset).state == AssetState.FAILED:
            expect_full(of, asset, step)
            asset = expect_ready(of, asset, who)
        asset = again(of, asset)
        assert asset.state == AssetState.READY and asset.error is None
        place = local_storage(of.settings).path(set_key(asset.public_id, asset.generation))
        assert all(is_whole(place / name) for name in ("240p", "audio"))
        with of.runtime.db.read() as tx:
            assert len(tx.scalars(select(Cue)).all()) == 2
            assert tx.scalar(text("PRAGMA integrity_check")) == "ok"


def takes(here: Storage, file: Path) -> bool:
    """Whether files can be written, on whatever volume."""
    try:
        for number in range(12):
            here.put_file(f"tried/{number}", file)
    except (ClientError, S3UploadFailedError):
        return False
    return True


@pytest.mark.needs("seaweedfs")
@pytest.mark.parametrize("small_disk", ["96m"], indirect=True)
def test_publishing_into_a_bucket_that_is_full(tmp_path: Path, small_disk: Path) -> None:
    """SeaweedFS names no reason, so the step is tried again by itself, then it waits for a person."""
    with seaweed(tmp_path / "weed", data=small_disk) as bucket, academy(tmp_path / "academy", **bucket) as of:
        asset, who = take(of, film(of, tmp_path), "党课.mkv", "video")
        steps = ("hash", "probe", "encode", "join", "poster", "captions")
        drain(of.runtime, only=[*(f"media.{step}" for step in steps), "media.part", "media.sound"])
        filler = fill(small_disk)
        to_the_end(of)
        asset = again(of, asset)
        assert asset.state == AssetState.FAILED and asset.ready_at is None
        assert (asset.error or {})["fault"] == "machine" and Message.from_json(asset.error or {}).text == GAVE_UP.text
        with of.runtime.db.read() as tx:
            assert queries.bytes_held(tx, asset.account_id) == 0
            assert not tx.scalars(select(Rendition.id)).all()
        filler.unlink()
        here = storage_of(of.settings)
        until(lambda: takes(here, tmp_path / "film.mkv"), 120, "a storage that has noticed its room")
        asset = expect_ready(of, asset, who)
        key = set_key(asset.public_id, asset.generation)
        for name in ("master.m3u8", "240p/index.m3u8", "poster.jpg"):
            with here.open(f"{key}/{name}") as file:
                assert file.read()


@pytest.mark.parametrize("strokes", range(6))
def test_who_is_killed_while_carrying_a_set_over_leaves_it_whole(
    tmp_path: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch, strokes: int
) -> None:
    """The process ends at each change of a name or removal in turn; the next one does it all again."""
    here, work = LocalStorage(small_disk), tmp_path / "work" / "set"
    (work / "240p").mkdir(parents=True)
    files = {"master.m3u8": b"#EXTM3U", "240p/1.m4s": os.urandom(300_000)}
    for name, data in files.items():
        (work / name).write_bytes(data)
    done = 0

    def dies(plain: Callable[..., object]) -> Callable[..., object]:
        def act(*args: object, **options: object) -> object:
            nonlocal done
            done += 1
            if done > strokes + 1:  # the first is the rename that finds two disks
                raise KeyboardInterrupt
            return plain(*args, **options)

        return act

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "rmtree", dies(shutil.rmtree))
        patched.setattr(Path, "rename", dies(Path.rename))
        with pytest.raises(KeyboardInterrupt):
            here.put_folder("assets/a/set", work)
    here.put_folder("assets/a/set", work)
    place = here.path("assets/a/set")
    assert {name: (place / name).read_bytes() for name in files} == files
    assert not work.exists() and [one.name for one in place.parent.iterdir()] == ["set"]
