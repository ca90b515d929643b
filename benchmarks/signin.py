"""Two thousand members come in through the city app, where they are signed in already.

``python -m benchmarks.signin [--quick] [--fresh]``. The provider is the certified oidc-provider, the academy
runs as it is run; provider, academy and the browsers share this machine. A sign-in is the whole way: out to
the provider, back with a code, the code traded for an ID token, its signature checked, a session begun.
``ratio_to_bare`` compares it with a bare route of somebody signed in, asked by the same browsers in the same
run. Then passwords are sprayed, and the bare route is asked again: hashing must not hold up who is watching.
"""

import argparse
import concurrent.futures
import dataclasses
import json
import multiprocessing
import re
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event
from pathlib import Path
from urllib.parse import urljoin

import requests
from sqlalchemy import func, select

from academy.accounts.models import LoginSession
from benchmarks import drive
from tests.support import factories
from tests.support.running import Academy, academy
from tests.support.services import SSO_SECRET, free_port, sso_provider, type_into_form

CACHE = Path(".cache") / "signin"
BROWSERS = 8


@dataclass
class Browser:
    """One telephone: what it keeps of the provider, and of the academy."""

    number: str
    address: str
    provider: requests.Session = field(default_factory=requests.Session)
    academy: requests.Session = field(default_factory=requests.Session)

    def come_in(self) -> int:
        """The status of the way back; 302 is in."""
        self.academy.cookies.clear()
        answer = self.academy.get(f"{self.address}/sso/begin", allow_redirects=False, timeout=60)
        url = answer.headers["Location"]
        for _ in range(12):
            answer = self.provider.get(url, allow_redirects=False, timeout=60)
            while not answer.is_redirect:
                known = 'name="login"' not in answer.text
                typed = {} if known else {"login": self.number, "password": "any"}
                answer = type_into_form(answer, typed, self.provider)
            url = urljoin(answer.url, answer.headers["Location"])
            if url.startswith(f"{self.address}/sso/callback"):
                return self.academy.get(url, allow_redirects=False, timeout=60).status_code
        return 0

    def look(self) -> int:
        return self.academy.get(f"{self.address}/api/v1/session", timeout=60).status_code


def many(browsers: list[Browser], times: int, act: Callable[[Browser], int], wanted: int) -> dict[str, float]:
    """So many acts by the browsers side by side: how fast, how long each, how many went wrong."""

    def one(browser: Browser) -> list[tuple[float, bool]]:
        found = []
        for _ in range(times // len(browsers)):
            began = time.perf_counter()
            right = act(browser) == wanted
            found.append(((time.perf_counter() - began) * 1000, right))
        return found

    began = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(len(browsers)) as pool:
        found = [entry for entries in pool.map(one, browsers) for entry in entries]
    spent = time.perf_counter() - began
    took = sorted(ms for ms, _ in found)
    return {
        "count": len(found),
        "per_s": round(len(found) / spent, 1),
        "p50_ms": round(statistics.median(took), 1),
        "p99_ms": round(took[int(len(took) * 0.99)], 1),
        "wrong": sum(not right for _, right in found),
    }


def spray(address: str, stop: Event, tried: "Synchronized[int]") -> None:
    """Wrong passwords as fast as they are taken, each for another name, down sixteen lines."""

    def line(number: int) -> None:
        browser = requests.Session()
        token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(f"{address}/sign-in", timeout=60).text)
        assert token is not None
        n = 0
        while not stop.is_set():
            n += 1
            form = {"username": f"nobody{number}-{n}", "password": "12345678", "csrf_token": token[1]}
            browser.post(f"{address}/sign-in", data=form, timeout=60)
            with tried.get_lock():
                tried.value += 1

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(line, range(16)))


def measure(of: Academy, browsers: list[Browser], times: int) -> dict[str, object]:
    for browser in browsers:
        assert browser.come_in() == 302, "the first time, with the form at the provider"
    with of.runtime.db.read() as tx:
        before = tx.scalar(select(func.count()).select_from(LoginSession)) or 0
    came = many(browsers, times, Browser.come_in, 302)
    with of.runtime.db.read() as tx:
        sessions = (tx.scalar(select(func.count()).select_from(LoginSession)) or 0) - before
    bare = many(browsers, times, Browser.look, 204)
    # In a process of their own, so that they take nothing from the browsers' interpreter.
    spawn = multiprocessing.get_context("spawn")
    stop, tried = spawn.Event(), spawn.Value("q", 0)
    sprayer = spawn.Process(target=spray, args=(of.address, stop, tried))
    sprayer.start()
    while tried.value < 16:
        time.sleep(0.05)
    began, first = time.perf_counter(), tried.value
    under = many(browsers, times // 2, Browser.look, 204)
    pace = (tried.value - first) / (time.perf_counter() - began)
    stop.set()
    sprayer.join()
    return {
        "benchmark": "signin",
        "signins": came["count"],
        "sessions": sessions,
        "signins_per_s": came["per_s"],
        "bare_per_s": bare["per_s"],
        "ratio_to_bare": round(came["per_s"] / bare["per_s"], 3),
        "signin_p50_ms": came["p50_ms"],
        "signin_p99_ms": came["p99_ms"],
        "bare_p99_ms": bare["p99_ms"],
        "spray_per_s": round(pace, 1),
        "bare_p99_ms_under_spray": under["p99_ms"],
        "bare_per_s_under_spray": under["per_s"],
        "wrong": came["wrong"] + bare["wrong"] + under["wrong"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="200 sign-ins")
    parser.add_argument("--fresh", action="store_true", help="fetch the provider anew")
    wish = parser.parse_args()
    if wish.fresh:
        shutil.rmtree(Path(".cache") / "oidc-provider", ignore_errors=True)
    CACHE.mkdir(parents=True, exist_ok=True)
    port = free_port()
    with (
        tempfile.TemporaryDirectory(dir=CACHE) as folder,
        academy(Path(folder).absolute() / "academy") as of,
        sso_provider(f"{of.address}/sso/callback", port) as issuer,
    ):
        changed = {"oidc_issuer": issuer, "oidc_client_id": "academy", "oidc_client_secret": SSO_SECRET}
        with of.runtime.db.begin() as tx:
            branch = factories.organisation(tx)
            people = [factories.member(tx, branch) for _ in range(BROWSERS)]
        with drive.server(dataclasses.replace(of.settings, **changed)):
            browsers = [Browser(person.number, of.address) for person in people]
            print(json.dumps(measure(of, browsers, 200 if wish.quick else 2000)))


if __name__ == "__main__":
    main()
