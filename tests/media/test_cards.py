"""A picture is also made at the sizes of a card and of a portrait, small enough for a weak line."""

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
def test_small_forms_have_their_shape_and_at_most_their_bytes(
    make: object, size: tuple[int, int], tmp_path: Path
) -> None:
    make(*size).save(tmp_path / "in.png")  # type: ignore[operator]
    drawn = draw_image.draw(tmp_path / "in.png", tmp_path / "poster.jpg", 1280)
    assert max(drawn["size"]) == min(1280, max(size))
    for name, shape, limit in (
        (draw_image.CARD, draw_image.CARD_SIZE, draw_image.CARD_BYTES),
        (draw_image.SQUARE, draw_image.SQUARE_SIZE, draw_image.SQUARE_BYTES),
    ):
        with Image.open(tmp_path / name) as picture:
            assert (picture.format, picture.size) == ("WEBP", shape)
        assert (tmp_path / name).stat().st_size <= limit


def test_a_portrait_keeps_the_face_in_the_upper_part_of_the_photograph(tmp_path: Path) -> None:
    photograph = Image.new("RGB", (600, 1200), "#ffffff")
    photograph.paste("#8f2a1d", (150, 150, 450, 450))
    photograph.save(tmp_path / "in.png")
    draw_image.draw(tmp_path / "in.png", tmp_path / "poster.jpg", 1280)
    with Image.open(tmp_path / draw_image.SQUARE) as square:
        dark = square.convert("L").point(lambda value: 255 if value < 128 else 0).getbbox()
    assert dark is not None and dark[1] < 20 and 100 < dark[3] < 150
