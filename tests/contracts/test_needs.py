"""A test that starts a program says so; what a machine lacks is skipped by name and never an error."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import needs

ROOT = Path(__file__).resolve().parent.parent.parent

SAMPLE = """
import subprocess
import pytest

@pytest.fixture
def begun():
    subprocess.run([{program!r}, "--version"], check=True, stdout=subprocess.DEVNULL)

@pytest.mark.needs("git")
def test_that_says_so(begun):
    assert True

def test_that_does_not_say_so(begun):
    assert True

@pytest.mark.needs("git")
def test_that_wants_it_behind_a_launcher():
    subprocess.run(["env", "--", {program!r}, "--version"], check=True, stdout=subprocess.DEVNULL)

@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_on_both(kind):
    assert kind
"""


def run_sample(folder: Path, program: str, **environment: str) -> str:
    """What pytest says of the sample, in a process of its own."""
    (folder / "test_sample.py").write_text(SAMPLE.format(program=program))
    told = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "-p", "tests.support.needs_plugin"]
    told += ["-p", "no:schemathesis", "-c", os.devnull, "--rootdir", str(folder), str(folder)]
    env = {name: value for name, value in os.environ.items() if name not in {"CI", "PYTEST_ADDOPTS"}}
    env |= {"PYTHONPATH": str(ROOT), **environment}
    ended = subprocess.run(told, env=env, cwd=folder, capture_output=True, text=True, check=False)
    return ended.stdout + ended.stderr


@pytest.mark.needs("git")
def test_a_test_that_starts_a_program_has_to_declare_it(tmp_path: Path) -> None:
    told = run_sample(tmp_path, "git")
    assert "1 error" in told and "ERROR at teardown of test_that_does_not_say_so" in told, told
    assert '@pytest.mark.needs("git")' in told


def bare_path(folder: Path) -> str:
    """A PATH on which nothing is found."""
    (folder / "bin").mkdir()
    return str(folder / "bin")


def test_what_is_missing_is_skipped_by_name_and_listed_with_how_to_get_it(tmp_path: Path) -> None:
    told = run_sample(tmp_path, sys.executable, PATH=bare_path(tmp_path))
    assert "failed" not in told and "error" not in told.lower(), told
    assert f"git: 2 tests skipped; {needs.NEEDS['git'].how}" in told


def test_in_ci_nothing_may_be_skipped(tmp_path: Path) -> None:
    told = run_sample(tmp_path, sys.executable, PATH=bare_path(tmp_path), CI="true")
    assert "nothing may be skipped in CI" in told and "passed" not in told, told


@pytest.mark.parametrize(
    ("command", "used"),
    [
        (["ffmpeg", "-version"], {"ffmpeg"}),
        ([sys.executable, "-I", "-S", "jail.py", "1", "--", "wheel/ffmpeg-linux-x64", "-i", "a"], {"ffmpeg"}),
        (["runuser", "-u", "postgres", "--", "bin/initdb", "-D", "data"], {"postgresql"}),
        (["site-packages/playwright/driver/node", "cli.js", "run-driver"], {"chromium"}),
        (["python3", "ffmpeg"], set()),
        (["soffice", "--headless"], {"libreoffice"}),
    ],
)
def test_a_program_is_known_behind_its_launchers(command: list[str], used: set[str]) -> None:
    assert needs.used_by(command) == used


def test_the_bare_machine_of_ci_hides_every_program() -> None:
    hidden = (ROOT / ".ci" / "bare").read_text(encoding="utf-8").split("for name in ", 1)[1].split(";", 1)[0].split()
    found_elsewhere = {
        "git",
        "mount",
        "weed",
        "soffice.bin",
    }  # needed for a clone, by root only, in a wheel, in a folder
    programs = {program for need in needs.NEEDS.values() for program in need.programs}
    assert programs - found_elsewhere <= set(hidden)
