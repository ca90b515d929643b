"""Charts as lines and labels of an SVG drawn on the server; templates/_charts.html writes them. Pure.

Positions are in a view of `WIDTH` by `HEIGHT` units, about as wide as a phone in pixels, so that letters of the usual
size are read there; css/trainings.css makes them smaller where the same view is drawn wider.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 360, 190
LEFT, RIGHT, TOP, BOTTOM = 38, 8, 14, 26
Point = tuple[float, float]


@dataclass(frozen=True)
class Series:
    """One line: its name, the class that colours it, its points by day (a share of the whole, 0 to 1)."""

    name: str
    style: str
    points: Sequence[tuple[dt.date, float]]


@dataclass(frozen=True)
class Line:
    """A series as drawn."""

    name: str
    style: str
    path: str
    area: str
    """The same, closed along the axis."""


@dataclass(frozen=True)
class Mark:
    """A labelled position on an axis."""

    at: float
    label: str
    anchor: str = "middle"


@dataclass(frozen=True)
class Curve:
    """Shares over days, with the last day and, at the recent pace, what comes until then."""

    lines: list[Line]
    heights: list[Mark]
    days: list[Mark]
    now: float
    end: float | None
    """Where the deadline stands; None where the curve ends before it."""
    ahead: str
    """The forecast from now on; blank where there is none."""
    left: float = LEFT
    right: float = WIDTH - RIGHT
    top: float = TOP
    bottom: float = HEIGHT - BOTTOM
    width: int = WIDTH
    height: int = HEIGHT


def curve(
    series: Sequence[Series],
    first: dt.date,
    last: dt.date,
    today: dt.date,
    *,
    deadline: dt.date | None = None,
    ahead: tuple[dt.date, float] | None = None,
) -> Curve:
    """The curve of some series between two days; `ahead` is the first series' forecast: a later day and its share."""
    span = max(1, (last - first).days)

    def x(day: dt.date) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * min(1.0, max(0.0, (day - first).days / span)), 1)

    lines = []
    for one in series:
        points = _points([(x(day), y(share)) for day, share in one.points if first <= day <= last])
        floor = HEIGHT - BOTTOM
        area = f"{points[0][0]},{floor} {_path(points)} {points[-1][0]},{floor}" if points else ""
        lines.append(Line(one.name, one.style, _path(points), area))
    coming = ""
    if ahead is not None and series and series[0].points and ahead[0] > today:
        coming = _path([(x(today), y(series[0].points[-1][1])), (x(ahead[0]), y(ahead[1]))])
    return Curve(
        lines=lines,
        heights=[Mark(y(share / 100), f"{share}%", "end") for share in (0, 50, 100)],
        days=_days(x, first, last, today, deadline),
        now=x(today),
        end=x(deadline) if deadline is not None and first <= deadline <= last else None,
        ahead=coming,
    )


def y(share: float) -> float:
    """The height of a share."""
    return round(HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * min(1.0, max(0.0, share)), 1)


def _points(points: list[Point]) -> list[Point]:
    """Points of one day stand on each other: the last of them counts."""
    kept: list[Point] = []
    for point in points:
        if kept and kept[-1][0] == point[0]:
            kept.pop()
        kept.append(point)
    return kept


def _path(points: Sequence[Point]) -> str:
    return " ".join(f"{px:g},{py:g}" for px, py in points)


def _days(
    x: Callable[[dt.date], float], first: dt.date, last: dt.date, today: dt.date, deadline: dt.date | None
) -> list[Mark]:
    """Labels of the first day, today and the deadline, as far as they do not touch each other."""
    wanted = [(deadline or last, "end"), (first, "start"), (today, "middle")]
    marks: list[Mark] = []
    for day, anchor in wanted:
        at = x(day)
        far = all(abs(at - mark.at) > 62 for mark in marks)
        if first <= day <= last and far:
            marks.append(Mark(at, f"{day.month}-{day.day}", anchor))
    return marks


@dataclass(frozen=True)
class Box:
    """A rectangle of a tree map, in hundredths of its width and height."""

    x: float
    y: float
    width: float
    height: float


def tree_map(sizes: Sequence[int], width: float = 100, height: float = 60) -> list[Box]:
    """Rectangles whose areas are as the sizes (largest first), as square as a slice of rows allows."""
    whole = sum(sizes)
    if not whole:
        return [Box(0, 0, 0, 0) for _ in sizes]
    areas = [size * width * height / whole for size in sizes]
    boxes: list[Box] = []
    left, top, free_width, free_height, start = 0.0, 0.0, width, height, 0
    while start < len(areas):
        side = min(free_width, free_height)
        end = start + 1
        while end < len(areas) and _worst(areas[start : end + 1], side) <= _worst(areas[start:end], side):
            end += 1
        row = areas[start:end]
        depth = sum(row) / side if side else 0
        offset = 0.0
        for area in row:
            length = area / depth if depth else 0
            if free_width >= free_height:
                boxes.append(Box(left, top + offset, depth, length))
            else:
                boxes.append(Box(left + offset, top, length, depth))
            offset += length
        if free_width >= free_height:
            left, free_width = left + depth, free_width - depth
        else:
            top, free_height = top + depth, free_height - depth
        start = end
    return boxes


def _worst(row: Sequence[float], side: float) -> float:
    """The most elongated rectangle of a row: its longer side by its shorter one."""
    whole = sum(row)
    if not whole or not side or not min(row):
        return float("inf")
    return max(side * side * max(row) / whole**2, whole**2 / (side * side * min(row)))
