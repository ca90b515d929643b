"""Walking through the sample city page by page, and what a browser can say about each page it shows."""

from collections.abc import Callable, Iterator
from importlib import resources

from playwright.sync_api import Browser, BrowserContext, Error, Page

from tests.browser.sample_site import Site

PHONE, DESK = (390, 844), (1440, 900)
ROLES = ("nobody", "member", "city", "trainer", "reviewer", "auditor", "security", "secretary", "system")
APART = (None, "static", "media.deliver")
"""Addresses that are no pages."""

# Every control is big enough for a thumb; a link inside a sentence may be as high as its line.
LOOK = """(least) => {
  const wrong = [];
  const shown = (e) => e.getClientRects().length && getComputedStyle(e).visibility !== "hidden";
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) {
    const scrolls = (e) =>
      e && e !== document.body && (getComputedStyle(e).overflowX !== "visible" || scrolls(e.parentElement));
    const past = (e) => e.getBoundingClientRect().right > root.clientWidth + 1 && !scrolls(e.parentElement);
    const wide = [...document.querySelectorAll("body *")].find((e) => shown(e) && past(e));
    wrong.push(`wider than the screen: ${wide?.tagName}.${wide?.className}`);
  }
  // A page that shows one of several states has a heading in each.
  const heads = [...document.querySelectorAll("h1")];
  if (!heads.length || heads.filter(shown).length > 1) wrong.push("not exactly one h1");
  for (const e of document.querySelectorAll("a[href], button, summary, select, input:not([type=hidden])")) {
    if (!shown(e) || e.classList.contains("skip") || getComputedStyle(e).display === "inline") continue;
    if (e.closest("label, [data-small]")) continue;
    const height = e.getBoundingClientRect().height;
    const name = `${e.tagName}.${e.className} ${e.textContent.trim().slice(0, 20)}`;
    if (height < least - 0.5) wrong.push(`${Math.round(height)} px: ${name}`);
  }
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  for (const id of new Set(ids.filter((id, n) => ids.indexOf(id) !== n))) wrong.push(`id ${id} twice`);
  return wrong;
}"""
AXE = """() => axe.run(document, {
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
  rules: {"target-size": {enabled: true}},
}).then((found) => found.violations.map(
  (v) => v.id + ": " + v.nodes.slice(0, 3).map((n) => n.target.join(" ")).join(" | ")))"""

# WCAG 2.2, focus not obscured: whoever comes to something by key sees at least a part of it, whatever bars stand at
# the edges of the screen.
OBSCURED = """() => {
  const wrong = [];
  const shown = (e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const held = "a[href], button, summary, select, textarea, input:not([type=hidden]), [tabindex='0']";
  for (const e of document.querySelectorAll(held)) {
    if (!shown(e) || e.disabled || e.closest("[inert], details:not([open]) > :not(summary)")) continue;
    e.focus();
    if (document.activeElement !== e) continue;
    const whole = e.getBoundingClientRect();
    // Of what is larger than the screen, the part that is on it.
    const [x0, y0] = [Math.max(0, whole.left), Math.max(0, whole.top)];
    const [x1, y1] = [Math.min(innerWidth, whole.right), Math.min(innerHeight, whole.bottom)];
    const box = { x: x0, y: y0, width: x1 - x0, height: y1 - y0 };
    const label = e.labels?.[0];
    const seen = [0.15, 0.5, 0.85].some((x) => [0.15, 0.5, 0.85].some((y) => {
      const at = document.elementFromPoint(box.x + box.width * x, box.y + box.height * y);
      return at && (e.contains(at) || at.contains(e) || label?.contains(at));
    }));
    const name = `${e.tagName}.${e.className} ${e.textContent.trim().slice(0, 20)}`;
    if (!seen && box.width > 1) wrong.push(`obscured: ${name}`);
  }
  return wrong;
}"""


def _item(kind: str, address: str) -> Callable[[Site], str | None]:
    """An address with the published item of a kind whose file was made."""

    def found(site: Site) -> str | None:
        made = site.ready_item(kind)
        return address.format(**made) if made else None

    return found


UNLINKED: dict[str, dict[str, Callable[[Site], str | None]]] = {
    "nobody": {"design.index": lambda _site: "/design"},
    "member": {
        "learn.play-video": _item("video", "/learn/{item}"),
        "learn.play-document": _item("document", "/learn/{item}"),
        "learn.play-audio": _item("audio", "/learn/{item}"),
        "talk.index-document": _item("document", "/learn/{item}/talk"),
    },
    "trainer": {
        "captions.edit-video": _item("video", "/studio/captions/{asset}"),
        "studio.watch-video": _item("video", "/studio/{course}/items/{item}"),
        "media.edit_chapters-video": _item("video", "/media/{asset}/chapters"),
    },
    "reviewer": {"review.course-video": _item("video", "/review/{course}")},
}
"""Pages that no link leads to, and pages that share their endpoint with another: by role and name."""


def unlinked(site: Site, who: str) -> Iterator[tuple[str, str]]:
    """Name and address of each of `UNLINKED` for a role; without those whose file was not made."""
    for name, find in UNLINKED.get(who, {}).items():
        if address := find(site):
            yield name, address


def axe_script() -> str:
    """The source of axe, to be run in a page before `AXE`."""
    return (resources.files("axe_playwright_python") / "axe.min.js").read_text()


def faults(page: Page, least: int = 44) -> list[str]:
    """What axe, our own look and the focus say against the page that is open; the focus comes back to where it was."""
    page.evaluate("scrollTo(0, 0)")  # what a bar at the edge covers in passing is no fault
    page.evaluate(axe_script())
    page.evaluate("window.focusBefore = document.activeElement")
    found = [*page.evaluate(AXE), *page.evaluate(LOOK, least), *page.evaluate(OBSCURED)]
    page.evaluate("window.focusBefore?.focus()")
    return found


def context(site: Site, browser: Browser, who: str, size: tuple[int, int], **wishes: str) -> BrowserContext:
    """A browser that `who` is signed in with; `wishes` are display cookies."""
    opened = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        is_mobile=size is PHONE,
        has_touch=size is PHONE,
    )
    cookies = wishes | ({"academy": site.cookies[who]} if who in site.cookies else {})
    opened.add_cookies([{"name": n, "value": v, "url": site.url} for n, v in cookies.items()])
    return opened


def walk(site: Site, page: Page, start: str, seen: set[str | None]) -> Iterator[str]:
    """Open one page of each endpoint that links lead to and nobody has seen."""
    waiting = [start]
    while waiting:
        address = waiting.pop(0)
        endpoint = site.endpoint(address)
        if endpoint in seen:
            continue
        seen.add(endpoint)
        try:
            answer = page.goto(site.url + address)
        except Error as error:
            if "Download is starting" in error.message:  # a file is saved, not shown
                continue
            raise
        assert answer and answer.status == 200, address
        yield address
        found = page.eval_on_selector_all("a[href]", "all => all.map(a => a.getAttribute('href'))")
        waiting += [href for href in found if href.startswith("/") and not href.startswith("//")]
