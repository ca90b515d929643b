"""Filters with counts: each filter's counts respect all the others, so that no choice leads to an empty page."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from academy.core import clock
from academy.core.database import Tx
from academy.core.i18n import Message, msg
from academy.library.models import Category, Lecturer
from academy.search import queries
from academy.search.queries import OnShelf
from academy.search.results import LENGTH_FILTERS, Facet, FacetChoice, SearchFilters

MOST = 12

LENGTH_NAMES = {"short": msg("10 分钟以内"), "middle": msg("10 到 30 分钟"), "long": msg("30 分钟以上")}
FINISHED_NAMES = {"yes": msg("已学完"), "no": msg("还没学完")}

Value = Callable[[OnShelf], str]


def _length(course: OnShelf) -> str:
    return next(name for name, (low, high) in LENGTH_FILTERS.items() if low <= course.duration_ms < high)


def _values(done: Mapping[int, int]) -> dict[str, Value]:
    return {
        "category": lambda c: str(c.category_id),
        "lecturer": lambda c: str(c.lecturer_id or ""),
        "year": lambda c: str(clock.to_city(c.published_at).year),
        "length": _length,
        "finished": lambda c: "yes" if done.get(c.course_id, 0) >= c.version else "no",
    }


def _selected(filters: SearchFilters) -> dict[str, str]:
    selected = {
        "category": filters.category,
        "lecturer": filters.lecturer,
        "year": filters.year,
        "length": filters.length,
        "finished": filters.finished,
    }
    return {name: str(value) for name, value in selected.items() if value}


def fitting(shelf: Mapping[int, OnShelf], done: Mapping[int, int], filters: SearchFilters) -> set[int]:
    """Courses that match all the filters."""
    values, selected = _values(done), _selected(filters)
    return {c.course_id for c in shelf.values() if all(values[name](c) == value for name, value in selected.items())}


def facets(
    tx: Tx, shelf: Mapping[int, OnShelf], matched: Iterable[int], done: Mapping[int, int], filters: SearchFilters
) -> list[Facet]:
    """Every filter with the counts of its choices among the lectures that match."""
    values, selected = _values(done), _selected(filters)
    counts: dict[str, Counter[str]] = {name: Counter() for name in values}
    for course_id in matched:
        course = shelf[course_id]
        misses = [name for name, value in selected.items() if values[name](course) != value]
        if len(misses) > 1:
            continue
        for name in misses or values:
            counts[name][values[name](course)] += 1
    labels: dict[str, Mapping[str, str | Message]] = {
        "category": _named(tx, Category, counts["category"]),
        "lecturer": _named(tx, Lecturer, counts["lecturer"]),
        "year": {year: msg("%(year)s 年", year=year) for year in counts["year"]},
        "length": LENGTH_NAMES,
        "finished": FINISHED_NAMES,
    }
    titles = {
        "category": msg("分类"),
        "lecturer": msg("主讲人"),
        "year": msg("发布年份"),
        "length": msg("时长"),
        "finished": msg("学习情况"),
    }
    return [
        Facet(name, titles[name], _choices(name, counts[name], labels[name], selected.get(name, ""))) for name in titles
    ]


def _named(tx: Tx, model: type[Category] | type[Lecturer], counts: Mapping[str, int]) -> dict[str, str | Message]:
    return {str(key): name for key, name in queries.names(tx, model, [int(v) for v in counts if v]).items()}


def _choices(name: str, counts: Counter[str], labels: Mapping[str, str | Message], chosen: str) -> list[FacetChoice]:
    if name == "year":
        order = sorted(counts, reverse=True)
    elif name in {"length", "finished"}:
        order = [value for value in labels if value in counts]
    else:
        order = [value for value, _ in counts.most_common() if value]
    shown = order[:MOST]
    if chosen and chosen not in shown:
        shown.append(chosen)
    return [FacetChoice(value, labels.get(value, value), counts[value], value == chosen) for value in shown]
