"""Nothing lies over what somebody may want to press, and nothing is cut off, on screens of every width."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.sample_site import Site, sample_site

pytestmark = pytest.mark.browser

WIDTHS = (390, 768, 1024, 1200, 1440)
PLACES = [("member", "/"), ("member", "/library"), ("elder", "/"), ("city", "/"), ("trainer", "/"), ("reviewer", "/")]

# Each control is scrolled to the middle, for bars at the edges lie over whatever is below them, and asked for at its
# own centre. Whoever is there instead is named.
COVERED = """() => {
  const wrong = [];
  for (const e of document.querySelectorAll("main a[href], main button, main summary, main select, main input")) {
    if (!e.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
    e.scrollIntoView({ block: "center", inline: "nearest", behavior: "instant" });
    const box = [...e.getClientRects()].find((r) => r.width > 1 && r.height > 1);
    if (!box) continue;
    const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    if (!hit || !(e.contains(hit) || hit.contains(e) || hit.closest("label")?.control === e)) {
      const there = hit ? `${hit.tagName}.${hit.className}` : "the edge of the screen";
      wrong.push(`${e.tagName} ${e.textContent.trim().slice(0, 20)}: ${there}`);
      continue;
    }
    for (let box = e.parentElement; box; box = box.parentElement) {
      const { overflowX } = getComputedStyle(box);
      if (overflowX !== "hidden" && overflowX !== "clip") continue;
      if (e.getBoundingClientRect().right > box.getBoundingClientRect().right + 1)
        wrong.push(`${e.tagName} ${e.textContent.trim().slice(0, 20)}: cut off by ${box.tagName}.${box.className}`);
    }
  }
  return wrong;
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with sample_site(tmp_path_factory.mktemp("site")) as made:
        yield made


@pytest.mark.parametrize(("who", "address"), PLACES, ids=lambda value: value.strip("/") or "home")
def test_every_control_can_be_pressed(site: Site, browser: Browser, who: str, address: str) -> None:
    context = browser.new_context(base_url=site.url, locale="zh-CN", reduced_motion="reduce")
    context.add_cookies([{"name": "academy", "value": site.cookies[who], "url": site.url}])
    page = context.new_page()
    wrong = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(address)
        page.wait_for_load_state("networkidle")
        assert page.locator("main a[href]").count() > 3
        wrong += [f"{width}: {what}" for what in page.evaluate(COVERED)]
    context.close()
    assert wrong == []
