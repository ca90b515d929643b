"""Slides of the sample lectures: the sentence being read is highlighted."""

import functools
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from academy.cli.sample import parts
from academy.core.fonts import simplified_face

SIZE = (1280, 720)
PAPER, INK, FAINT, ACCENT = "#faf7f2", "#22201d", "#a49c92", "#a4281f"
MARGIN = 96
BODY, LEADING = 38, 60
LINES = 7


class NoFont(Exception):
    """There is no font with Chinese characters."""


@functools.cache
def font(size: int) -> ImageFont.FreeTypeFont:
    """The Chinese font at a size in pixels.

    Raises:
        NoFont: there is none on this machine.
    """
    file = parts.find_font()
    if file is None:
        raise NoFont("no font with Chinese characters; run `make setup`")
    return ImageFont.truetype(str(file), size, index=simplified_face(file))


def title(course: str, law: str, city: str) -> Image.Image:
    """The opening slide."""
    page, draw = _page()
    draw.rectangle((MARGIN, 214, MARGIN + 64, 222), fill=ACCENT)
    for number, line in enumerate(wrap(course, 62, SIZE[0] - 2 * MARGIN)[:2]):
        draw.text((MARGIN, 250 + number * 84), line, font=font(62), fill=INK)
    draw.text((MARGIN, 470), f"《{law}》条文学习", font=font(36), fill=ACCENT)
    draw.text((MARGIN, 600), f"{city}云学院 · 示例课件", font=font(26), fill=FAINT)
    return page


def closing(law: str) -> Image.Image:
    """The last slide."""
    page, draw = _page()
    draw.rectangle((MARGIN, 284, MARGIN + 64, 292), fill=ACCENT)
    draw.text((MARGIN, 320), "本讲结束", font=font(62), fill=INK)
    draw.text((MARGIN, 420), f"条文出自《{law}》", font=font(32), fill=FAINT)
    return page


def article(law: str, heading: str, sentences: list[str], current: int, part: tuple[int, int]) -> Image.Image:
    """A slide of sentences, with number `current` highlighted."""
    page, draw = _page()
    draw.text((MARGIN, 64), law, font=font(26), fill=FAINT)
    draw.text((MARGIN, 118), heading, font=font(52), fill=ACCENT)
    width = SIZE[0] - 2 * MARGIN
    x, y = MARGIN, 218
    for number, sentence in enumerate(sentences):
        ink = INK if number == current else FAINT
        for character in sentence:
            step = int(font(BODY).getlength(character))
            if x + step > MARGIN + width and character not in "，。；、：！？）》”":
                x, y = MARGIN, y + LEADING
            draw.text((x, y), character, font=font(BODY), fill=ink)
            x += step
    length = (SIZE[0] - 2 * MARGIN) * part[0] // max(1, part[1])
    draw.rectangle((MARGIN, 672, SIZE[0] - MARGIN, 675), fill="#e7e0d6")
    draw.rectangle((MARGIN, 672, MARGIN + length, 675), fill=ACCENT)
    return page


def fitting(sentences: tuple[str, ...]) -> list[list[str]]:
    """The sentences, grouped by slide."""
    characters = LINES * ((SIZE[0] - 2 * MARGIN) // BODY)
    slides: list[list[str]] = [[]]
    for sentence in sentences:
        if slides[-1] and sum(map(len, slides[-1])) + len(sentence) > characters:
            slides.append([])
        slides[-1].append(sentence)
    return [slide for slide in slides if slide]


def wrap(text: str, size: int, width: int) -> list[str]:
    """Lines of at most `width` pixels."""
    lines = [""]
    for character in text:
        if font(size).getlength(lines[-1] + character) > width:
            lines.append("")
        lines[-1] += character
    return lines


def save(page: Image.Image, file: Path) -> None:
    """Write a picture that every ffmpeg can read: the wheel's is built without zlib, and so without PNG."""
    page.save(file)


def _page() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    page = Image.new("RGB", SIZE, PAPER)
    draw = ImageDraw.Draw(page)
    draw.rectangle((0, 0, 14, SIZE[1]), fill=ACCENT)
    return page, draw
