"""Which cases of a test are tried all the time.

The fast tests have the first two cases of each test; the others, which are of the same kind, are `thorough`. `make
test` and CI run both.
"""

from collections import Counter

import pytest

FIRST = 2


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Before `-m` is asked."""
    seen = Counter[tuple[str, object]]()
    for item in items:
        if isinstance(item, pytest.Function) and (spec := getattr(item, "callspec", None)):
            of = (item.nodeid.partition("[")[0], spec.params.get("database_kind"))
            seen[of] += 1
            if seen[of] > FIRST:
                item.add_marker(pytest.mark.thorough)
