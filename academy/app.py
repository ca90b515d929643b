"""Composition root: creates web processes and worker processes."""

from pathlib import Path

from flask import Flask

from academy import components
from academy.core import logging as logs
from academy.core.proxies import ForwardedHeaders
from academy.core.runtime import Runtime
from academy.core.settings import Settings
from academy.jobs.worker import Worker
from academy.media.isolation import require_isolation


def create_app(settings: Settings, runtime: Runtime | None = None) -> Flask:
    """Create a web process's application. `runtime` is passed by tests that share a connection."""
    from academy import cli, http, rest, web
    from academy.http.declarations import collect
    from academy.http.retries import Application

    logs.configure(settings.log_level, settings.log_server)
    components.import_all()
    app = Application(
        "academy",
        root_path=str(Path(__file__).parent),
        template_folder="web/templates",
        static_folder="web/static",
        static_url_path="/static",
    )
    runtime = runtime or Runtime.build(settings)
    http.install(app, runtime.settings)
    web.register(app)
    rest.register(app)
    cli.register(app)
    collect(app, runtime.settings)
    attach_runtime(app, runtime)
    return app


def attach_runtime(app: Flask, runtime: Runtime) -> None:
    """Attach a runtime and everything that depends on it to the application. Replaces an earlier one, so that tests may
    reuse an application with several runtimes of equal settings except paths."""
    from academy import rest

    app.extensions["academy"] = runtime
    app.jinja_env.globals["settings"] = runtime.settings
    vars(app).pop("wsgi_app", None)  # the middlewares of an earlier runtime are dropped
    rest.install_heartbeats(app, runtime)
    app.wsgi_app = ForwardedHeaders(app.wsgi_app, runtime.settings.proxies)  # type: ignore[method-assign]


def create_worker(settings: Settings) -> Worker:
    """Create a worker process; `run()` works until `stop()`.

    Raises:
        SettingsError: this system cannot isolate the decoders, and the settings do not allow that.
    """
    logs.configure(settings.log_level, settings.log_server)
    components.import_all()
    require_isolation(settings)
    runtime = Runtime.build(settings)
    return Worker(runtime)
