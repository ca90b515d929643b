"""A cover of one's own is also made at the size of a card, small enough for a weak line."""

import os
from pathlib import Path

import pytest
from PIL import Image

from academy.media import draw_image


def noise(width: int, height: int) -> Image.Image:
    """The worst that a picture can be for a compressor."""
    return Image.frombytes("RGB", (width, height), os.urandom(width * height * 3))


def plain(width: int, height: int) -> Image.Image:
    return Image.new("RGB", (width, height), "#8f2a1d")


@pytest.mark.parametrize("make", [noise, plain])
@pytest.mark.parametrize("size", [(1600, 900), (900, 1600), (40, 30), (1, 1)])
def test_a_card_is_sixteen_by_nine_and_at_most_twelve_kilobytes(
    make: object, size: tuple[int, int], tmp_path: Path
) -> None:
    make(*size).save(tmp_path / "in.png")  # type: ignore[operator]
    drawn = draw_image.draw(tmp_path / "in.png", tmp_path / "poster.jpg", 1280)
    assert max(drawn["size"]) == min(1280, max(size))
    card = tmp_path / draw_image.CARD
    with Image.open(card) as picture:
        assert (picture.format, picture.size) == ("WEBP", draw_image.CARD_SIZE)
    assert card.stat().st_size <= draw_image.CARD_BYTES
