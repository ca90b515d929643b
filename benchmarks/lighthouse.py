"""What Lighthouse says of the pages that most people open.

    python -m benchmarks.lighthouse [--quick] [--address http://127.0.0.1:8000]

Home, a course, the player (as a member) and the coverage of a county (as its officer), each signed in: performance on
Lighthouse's own phone (a slow line and a slow processor, simulated), accessibility, best practices. The median of three
runs a page; `--quick` has one. Lighthouse is fetched by npm into `.cache/lighthouse` to measure. One JSON line.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from benchmarks.first_paint import city, coverage_page, lessons, signed_in
from tests.browser.stage import CHROMIUM, CHROMIUM_FLAGS
from tools.browser_libraries import node, npm, npm_environment

CACHE = Path(__file__).resolve().parent.parent / ".cache" / "lighthouse"
VERSION = "13.0.1"
CATEGORIES = ("performance", "accessibility", "best-practices")
TARGET = 95
TRIES = 4


def fetch() -> Path:
    """The program, fetched where it is not there."""
    program = CACHE / "node_modules" / "lighthouse" / "cli" / "index.js"
    if not program.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        command = [
            *npm(),
            "install",
            f"lighthouse@{VERSION}",
            f"--prefix={CACHE}",  # npm goes up to the next folder with a package.json otherwise
            "--no-save",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
        ]
        subprocess.run(command, cwd=CACHE, env=npm_environment(), check=True, stdout=subprocess.DEVNULL)
    return program


def judged(program: Path, address: str, cookies: str) -> tuple[dict[str, int], list[str]]:
    """Scores of a page from 0 to 100, and the audits that cost any."""
    flags = " ".join(["--headless=new", *CHROMIUM_FLAGS])
    command = [node(), str(program), address, "--quiet", "--output=json", f"--chrome-flags={flags}"]
    command += [f"--only-categories={','.join(CATEGORIES)}", "--extra-headers", json.dumps({"Cookie": cookies})]
    env = os.environ | {"CHROME_PATH": shutil.which(CHROMIUM) or CHROMIUM}
    # A busy machine loses the browser's trace; Lighthouse itself asks for another run then.
    for _ in range(TRIES):
        ran = subprocess.run(command, env=env, check=False, capture_output=True, text=True)
        if "run Lighthouse again" not in ran.stderr:
            break
    if ran.returncode:
        raise RuntimeError(f"{address}: {ran.stderr[-2000:]}")
    report: dict[str, Any] = json.loads(ran.stdout)
    if error := report.get("runtimeError"):
        raise RuntimeError(error["message"])
    if not report["finalDisplayedUrl"].startswith(address):
        raise RuntimeError(f"{report['finalDisplayedUrl']} was looked at instead of {address}")
    scores = {name: round(100 * report["categories"][name]["score"]) for name in CATEGORIES}
    lost = [
        f"{ref['id']} {report['audits'][ref['id']].get('displayValue', '')}".strip()
        for name in CATEGORIES
        for ref in report["categories"][name]["auditRefs"]
        if ref["weight"] and (report["audits"][ref["id"]]["score"] or 0) < 0.9
        if report["audits"][ref["id"]]["scoreDisplayMode"] not in ("notApplicable", "manual", "informative")
    ]
    return scores, lost


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--quick", action="store_true", help="one run a page")
    words.add_argument("--address", help="an academy with the sample city that runs already")
    given = words.parse_args()
    program, found = fetch(), {}
    with city(given.address) as address:
        with sync_playwright() as player:
            browser = player.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
            member, county = signed_in(browser, address, "member"), signed_in(browser, address, "county")
            film, _, course = lessons(browser, address, member)
            pages = [("home", "/", member), ("course", course, member), ("player", film, member)]
            pages.append(("coverage", coverage_page(browser, address, county), county))
            browser.close()
        for name, path, state in pages:
            cookies = "; ".join(f"{one['name']}={one['value']}" for one in state["cookies"])
            runs = [judged(program, address + path, cookies) for _ in range(1 if given.quick else 3)]
            scores = {kind: int(statistics.median(run[0][kind] for run in runs)) for kind in CATEGORIES}
            found[name] = scores | {"lost": runs[-1][1]}
    missed = [f"{name} {kind}" for name, one in found.items() for kind in CATEGORIES if one[kind] < TARGET]
    line = {"lighthouse": VERSION, "target": TARGET, "pages": found, "missed": missed}
    print(json.dumps({"benchmark": "lighthouse", "quick": given.quick} | line))
    return 0


if __name__ == "__main__":
    sys.exit(main())
