"""The pictures of the README can be taken: the pages they show hold what the README says of them."""

import io
from collections.abc import Iterator

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from tests.browser.pictures import FOLDER, LARGEST, PICTURES, THEMES, Picture, file_name, filmed_site, opened, taken
from tests.browser.sample_site import Site

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
def test_a_picture_shows_the_running_academy_in_light_and_dark(site: Site, browser: Browser, picture: Picture) -> None:
    ground = {}
    with opened(site, browser, picture) as page:
        for theme in THEMES:
            data = taken(page, picture, theme)
            assert outside(page, picture) == []
            assert len(data) <= LARGEST
            image = Image.open(io.BytesIO(data))
            assert (image.format, image.size) == ("WEBP", picture.size)
            seen = image.convert("RGB")
            colours = seen.getcolors(picture.size[0] * picture.size[1])
            assert colours is not None and len(colours) > COLOURS
            ground[theme] = sum(seen.crop((0, 0, 8, 8)).resize((1, 1)).tobytes())
    assert ground["light"] > 2 * ground["dark"], "the two are of one theme"


def test_every_picture_was_taken_and_no_other_is_kept() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {file_name(p, theme) for p in PICTURES for theme in THEMES}
