"""Portraits of the sample's lecturers: drawn, because they are nobody's."""

import dataclasses
from pathlib import Path

from PIL import Image, ImageDraw

SIDE = 480
SCALE = 3
"""Drawn larger and reduced, because lines are not smoothed while they are drawn."""
WHITE, LINE = "#fdfaf5", "#3a2c26"


@dataclasses.dataclass(frozen=True)
class Look:
    """How somebody is drawn; `hair` is short, parted, receding, bob, bun or wave."""

    ground: str
    jacket: str
    hair: str
    hair_colour: str = "#2b2624"
    skin: str = "#efc9a4"
    glasses: bool = False
    tie: str | None = None
    brows: str = "#3a2c26"


LOOKS = {
    "周文澜": Look("#d9c7a8", "#2f3b52", "receding", "#8d8983", "#e8c09a", glasses=True, tie="#8f2a1d"),
    "陈岭松": Look("#b9cbb8", "#3d4a3f", "short", "#35302d", "#e2b58c"),
    "沈知平": Look("#c3cddb", "#252b38", "parted", "#4a4541", "#eec6a0", tie="#37457a"),
    "李晓芸": Look("#e0c4bd", "#1f3f63", "bob", "#2a2322", "#f3d0b0"),
    "何素琴": Look("#cfd8c9", "#6b2c3e", "bun", "#6f6862", "#efc7a3", glasses=True),
    "赵铁山": Look("#d8cdbf", "#5d4731", "short", "#55504b", "#dcae84"),
    "马秋实": Look("#d6dcb9", "#2e6140", "wave", "#2f2a27", "#e9bd94"),
}


def write(name: str, target: Path) -> None:
    """Draw the portrait of a sample lecturer as PNG, 480 pixels square.

    Raises:
        KeyError: nobody of this name is in the sample.
    """
    look = LOOKS[name]
    page = Image.new("RGB", (SIDE * SCALE, SIDE * SCALE), look.ground)
    pen = _Pen(ImageDraw.Draw(page))
    _behind(pen, look)
    _shoulders(pen, look)
    _face(pen, look)
    _front_hair(pen, look)
    page.resize((SIDE, SIDE), Image.Resampling.LANCZOS).save(target)


@dataclasses.dataclass(frozen=True)
class _Pen:
    """Draws in pixels of the finished portrait."""

    draw: ImageDraw.ImageDraw

    def oval(self, left: float, top: float, right: float, bottom: float, fill: str) -> None:
        self.draw.ellipse([v * SCALE for v in (left, top, right, bottom)], fill=fill)

    def shape(self, fill: str, *points: tuple[float, float]) -> None:
        self.draw.polygon([(x * SCALE, y * SCALE) for x, y in points], fill=fill)

    def half(self, left: float, top: float, right: float, bottom: float, fill: str, start: int, end: int) -> None:
        self.draw.pieslice([v * SCALE for v in (left, top, right, bottom)], start, end, fill=fill)

    def curve(self, box: tuple[float, float, float, float], start: int, end: int, ink: str, width: float) -> None:
        self.draw.arc([v * SCALE for v in box], start, end, fill=ink, width=round(width * SCALE))

    def line(self, ink: str, width: float, *points: tuple[float, float]) -> None:
        self.draw.line([(x * SCALE, y * SCALE) for x, y in points], fill=ink, width=round(width * SCALE))

    def box(self, left: float, top: float, right: float, bottom: float, radius: float, fill: str) -> None:
        self.draw.rounded_rectangle([v * SCALE for v in (left, top, right, bottom)], radius * SCALE, fill=fill)


def _behind(pen: _Pen, look: Look) -> None:
    """What of the hair hangs behind the head."""
    if look.hair == "bob":
        pen.box(142, 108, 338, 310, 88, look.hair_colour)
    elif look.hair == "bun":
        pen.oval(198, 44, 282, 124, look.hair_colour)
    elif look.hair == "wave":
        pen.box(150, 104, 330, 258, 80, look.hair_colour)


def _shoulders(pen: _Pen, look: Look) -> None:
    pen.box(70, 358, 410, 620, 110, look.jacket)
    pen.box(206, 290, 274, 392, 30, _darker(look.skin, 0.9))
    pen.shape(WHITE, (196, 362), (240, 410), (284, 362), (300, 384), (240, 480), (180, 384))
    if look.tie:
        pen.shape(look.tie, (229, 402), (251, 402), (258, 424), (252, 480), (228, 480), (222, 424))
    else:
        pen.shape(WHITE, (206, 372), (274, 372), (240, 430))
    pen.shape(_darker(look.jacket, 0.82), (188, 366), (150, 398), (196, 420), (222, 480), (240, 480))
    pen.shape(_darker(look.jacket, 0.82), (292, 366), (330, 398), (284, 420), (258, 480), (240, 480))


def _face(pen: _Pen, look: Look) -> None:
    for left in (150, 304):
        pen.oval(left, 204, left + 26, 250, _darker(look.skin, 0.94))
    pen.box(162, 116, 318, 334, 76, look.skin)
    for x in (203, 277):
        pen.oval(x - 6, 216, x + 6, 230, LINE)
        pen.curve((x - 22, 190, x + 22, 222), 215, 325, look.brows, 5)
    pen.curve((226, 226, 254, 262), 20, 150, _darker(look.skin, 0.78), 4)
    pen.curve((206, 252, 274, 296), 25, 155, "#a8564a", 5)
    for x in (186, 294):
        pen.oval(x - 14, 250, x + 14, 270, _blend(look.skin, "#e08d78", 0.35))
    if look.glasses:
        for x in (203, 277):
            pen.curve((x - 28, 198, x + 28, 248), 0, 360, LINE, 4)
        pen.line(LINE, 4, (231, 220), (249, 220))


def _front_hair(pen: _Pen, look: Look) -> None:
    """The hairline, drawn over the face."""
    ink = look.hair_colour
    if look.hair in {"short", "parted", "wave"}:
        pen.half(156, 92, 324, 268, ink, 180, 360)
        pen.shape(look.skin, (176, 182), (200, 162), (292, 158), (306, 182))
        pen.shape(ink, (156, 176), (174, 176), (170, 222), (158, 206))
        pen.shape(ink, (324, 176), (306, 176), (310, 222), (322, 206))
    if look.hair == "parted":
        pen.shape(ink, (214, 108), (318, 150), (306, 190), (262, 158))
    elif look.hair == "wave":
        pen.half(152, 96, 264, 214, ink, 170, 330)
        pen.half(236, 100, 328, 206, ink, 200, 370)
    elif look.hair == "receding":
        pen.half(154, 100, 326, 280, ink, 180, 360)
        pen.oval(180, 112, 300, 216, look.skin)
        pen.shape(look.skin, (176, 196), (190, 150), (290, 150), (304, 196))
    elif look.hair == "bob":
        pen.half(148, 96, 332, 290, ink, 180, 360)
        pen.half(166, 150, 300, 262, look.skin, 190, 340)
        pen.shape(look.skin, (170, 206), (250, 170), (310, 206))
    elif look.hair == "bun":
        pen.half(156, 96, 324, 272, ink, 180, 360)
        pen.half(170, 152, 310, 256, look.skin, 180, 360)
        pen.shape(look.skin, (170, 204), (170, 212), (310, 212), (310, 204))


def _darker(colour: str, share: float) -> str:
    return _blend("#000000", colour, share)


def _blend(one: str, other: str, share: float) -> str:
    pairs = zip(bytes.fromhex(one[1:]), bytes.fromhex(other[1:]), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)
