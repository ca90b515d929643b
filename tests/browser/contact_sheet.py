"""Every page that somebody can reach, in four forms and on three screens: looked at by axe, and as pictures to look at.

    make screenshots [QUICK=1]

One page of each endpoint, as the first role that reaches it by links sees it: normal, 长辈版 with letters of 22 and of
30 px, dark; at 320 × 640, 390 × 844 and 1440 × 900. Each is asked what axe (WCAG 2.2 A and AA, with the size of
targets), our own look (`LOOK`) and the focus (`OBSCURED`) say against it. Pictures and sheets of six pages lie in
.cache/screenshots, index.html shows them all. One JSON line; the exit status is 1 where anything is wrong. With
`--quick` each page is seen in one form, another one than the page before it.
"""

import argparse
import html
import json
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from academy.cli.sample.courses import COURSES
from academy.library.api import CourseState
from tests.browser.page_checks import AXE, LOOK, OBSCURED, PHONE, ROLES, axe_script, context, walk
from tests.browser.sample_site import FILM, Site, filmed_site
from tests.browser.stage import CHROMIUM, CHROMIUM_FLAGS
from tests.browser.unlinked_pages import NO_PAGES, unlinked, unseen

FOLDER = Path(__file__).parents[2] / ".cache" / "screenshots"
FORMS: dict[str, dict[str, str]] = {
    "normal": {},
    "elder-22": {"elder": "1", "text": "22"},
    "elder-30": {"elder": "1", "text": "30"},
    "dark": {"theme": "dark"},
}
SCREENS = {"phone": ((320, 640), PHONE), "desk": ((1440, 900),)}
SHOWN = (("normal", "phone"), ("elder-30", "phone"), ("dark", "phone"), ("normal", "desk"))
"""What stands side by side on a sheet: a form and its screen."""
LEAST = {"normal": 44, "elder-22": 60, "elder-30": 60, "dark": 44}
"""The least height of what is pressed, in pixels."""
MADE = (
    *(FILM, COURSES[1].title),
    *(one.title for one in COURSES if one.kind == "document" or one.state == CourseState.SUBMITTED),
    min((one for one in COURSES if one.kind == "audio"), key=lambda one: one.length_ms).title,
)
"""Lectures of the sample that are really made: the film, one with talk under it, what waits for review, papers, one to
hear."""
A_SHEET, HIGH = 6, 422
"""Pages a sheet, and pixels of a picture on it."""


@dataclass(frozen=True)
class Looked:
    """A page in one form on one screen, and what is wrong with it."""

    who: str
    endpoint: str
    form: str
    size: tuple[int, int]
    wrong: tuple[str, ...]

    @property
    def picture(self) -> str:
        """The name of its picture."""
        return f"{self.who}-{self.endpoint}-{self.form}-{self.size[0]}.jpg"


def look(page: Page, who: str, endpoint: str, form: str, size: tuple[int, int], axe: str) -> Looked:
    """Look at the page that is open, and take its picture."""
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.evaluate("scrollTo(0, 0)")
    page.evaluate(axe)
    wrong = [*page.evaluate(LOOK, LEAST[form]), *page.evaluate(AXE), *page.evaluate(OBSCURED)]
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    found = Looked(who, endpoint, form, size, tuple(wrong))
    page.screenshot(path=FOLDER / found.picture, type="jpeg", quality=70)
    return found


def look_at_all(
    site: Site, browser: Browser, form: str, screen: str, seen: set[str | None], turn: tuple[int, int] = (0, 1)
) -> list[Looked]:
    """Every page in a form on a kind of screen; of `turn` (n, m) every m-th, beginning with the n-th. `seen` gets what
    was walked to."""
    seen |= NO_PAGES
    found, axe = [], axe_script()
    for who in ROLES:
        seen.discard("home.home")  # everybody's own
        sizes = SCREENS[screen]
        with context(site, browser, who, sizes[-1], **FORMS[form]) as opened:
            opened.set_default_timeout(60_000)
            page = opened.new_page()
            for number, address in enumerate(walk(site, page, who, seen)):
                if number % turn[1] == turn[0]:
                    found += [look(page, who, str(site.endpoint(address)), form, size, axe) for size in sizes]
            for name, address in unlinked(site, who, seen):
                page.goto(site.url + address)
                seen.add(site.endpoint(address))
                found += [look(page, who, name, form, size, axe) for size in sizes]
    return found


def sheets(found: list[Looked]) -> int:
    """Six pages a sheet, each in the forms of `SHOWN`; returns how many sheets."""
    pages = list(dict.fromkeys((one.who, one.endpoint) for one in found))
    widths = {"phone": HIGH * PHONE[0] // PHONE[1], "desk": HIGH * 1440 // 900}
    wide = sum(widths[screen] for _, screen in SHOWN)
    for number in range(0, len(pages), A_SHEET):
        part = pages[number : number + A_SHEET]
        sheet = Image.new("RGB", (wide, HIGH * len(part)), "white")
        for row, (who, endpoint) in enumerate(part):
            left = 0
            for form, screen in SHOWN:
                file = FOLDER / Looked(who, endpoint, form, SCREENS[screen][-1], ()).picture
                if file.exists():
                    with Image.open(file) as picture:
                        sheet.paste(picture.resize((widths[screen], HIGH)), (left, row * HIGH))
                left += widths[screen]
        sheet.save(FOLDER / f"sheet-{number // (A_SHEET) + 1:02}.webp", quality=70)
    return -(-len(pages) // (A_SHEET))


def index(found: list[Looked]) -> None:
    """A page with every picture, and what is wrong under it."""
    rows = "".join(
        f'<figure><img loading="lazy" height="{HIGH}" src="{one.picture}" alt="">'
        f"<figcaption>{one.picture} {html.escape('; '.join(one.wrong))}</figcaption></figure>"
        for one in sorted(found, key=lambda one: (one.who, one.endpoint, one.size, one.form))
    )
    style = "figure { display: inline-block; margin: 8px; vertical-align: top; max-width: 700px }"
    (FOLDER / "index.html").write_text(f'<!doctype html><meta charset="utf-8"><style>{style}</style>{rows}')


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--quick", action="store_true", help="each page in one form")
    given = words.parse_args()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    found: list[Looked] = []
    never: list[str] = []
    with tempfile.TemporaryDirectory() as folder, filmed_site(Path(folder), *MADE) as site, sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        for number, form in enumerate(FORMS):
            for screen in SCREENS:
                seen: set[str | None] = set()
                found += look_at_all(site, browser, form, screen, seen, (number, len(FORMS)) if given.quick else (0, 1))
                never = unseen(site, seen)
                print(f"{form} on a {screen}: {len(found)} looked at", file=sys.stderr)
        browser.close()
    index(found)
    wrong = [f"{one.picture}: {what}" for one in found for what in one.wrong]
    pages = len({(one.who, one.endpoint) for one in found})
    line: dict[str, object] = {
        "pages": pages,
        "forms": len(FORMS),
        "looked_at": len(found),
        "sheets": sheets(found),
        "unseen": never,
        "wrong": wrong,
    }
    print(json.dumps({"benchmark": "screenshots", "quick": given.quick} | line, ensure_ascii=False))
    return 1 if wrong or never else 0


if __name__ == "__main__":
    sys.exit(main())
