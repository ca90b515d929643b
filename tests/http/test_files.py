"""What I uploaded, what it takes up, and what may go."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from academy.accounts.models import Account
from academy.core.actor import Role
from academy.core.runtime import Runtime
from academy.jobs.api import Job
from academy.library.api import set_cover
from academy.media import queries
from academy.media.models import Asset, AssetPart, AssetState, AssetStep
from academy.media.storage.file_storage import local_storage
from tests.http.tus import client_of
from tests.support import factories
from tests.support.shortcuts import drain


@pytest.fixture
def who(runtime: Runtime) -> Account:
    with runtime.db.begin() as tx:
        return factories.account(tx, None, (Role.TRAINER, factories.organisation(tx)))


@pytest.fixture
def trainer(app: Flask, runtime: Runtime, who: Account) -> FlaskClient:
    return client_of(app, runtime, who)


def test_only_what_is_used_nowhere_can_go_and_its_room_comes_back(
    runtime: Runtime, who: Account, trainer: FlaskClient, app: Flask
) -> None:
    with runtime.db.begin() as tx:
        course = factories.course(tx, who, title="乡村振兴")
        actor = factories.actor_of(tx, who)
        line = factories.lines(tx, course)[0]
        loose = factories.asset(tx, who, filename="没用到.mp4", size=7 << 20)
        cover = factories.asset(tx, who, kind="image", filename="封面.jpg")
        set_cover(tx, actor, course, cover)
        stranger = factories.account(tx, None, (Role.TRAINER, factories.organisation(tx)))
    original = local_storage(runtime.settings).path(f"assets/{loose.public_id}/original")
    original.parent.mkdir(parents=True)
    original.write_bytes(b"x")
    page = trainer.get("/studio/files").text
    assert page.count("《乡村振兴》") == 2 and page.count("确认删除") == 1 and "7.0 MB" in page
    assert line.asset is not None
    used = line.asset.public_id
    assert trainer.post(f"/studio/files/{used}/remove").status_code == 409
    assert trainer.post(f"/studio/files/{cover.public_id}/remove").status_code == 409
    assert client_of(app, runtime, stranger).post(f"/studio/files/{loose.public_id}/remove").status_code == 404
    assert trainer.post(f"/studio/files/{loose.public_id}/remove").status_code == 303
    drain(runtime)
    assert not original.exists()
    with runtime.db.read() as tx:
        assert tx.get_one(Asset, loose.id, populate_existing=True).state == AssetState.DELETED
        assert queries.bytes_held(tx, who.id) == 2000
        assert tx.scalar(select(Job.id).where(Job.state == "failed")) is None
    assert "没用到" not in trainer.get("/studio/files").text
    trainer.post(f"/studio/{course.public_id}/items/{line.item.public_id}", data={"verb": "remove"})
    assert trainer.post(f"/studio/files/{used}/remove").status_code == 303


def test_a_long_list_is_paged_and_costs_the_same(
    runtime: Runtime, who: Account, trainer: FlaskClient, count_queries: Callable[[Callable[[], object]], int]
) -> None:
    def more(count: int) -> None:
        with runtime.db.begin() as tx:
            for _ in range(count):
                factories.asset(tx, who)

    more(2)
    trainer.get("/studio/files")
    few = count_queries(lambda: trainer.get("/studio/files"))
    more(30)
    assert count_queries(lambda: trainer.get("/studio/files")) == few
    assert trainer.get("/studio/files").text.count("确认删除") == 20
    assert trainer.get("/studio/files?page=2").text.count("确认删除") == 12


def test_the_studio_says_how_far_a_long_film_is(runtime: Runtime, who: Account, trainer: FlaskClient) -> None:
    with runtime.db.begin() as tx:
        course = factories.course(tx, who, title="乡村振兴")
        film = factories.lines(tx, course)[0].asset
        assert film is not None
        film.state, film.building = AssetState.PROCESSING, "g" * 16
        for place, (step, state, permille) in enumerate((("probe", "done", 1000), ("encode", "running", 400))):
            tx.add(AssetStep(asset_id=film.id, step=step, position=place, state=state, permille=permille))
        for number in range(6):
            state = "done" if number in {0, 1} else "running" if number == 2 else "waiting"
            tx.add(AssetPart(asset_id=film.id, generation=film.building, number=number, state=state))
            tx.add(AssetPart(asset_id=film.id, generation="o" * 16, number=number, state="done"))
    page = trainer.get("/studio").text
    assert "正在处理" in page and "转码 · 第 2 段，共 5 段" in page and "70%" in page
    assert "第 2 段，共 5 段" in trainer.get(f"/studio/{course.public_id}").text
    steps = f"/media/{film.public_id}/steps"
    assert f'href="{steps}"' in trainer.get("/studio/files").text
    assert "第 2 段，共 5 段" in trainer.get(steps).text
    with runtime.db.begin() as tx:
        tx.get_one(Asset, film.id).state = AssetState.READY
    assert "正在处理" not in trainer.get("/studio").text
