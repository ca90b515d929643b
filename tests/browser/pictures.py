"""The pictures of the README and of the help: which page each shows, to whom, and what must be seen on it.

`make pictures` writes them anew into docs/images and static/img/help. They are taken of the sample city as
it runs, with one lecture really encoded and playing; nothing is drawn or mocked. test_pictures.py takes the same
pictures and keeps none.
"""

import base64
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import select

from academy.cli.sample.studies import CAMPAIGNS
from academy.core.runtime import Runtime
from academy.library.models import Course, CourseItem, CourseVersion
from academy.people.models import Organisation
from academy.trainings.models import Training
from tests.browser.sample_site import FILM, Site, filmed_site
from tests.browser.stage import CHROMIUM, CHROMIUM_FLAGS, until

FOLDER = Path(__file__).parents[2] / "docs" / "images"
LARGEST, PHONE_LARGEST = 60_000, 30_000
"""Bytes of a picture: the README is read on weak lines, too."""
HELP = Path(__file__).parents[2] / "academy" / "web" / "static" / "img" / "help"
HELP_LARGEST = 24_000
PHONE = (390, 640)
THEMES = ("light", "dark")
QUALITIES = (80, 70, 60, 50, 40)


@dataclass(frozen=True)
class Picture:
    """A page as one account sees it, once `ready` has brought it to what is worth looking at."""

    name: str
    account: str
    size: tuple[int, int]
    address: Callable[[Runtime], str]
    ready: Callable[[Page], None]
    shows: tuple[str, ...]
    """Selectors of what has to be visible."""
    folder: Path = FOLDER
    largest: int = LARGEST
    themes: tuple[str, ...] = THEMES


def _player(runtime: Runtime) -> str:
    with runtime.db.read() as tx:
        return "/learn/" + str(
            tx.scalar(
                select(CourseItem.public_id)
                .join(CourseVersion, CourseVersion.course_id == CourseItem.course_id)
                .where(CourseVersion.title == FILM)
            )
        )


def _kept(runtime: Runtime) -> str:
    return _player(runtime).replace("/learn/", "/my/offline/")


def _course(runtime: Runtime, desk: str, state: str) -> str:
    """The page of a course in work, by the state of its version."""
    with runtime.db.read() as tx:
        found = select(Course.public_id).join(CourseVersion, CourseVersion.id == Course.draft_version_id)
        return f"/{desk}/{tx.scalars(found.where(CourseVersion.state == state)).first()}"


def _statistics(runtime: Runtime) -> str:
    with runtime.db.read() as tx:
        training = tx.scalars(select(Training).where(Training.title == CAMPAIGNS[-1].title)).one()
        city = tx.scalars(select(Organisation).where(Organisation.parent_id.is_(None))).one()
        return f"/coverage/{training.public_id}/{city.public_id}/statistics"


def _loaded(page: Page) -> None:
    """Load again, for colours pass slowly from one theme to the other, and wait for whatever the page asks for."""
    page.reload()
    page.wait_for_load_state("networkidle")


def _playing(page: Page) -> None:
    """Go on where the member stopped, until a sentence is spoken and marked in the transcript; stop there, for on a
    slow machine the sentence would be over before the picture is taken."""
    if page.evaluate("document.querySelector('video').paused"):
        page.locator("[data-toggle]").click()
    until(page, "!document.querySelector('video').paused && document.querySelector('video').currentTime > 0")
    until(
        page,
        "document.querySelector('[data-said]').innerText && document.querySelector('.transcript [aria-current]')"
        " && (document.querySelector('video').pause(), true)",
    )
    page.locator("[data-controls]").evaluate("keys => keys.scrollIntoView({block: 'end'})")


def _asking(page: Page) -> None:
    """Open the sheet for a sentence of the film."""
    page.reload()
    page.locator("[data-talk-now]").click()
    page.locator(".talk-sheet").wait_for()


def _pinned(page: Page) -> None:
    """Come to the comments."""
    _loaded(page)
    page.locator(".pinned").first.evaluate("one => one.scrollIntoView({block: 'start'})")


def _drawn(page: Page) -> None:
    """Load again, for a chart takes its colours when it is drawn; wait until it has stopped moving."""
    page.reload()
    page.locator(".chart svg").first.wait_for()
    page.wait_for_timeout(1_500)


