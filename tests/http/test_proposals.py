"""Words of a published lecture change when a reviewer agrees, and not before."""

import io
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from academy.accounts.models import Account
from academy.core.actor import Role
from academy.core.audit import AuditEntry
from academy.core.runtime import Runtime
from academy.jobs.api import publish
from academy.library.kinds import VersionState
from academy.library.models import ContentProposal, Course
from academy.media import queries
from academy.media.events import SpeechRecognised
from academy.media.models import Asset, Transcript
from academy.media.storage.file_storage import local_storage, set_key
from academy.media.transcripts import chapters
from academy.notifications.models import Notification
from tests.conftest import sign_in
from tests.support import factories as make
from tests.support import shelf
from tests.support.shortcuts import import_captions

SRT = "1\n00:00:01,000 --> 00:00:03,000\n同志们好\n"
OTHER = "1\n00:00:01,000 --> 00:00:03,000\n改过的话\n"


@dataclass
class Scene:
    runtime: Runtime
    app: Flask
    trainer: Account
    reviewer: Account
    course: Course
    asset: Asset

    def client(self, who: Account) -> FlaskClient:
        client = self.app.test_client()
        with self.runtime.db.begin() as tx:
            sign_in(client, make.session_token(tx, who))
        return client

    def shown(self) -> list[str]:
        """What members see: cues, then chapters."""
        with self.runtime.db.read() as tx:
            cues = [cue.text for cue in queries.cue_texts(tx, self.asset.id)]
            return cues + [one.title for one in chapters.chapters_of(tx, self.asset.id)]

    def proposals(self, state: str) -> list[ContentProposal]:
        with self.runtime.db.read() as tx:
            return [*tx.scalars(select(ContentProposal).where(ContentProposal.state == state))]


@pytest.fixture
def scene(app: Flask, runtime: Runtime) -> Scene:
    with runtime.db.begin() as tx:
        node = make.organisation(tx, level="city")
        trainer = make.account(tx, None, (Role.TRAINER, node))
        reviewer = make.account(tx, None, (Role.REVIEWER, node), (Role.TRAINER, node))
        course = make.published_course(tx, trainer, reviewer)
        asset = make.lines(tx, course)[0].asset
        assert asset is not None
        import_captions(tx, make.actor_of(tx, trainer), asset, "x.srt", SRT.encode())
        tx.scalars(select(Transcript)).one().estimated = True
    return Scene(runtime, app, trainer, reviewer, course, asset)


def _cues(client: FlaskClient, asset: str) -> TestResponse:
    return client.put(f"/api/v1/media/{asset}/cues", json={"version": 1, "cues": [[1000, 3000, "改过的话", None]]})


def _file(client: FlaskClient, asset: str) -> TestResponse:
    return client.post(f"/media/{asset}/captions", data={"captions": (io.BytesIO(OTHER.encode()), "x.srt")})


def _text(client: FlaskClient, asset: str) -> TestResponse:
    return client.post(f"/studio/captions/{asset}/text", data={"text": "改过的话"})


def _chapters(client: FlaskClient, asset: str) -> TestResponse:
    return client.post(f"/media/{asset}/chapters", data={"chapters": "0:00 改过的话"})


WRITES = pytest.mark.parametrize("write", [_cues, _file, _text, _chapters])
Write = Callable[[FlaskClient, str], TestResponse]


@WRITES
def test_members_see_what_was_approved_until_somebody_agrees(scene: Scene, write: Write) -> None:
    assert write(scene.client(scene.trainer), scene.asset.public_id).status_code in {200, 302, 303}
    assert scene.shown() == ["同志们好"]
    (row,) = scene.proposals("open")
    reviewer, page = scene.client(scene.reviewer), f"/review/proposals/{row.public_id}"
    assert scene.course.title in reviewer.get("/review/proposals").text
    assert "改过的话" in reviewer.get(page).text
    decision = {"verb": "approve", "seen": str(row.revision)}
    assert scene.client(scene.trainer).post(page, data=decision).status_code == 404, "a trainer reviews nothing"
    assert reviewer.post(page, data=decision).status_code == 303
    assert "改过的话" in scene.shown()
    assert reviewer.post(page, data=decision).status_code == 409, "decided once"
    with scene.runtime.db.read() as tx:
        kinds = set(tx.scalars(select(Notification.kind)))
        verbs = set(tx.scalars(select(AuditEntry.verb)))
    assert {"proposal.open", "proposal.approved"} <= kinds
    assert {f"{row.kind}.proposed", f"{row.kind}.approved"} <= verbs


@WRITES
def test_nobody_approves_their_own(scene: Scene, write: Write) -> None:
    with scene.runtime.db.begin() as tx:
        asset = tx.get_one(Asset, scene.asset.id)
        asset.account_id = scene.reviewer.id
    reviewer = scene.client(scene.reviewer)
    assert write(reviewer, scene.asset.public_id).status_code in {200, 302, 303}
    (row,) = scene.proposals("open")
    assert "另一位同志" in reviewer.get(f"/review/proposals/{row.public_id}").text
    assert reviewer.post(f"/review/proposals/{row.public_id}", data={"verb": "approve"}).status_code == 404
    assert scene.shown() == ["同志们好"]


