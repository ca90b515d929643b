"""Answers that are not the academy's: proxies, captive portals and gateways answer with any status and any page.

What a phone has played, a trainer has typed or an upload has sent is let go only on the academy's own word; and it
is kept where the browser's storage is full, forbidden or fails only when it commits.
"""

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Route

from tests.browser.stage import Stage, stage
from tests.support.ledger_makers import learner

pytestmark = pytest.mark.browser

HTML = ("text/html; charset=utf-8", "<!doctype html><title>欢迎使用无线网络</title><p>请先登录")
STATUSES = (
    200,
    201,
    202,
    203,
    206,
    400,
    401,
    403,
    404,
    405,
    407,
    408,
    409,
    410,
    413,
    418,
    421,
    429,
    451,
    500,
    502,
    504,
    511,
)
BODIES = (
    HTML,
    ("", ""),
    ("text/plain", '{"seq": 7, "gained": 1}'),
    ("application/json", '{"ok": true}'),
    ("application/json", '{"seq": 6, "gained": 1}'),
    ("application/json", "[7]"),
    ("application/json", "{"),
    ("application/problem+json", '{"type": "about:blank", "status": 404}'),
    ("application/problem+json", '{"type": "urn:academy:crash", "status": 500, "seq": null}'),
)
SPANS = [[0, 15_000], [40_000, 43_500]]

DRIVE = """async () => {
  const { Queue, waiting } = await import("/static/js/player-queue.js");
  window.changes = []; window.answers = [];
  window.queue = new Queue({
    onAnswer: (sent, status) => window.answers.push([sent.seq, status]),
    onChange: (ms, reachable) => window.changes.push([ms, reachable]),
  });
  window.waiting = waiting;
}"""
SPANS_WAITING = "async () => (await window.waiting()).flatMap((record) => record.spans)"


@pytest.fixture(scope="module")
def academy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("foreign")) as made:
        yield made


@pytest.fixture
def page(academy: Stage) -> Iterator[Page]:
    """A signed-in member's page, from which the modules are driven as the player drives them."""
    with academy.runtime.db.begin() as tx:
        _, _, viewer = learner(tx)
    page = academy.sign_in(academy.with_password(viewer))
    yield page
    page.context.close()
    academy.errors.clear()  # refused requests are what is tried here


