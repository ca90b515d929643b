"""What pages and scripts hold, load, keep and offer."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from academy.core.runtime import Runtime
from tests.conftest import sign_in
from tests.contracts.source import CODE, imports, pages, python, scripts
from tests.support import factories

ONE_KIND = pytest.mark.parametrize("database_kind", ["sqlite"])


def test_pages_escape_by_themselves(app: Flask) -> None:
    assert app.jinja_env.autoescape is not False
    for name, text in pages().items():
        assert not re.search(r"\|\s*safe\b|autoescape false|\bMarkup\b", text), name
    markup = {path for path, nodes in python() if any(name.endswith("Markup") for name in imports(nodes))}
    assert markup <= {"http/filters.py"}, "marks of found words are put together from escaped pieces"


test_pages_escape_by_themselves = ONE_KIND(test_pages_escape_by_themselves)


def test_pages_load_nothing_from_elsewhere() -> None:
    for name, text in pages().items():
        assert not re.search(r"""(?:src|href|action|srcset)=["'](?:https?:)?//""", text), name
    for path in [*(CODE / "web/static/css").glob("*.css"), *(CODE / "web/static/js").rglob("*.js")]:
        assert not re.search(r"""(?:url\(|import |fetch\()\s*["']?(?:https?:)?//""", path.read_text("utf-8")), path.name


def test_scripts_make_no_code_of_texts() -> None:
    for name, text in scripts().items():
        assert not re.search(r"\.(?:inner|outer)HTML\s*\+?=[^=]", text), name
        assert not re.search(r"insertAdjacentHTML|document\.write|\beval\(|new Function|setTimeout\(\s*[\"'`]", text), (
            name
        )
        if name not in ("shell.js", "service-worker.js"):  # its own pages and their worker, which no other site reaches
            assert not re.search(r"""addEventListener\(\s*["']message["']|onmessage|postMessage|__proto__""", text), (
                name
            )


def test_browsers_keep_only_what_is_listed() -> None:
    kept = {name for name, text in scripts().items() if re.search(r"localStorage|sessionStorage|indexedDB", text)}
    known = {
        "player-preferences.js",
        "player-parts.js",
        "player-store.js",
        "player-talk.js",
        "talk-store.js",
        "kept-mark.js",
        "kept-store.js",
        "base.js",
        "shell.js",
        "captions/draft.js",
        "resubmit.js",
        "reader.js",
        "upload.js",
    }
    assert kept <= known
    for name in kept:
        assert not re.search(r"(?:token|password|phone).{0,40}(?:local|session)Storage", scripts()[name]), name


@ONE_KIND
def test_password_fields_hide_and_let_paste(client: FlaskClient) -> None:
    typed = {"/sign-in": {"username": "a"}, "/activate": {"number": "1", "code": "2", "password": "short"}}
    for address, form in typed.items():
        fields = re.findall(r'<input[^>]*name="(?:password|again)"[^>]*>', client.post(address, data=form).text)
        assert fields and all('type="password"' in field and "autocomplete=" in field for field in fields)
    assert not any("onpaste" in text for text in pages().values())
    assert not any('addEventListener("paste"' in text for text in scripts().values())


@ONE_KIND
def test_every_page_has_a_way_out(client: FlaskClient, runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        sign_in(
            client, factories.session_token(tx, factories.account(tx, factories.member(tx, factories.organisation(tx))))
        )
    for address in ("/", "/library", "/me", "/notifications", "/nowhere"):
        assert 'action="/sign-out"' in client.get(address).text, address
