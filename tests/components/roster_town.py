"""A town with its roster, and rows of one that comes."""

import pytest

from academy.core.runtime import Runtime
from tests.components.roster_office import Town, plant


@pytest.fixture
def town(runtime: Runtime) -> Town:
    return plant(runtime)


ROWS = (
    "A1,赵小满,001-1,男,1950-03-05,1975年7月1日,138 0000 1234,支部书记,正式党员",
    "A2,钱谷雨,001-2,女,19601231,1990/1/2,,,流动",
    "A3,孙立夏,001,,,,,,",
)
