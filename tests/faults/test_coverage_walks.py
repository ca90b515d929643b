"""More lives of the city than the fast tests have time for: every one ends with figures that a clerk finds too."""

import pytest

from academy.core.runtime import Runtime
from academy.trainings.models import Training
from tests.components.corrected_city import strike_and_register
from tests.support.coverage_city import City
from tests.support.coverage_walk import walk


@pytest.mark.parametrize("seed", range(1, 6))
def test_cells_equal_a_recount_whatever_happens(runtime: Runtime, seed: int) -> None:
    with runtime.db.begin() as tx:
        made = City(tx)
    walk(runtime, made, seed)


@pytest.mark.parametrize("seed", range(1, 4))
def test_cells_equal_a_recount_whatever_is_struck(runtime: Runtime, city: City, plan: Training, seed: int) -> None:
    strike_and_register(runtime, city, plan, seed, days=14)
