"""The academy's WSGI application with its clock moved: for tests of what happens at a certain hour.

ACADEMY_TEST_SHIFT_MS says by how much. The clock is moved before any component is imported, because
column defaults keep the function they were given.
"""

import datetime as dt
import os

from academy.core import clock

_true = clock.now
_shift = dt.timedelta(milliseconds=int(os.environ["ACADEMY_TEST_SHIFT_MS"]))


def _now() -> dt.datetime:
    return _true() + _shift


clock.now = _now

from wsgi import app  # noqa: E402 - the clock comes first

__all__ = ["app"]
