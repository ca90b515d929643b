"""Measures which lines and branches of the academy tests reach, in every process that runs tests.

A pytest plugin, chosen by `-p tests.support.measured` (`make coverage`): it begins before anything of the academy is
imported. Programs that tests start are not measured.
"""

from pathlib import Path

import coverage

ROOT = Path(__file__).resolve().parents[2]

_measuring = coverage.Coverage(config_file=str(ROOT / "pyproject.toml"), data_suffix=True)
_measuring.start()


def pytest_unconfigure() -> None:
    """Keep what was measured for `tools.coverage_floor`, which adds the processes up."""
    _measuring.stop()
    _measuring.save()
