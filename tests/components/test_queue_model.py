"""A few orders of events on the queue, against its model; tests/faults tries many."""

import pytest

from academy.core.runtime import Runtime
from tests.support import queue_model


@pytest.mark.thorough
def test_every_transition_names_what_it_expects(runtime: Runtime) -> None:
    queue_model.run(runtime, examples=5, steps=20, derandomize=True)
