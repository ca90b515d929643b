"""Every link of every role leads somewhere: 200, and with every parameter that it carries read by the page."""

from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
from flask import g
from werkzeug.datastructures import ImmutableMultiDict

from tests.browser.sample_site import Site, sample_site

ROLES = ("nobody", "member", "city", "trainer", "reviewer", "auditor", "security", "secretary", "system")
EACH = 4
"""So many addresses of one endpoint and one set of parameters are followed for each role."""
MOST = 900


class ReadArguments(ImmutableMultiDict[str, str]):
    """A query string that remembers which of its parameters somebody asked for."""

    def _note(self, *names: str) -> None:
        if "read_arguments" not in g:
            g.read_arguments = set()
        g.read_arguments |= set(names)

    def __getitem__(self, key: str) -> str:
        self._note(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self._note(str(key))
        return super().__contains__(key)

    def get(self, key: str, *rest: Any, **named: Any) -> Any:
        self._note(key)
        return super().get(key, *rest, **named)

    def getlist(self, key: str, *rest: Any, **named: Any) -> Any:
        self._note(key)
        return super().getlist(key, *rest, **named)

    def items(self, *rest: Any, **named: Any) -> Any:
        self._note(*self.keys())
        return super().items(*rest, **named)

    def lists(self) -> Any:
        self._note(*self.keys())
        return super().lists()

    def to_dict(self, *rest: Any, **named: Any) -> Any:
        self._note(*self.keys())
        return super().to_dict(*rest, **named)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with sample_site(tmp_path_factory.mktemp("site")) as made:
        yield made


class Links(HTMLParser):
    """Collects where a page leads: its links, and its forms that only ask (GET)."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a" and given.get("href"):
            self.found.append(str(given["href"]))
        if tag == "form" and given.get("action") and given.get("method", "get") == "get":
            self.found.append(str(given["action"]))


def links(html: str, at: str) -> Iterator[str]:
    """The addresses of this site that a page links to."""
    for href in Links(html).found:
        address = urldefrag(urljoin(at, href))[0]
        if not urlsplit(address).netloc and address.startswith("/"):
            yield address


@pytest.mark.parametrize("who", ROLES)
def test_every_link_leads_somewhere(site: Site, who: str, monkeypatch: pytest.MonkeyPatch) -> None:
    app = site.app
    read: list[set[str]] = []

    def note(response: Any) -> Any:
        read.append(set(g.get("read_arguments", ())))
        return response

    monkeypatch.setattr(app.request_class, "parameter_storage_class", ReadArguments)
    monkeypatch.setitem(app.after_request_funcs, None, [note, *app.after_request_funcs.get(None, [])])
    client = app.test_client()
    if who in site.cookies:
        client.set_cookie("academy", site.cookies[who])
    waiting = [("/sign-in" if who == "nobody" else "/", "the start")]
    met, wrong, seen = Counter[tuple[str | None, frozenset[str]]](), list[str](), set[str]()
    while waiting and len(seen) < MOST:
        address, source = waiting.pop(0)
        parts = urlsplit(address)
        names = frozenset(pair.partition("=")[0] for pair in parts.query.split("&") if pair)
        kind = (site.endpoint(address), names)
        if address in seen or met[kind] >= EACH or kind[0] == "static":
            continue
        seen.add(address)
        met[kind] += 1
        answer = client.get(address, follow_redirects=True)
        if answer.status_code != 200:
            wrong.append(f"{answer.status_code} {address} (on {source})")
        elif not answer.history and (ignored := names - read[-1]):
            wrong.append(f"nobody reads {sorted(ignored)} of {address} (on {source})")
        if answer.mimetype == "text/html":
            waiting += [(link, address) for link in links(answer.text, address)]
        answer.close()
    assert wrong == []
    assert len(seen) > (3 if who == "nobody" else 12)