class Server:
    """What stands behind the beats' address: foreign answers first, then one that keeps what it is told."""

    def __init__(self, page: Page, foreign: list[dict[str, Any]]) -> None:
        self.foreign, self.kept, self.sizes = foreign, set[tuple[int, int]](), list[int]()
        page.route("**/api/v1/progress/heartbeats", self.answer)

    def answer(self, route: Route) -> None:
        if self.foreign:
            route.fulfill(**self.foreign.pop(0))
            return
        said = json.loads(route.request.post_data or "{}")
        self.sizes.append(len(said["spans"]))
        self.kept |= {(start, end) for start, end in said["spans"]}
        route.fulfill(status=204)

    def seconds(self) -> set[int]:
        """The tenths of a second of media that it has been told of."""
        return {at for start, end in self.kept for at in range(start // 100, end // 100)}


def add(page: Page, spans: list[list[int]], seq: int = 7, lease: str = "a") -> None:
    record = {"lease": lease, "item": "item", "seq": seq, "spans": spans, "position": 0}
    page.evaluate("(record) => window.queue.add(record)", record)


def test_only_our_own_answer_lets_go_of_what_was_played(page: Page) -> None:
    foreign = [{"status": s, "content_type": kind, "body": body} for s in STATUSES for kind, body in BODIES]
    foreign += [{"status": 302, "headers": {"Location": "/sign-in"}}, {"status": 204 + 1, "body": ""}]
    server = Server(page, list(foreign))
    page.evaluate(DRIVE)
    add(page, SPANS)
    for left in range(len(foreign) - 1, 0, -1):
        assert len(server.foreign) == left, foreign[len(foreign) - left - 1]
        assert page.evaluate(SPANS_WAITING) == SPANS, foreign[len(foreign) - left - 1]
        page.evaluate("() => window.queue.flush()")
    assert page.evaluate("() => window.answers") == []
    assert [0, True] not in page.evaluate("() => window.changes"), "the page never said that all is recorded"
    page.evaluate("() => window.queue.flush()")
    assert server.kept == {(0, 15_000), (40_000, 43_500)}
    assert page.evaluate(SPANS_WAITING) == []
    assert page.evaluate("() => window.answers") == [[7, 204]]


@pytest.mark.parametrize(("status", "code"), [(200, ""), (409, "lease-ended"), (400, "bad-beat"), (413, "too-large")])
def test_our_own_answers_are_taken(page: Page, status: int, code: str) -> None:
    kind = "application/problem+json" if code else "application/json"
    body = json.dumps({"seq": 7} | ({"type": f"urn:academy:{code}", "title": "…"} if code else {}))
    Server(page, [{"status": status, "content_type": kind, "body": body}])
    page.evaluate(DRIVE)
    add(page, SPANS)
    assert page.evaluate(SPANS_WAITING) == []
    assert page.evaluate("() => window.answers") == [[7, status]]


def played(lots: random.Random, count: int) -> list[list[list[int]]]:
    """Records of somebody who jumps about: a few long ones, and one with more stretches than a heartbeat may say."""
    records = []
    for n in range(count):
        many = 1300 if n == 1 else lots.randrange(1, 60)
        starts = sorted(lots.sample(range(0, 7_200_000, 1000), many))
        records.append([[start, start + lots.randrange(1, 9) * 100] for start in starts])
    return records


# How a browser's storage fails. The second is what a full disk looks like: the request succeeds, the commit does not.
STORES = {
    "whole": "",
    "forbidden": "IDBFactory.prototype.open = () => { throw new DOMException('no', 'SecurityError'); };",
    "commit fails": """const begin = IDBDatabase.prototype.transaction;
        IDBDatabase.prototype.transaction = function (names, mode, more) {
          const tx = begin.call(this, names, mode, more);
          if (mode === "readwrite") {
            const add = tx.objectStore("beats").constructor.prototype.add;
            const store = tx.objectStore("beats");
            tx.objectStore = () => store;
            store.add = (record) => { const asked = add.call(store, record);
              asked.addEventListener("success", () => tx.abort()); return asked; };
          }
          return tx;
        };""",
    "all full": """IDBFactory.prototype.open = () => { throw new DOMException('no', 'SecurityError'); };
        Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };""",
}


@pytest.mark.parametrize("store", list(STORES))
def test_every_stretch_arrives_whatever_storage_and_network_do(page: Page, store: str) -> None:
    lots = random.Random(store)
    lost = [{"status": lots.choice(STATUSES), "content_type": HTML[0], "body": HTML[1]} for _ in range(6)]
    server = Server(page, lost)
    if STORES[store]:
        page.add_init_script("{" + STORES[store] + "}")
    page.goto("/")
    page.evaluate(DRIVE)
    records = played(lots, 8)
    for seq, spans in enumerate(records, 1):
        add(page, spans, seq, lease=f"lease-{seq % 3}")
    for _ in range(40):
        if page.evaluate("() => window.queue.flush()"):
            break
    assert page.evaluate(SPANS_WAITING) == []
    wanted = {at for spans in records for start, end in spans for at in range(start // 100, end // 100)}
    assert server.seconds() == wanted
    assert max(server.sizes) <= 500


@pytest.mark.parametrize("store", ["whole", "forbidden", "commit fails"])
def test_what_waits_outlives_the_page(page: Page, store: str) -> None:
    server = Server(page, [{"status": 503}] * 2)
    if STORES[store]:
        page.add_init_script("{" + STORES[store] + "}")
    page.goto("/")
    page.evaluate(DRIVE)
    add(page, SPANS)
    page.goto("/")
    page.evaluate(DRIVE)
    assert page.evaluate(SPANS_WAITING) == SPANS
    for _ in range(3):
        page.evaluate("() => window.queue.flush()")
    assert server.kept == {(0, 15_000), (40_000, 43_500)}
    assert page.evaluate(SPANS_WAITING) == []


def test_a_full_disk_of_the_browser_loses_nothing(page: Page, academy: Stage) -> None:
    """The browser's own quota, nearly used up by others."""
    server = Server(page, [])
    session = page.context.new_cdp_session(page)
    session.send("Storage.overrideQuotaForOrigin", {"origin": academy.address, "quotaSize": 1})
    page.evaluate(DRIVE)
    page.context.set_offline(True)
    lots = random.Random(5)
    records = [[[n * 10_000, n * 10_000 + 9_000]] for n in range(30)] + played(lots, 2)
    for seq, spans in enumerate(records, 1):
        add(page, spans, seq)
    page.context.set_offline(False)
    for _ in range(20):
        if page.evaluate("() => window.queue.flush()"):
            break
    wanted = {at for spans in records for start, end in spans for at in range(start // 100, end // 100)}
    assert server.seconds() == wanted
