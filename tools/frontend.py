"""Checks of the browser's side: eslint and stylelint, types, unit tests. `python -m tools.frontend install|style|test`.

Their packages are pinned in frontend/package-lock.json and installed by npm's own client into frontend/node_modules.
Where neither Node.js nor a way to get it is at hand, what cannot be checked is named and skipped; with `CI` set that
is a failure.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.browser_libraries import node, npm, npm_environment

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "frontend"
PACKAGES = HERE / "node_modules"
STAMP = PACKAGES / ".installed"
PINS = ("package.json", "package-lock.json")

STYLE = {
    "eslint": ["eslint/bin/eslint.js", "--max-warnings=0", "--config=frontend/eslint.config.js", "."],
    "stylelint": [
        "stylelint/bin/stylelint.mjs",
        "--max-warnings=0",
        "--config=frontend/stylelint.config.js",
        "academy/web/static/css/*.css",
    ],
    "types of scripts": ["typescript/bin/tsc", "--project", "frontend"],
}


def is_installed() -> bool:
    """Whether the packages are those that are pinned."""
    return STAMP.is_file() and all(STAMP.stat().st_mtime >= (HERE / pin).stat().st_mtime for pin in PINS)


def install() -> None:
    """Install what is pinned.

    Raises:
        CalledProcessError, OSError: npm failed or is not there.
    """
    if is_installed():
        return
    print("installing what the checks of scripts and styles need")
    command = [*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(command, cwd=HERE, env=npm_environment(), check=True, stdout=subprocess.DEVNULL)
    STAMP.touch()


def tests() -> list[str]:
    """The command that runs the unit tests."""
    return [node(), "--test", "--test-force-exit", *map(str, sorted((HERE / "tests").glob("*.test.js")))]


def _run(name: str, command: Sequence[str]) -> bool:
    """Run one check from the top of the project; says what failed."""
    failed = subprocess.run(command, cwd=ROOT, check=False).returncode != 0
    if failed:
        print(f"{name} failed")
    return not failed


def main(what: str) -> int:
    """Do `what`; returns the exit status."""
    checks = {name: [node(), str(PACKAGES / line[0]), *line[1:]] for name, line in STYLE.items()}
    if what == "test":
        checks = {"unit tests of scripts": tests()}
    try:
        install()
    except (subprocess.CalledProcessError, OSError, SystemExit) as error:
        if os.environ.get("CI"):
            print(f"the packages of frontend/ cannot be installed: {error}")
            return 1
        print(f"skipped, for want of Node.js and its packages: {', '.join(checks)}")
        return 0
    if what == "install":
        return 0
    # All of them, so that one run tells everything that is wrong.
    passed = [_run(name, command) for name, command in checks.items()]
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
