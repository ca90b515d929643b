"""Addresses of static files contain a digest of their content, so that a browser may cache them for a year.

Scripts are ES modules that import each other by relative paths. Their folder carries one digest of all
(``/static/js-<digest>/player.js``), so that each module has exactly one address, whether it is requested by a page,
a preload or another module. Other files carry their own digest (``/static/css/base.css?v=<digest>``).
See docs/decisions/0040-module-addresses.md.
"""

import functools
import hashlib
import os
import re
from pathlib import Path
from typing import Any

from flask import Flask, current_app, g, request, url_for

from academy.http.declarations import RouteDeclaration, declare
from academy.http.policies import PUBLIC

SCRIPTS = "js/"
IMMUTABLE = "public, max-age=31536000, immutable"
_VERSIONED = re.compile(r"js-(?P<digest>[0-9a-f]{10})/(?P<rest>[\w/-]+\.js)", re.ASCII)
_IMPORT = re.compile(r"""^[ \t]*(?:import|export)\b[^;"'()]{0,2000}["'](\.{1,2}/[^"']+)["']""", re.MULTILINE)

Stamp = tuple[tuple[str, int, int], ...]


def folder() -> Path:
    """The folder of static files."""
    return Path(current_app.static_folder or "")


@functools.lru_cache(maxsize=512)
def _digest(file: Path, _changed: int) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:10]


@functools.lru_cache(maxsize=8)
def _digest_of_all(root: Path, stamp: Stamp) -> str:
    whole = hashlib.sha256()
    for name, _changed, _size in stamp:
        whole.update(name.encode() + b"\0" + hashlib.sha256((root / name).read_bytes()).digest())
    return whole.hexdigest()[:10]


def _stamp(root: Path) -> Stamp:
    """Names, times and sizes of all scripts: detects a change without reading them."""
    found: list[tuple[str, int, int]] = []
    for at, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            if name.endswith(".js"):
                path = Path(at, name)
                state = path.stat()
                found.append((path.relative_to(root).as_posix(), state.st_mtime_ns, state.st_size))
    return tuple(found)


def scripts_digest() -> str:
    """The digest of all scripts; checked once a request."""
    if "scripts_digest" not in g:
        root = folder() / SCRIPTS
        g.scripts_digest = _digest_of_all(root, _stamp(root))
    return str(g.scripts_digest)


def _file_digest(name: str) -> str | None:
    file = folder() / name
    return _digest(file, file.stat().st_mtime_ns) if file.is_file() else None


def _name_content(endpoint: str, values: dict[str, Any]) -> None:
    """`url_for("static", filename=…)` gives the address with the digest."""
    if endpoint != "static" or "filename" not in values:
        return
    name = str(values["filename"])
    if name.startswith(SCRIPTS):
        values["filename"] = f"js-{scripts_digest()}/{name.removeprefix(SCRIPTS)}"
    elif digest := _file_digest(name):
        values["v"] = digest


def _find_content(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Maps a script's address to its file; `g.immutable` is whether the address matches the present content.

    An address of another release gets the present file, which is then not cached under it.
    """
    if endpoint != "static" or not values:
        return
    named = _VERSIONED.fullmatch(values["filename"])
    if named:
        values["filename"] = SCRIPTS + named["rest"]
        g.immutable = named["digest"] == scripts_digest()
    elif "v" in request.args and ".." not in values["filename"]:
        g.immutable = request.args["v"] == _file_digest(values["filename"])


@functools.lru_cache(maxsize=64)
def _parts(root: Path, name: str, _digest: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    waiting = [name]
    while waiting:
        one = waiting.pop(0)
        for imported in _IMPORT.findall((root / one).read_text(encoding="utf-8")):
            path = os.path.normpath(Path(one).parent / imported)
            if path not in found and path != name:
                found[path] = None
                waiting.append(path)
    return tuple(found)


def module_parts(name: str) -> tuple[str, ...]:
    """Addresses of all modules that a script (``player.js``) imports, directly or not, for preloading."""
    parts = _parts(folder() / SCRIPTS, name, scripts_digest())
    return tuple(url_for("static", filename=SCRIPTS + part) for part in parts)


def install(app: Flask) -> None:
    """Put digests into addresses, and map those addresses to files."""
    declare(RouteDeclaration(policy=PUBLIC, identified=False))(app.view_functions["static"])
    app.url_defaults(_name_content)
    app.url_value_preprocessor(_find_content)
    app.jinja_env.globals["module_parts"] = module_parts
