"""Without a network: the release that a service worker belongs to, its script, and whose page a page is."""

import functools
import hashlib
import hmac
import json
from pathlib import Path

from flask import Flask, Response, current_app, url_for

from academy.http.request_context import identity, runtime
from academy.http.static_files import folder, module_parts

SHELL = "/offline"
VERSION_HEADER = "Academy-Version"
SCRIPT = "js/service-worker.js"
MODULES = ("base.js", "shell.js", "offline.js", "kept-player.js", "player-begin.js", "reader.js")
OTHERS = ("tokens", "base", "components", "player", "pages", "library", "offline")
PICTURES = ("icons", "scenes", "favicon", "covers")
POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'"
"""A worker's fetches are bound by the policy of its script, not by that of the page."""
OFF = "off"
"""The mark of pages where there is no worker: it removes itself."""


def files() -> list[str]:
    """Addresses of all that the page of kept lectures needs, each named by its content."""
    names = [f"css/{name}.css" for name in OTHERS] + [f"img/{name}.svg" for name in PICTURES]
    names += [f"js/{name}" for name in MODULES]
    found = [url_for("static", filename=name) for name in names]
    found += [part for name in MODULES for part in module_parts(name)]
    return list(dict.fromkeys(found))


@functools.lru_cache(maxsize=8)
def _version(listed: str, *sources: tuple[str, int]) -> str:
    whole = hashlib.sha256(listed.encode())
    for source, _changed in sources:
        whole.update(Path(source).read_bytes())
    return whole.hexdigest()[:12]


def version() -> str:
    """The digest of the page of kept lectures with everything that it is made of."""
    templates = Path(current_app.root_path, current_app.template_folder or "")
    parts = ("base.html", "_ui.html", "offline/index.html", "learn/_player.html", "media/_reader.html")
    sources = [folder() / SCRIPT, *(templates / part for part in parts)]
    named = json.dumps([*files(), runtime().settings.city_name])
    return _version(named, *((str(path), path.stat().st_mtime_ns) for path in sources))


def worker_script() -> Response:
    """The service worker; asked for again at each visit, and never from a cache."""
    on = runtime().settings.offline
    head = {"VERSION": version() if on else "", "SHELL": SHELL, "FILES": files() if on else []}
    lines = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in head.items())
    answer = Response(lines + (folder() / SCRIPT).read_text(encoding="utf-8"), mimetype="text/javascript")
    answer.headers["Cache-Control"] = "no-cache"
    answer.headers["Content-Security-Policy"] = POLICY
    answer.add_etag()
    return answer


def owner_mark() -> str:
    """Whose page this is, for the page's script alone: it says nothing to who does not know the secret, and is the same
    on every device. Empty for nobody and for public screens."""
    settings, me = runtime().settings, identity()
    if not settings.offline:
        return OFF
    if me is None or me.is_screen:
        return ""
    return hmac.new(settings.secret_key.encode(), f"kept-owner-1:{me.account_id}".encode(), hashlib.sha256).hexdigest()[
        :16
    ]


def install(app: Flask) -> None:
    """Register what base.html asks for."""
    app.jinja_env.globals["owner_mark"] = owner_mark
