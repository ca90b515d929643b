"""The sample city as a running academy, for tests that walk through its pages."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from alembic import command
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from sqlalchemy import select
from werkzeug.exceptions import HTTPException
from werkzeug.serving import make_server

from academy.accounts.models import Account
from academy.app import create_app
from academy.cli.database import alembic_config
from academy.cli.sample import create_city
from academy.core.runtime import Runtime
from tests.conftest import make_settings
from tests.support import factories


class Site(NamedTuple):
    """A running academy with the sample city in it."""

    app: Flask
    url: str
    cookies: dict[str, str]

    def endpoint(self, address: str) -> str | None:
        """The endpoint behind an address of ours."""
        try:
            return str(self.app.url_map.bind("localhost").match(address.partition("?")[0].partition("#")[0])[0])
        except HTTPException:
            return None


@contextmanager
def sample_site(folder: Path) -> Iterator[Site]:
    """The sample city with 1,500 members, served from a thread; everybody's cookie is at hand."""
    settings = make_settings(folder, demo=True)
    settings.data_dir.mkdir()
    command.upgrade(alembic_config(settings.database), "head")
    runtime = Runtime.build(settings)
    create_city(runtime, 1500, echo=lambda _text: None)
    app = create_app(runtime)
    with runtime.db.begin() as tx:
        tokens = {a.username: factories.session_token(tx, a) for a in tx.scalars(select(Account)).all()}
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert signer
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    cookies = {who: str(signer.dumps({"_user_id": token, "_fresh": True})) for who, token in tokens.items()}
    try:
        yield Site(app, f"http://127.0.0.1:{server.port}", cookies)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        runtime.db.dispose()
