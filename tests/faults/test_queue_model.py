"""Many orders of events on the queue, against its model, on both databases."""

import pytest

from academy.core.runtime import Runtime
from tests.support import queue_model

pytestmark = pytest.mark.faults


def test_every_transition_names_what_it_expects(runtime: Runtime) -> None:
    queue_model.run(runtime, examples=40, steps=40, derandomize=False)
