"""What strangers and insiders try, each against the running server (SQLite, one process, nginx where it matters)."""

import concurrent.futures
import contextlib
import http.client
import io
import json
import re
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from sqlalchemy import func, select

from academy.accounts import creation
from academy.accounts.authentication import passwords
from academy.accounts.models import RoleGrant, Throttle
from academy.cli.media import nginx_configuration
from academy.core import clock
from academy.core.actor import SYSTEM, Role
from academy.core.audit import AuditEntry
from academy.library.kinds import CourseState
from academy.library.models import Course
from academy.media import delivery
from academy.media.storage.file_storage import local_storage, set_key
from academy.people.api import change_status
from academy.people.models import Member, Organisation
from tests.support import factories as make
from tests.support.running import Academy, academy
from tests.support.services import free_port, nginx

pytestmark = [pytest.mark.faults, pytest.mark.needs("nginx")]

PASSWORD = "春天的第一课2026"
HOST = "academy.example"
MEGABYTE = 1 << 20


class City:
    """A running academy with an administrator of one county, and people of hers and of the next."""

    def __init__(self, of: Academy) -> None:
        self.of = of
        with of.runtime.db.begin() as tx:
            self.top = make.organisation(tx, level="city")
            self.mine, other = (make.organisation(tx, self.top, level="county") for _ in range(2))
            self.branch, self.strange = make.organisation(tx, self.mine), make.organisation(tx, other)
            self.person, self.stranger = make.member(tx, self.branch, name="赵小满"), make.member(tx, self.strange)
            held = ((Role.NODE_ADMINISTRATOR, self.mine), (Role.TRAINER, self.mine), (Role.REVIEWER, self.mine))
            self.officer = make.account(tx, make.member(tx, self.branch), *held)
            self.known = creation.create_account(
                tx, SYSTEM, username="known", display_name="赵小满", password_hash=passwords.hash_password(PASSWORD)
            )
        self.cookie = of.cookie(self.officer)

    def browser(self, cookie: str = "", port: int = 0) -> "Browser":
        return Browser(f"http://127.0.0.1:{port or self.of.settings.port}", cookie)

    def line(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.of.settings.port), timeout=60)

    def resident(self) -> int:
        """Bytes that the server's processes hold."""
        group = str(self.of.processes[0].pid)
        found = subprocess.run(["ps", "-o", "rss=", "-g", group], capture_output=True, text=True, check=True)
        return sum(int(line) for line in found.stdout.split()) * 1024


class Browser(requests.Session):
    """Keeps cookies, sends the form's token, follows nothing by itself."""

    def __init__(self, address: str, cookie: str = "") -> None:
        super().__init__()
        self.address = address
        self.headers["Host"] = HOST
        if cookie:
            name, _, value = cookie.partition("=")
            self.cookies.set(name, value, domain=HOST)  # of the host that is asked for, not of the address

    def see(self, path: str, **more: object) -> requests.Response:
        return self.get(self.address + path, allow_redirects=False, timeout=30, **more)  # type: ignore[arg-type]

    def fill(self, path: str, form: dict[str, str], page: str = "/display") -> requests.Response:
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.see(page).text)
        assert token is not None
        return self.post(self.address + path, data=form | {"csrf_token": token[1]}, allow_redirects=False, timeout=30)

    def sign_in(self, name: str, password: str, **more: str) -> requests.Response:
        return self.fill("/sign-in", {"username": name, "password": password} | more)


@pytest.fixture(scope="module")
def city() -> Iterator[City]:
    with tempfile.TemporaryDirectory() as folder, academy(Path(folder) / "academy", trusted_hosts=HOST) as of:
        made = City(of)
        of.web(log=of.folder / "log", ACADEMY_TRUSTED_HOSTS=f"{HOST},127.0.0.1", ACADEMY_LOG_LEVEL="INFO")
        yield made


def test_known_and_unknown_names_cannot_be_told_apart(city: City) -> None:
    said = {}
    for name in ("known", "nobody"):
        browser = city.browser()
        answers = [browser.sign_in(name, "wrong password") for _ in range(7)]
        said[name] = [(a.status_code, re.findall(r'class="notice[^>]*>.*?</', a.text, re.S)) for a in answers]
        assert [a.status_code for a in answers[:4]] == [422] * 4
        assert answers[-1].status_code == 503 and "试错次数太多" in answers[-1].text
    assert said["known"] == said["nobody"]


