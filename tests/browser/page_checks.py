"""Walking through the sample city page by page, and what a browser can say about each page it shows."""

import re
from collections.abc import Iterator
from html import unescape
from importlib import resources

from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.sample_site import Site
from tests.browser.unlinked_pages import NO_PAGES

PHONE, DESK = (390, 844), (1440, 900)
ROLES = ("nobody", "half", "member", "city", "trainer", "reviewer", "auditor", "security", "secretary", "system")
"""`half` has given the password, and is still to be asked for the code."""

HREF = re.compile(r'<a\s[^>]*?href="(/(?!/)[^"]*)"')

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
  resultTypes: ["violations"],  // of what passes only that it did: a third of the time goes into listing it
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


_ADDRESSES: dict[tuple[str, str], dict[str | None, str]] = {}


def linked(site: Site, who: str) -> dict[str | None, str]:
    """One address of each endpoint that links lead `who` to, in the order in which they are met; empty for what is
    saved or leads on. Asked for without a browser, which takes twenty times as long."""
    if (known := _ADDRESSES.get((site.url, who))) is not None:
        return known
    client = site.app.test_client()
    if who in site.cookies:
        client.set_cookie("academy", site.cookies[who])
    waiting, found = [{"nobody": "/sign-in", "half": "/sign-in/code"}.get(who, "/")], dict[str | None, str]()
    leading = dict[str, str | None]()  # addresses that lead elsewhere; others of their endpoints may be pages
    while waiting:
        address = waiting.pop(0)
        endpoint = site.endpoint(address)
        if endpoint in found or endpoint in NO_PAGES or address in leading:
            continue
        answer = client.get(address)
        assert answer.status_code in (200, 302, 303), address
        if answer.location:
            leading[address] = endpoint
            waiting.append(answer.location)
        else:
            found[endpoint] = address if answer.mimetype == "text/html" else ""
            waiting += [unescape(href) for href in HREF.findall(answer.text)] if found[endpoint] else []
        answer.close()
    _ADDRESSES[site.url, who] = dict.fromkeys(leading.values(), "") | found
    return _ADDRESSES[site.url, who]


def walk(site: Site, page: Page, who: str, seen: set[str | None]) -> Iterator[str]:
    """Open one page of each endpoint that links lead `who` to and that nobody has seen."""
    for endpoint, address in linked(site, who).items():
        if endpoint in seen:
            continue
        seen.add(endpoint)
        if address:
            answer = page.goto(site.url + address)
            assert answer and answer.status == 200, address
            yield address