def test_a_returned_proposal_keeps_every_word_and_is_sent_again(scene: Scene) -> None:
    trainer, reviewer = scene.client(scene.trainer), scene.client(scene.reviewer)
    first = _cues(trainer, scene.asset.public_id)
    assert first.json == {"version": 2, "count": 1}
    (row,) = scene.proposals("open")
    page = f"/review/proposals/{row.public_id}"
    assert reviewer.post(page, data={"verb": "return"}).status_code == 422, "with no word why"
    assert reviewer.post(page, data={"verb": "return", "comment": "少了一句"}).status_code == 303
    editor = trainer.get(f"/studio/captions/{scene.asset.public_id}").text
    assert "少了一句" in editor and "改过的话" in editor and 'data-version="2"' in editor
    stale = {"version": 1, "cues": [[1000, 3000, "旧的", None]]}
    fresh = {"version": 2, "cues": [[1000, 3000, "改过的话", None], [3000, 4000, "补上", None]]}
    address = f"/api/v1/media/{scene.asset.public_id}/cues"
    assert trainer.put(address, json=stale).status_code == 409
    assert trainer.put(address, json=fresh).json == {"version": 3, "count": 2}
    assert reviewer.post(page, data={"verb": "approve", "seen": "2"}).status_code == 409, "read before the last edit"
    assert reviewer.post(page, data={"verb": "approve", "seen": "3"}).status_code == 303
    assert scene.shown() == ["改过的话", "补上"]


def test_restored_versions_and_confirmed_times_wait_too(scene: Scene) -> None:
    trainer = scene.client(scene.trainer)
    assert trainer.post(f"/studio/captions/{scene.asset.public_id}/timed").status_code == 302
    with scene.runtime.db.read() as tx:
        assert tx.scalars(select(Transcript.estimated)).one() is True
    (row,) = scene.proposals("open")
    assert scene.client(scene.reviewer).post(f"/review/proposals/{row.public_id}", data={"verb": "approve"})
    with scene.runtime.db.read() as tx:
        assert tx.scalars(select(Transcript.estimated)).one() is False
    # A version was kept: to bring it back is an edit like any other.
    answer = trainer.post(f"/studio/captions/{scene.asset.public_id}/restore", data={"version": "1"})
    assert answer.status_code == 302 and len(scene.proposals("open")) == 1


def test_what_is_taken_back_leaves_nothing_to_review(scene: Scene) -> None:
    trainer = scene.client(scene.trainer)
    _cues(trainer, scene.asset.public_id)
    address = f"/studio/captions/{scene.asset.public_id}/withdraw"
    assert trainer.post(address, data={"kind": "captions"}).status_code == 302
    assert trainer.post(address, data={"kind": "captions"}).status_code == 404
    assert not scene.proposals("open") and scene.shown() == ["同志们好"]
    assert "没有等您审阅的修改" in scene.client(scene.reviewer).get("/review/proposals").text


def test_a_draft_is_changed_at_once(scene: Scene) -> None:
    with scene.runtime.db.begin() as tx:
        draft = make.lines(tx, make.course(tx, scene.trainer))[0].asset
        assert draft is not None
    answer = scene.client(scene.trainer).put(
        f"/api/v1/media/{draft.public_id}/cues", json={"version": 0, "cues": [[0, 900, "新的", None]]}
    )
    assert answer.status_code == 200
    with scene.runtime.db.read() as tx:
        assert [cue.text for cue in queries.cue_texts(tx, draft.id)] == ["新的"]
        assert tx.scalar(select(func.count()).select_from(ContentProposal)) == 0


def test_a_withdrawn_lectures_files_have_another_name_before_any_job(scene: Scene) -> None:
    root, asset = local_storage(scene.runtime.settings), scene.asset
    old = root.path(set_key(asset.public_id, asset.generation))
    old.mkdir(parents=True)
    (old / "poster.jpg").write_bytes(b"x")
    form = {"verb": "withdraw", "comment": "有误"}
    assert scene.client(scene.reviewer).post(f"/review/{scene.course.public_id}", data=form).status_code == 303
    assert not old.exists(), "nginx finds nothing"
    with scene.runtime.db.read() as tx:
        now = tx.get_one(Asset, asset.id)
        assert (root.path(set_key(now.public_id, now.generation)) / "poster.jpg").exists()


HEARD = [[1000, 3000, "机器听到的话", 0.5]]


def recognise(scene: Scene, origin: str) -> None:
    """A recognition ends, where the captions so far are by a machine, by people, or not there."""
    with scene.runtime.db.begin() as tx:
        script = tx.scalars(select(Transcript)).one()
        if origin == "none":
            tx.delete(script)
        else:
            script.origin = origin
    with scene.runtime.db.begin() as tx:
        publish(tx, SpeechRecognised(scene.asset.id, HEARD))


@pytest.mark.parametrize("origin", ["asr", "none"])
def test_recognised_words_of_a_published_lecture_wait_for_a_reviewer(scene: Scene, origin: str) -> None:
    recognise(scene, origin)
    assert "机器听到的话" not in scene.shown()
    (row,) = scene.proposals("open")
    assert row.account_id == scene.asset.account_id
    page = f"/review/proposals/{row.public_id}"
    reviewer = scene.client(scene.reviewer)
    assert "机器听到的话" in reviewer.get(page).text
    assert reviewer.post(page, data={"verb": "approve", "seen": str(row.revision)}).status_code == 303
    assert scene.shown() == ["机器听到的话"]


def test_recognised_words_replace_nothing_that_people_wrote_or_proposed(scene: Scene) -> None:
    recognise(scene, "manual")
    assert scene.proposals("open") == [] and scene.shown() == ["同志们好"]
    _cues(scene.client(scene.trainer), scene.asset.public_id)
    recognise(scene, "asr")
    (row,) = scene.proposals("open")
    assert row.content["cues"][0][2] == "改过的话"


def test_recognised_words_of_a_draft_are_there_at_once(scene: Scene) -> None:
    with scene.runtime.db.begin() as tx:
        shelf.take_back(tx, scene.course, VersionState.DRAFT)
    recognise(scene, "none")
    assert scene.shown() == ["机器听到的话"] and scene.proposals("open") == []