def _help(name: str, account: str, address: str, *shows: str) -> Picture:
    """A page as its role sees it on a phone."""
    return Picture(name, account, PHONE, lambda _runtime: address, _loaded, shows, HELP, HELP_LARGEST, ("light",))


IN_HELP = (HELP, HELP_LARGEST, ("light",))


def _phone(name: str, account: str, address: str, *shows: str) -> Picture:
    """A page on a phone, three of which stand side by side in the README."""
    return Picture(name, account, PHONE, lambda _runtime: address, _loaded, shows, FOLDER, PHONE_LARGEST, ("light",))


PICTURES = (
    Picture(
        "player",
        "member",
        (1200, 760),
        _player,
        _playing,
        ("video", "[data-said]", "[data-controls]", "[data-bar] [data-counted] rect", ".transcript [aria-current]"),
    ),
    Picture(
        "library",
        "member",
        (1200, 810),
        lambda _runtime: "/library",
        _loaded,
        (".cover", ".cover-title", ".cover-art"),
    ),
    Picture("coverage", "city", (1200, 940), _statistics, _drawn, (".stat dd", ".chart svg")),
    _phone("home", "member", "/", ".hero .button", ".cover"),
    _phone("officer", "county", "/", ".answer-line", ".stuck li"),
    _phone("desk", "secretary", "/desk", "h1", "main a[href^='/members/']"),
    _help("member", "member", "/", ".hero .button"),
    _help("secretary", "secretary", "/", "h1"),
    _help("trainer", "trainer", "/studio", "h1"),
    _help("reviewer", "reviewer", "/review", "h1", "table"),
    _help("administrator", "city", "/", "h1"),
    _help("keeper", "auditor", "/audit", "h1"),
    Picture("offline", "member", PHONE, _kept, _loaded, (".keep-form",), *IN_HELP),
    Picture("talk", "member", PHONE, _player, _asking, (".talk-sheet [data-keys]",), *IN_HELP),
    Picture(
        "steps",
        "trainer",
        PHONE,
        lambda runtime: _course(runtime, "studio", "returned"),
        _loaded,
        (".stepper",),
        *IN_HELP,
    ),
    Picture(
        "pins",
        "reviewer",
        PHONE,
        lambda runtime: _course(runtime, "review", "submitted"),
        _pinned,
        (".pinned",),
        *IN_HELP,
    ),
)


@contextmanager
def opened(site: Site, browser: Browser, picture: Picture) -> Iterator[Page]:
    """The page of a picture, ready to be taken. Its member watches on this device alone, so it is opened once."""
    width, height = picture.size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        base_url=site.url,
        locale="zh-CN",
        reduced_motion="reduce",
    )
    context.set_default_timeout(60_000)
    context.add_cookies([{"name": "academy", "value": site.cookies[picture.account], "url": site.url}])
    page = context.new_page()
    page.goto(picture.address(site.app.extensions["academy"]))
    yield page
    context.close()


def taken(page: Page, picture: Picture, theme: str) -> bytes:
    """The page in light or dark as a WebP, as good as fits into its largest size.

    Raises:
        ValueError: it does not fit, however coarse it is.
    """
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    picture.ready(page)
    chromium = page.context.new_cdp_session(page)
    for quality in QUALITIES:
        shot = chromium.send("Page.captureScreenshot", {"format": "webp", "quality": quality})
        data = base64.b64decode(shot["data"])
        if len(data) <= picture.largest:
            return data
    raise ValueError(f"{len(data)} bytes at quality {quality}; at most {picture.largest} are wanted")


def file_name(picture: Picture, theme: str) -> str:
    """What the picture is called in its folder."""
    return f"{picture.name}-{theme}.webp" if len(picture.themes) > 1 else f"{picture.name}.webp"


def main() -> None:
    """Write every picture."""
    with tempfile.TemporaryDirectory() as folder, filmed_site(Path(folder)) as site, sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        for picture in PICTURES:
            with opened(site, browser, picture) as page:
                picture.folder.mkdir(parents=True, exist_ok=True)
                for theme in picture.themes:
                    data = taken(page, picture, theme)
                    (picture.folder / file_name(picture, theme)).write_bytes(data)
                    print(f"{file_name(picture, theme)}: {len(data)} bytes", file=sys.stderr)
        browser.close()


if __name__ == "__main__":
    main()
