"""Files taken in and worked on to the end, in this process."""

import subprocess
from pathlib import Path

from academy.core.actor import Actor
from academy.core.i18n import Message
from academy.core.runtime import Runtime
from academy.media import tools
from academy.media.models import Asset
from tests.support.shortcuts import adopt_file, drain


def taken(runtime: Runtime, who: Actor, path: Path, kind: str = "video", name: str = "党课.mp4") -> Asset:
    with runtime.db.begin() as tx:
        asset_id = adopt_file(tx, who, path, name, kind).id
    drain(runtime)
    with runtime.db.read() as tx:
        return tx.get_one(Asset, asset_id)


def sentence(asset: Asset) -> str:
    assert asset.error is not None
    return str(Message.from_json(asset.error))


def ffmpeg(runtime: Runtime, *args: str) -> None:
    command = [tools.ffmpeg_path(runtime.settings), "-nostdin", "-loglevel", "error", "-y", *args]
    subprocess.run(command, check=True)
