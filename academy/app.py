"""The only wiring: what a web process and a worker process are made of."""

from pathlib import Path

from flask import Flask

from academy import rooms
from academy.core import logging as logs
from academy.core.house import House
from academy.core.proxies import ForwardedHeaders
from academy.core.settings import Settings
from academy.jobs.worker import Worker
from academy.media.isolation import require_isolation


def create_app(settings: Settings, house: House | None = None) -> Flask:
    """A web process. `house` is given by tests that share a connection."""
    from academy import api, cli, doors, web
    from academy.doors.retrying import Application

    logs.configure(settings.log_level, settings.log_server)
    rooms.open_all()
    app = Application(
        "academy",
        root_path=str(Path(__file__).parent),
        template_folder="web/templates",
        static_folder="web/static",
        static_url_path="/static",
    )
    house = house or House.build(settings)
    doors.install(app, house.settings)
    web.register(app)
    api.register(app)
    cli.register(app)
    move_in(app, house)
    return app


def move_in(app: Flask, house: House) -> None:
    """Give the application its house: everything in it that knows one. What came before is forgotten, so that tests
    may put one house after another, all of the same settings but for their places, into an application they have."""
    from academy import api

    app.extensions["academy"] = house
    app.jinja_env.globals["settings"] = house.settings
    vars(app).pop("wsgi_app", None)  # the door and the front of the house before
    api.beats_first(app, house)
    app.wsgi_app = ForwardedHeaders(app.wsgi_app, house.settings.proxies)  # type: ignore[method-assign]


def create_worker(settings: Settings) -> Worker:
    """A worker process; `run()` works until `stop()`.

    Raises:
        SettingsError: this system cannot shut in the decoders, and nobody has allowed that.
    """
    logs.configure(settings.log_level, settings.log_server)
    rooms.open_all()
    require_isolation(settings)
    house = House.build(settings)
    return Worker(house)
