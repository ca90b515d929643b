"""Composition root: creates web processes."""

from pathlib import Path

from flask import Flask

from academy import components
from academy.core import logging as logs
from academy.core.proxies import ForwardedHeaders
from academy.core.runtime import Runtime


def create_app(runtime: Runtime) -> Flask:
    """Create a web process's application."""
    from academy import cli, http, rest, web
    from academy.http.declarations import collect
    from academy.http.retries import Application

    settings = runtime.settings
    logs.configure(settings.log_level, settings.log_server)
    components.import_all()
    app = Application(
        "academy",
        root_path=str(Path(__file__).parent),
        template_folder="web/templates",
        static_folder="web/static",
        static_url_path="/static",
    )
    http.install(app, settings)
    web.register(app)
    rest.register(app)
    cli.register(app)
    collect(app, settings)
    app.extensions["academy"] = runtime
    app.jinja_env.globals["settings"] = settings
    rest.install_heartbeats(app, runtime)
    app.wsgi_app = ForwardedHeaders(app.wsgi_app, settings.proxies)  # type: ignore[method-assign]
    return app
