"""Where a sign-in or a change of display goes on to, read as browsers read it: always a page of this site."""

import itertools
import json
import subprocess

import pytest
from flask import Flask
from flask.testing import FlaskClient

from academy.http.local_paths import local_path
from tools.browser_libraries import node

pytestmark = [pytest.mark.faults, pytest.mark.needs("node")]

PIECES = (
    *(
        "/",
        "//",
        "\\",
        "\t",
        "\n",
        "\r",
        " ",
        "\x00",
        "\x7f",
        "\u3000",
        "\xa0",
        "evil.example",
        "@",
        ":",
        "?",
        "#",
        ".",
    ),
    *("..", "%09", "%2f", "%5c", "https:", "javascript:alert(1)", "data:,x", "／", "。", "[", "\ud800", "me", ";"),
)
READ = """
const all = JSON.parse(require("fs").readFileSync(0, "utf8"));
const base = "https://academy.example/display?x=1";
console.log(JSON.stringify(all.map(one => { try { return new URL(one, base).origin } catch { return "none" } })));
"""


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_browser_stays_on_this_site(app: Flask) -> None:
    tried = ["".join(words) for size in (1, 2, 3) for words in itertools.product(PIECES, repeat=size)]
    with app.test_request_context():
        kept = sorted({local_path(text) for text in tried} | {local_path("/" + text) for text in tried})
    assert len(kept) > 100, "paths of ours are kept"
    read = subprocess.run(
        [node(), "-e", READ], input=json.dumps(kept), capture_output=True, text=True, check=True, timeout=120
    )
    origins = zip(kept, json.loads(read.stdout), strict=True)
    strange = [path for path, origin in origins if origin != "https://academy.example"]
    assert strange == []


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize(
    "target", ["/%09/evil.example", "/%0a/evil.example", "/%5cevil.example", "//evil", "https:evil"]
)
def test_the_display_page_goes_nowhere_else(client: FlaskClient, target: str) -> None:
    for address in ("/display", "/display/elder", "/display/language"):
        assert client.post(f"{address}?next={target}").headers["Location"] == "/"
