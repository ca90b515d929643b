"""A lecture that is ready, and somebody who is to watch it, for the tests of the player."""

from dataclasses import dataclass

from sqlalchemy import select

from academy.accounts.models import Account
from academy.core.actor import Actor
from academy.core.database import Tx
from academy.learning.models import WatchLedger
from academy.library.models import ItemVersion
from academy.media import service as media
from academy.media.captions.caption_files import CueText
from academy.media.models import Asset, AssetState
from tests.browser.stage import Stage, lecture
from tests.support import shelf, waiting
from tests.support.ledger_makers import learner
from tests.support.ledger_makers import lecture as course_of
from tests.support.shortcuts import adopt_file

SECONDS = 24


@dataclass
class Scene:
    """A lecture and its viewer."""

    item: str
    item_id: int
    viewer: Account


def make_scene(academy: Stage, items: int = 1) -> Scene:
    """A fresh learner and course each time; the one film is encoded once by the worker."""
    with academy.runtime.db.begin() as tx:
        _, actor, viewer = learner(tx)
        course = course_of(tx, viewer, items=items)
        item = course.shown.items[0]
        film = tx.scalar(select(Asset).where(Asset.filename == "讲课录像.mp4"))
        if film is None:
            film = _adopt(academy, actor, tx)
        shelf.change_item(tx, item.item_id, asset_id=film.id)
        made = Scene(item.public_id, item.item_id, viewer)
        asset_id = film.id
    waiting.until(lambda: _state(academy, asset_id) == AssetState.READY, 180, "the encoded film")
    academy.with_password(made.viewer)
    return made


def _state(academy: Stage, asset_id: int) -> str:
    with academy.runtime.db.read() as tx:
        return tx.get_one(Asset, asset_id).state


def _adopt(academy: Stage, actor: Actor, tx: Tx) -> Asset:
    return adopt_file(tx, actor, lecture(academy.folder, SECONDS), "讲课录像.mp4", "video")


def add_words(academy: Stage, scene: Scene, text: str = "第{n}句") -> None:
    """A caption every four seconds."""
    with academy.runtime.db.begin() as tx:
        item = tx.scalars(select(ItemVersion).where(ItemVersion.item_id == scene.item_id)).one()
        asset = tx.get_one(Asset, item.asset_id)
        lines = [CueText(n * 4000, n * 4000 + 4000, text.format(n=n)) for n in range(SECONDS // 4)]
        media.replace_cues(tx, asset, lines, "manual")


def covered_ms(academy: Stage, scene: Scene) -> int:
    """Milliseconds that are credited."""
    with academy.runtime.db.read() as tx:
        row = tx.scalar(select(WatchLedger.covered).where(WatchLedger.item_id == scene.item_id))
        return row or 0
