"""A file that was given before is recognised: before it is sent again, and after."""

import hashlib
import io
import os

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from academy.accounts.models import Account
from academy.accounts.queries import scopes_of
from academy.core.actor import Actor, Role
from academy.core.runtime import Runtime
from academy.library.api import create_course, seed_categories
from academy.library.models import Category, ItemVersion
from academy.media import queries
from academy.media.models import Asset, AssetState
from tests.http.tus import TUS, b64, client_of, create, send
from tests.support import factories
from tests.support.shortcuts import drain

KNOWN = "/api/v1/uploads/known"


def paper() -> bytes:
    """A document of two megabytes that no other test has."""
    made = io.BytesIO()
    Image.frombytes("RGB", (1500, 1500), os.urandom(1500 * 1500 * 3)).save(made, "PDF", quality=95)
    return made.getvalue()


@pytest.fixture
def who(runtime: Runtime) -> Account:
    with runtime.db.begin() as tx:
        return factories.account(tx, None, (Role.TRAINER, factories.organisation(tx)))


@pytest.fixture
def course(runtime: Runtime, who: Account) -> str:
    with runtime.db.begin() as tx:
        seed_categories(tx)
        actor = Actor(account_id=who.id, scopes=scopes_of(tx, who.id))
        made = create_course(
            tx, actor, title="党课", summary="第一讲", category=tx.scalars(select(Category.slug)).first() or ""
        )
        return f"/studio/{made.public_id}"


def give(client: FlaskClient, course: str, data: bytes) -> None:
    """Upload a document and put it into the course."""
    told = {"Upload-Metadata": f"filename {b64('讲稿.pdf')},purpose {b64('document')}"}
    url = create(client, len(data), **told)
    assert send(client, url, 0, data) == 204
    assert client.post(f"{course}/items", data={"upload": url.rsplit("/", 1)[-1]}).status_code == 303


def asked(data: bytes, purpose: str = "document") -> dict[str, str]:
    ends = data[: 1 << 20] + data[max(0, len(data) - (1 << 20)) :]
    return {"purpose": purpose, "size": str(len(data)), "fingerprint": hashlib.sha256(ends).hexdigest()}


def items(runtime: Runtime) -> list[tuple[ItemVersion, Asset]]:
    with runtime.db.read() as tx:
        rows = tx.execute(
            select(ItemVersion, Asset).join(Asset, Asset.id == ItemVersion.asset_id).order_by(ItemVersion.item_id)
        ).all()
        return [(item, asset) for item, asset in rows]


@pytest.mark.thorough
def test_a_file_that_is_here_need_not_be_sent_again(app: Flask, runtime: Runtime, who: Account, course: str) -> None:
    trainer, data = client_of(app, runtime, who), paper()
    assert len(data) > 2 << 20
    give(trainer, course, data)
    assert trainer.get(KNOWN, query_string=asked(data), headers=TUS).json == {"file": None}, "it is not looked at yet"
    drain(runtime)
    first = items(runtime)[0][1]
    found = trainer.get(KNOWN, query_string=asked(data), headers=TUS).json
    assert found and found["file"]["id"] == first.public_id and found["file"]["filename"] == "讲稿.pdf"
    assert trainer.get(KNOWN, query_string=asked(data, "video"), headers=TUS).json == {"file": None}
    assert trainer.get(KNOWN, query_string=asked(data[:-1] + b"x"), headers=TUS).json == {"file": None}
    assert trainer.get(KNOWN, query_string=asked(data) | {"size": "-1"}, headers=TUS).status_code == 400
    assert trainer.post(f"{course}/items", data={"asset": first.public_id}).status_code == 303
    assert [asset.id for _, asset in items(runtime)] == [first.id, first.id]
    with runtime.db.begin() as tx:
        other = factories.account(tx, None, (Role.TRAINER, factories.organisation(tx)))
    stranger = client_of(app, runtime, other)
    assert stranger.get(KNOWN, query_string=asked(data), headers=TUS).json == {"file": None}
    assert stranger.post(f"{course}/items", data={"asset": first.public_id}).status_code == 404


@pytest.mark.thorough
def test_a_file_that_was_sent_again_can_give_way_to_the_first(
    app: Flask, runtime: Runtime, who: Account, course: str
) -> None:
    trainer, data = client_of(app, runtime, who), paper()
    give(trainer, course, data)
    drain(runtime)
    assert "内容完全相同" not in trainer.get(course).text
    give(trainer, course, data)
    give(trainer, course, data)
    drain(runtime)
    (_, first), (second, copy), (third, _) = items(runtime)
    assert trainer.get(course).text.count("内容完全相同") == 2
    with runtime.db.read() as tx:
        assert queries.bytes_held(tx, who.id) == 3 * len(data)
    assert trainer.post(f"{course}/items/{second.public_id}", data={"verb": "earlier"}).status_code == 303
    assert trainer.post(f"{course}/items/{third.public_id}", data={"verb": "both"}).status_code == 303
    assert trainer.post(f"{course}/items/{second.public_id}", data={"verb": "earlier"}).status_code == 409
    assert "内容完全相同" not in trainer.get(course).text
    drain(runtime)
    with runtime.db.read() as tx:
        changed = tx.get_one(ItemVersion, (second.course_version_id, second.item_id), populate_existing=True)
        assert (changed.asset_id, changed.number) == (first.id, second.number)
        assert tx.get_one(Asset, copy.id, populate_existing=True).state == AssetState.DELETED
        assert queries.bytes_held(tx, who.id) == 2 * len(data)
