"""Files of slow tests begin with the longest: no worker is left with a long one when the other has nothing to do.

How long each takes is in tests/slow_files.txt, which `python -m tools.slow_files` writes. A file that is not there
comes after those that are.
"""

from pathlib import Path

import pytest

SECONDS = Path(__file__).resolve().parents[1] / "slow_files.txt"


def seconds() -> dict[str, float]:
    """What each file took when it was measured, by its path below tests/."""
    lines = (line.split() for line in SECONDS.read_text(encoding="ascii").splitlines() if line[:1] != "#")
    return {name: float(taken) for taken, name in lines}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of one file stay together, in their order."""
    taken, tests = seconds(), SECONDS.parent

    def length(item: pytest.Item) -> float:
        path = item.path
        return -taken.get(path.relative_to(tests).as_posix(), 0.0) if path.is_relative_to(tests) else 0.0

    items.sort(key=length)
