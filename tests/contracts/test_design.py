"""The page /design shows every component, drawing and colour there is, and nothing is drawn twice."""

import re
from pathlib import Path

import pytest

from academy.web.design import COLOURS, SIZES

STATIC = Path("academy/web/static")
TEMPLATES = Path("academy/web/templates")
DESIGN = (TEMPLATES / "design/index.html").read_text()
NOT_ALONE = {
    "csrf": "a hidden field",
    "version": "a hidden field",
    "edit_conflict": "needs two people's values",
    "module": "a script",
    "cover": "in course_card",
    "portrait": "in lecturer_card",
}


PARTS = (TEMPLATES / "design/_studio.html").read_text()
SHOWN_PARTS = {
    "_picker.html": {"picker", "suggesting"},
    "studio/_steps.html": {"stepper"},
    "review/_comments.html": {"one"},
    "talk/_lines.html": {"note", "question", "own_question"},
    "trainings/_coverage.html": {"light"},
}
"""Macros of pages that more than one page uses."""


@pytest.mark.parametrize("file", SHOWN_PARTS)
def test_parts_of_pages_are_shown_too(file: str) -> None:
    known = set(re.findall(r"{% macro ([a-z]\w*)\(", (TEMPLATES / file).read_text()))
    assert SHOWN_PARTS[file] <= known and f'"{file}"' in PARTS
    assert {name for name in SHOWN_PARTS[file] if not re.search(rf"\b{name}\(", PARTS)} == set()


def test_every_macro_of_the_design_system_is_shown() -> None:
    for file, name in (("_ui.html", "ui"), ("_charts.html", "charts")):
        macros = set(re.findall(r"{% macro ([a-z]\w*)\(", (TEMPLATES / file).read_text()))
        shown = set(re.findall(rf"\b{name}\.([a-z_]+)\(", DESIGN))
        assert macros - shown - set(NOT_ALONE) == set(), file


def test_every_colour_and_size_is_shown() -> None:
    tokens = (STATIC / "css/tokens.css").read_text()
    colours = set(re.findall(r"--([a-z-]+): var\(--light, #", tokens))
    assert {name for _group, names in COLOURS for name in names} == colours
    assert {f"--{size}:" for size in SIZES} <= set(re.findall(r"--[a-z]+:", tokens))


@pytest.mark.parametrize("file", ["icons.svg", "scenes.svg", "covers.svg"])
def test_no_two_drawings_are_alike(file: str) -> None:
    text = (STATIC / "img" / file).read_text()
    drawn = re.findall(r'<symbol id="([a-z0-9-]+)"[^>]*>(.*?)</symbol>', text, re.DOTALL)
    assert len(drawn) == text.count("<symbol")
    assert len({body for _name, body in drawn}) == len({name for name, _body in drawn}) == len(drawn)


def test_a_page_names_drawings_that_are_there() -> None:
    known = {
        name
        for file in ("icons.svg", "scenes.svg")
        for name in re.findall(r'<symbol id="([a-z0-9-]+)"', (STATIC / "img" / file).read_text())
    }
    named = {
        name
        for page in TEMPLATES.rglob("*.html")
        for name in re.findall(r"ui\.(?:icon|scene)\(\"([a-z0-9-]+)\"", page.read_text())
    }
    assert named - known == set()