def test_one_password_over_many_names_is_stopped_and_members_still_watch(city: City) -> None:
    """After two hundred wrong answers the network waits, whichever name comes next; pages answer meanwhile."""

    def spray(start: int) -> list[int]:
        browser, found = city.browser(), []
        token = re.search(r'name="csrf_token" value="([^"]+)"', browser.see("/display").text)
        assert token is not None
        for n in range(start, start + 60):
            form = {"username": f"M{n:07d}", "password": "12345678", "csrf_token": token[1]}
            found.append(browser.post(f"{browser.address}/sign-in", data=form, timeout=60).status_code)
        return found

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        spraying = [pool.submit(spray, start) for start in (0, 1000, 2000, 3000)]
        while not all(one.done() for one in spraying):
            assert city.browser(city.cookie).see("/api/v1/session").status_code == 204
            time.sleep(0.2)
    answers = [status for one in spraying for status in one.result()]
    assert set(answers) <= {422, 429, 503} and answers.count(422) <= 204
    assert city.browser().sign_in("one-more", PASSWORD).status_code in {429, 503}
    with city.of.runtime.db.begin() as tx:
        tx.query(Throttle).delete()


def test_a_cookie_set_beforehand_is_replaced(city: City) -> None:
    browser = city.browser()
    browser.see("/sign-in")
    before = browser.cookies["academy"]
    assert browser.sign_in("known", PASSWORD).status_code == 303
    assert browser.cookies["academy"] != before
    assert city.browser(f"academy={before}").see("/me").status_code == 302, "the one who set it is nobody"


@pytest.mark.parametrize("target", ["//evil.example", "/\\evil.example", "\\\\evil.example", "https:evil.example"])
def test_the_way_onward_stays_here(city: City, target: str) -> None:
    assert city.browser().sign_in("known", PASSWORD, next=target).headers["Location"] == "/"


def test_a_role_in_a_form_is_nothing(city: City) -> None:
    forged = {"role": "admin", "roles": "system_administrator", "is_admin": "1", "account_id": "1", "state": "active"}
    assert city.browser().sign_in("known", PASSWORD, **forged).status_code == 303
    browser = city.browser(city.cookie)
    page = f"/members/{city.person.public_id}"
    form = forged | {"verb": "edit", "name": "赵小满", "organisation_id": str(city.strange.id), "public_id": "x" * 16}
    assert browser.fill(page, form, page).status_code == 303
    with city.of.runtime.db.read() as tx:
        assert tx.scalar(select(func.count()).where(RoleGrant.account_id == city.known.id)) == 0
        person = tx.get_one(Member, city.person.id)
        assert (person.organisation_id, person.public_id) == (city.branch.id, city.person.public_id)


def test_ids_of_the_county_next_door_and_of_the_city_find_nothing(city: City) -> None:
    browser = city.browser(city.cookie)
    for path in (
        f"/members/{city.stranger.public_id}",
        f"/organisations/{city.strange.public_id}",
        f"/organisations/{city.top.public_id}",
        f"/organisations/{city.top.public_id}/change",
        f"/trainings/new/{city.top.public_id}",
    ):
        assert browser.see(path).status_code == 404, path
    with city.of.runtime.db.read() as tx:
        refused = tx.scalars(select(AuditEntry.target).where(AuditEntry.verb == "access.refused")).all()
    assert {f"member:{city.stranger.public_id}", f"organisation:{city.top.public_id}"} <= set(refused)


def test_a_codes_prefix_and_signs_in_a_filter_match_only_themselves(city: City) -> None:
    browser = city.browser(city.cookie)
    with city.of.runtime.db.read() as tx:
        code = tx.get_one(Organisation, city.branch.id).code
    for word in ("%", "_", "%25", code[:-1] + "_"):
        assert city.branch.name not in browser.see("/organisations", params={"q": word}).text, word
        assert "赵小满" not in browser.see("/grants", params={"q": word}).text, word
    form = {"username": "known", "role": "branch_secretary", "organisation": code[:-1]}
    assert browser.fill("/grants", form).status_code == 422, "the beginning of a code is no code"


def test_approving_needs_the_pages_own_token(city: City) -> None:
    with city.of.runtime.db.begin() as tx:
        trainer = make.account(tx, None, (Role.TRAINER, city.mine))
        course = make.course(tx, trainer)
        make.library.submit_course(tx, make.actor_of(tx, trainer), course)
    browser = city.browser(city.cookie)
    address = f"{browser.address}/review/{course.public_id}"
    for forged in ({}, {"csrf_token": "x"}, {"csrf_token": ""}):
        answer = browser.post(address, data={"verb": "approve"} | forged, timeout=10, headers={"Origin": "http://evil"})
        assert answer.status_code == 400
    with city.of.runtime.db.read() as tx:
        assert tx.get_one(Course, course.id).state == CourseState.SUBMITTED
    assert browser.fill(f"/review/{course.public_id}", {"verb": "approve", "seen": "1"}).status_code == 303


