"""More lives of the city than the fast tests have time for: every one ends with figures that a clerk finds too."""

import pytest

from academy.core.runtime import Runtime
from academy.trainings.models import Training
from tests.components.test_corrections import city, plan, strike_and_register  # noqa: F401 - fixtures
from tests.coverage_city import City
from tests.coverage_walk import walk


@pytest.mark.parametrize("seed", range(1, 6))
def test_cells_equal_a_recount_whatever_happens(runtime: Runtime, seed: int) -> None:
    with runtime.db.begin() as tx:
        made = City(tx)
    walk(runtime, made, seed)


@pytest.mark.parametrize("seed", range(1, 4))
def test_cells_equal_a_recount_whatever_is_struck(runtime: Runtime, city: City, plan: Training, seed: int) -> None:  # noqa: F811
    strike_and_register(runtime, city, plan, seed, days=14)
