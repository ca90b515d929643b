"""Flash and beep: whatever the streams of a film begin and end with, members see, hear and read the same second."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.browser.media_clock import LONGER_S, OFFSETS, PART_S, measure, put, wait
from tests.browser.stage import Stage, stage
from tests.media.clock import Film
from tests.support.ledger_makers import learner

pytestmark = [pytest.mark.browser, pytest.mark.needs("ffmpeg")]

FILMS = [
    pytest.param(Film("25", (p[0], p[1] + more), (s[0], s[1] + more)), id=f"{p[0]:g}-{p[1]:g}-{s[0]:g}-{s[1]:g}-{form}")
    for more, form in ((0, "whole"), (LONGER_S, "parts"))
    for p, s in OFFSETS[more // LONGER_S :: 2]
]
"""Every second pair whole and the others in parts; `benchmarks.in_time` has all of both."""


@pytest.fixture(scope="module")
def academy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ACADEMY_PART_SECONDS", str(PART_S))
        with stage(tmp_path_factory.mktemp("clock"), part_s=PART_S) as made:
            yield made


@pytest.fixture(scope="module")
def page(academy: Stage) -> Page:
    """One page for all films: in a second one the player would ask whether to go on here."""
    with academy.runtime.db.begin() as tx:
        viewer = learner(tx)[2]
    return academy.sign_in(academy.with_password(viewer))


@pytest.mark.parametrize("film", FILMS)
def test_picture_sound_and_captions_are_of_one_second(academy: Stage, page: Page, film: Film) -> None:
    asset, item = put(academy, film, len(list(academy.folder.glob("film-*"))))
    wait(academy, [asset], 240)
    found = measure(page, film, item, quick=True, waited=None)
    assert found["frames"] <= 1 and found["sound_ms"] <= 40 and found["caption_ms"] <= 40, found
