"""Pytest hooks of tests/support/needs.py: skip by name what a machine lacks, and hold tests to what they declare."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import needs

CONTRACTS = Path(__file__).parents[1] / "contracts"
WATCH = pytest.StashKey[needs.Watch]()


def pytest_configure(config: pytest.Config) -> None:
    """Look at every program that tests start."""
    config.addinivalue_line("markers", "needs(*parts): parts of the machine, by their names in tests/support/needs.py")
    config.stash[WATCH] = needs.Watch()
    config.stash[WATCH].install()


@pytest.hookimpl(tryfirst=True)
def pytest_itemcollected(item: pytest.Item) -> None:
    """What runs on PostgreSQL, and contracts, can be chosen or left out with `-m`."""
    if item.path.is_relative_to(CONTRACTS):
        item.add_marker(pytest.mark.contract)
    if "postgresql" in needs.needs_of(item):
        item.add_marker(pytest.mark.postgresql)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what this machine cannot run."""
    needs.skip_what_is_missing(items)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Each test is watched from its first fixture on."""
    item.config.stash[WATCH].used.clear()
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """A test that starts a program must have declared it: elsewhere the program is not there.

    What ends with this test may have been begun by another, so only what was started before counts.
    """
    undeclared = needs.undeclared(item, item.config.stash[WATCH].used)
    result = yield
    if undeclared:
        marks = ", ".join(f'"{name}"' for name in sorted(undeclared))
        pytest.fail(f"it starts what it does not declare: @pytest.mark.needs({marks})", pytrace=False)
    return result


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was skipped for want of a part of the machine, and how to get the part."""
    skipped = terminalreporter.stats.get("skipped", [])
    lines = list(needs.shortages(report.longrepr[2] for report in skipped if isinstance(report.longrepr, tuple)))
    if lines:
        terminalreporter.section("skipped, because this machine lacks a part")
        for line in lines:
            terminalreporter.write_line(line)
