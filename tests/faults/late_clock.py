"""The academy's WSGI application with its clock moved: for tests of what happens at a certain hour.

ACADEMY_TEST_SHIFT_MS says by how much; or ACADEMY_TEST_SHIFT_FILE names a file that says it, so that a test moves the
clock of running web and worker processes. The clock is moved before any component is imported, because column defaults
keep the function they were given.
"""

import datetime as dt
import os
from pathlib import Path

from academy.core import clock

_true = clock.now
_file = os.environ.get("ACADEMY_TEST_SHIFT_FILE")


def _now() -> dt.datetime:
    shift = Path(_file).read_text() if _file else os.environ["ACADEMY_TEST_SHIFT_MS"]
    return _true() + dt.timedelta(milliseconds=int(shift))


clock.now = _now

from wsgi import app  # noqa: E402 - the clock comes first

__all__ = ["app"]
