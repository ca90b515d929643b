"""A setting, command, job or endpoint without documentation does not exist for whoever must use it."""

import re

import pytest
from flask import Flask

from tools import pages

ONE_KIND = pytest.mark.parametrize("database_kind", ["sqlite"])


def test_the_readme_lists_every_setting() -> None:
    readme = (pages.ROOT / "README.md").read_text(encoding="utf-8")
    assert readme == pages.readme_with_settings(readme), "run `make docs`"


@ONE_KIND
def test_generated_pages_are_up_to_date(app: Flask) -> None:
    stale = [str(path.name) for path, text in pages.pages(app).items() if path.read_text(encoding="utf-8") != text]
    assert not stale, "run `make docs`"


@ONE_KIND
def test_every_command_says_what_it_does(app: Flask) -> None:
    assert [name for name, command in pages.commands(app) if not command.help] == []


@ONE_KIND
def test_operators_are_told_of_commands_that_exist(app: Flask) -> None:
    told = [pages.ROOT / "docs" / "operations.md", *(pages.ROOT / "deploy").iterdir()]
    text = "\n".join(path.read_text(encoding="utf-8") for path in told)
    named = set(re.findall(r"flask --app wsgi ([a-z]+ [a-z-]+)", text))
    assert named and named <= {" ".join(name.split()[:2]) for name, _ in pages.commands(app)}


@ONE_KIND
def test_every_job_says_what_it_does(app: Flask) -> None:
    assert [spec.name for spec in pages.jobs() if not spec.run.__doc__] == []


@ONE_KIND
def test_every_endpoint_says_what_it_does(app: Flask) -> None:
    assert [f"{methods} {address}" for address, methods, what, _ in pages.routes(app) if not what] == []


def test_every_decision_has_a_number_of_its_own_and_says_it() -> None:
    decisions = sorted((pages.ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [path.name[:4] for path in decisions]
    assert len(set(numbers)) == len(numbers)
    assert [
        path.name for path in decisions if not path.read_text(encoding="utf-8").startswith(f"# {path.name[:4]}: ")
    ] == []


def test_what_make_help_offers_to_be_given_is_not_set_already() -> None:
    """`make screenshots` was the short form for weeks: QUICK=1 asked for it, and a variable of that name was there."""
    makefile = (pages.ROOT / "Makefile").read_text(encoding="utf-8")
    offered = set(re.findall(r"^[a-z-]+:.*## .*?\b([A-Z]+)=", makefile, re.M))
    assert offered >= {"QUICK", "FILES", "MEMBERS", "NAME"}
    assert offered & set(re.findall(r"^([A-Z]+) *:?=", makefile, re.M)) == set()
    unused = {name for name in offered if not re.search(rf"\$[({{]{name}\b|\${name}\b", makefile)}
    assert unused == set()


def test_make_help_tells_of_every_target_and_pages_name_no_other() -> None:
    makefile = (pages.ROOT / "Makefile").read_text(encoding="utf-8")
    phony = set(re.findall(r"^\.PHONY: (.*)$", makefile, re.M)[0].split())
    assert phony - set(re.findall(r"^([a-z-]+):.*## ", makefile, re.M)) == set(), "say behind `##` what it does"
    written = [pages.ROOT / "README.md", pages.ROOT / "CONTRIBUTING.md", *(pages.ROOT / "docs").glob("*.md")]
    named = {
        name
        for page in written
        for name in re.findall(r"(?:`|^)make ([a-z-]+)", page.read_text(encoding="utf-8"), re.M)
    }
    assert named and named - phony == set()
