"""What tests reach never falls: the floor is compared rightly, and nobody has lowered it."""

import subprocess

import pytest

from academy import components
from tools import coverage_floor
from tools.coverage_floor import FLOOR, ROOT, WHOLE


def summary(lines: tuple[int, int], branches: tuple[int, int]) -> dict[str, int]:
    return {
        "covered_lines": lines[0],
        "num_statements": lines[1],
        "covered_branches": branches[0],
        "num_branches": branches[1],
    }


def test_files_add_up_to_components_and_to_the_whole() -> None:
    found = coverage_floor.by_component(
        {
            "academy/core/a.py": summary((90, 100), (5, 10)),
            "academy/core/deep/b.py": summary((100, 100), (0, 0)),
            "academy/web/c.py": summary((0, 200), (0, 10)),
            "academy/app.py": summary((10, 10), (0, 0)),
        }
    )
    assert found == {
        "core": {"lines": 95.0, "branches": 50.0},
        "web": {"lines": 0.0, "branches": 0.0},
        "academy itself": {"lines": 100.0, "branches": 100.0},
        WHOLE: {"lines": 48.78, "branches": 25.0},
    }


def test_a_fall_is_named_and_noise_is_not() -> None:
    floor = {"core": {"lines": 90.0, "branches": 80.0}, WHOLE: {"lines": 90.0, "branches": 80.0}}
    assert coverage_floor.fallen(floor, floor) == []
    noisy = {"core": {"lines": 89.1, "branches": 79.1}, WHOLE: {"lines": 89.9, "branches": 79.9}}
    assert coverage_floor.fallen(floor, noisy) == []
    less = {"core": {"lines": 88.9, "branches": 80.0}, WHOLE: {"lines": 90.0, "branches": 79.7}}
    assert coverage_floor.fallen(floor, less) == [
        "academy: 79.70 % of branches, and 80.00 % before",
        "core: 88.90 % of lines, and 90.00 % before",
    ]
    assert coverage_floor.fallen({}, floor) == [
        "academy: has no floor; write it with --raise",
        "core: has no floor; write it with --raise",
    ]


def test_the_floor_is_only_raised() -> None:
    floor = {"core": {"lines": 90.0, "branches": 80.0}, "gone": {"lines": 1.0, "branches": 1.0}}
    now = {"core": {"lines": 95.5, "branches": 70.0}, "new": {"lines": 50.0, "branches": 40.0}}
    raised = coverage_floor.raised(floor, now)
    assert raised == {"core": {"lines": 95.5, "branches": 80.0}, "new": {"lines": 50.0, "branches": 40.0}}
    assert coverage_floor.read(coverage_floor.write(raised)) == raised


def test_every_component_has_its_floor() -> None:
    floor = coverage_floor.read(FLOOR.read_text(encoding="utf-8"))
    folders = {path.name for path in (ROOT / "academy").iterdir() if (path / "__init__.py").exists()}
    assert {WHOLE, *components.COMPONENTS} <= set(floor)
    assert folders <= set(floor), "make coverage; python -m tools.coverage_floor --raise"


@pytest.mark.needs("git")
def test_nobody_has_lowered_it() -> None:
    """Each version of the file that the history knows, beside the one before."""

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    name = FLOOR.relative_to(ROOT).as_posix()
    commits = git("log", "--format=%H", "--diff-filter=AM", "--", name).split()
    texts = [FLOOR.read_text(encoding="utf-8"), *(git("show", f"{commit}:{name}") for commit in commits)]
    newer, *older = map(coverage_floor.read, texts)
    for before in older:
        lower = [
            f"{component}: {measure} from {least} to {newer[component][measure]}"
            for component, kept in before.items()
            if component in newer
            for measure, least in kept.items()
            if newer[component][measure] < least
        ]
        assert lower == []
        newer = before
