"""The pictures of the README and of the help can be taken: the pages they show hold what is said of them."""

import io
from collections.abc import Iterator

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from academy.web.help import PAGES
from tests.browser.pictures import FOLDER, HELP, PICTURES, Picture, file_name, opened, taken
from tests.browser.sample_site import Site, filmed_site

pytestmark = [pytest.mark.browser, pytest.mark.media, pytest.mark.needs("voice")]

COLOURS = 200
"""A page with text on it has more colours than this, a blank one or one that failed has fewer."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with filmed_site(tmp_path_factory.mktemp("site")) as made:
        yield made


def outside(page: Page, picture: Picture) -> list[str]:
    """Which of the things to be seen are missing, hidden or out of the picture."""
    width, height = picture.size
    wrong = []
    for selector in picture.shows:
        found = page.locator(selector).first
        box = found.bounding_box() if found.is_visible() else None
        if box is None or box["width"] < 1 or box["x"] < 0 or box["x"] >= width or box["y"] >= height:
            wrong.append(selector)
    return wrong


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_a_picture_shows_the_running_academy(site: Site, browser: Browser, picture: Picture) -> None:
    ground = {}
    with opened(site, browser, picture) as page:
        for theme in picture.themes:
            data = taken(page, picture, theme)
            assert outside(page, picture) == []
            assert len(data) <= picture.largest
            image = Image.open(io.BytesIO(data))
            assert (image.format, image.size) == ("WEBP", picture.size)
            seen = image.convert("RGB")
            colours = seen.getcolors(picture.size[0] * picture.size[1])
            assert colours is not None and len(colours) > COLOURS
            ground[theme] = sum(seen.crop((0, 0, 8, 8)).resize((1, 1)).tobytes())
    assert "dark" not in ground or ground["light"] > 2 * ground["dark"], "the two are of one theme"


def test_every_picture_was_taken_and_no_other_is_kept() -> None:
    for folder in (FOLDER, HELP):
        wanted = {file_name(p, theme) for p in PICTURES if p.folder == folder for theme in p.themes}
        assert {path.name for path in folder.iterdir()} == wanted


def test_every_page_of_the_help_has_its_picture() -> None:
    tasks = [task.picture for page in PAGES for task in page.tasks if task.picture]
    assert sorted(path.stem for path in HELP.iterdir()) == sorted([*(page.key for page in PAGES), *tasks])
