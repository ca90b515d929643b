"""Waiting for what another thread, process or browser does: the only place where tests look at a clock."""

import time
from collections.abc import Callable


def until(condition: Callable[[], object], seconds: float, what: str, every: float = 0.1) -> None:
    """Wait for a condition, which is asked every so many seconds.

    Raises:
        TimeoutError: it never came.
    """
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} never came")
        time.sleep(every)
