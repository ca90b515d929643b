"""More lives of the city than the fast tests have time for: every one ends with figures that a clerk finds too."""

import pytest

from academy.core.house import House
from tests.coverage_city import City
from tests.coverage_walk import walk


@pytest.mark.parametrize("seed", range(1, 6))
def test_cells_equal_a_recount_whatever_happens(house: House, seed: int) -> None:
    with house.db.begin() as tx:
        city = City(tx)
    walk(house, city, seed)