@pytest.fixture(scope="module")
def front(city: City) -> Iterator[int]:
    """The shipped nginx configuration behind a careless cache: everything that looks like a file, keyed by `$uri`."""
    inner, outer = free_port(), free_port()
    folder = city.of.folder / "front"
    shipped = nginx_configuration(
        city.of.settings, listen=f"127.0.0.1:{inner}", upstream=f"127.0.0.1:{city.of.settings.port}"
    )
    cache = f"""
    proxy_cache_path {folder}/cache keys_zone=careless:1m;
    server {{
        listen 127.0.0.1:{outer};
        location ~ \\.(css|js|jpg|mp4|m4s)$ {{
            proxy_cache careless; proxy_cache_key "$uri"; proxy_cache_valid 200 10m;
            proxy_set_header Host $host; proxy_pass http://127.0.0.1:{inner};
        }}
        location / {{ proxy_set_header Host $host; proxy_pass http://127.0.0.1:{inner}; }}
    }}
    """
    with nginx(folder, f"{cache}\n{shipped}"):
        yield outer


def test_my_page_under_a_files_name_is_nothing_that_a_cache_could_keep(city: City, front: int) -> None:
    owner, stranger = city.browser(city.cookie, front), city.browser("", front)
    name = city.officer.display_name
    assert name in owner.see("/me").text
    page = "/notifications/x.js"
    for path in ("/me/x.css", "/me;x.css", "/me%2Fx.css", "/me/.css", "/me%00.css", "/me%0A.css", page):
        answer = owner.see(path)
        kept = answer.headers.get("Cache-Control")
        assert (answer.status_code, kept) in {(404, "no-store"), (400, None)}, path  # 400: nginx itself
        assert name not in stranger.see(path).text, path
    assert stranger.see("/me").status_code == 302


def test_an_altered_or_expired_link_is_nothing_behind_a_cache_too(city: City, front: int) -> None:
    with city.of.runtime.db.begin() as tx:
        asset = make.asset(tx, city.officer)
    place = local_storage(city.of.settings).path(f"{set_key(asset.public_id, asset.generation)}/poster.jpg")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(b"\xff\xd8\xff")
    good = delivery.url(city.of.settings, asset, "poster.jpg")
    _, _, digest, expires, public_id, generation, file = good.split("/")
    past = int(clock.now().timestamp()) - 1
    stale = delivery.digest(city.of.settings, past, public_id, generation)
    for port in (front, city.of.settings.port):
        browser = city.browser("", port)
        assert browser.see(good).status_code == 200
        for parts in (
            ("A" * 22, expires, public_id, generation, file),
            (digest, str(int(expires) + 21600), public_id, generation, file),
            (digest[:-1], expires, public_id, generation, file),
            (stale, str(past), public_id, generation, file),
        ):
            assert browser.see("/m/" + "/".join(parts)).status_code == 404, parts
        assert "private" in browser.see(good).headers["Cache-Control"]


def test_another_sites_name_is_refused(city: City) -> None:
    for name in ("evil.example", f"{HOST}.evil.example", f"evil.example:80@{HOST}"):
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", city.of.settings.port, timeout=10)) as line:
            line.request("GET", "/sso/begin", headers={"Host": name})
            answer = line.getresponse()
            assert answer.status == 400 and b"evil" not in answer.read()


def test_a_hundred_thousand_parts_are_refused(city: City) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    body = part * 100_000 + b"--x--\r\n"
    before = city.resident()
    answer = city.browser().post(
        f"http://127.0.0.1:{city.of.settings.port}/sign-in",
        data=io.BytesIO(body),
        headers={"Content-Type": "multipart/form-data; boundary=x"},
        timeout=60,
    )
    assert answer.status_code == 413
    assert city.resident() - before < 64 * MEGABYTE


@pytest.mark.parametrize("framing", ["announced", "chunked"])
@pytest.mark.parametrize("path", ["/api/v1/progress/leases", "/api/v1/progress/heartbeats", "/sign-in"])
def test_a_gigabyte_is_refused_without_being_kept(city: City, path: str, framing: str) -> None:
    told = "Content-Length: 1073741824" if framing == "announced" else "Transfer-Encoding: chunked"
    head = f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nCookie: {city.cookie}\r\n"
    head += f"Content-Type: application/json\r\n{told}\r\n\r\n"
    before, sent, answer = city.resident(), 0, b""
    piece = b"[" * MEGABYTE
    block = piece if framing == "announced" else f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
    with city.line() as line:
        line.sendall(head.encode())
        with contextlib.suppress(OSError):
            while sent < 1024:
                line.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    answer += line.recv(65536)
                line.setblocking(True)
                if answer:
                    break
                line.sendall(block)
                sent += 1
        if not answer:
            with contextlib.suppress(OSError):
                answer = line.recv(65536)
        assert city.resident() - before < 200 * MEGABYTE
    assert re.match(rb"HTTP/1.1 4(00|13)", answer) or not answer, answer[:80]
    assert sent < 1024, "refused before it was all sent"
    assert city.browser(city.cookie).see("/api/v1/session").status_code == 204


