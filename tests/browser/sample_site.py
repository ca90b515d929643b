"""The sample city as a running academy, for tests that walk through its pages."""

import shutil
import threading
from collections.abc import Collection, Iterator
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
from academy.cli.sample.courses import COURSES, JOB
from academy.cli.sample.studies import CAMPAIGNS
from academy.core import clock
from academy.core.runtime import Runtime
from academy.http.login import HALF
from academy.jobs.api import Job
from academy.library.models import Course, CourseItem, ItemVersion
from academy.media.models import Asset, AssetState
from tests.conftest import make_settings
from tests.support import factories, templates
from tests.support.shortcuts import drain

FILM = COURSES[CAMPAIGNS[-1].courses[0]].title
"""The lecture that the sample member has begun, and has not finished."""


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

    def ready_item(self, kind: str) -> dict[str, str] | None:
        """Public ids of a published item of a kind whose file was made, of its course and of its file."""
        with self.app.extensions["academy"].db.read() as tx:
            found = tx.execute(
                select(CourseItem.public_id, Course.public_id, Asset.public_id)
                .join(ItemVersion, ItemVersion.item_id == CourseItem.id)
                .join(Course, Course.published_version_id == ItemVersion.course_version_id)
                .join(Asset, Asset.id == ItemVersion.asset_id)
                .where(ItemVersion.kind == kind, Asset.state == AssetState.READY)
                .limit(1)
            ).first()
        return dict(zip(("item", "course", "asset"), found, strict=True)) if found else None

    def unseen(self, seen: Collection[str | None]) -> list[str]:
        """Endpoints of pages that were not looked at."""
        pages = {rule.endpoint for rule in self.app.url_map.iter_rules() if "GET" in (rule.methods or ())}
        return sorted(pages - set(seen))


def _make_city(folder: Path) -> None:
    settings = make_settings(folder, demo=True)
    settings.data_dir.mkdir()
    command.upgrade(alembic_config(settings.database), "head")
    runtime = Runtime.build(settings)
    create_city(runtime, 1500, echo=lambda _text: None)
    runtime.db.dispose()


@contextmanager
def sample_site(folder: Path) -> Iterator[Site]:
    """The sample city with 1,500 members, served from a thread; everybody's cookie is at hand."""
    settings = make_settings(folder, demo=True)
    # Its days are counted from today.
    key = f"{clock.today():%Y%m%d}-{templates.digest(*templates.MIGRATIONS, 'academy/**/*.py', 'tests/conftest.py')}"
    shutil.copytree(templates.kept("city", key, _make_city) / settings.data_dir.name, settings.data_dir)
    runtime = Runtime.build(settings)
    app = create_app(runtime)
    with runtime.db.begin() as tx:
        tokens = {a.username: factories.session_token(tx, a) for a in tx.scalars(select(Account)).all()}
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert signer
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    cookies = {"half": str(signer.dumps({HALF: "half"}))}  # the password was right, the code is still to be asked for
    cookies |= {who: str(signer.dumps({"_user_id": token, "_fresh": True})) for who, token in tokens.items()}
    try:
        yield Site(app, f"http://127.0.0.1:{server.port}", cookies)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        runtime.db.dispose()


@contextmanager
def filmed_site(folder: Path, *titles: str) -> Iterator[Site]:
    """The sample city with some lectures really made (by default `FILM`); to encode all of them takes minutes."""
    wanted = titles or (FILM,)
    with sample_site(folder) as site:
        runtime: Runtime = site.app.extensions["academy"]
        with runtime.db.begin() as tx:
            job = tx.scalars(select(Job).where(Job.name == JOB)).one()
            files = job.args["files"]
            job.args = {"files": [one for one in files if one[1]["title"] in wanted or one[1]["kind"] == "image"]}
        drain(runtime)
        yield site
