"""Settings of a test and a client's session. The fixtures are in tests/support/runtimes.py; what tests need of the
machine is held by tests/support/needs_plugin.py."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from academy.core.settings import Settings
from tests.support import memory, open_databases

SECRET = "a-secret-for-tests-only-0123456789"


def pytest_configure(config: pytest.Config) -> None:
    """Whoever only hands the tests out to workers has no need to read half the application first."""
    config.pluginmanager.import_plugin("tests.support.needs_plugin")
    config.pluginmanager.import_plugin("tests.support.longest_first")
    config.pluginmanager.import_plugin("tests.support.first_cases")
    memory.use()
    open_databases.watch()
    if not config.getoption("numprocesses", None) or hasattr(config, "workerinput"):
        config.pluginmanager.import_plugin("tests.support.runtimes")
        config.pluginmanager.import_plugin("tests.support.committed")
        config.pluginmanager.import_plugin("tests.support.generated")


def make_settings(folder: Path, **changes: object) -> Settings:
    """Settings of a test: everything under one folder."""
    defaults: dict[str, object] = {
        "secret_key": SECRET,
        "data_key": SECRET,
        "trusted_proxies": "0",
        "data_dir": folder / "var",
        "media_dir": folder / "media",
        "log_level": "ERROR",
        "second_step": False,  # its own tests turn it on
        "rate_per_minute": 0,  # likewise
        "consent": False,  # likewise
        "disk_reserve_mb": 0,  # likewise
    }
    return Settings(**(defaults | changes))  # type: ignore[arg-type]


def sign_in(client: FlaskClient, token: str) -> None:
    """Make the client carry the session that `factories.session_token` made."""
    with client.session_transaction() as session:
        session["_user_id"] = token
        session["_fresh"] = True