def test_slow_bodies_hold_nobody_up(city: City, front: int) -> None:
    """Two hundred senders of a byte a second: nginx waits for them, members do not."""
    head = f"POST /sign-in HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    with contextlib.ExitStack() as stack:
        lines = [stack.enter_context(socket.create_connection(("127.0.0.1", front), timeout=10)) for _ in range(200)]
        for line in lines:
            line.sendall(f"{head}Content-Length: 1000\r\n\r\n".encode())
        for _ in range(4):
            for line in lines:
                line.sendall(b"a")
            # A member who had to wait for two hundred held lines would wait beyond what the request allows.
            assert city.browser(city.cookie, front).see("/api/v1/session").status_code == 204
            time.sleep(0.5)


def test_a_log_line_stays_one_line(city: City) -> None:
    forged = '\r\n{"event": "sign-in.done", "forged": true}\r\n'
    browser = city.browser()
    browser.sign_in(f"x{forged}", f"y{forged}", next=f"/{forged}")
    browser.see("/%0d%0a%7b%22event%22%3a%22forged%22%7d?x=%0d%0aforged", headers={"User-Agent": "x\ty"})
    for line in (city.of.folder / "log").read_text().splitlines():
        if line.strip():
            entry = json.loads(line)
            assert "forged" not in entry, "no line of its own"


def test_who_is_removed_is_out_at_once(city: City) -> None:
    with city.of.runtime.db.begin() as tx:
        person = make.member(tx, city.branch)
        leaver = make.account(tx, person)
    cookie = city.of.cookie(leaver)
    assert city.browser(cookie).see("/api/v1/session").status_code == 204
    with city.of.runtime.db.begin() as tx:
        change_status(tx, SYSTEM, tx.get_one(Member, person.id), "left")
    assert city.browser(cookie).see("/api/v1/session", headers={"Accept": "application/json"}).status_code == 401


def test_a_lecture_taken_down_is_gone_for_whoever_is_watching(city: City) -> None:
    with city.of.runtime.db.begin() as tx:
        trainer = make.account(tx, None, (Role.TRAINER, city.mine))
        reviewer = make.account(tx, None, (Role.REVIEWER, city.mine))
        course = make.published_course(tx, trainer, reviewer)
        item = make.lines(tx, course)[0].item.public_id
    browser = city.browser(city.cookie)
    page = browser.see(f"/learn/{item}")
    assert page.status_code == 200
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.see("/display").text)
    assert token is not None
    begin = {"json": {"item": item, "take_over": True}, "headers": {"X-CSRFToken": token[1]}, "timeout": 10}
    lease = browser.post(f"{browser.address}/api/v1/progress/leases", **begin).json()  # type: ignore[arg-type]
    with city.of.runtime.db.begin() as tx:
        make.library.withdraw_course(tx, make.actor_of(tx, reviewer), tx.get_one(Course, course.id), reason="有误")
    beat = {"lease": lease["token"], "seq": 1, "spans": [[0, 1000]]}
    answer = browser.post(f"{browser.address}/api/v1/progress/heartbeats", json=beat, timeout=10)
    assert (answer.status_code, answer.json()["reason"]) == (409, "withdrawn")
    assert browser.see(f"/learn/{item}").status_code == 404
    assert browser.post(f"{browser.address}/api/v1/progress/leases", **begin).status_code == 404  # type: ignore[arg-type]


def test_trace_and_other_odd_methods_are_not_spoken(city: City) -> None:
    for method in ("TRACE", "CONNECT", "TRACK", "PROPFIND"):
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", city.of.settings.port, timeout=10)) as line:
            line.request(method, "/", headers={"Host": HOST, "X-Secret": "echo-me"})
            answer = line.getresponse()
            assert answer.status in {400, 404, 405, 501} and b"echo-me" not in answer.read(), method


def test_two_lengths_in_one_message_are_refused(city: City) -> None:
    """The classic of smuggling: whoever is in front must not read another length than whoever is behind."""
    for told in ("Content-Length: 5\r\nContent-Length: 6", "Content-Length: 5\r\nTransfer-Encoding: chunked"):
        with city.line() as line:
            line.sendall(
                f"POST /sign-in HTTP/1.1\r\nHost: {HOST}\r\n{told}\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n".encode()
            )
            line.settimeout(5)
            answer = b""
            with contextlib.suppress(OSError):
                answer = line.recv(65536)
        assert answer.count(b"HTTP/1.1 ") <= 1 and b" 200 " not in answer[:20], told
