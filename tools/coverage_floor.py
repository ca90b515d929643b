"""Compare the lines and branches that tests reach with what they reached before. `python -m tools.coverage_floor`.

`make coverage` runs the tests that are measured and then this. The floor is in tests/coverage_floor.toml, percent by
component. It is never lowered: `--raise` writes what is reached now where that is more.
"""

import argparse
import json
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path

import coverage

ROOT = Path(__file__).resolve().parent.parent
FLOOR = ROOT / "tests" / "coverage_floor.toml"
WHOLE = "academy"
NOISE = {WHOLE: 0.2}
"""Percentage points by which two runs differ: drawn examples, threads. Of a component `SMALL`: a branch counts more."""
SMALL = 1.0
MEASURES = ("lines", "branches")

Figures = dict[str, dict[str, float]]
"""Component → measure → percent; `WHOLE` is everything."""


def reached() -> Figures:
    """What the measured processes reached together.

    Raises:
        coverage.exceptions.NoDataError: none was measured.
    """
    data = coverage.Coverage(config_file=str(ROOT / "pyproject.toml"))
    data.combine(keep=True)
    data.save()
    with tempfile.NamedTemporaryFile("r", suffix=".json") as file:
        data.json_report(outfile=file.name)
        files: dict[str, dict[str, dict[str, int]]] = json.load(file)["files"]
    return by_component({name: found["summary"] for name, found in files.items()})


def by_component(files: Mapping[str, Mapping[str, int]]) -> Figures:
    """Percentages of each component from the counts of its files."""
    sums: dict[str, dict[str, list[int]]] = {}
    for name, counts in files.items():
        parts = Path(name).parts
        for component in (WHOLE, parts[1] if len(parts) > 2 else WHOLE + " itself"):
            held = sums.setdefault(component, {measure: [0, 0] for measure in MEASURES})
            for measure, covered, total in (
                ("lines", "covered_lines", "num_statements"),
                ("branches", "covered_branches", "num_branches"),
            ):
                held[measure][0] += counts[covered]
                held[measure][1] += counts[total]
    return {
        component: {measure: round(100 * got / of, 2) if of else 100.0 for measure, (got, of) in held.items()}
        for component, held in sums.items()
    }


def read(text: str) -> Figures:
    """The floor as it is kept."""
    found: Figures = tomllib.loads(text)
    return found


def write(floor: Figures) -> str:
    """The text of a floor."""
    lines = [
        "# Percent of lines and branches that the measured tests reach, by component (`make coverage`).",
        "# Written by `python -m tools.coverage_floor --raise`, and never lowered.",
    ]
    for component in sorted(floor):
        lines += ["", f'["{component}"]', *(f"{measure} = {floor[component][measure]:.2f}" for measure in MEASURES)]
    return "\n".join(lines) + "\n"


def raised(floor: Figures, now: Figures) -> Figures:
    """The floor with everything that is more now; components that are gone are left out."""
    return {
        component: {m: max(found[m], floor.get(component, {}).get(m, 0.0)) for m in MEASURES}
        for component, found in now.items()
    }


def fallen(floor: Figures, now: Figures) -> list[str]:
    """A line for each figure that is below its floor by more than noise, and for each component without a floor."""
    lines = [f"{component}: has no floor; write it with --raise" for component in sorted(set(now) - set(floor))]
    for component, kept in sorted(floor.items()):
        for measure, least in kept.items():
            if component in now and now[component][measure] < least - NOISE.get(component, SMALL):
                lines.append(f"{component}: {now[component][measure]:.2f} % of {measure}, and {least:.2f} % before")
    return lines


def main() -> int:
    """Print what is reached; returns 1 if it is less than before."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--raise", dest="write", action="store_true", help="keep what is more than before")
    options = arguments.parse_args()
    floor = read(FLOOR.read_text(encoding="utf-8")) if FLOOR.exists() else {}
    now = reached()
    for component in sorted(now):
        print(f"{component:16}{now[component]['lines']:8.2f} % of lines{now[component]['branches']:8.2f} % of branches")
    if options.write:
        FLOOR.write_text(write(raised(floor, now)), encoding="utf-8")
        return 0
    lines = fallen(floor, now)
    for line in lines:
        print(f"coverage fell: {line}", file=sys.stderr)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
