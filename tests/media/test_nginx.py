"""The shipped configuration in a real nginx: the same links, checked without Python; the files on its
own disk, or in object storage."""

import contextlib
import dataclasses
import http.client
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import select

from academy.accounts.models import Account, RoleGrant
from academy.cli.media import nginx_configuration
from academy.core.actor import Role
from academy.library.api import (
    add_item,
    approve_course,
    publish_course,
    republish_course,
    submit_course,
    withdraw_course,
)
from academy.library.models import Course
from academy.media import delivery, service
from academy.media.captions.caption_files import CueText
from academy.media.models import Asset
from academy.media.storage.file_storage import set_key
from academy.media.storage.selection import storage_of
from academy.people.models import Organisation
from tests.faults.tus_sender import Sender
from tests.support import factories
from tests.support.ledger_makers import learner
from tests.support.running import Academy, academy, kill
from tests.support.services import free_port, nginx, seaweed
from tests.support.shortcuts import adopt_file, drain

pytestmark = [pytest.mark.media, pytest.mark.needs("nginx", "seaweedfs")]


class Site:
    """nginx in front of a running academy with one lecture in it. `straight` is the academy's own port."""

    def __init__(self, of: Academy, port: int, asset: Asset, straight: int) -> None:
        self.of, self.port, self.asset, self.straight = of, port, asset, straight

    def get(self, url: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as line:
            line.request("GET", url, headers={k.replace("_", "-"): v for k, v in headers.items()})
            answer = line.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()

    def url(self, file: str) -> str:
        return delivery.url(self.of.settings, self.asset, file)


@pytest.fixture(scope="module", params=["files", "objects"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    from tests.media.conftest import DATA

    folder = tmp_path_factory.mktemp("nginx")
    with contextlib.ExitStack() as stack:
        changes: dict[str, object] = {}
        if request.param == "objects":
            changes = {"s3_by_nginx": True, **stack.enter_context(seaweed(folder / "weed"))}
        of = stack.enter_context(academy(folder / "academy", **changes))
        who = of.actor(of.account(Role.TRAINER))
        with of.runtime.db.begin() as tx:
            asset = adopt_file(tx, who, DATA / "bikes.mp4", "党课.mp4", "video")
            service.replace_cues(tx, asset, [CueText(0, 1000, "同志们好")], "manual")
        drain(of.runtime)
        with of.runtime.db.read() as tx:
            asset = tx.get_one(Asset, asset.id)
        of.web()
        alone = Academy(of.folder, dataclasses.replace(of.settings, s3_by_nginx=False, port=free_port()), of.runtime)
        stack.callback(lambda: [kill(process) for process in alone.processes])
        alone.web()
        port, upstream = free_port(), f"127.0.0.1:{of.settings.port}"
        text = nginx_configuration(
            of.settings, listen=f"127.0.0.1:{port}", upstream=upstream, cache=str(folder / "fetched by nginx")
        )
        stack.enter_context(nginx(folder / "nginx", text))
        yield Site(of, port, asset, alone.settings.port)


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("master.m3u8", "application/vnd.apple.mpegurl"),
        ("240p/seg_00000.m4s", "video/iso.segment"),
        ("240p/init.mp4", "video/mp4"),
        ("poster.jpg", "image/jpeg"),
        ("storyboard.vtt", "text/vtt; charset=utf-8"),
        ("captions.zh-CN.vtt", "text/vtt; charset=utf-8"),
    ],
)
def test_a_signed_link_gives_the_file_as_flask_would(site: Site, file: str, kind: str) -> None:
    status, headers, body = site.get(site.url(file))
    assert (status, headers["content-type"], headers["x-content-type-options"]) == (200, kind, "nosniff")
    assert "private" in headers["cache-control"] and "sandbox" in headers["content-security-policy"]
    straight = Site(site.of, site.straight, site.asset, 0).get(site.url(file))
    assert (straight[0], straight[1]["content-type"], straight[2]) == (200, kind, body)
    assert straight[1]["cache-control"] == headers["cache-control"]
    if not file.startswith("captions"):
        assert (headers["server"], headers["cache-control"]) == ("nginx", delivery.CACHE_CONTROL)


def test_ranges_and_what_a_browser_has_already(site: Site) -> None:
    url = site.url("poster.jpg")
    whole = site.get(url)[2]
    for door in (site, Site(site.of, site.straight, site.asset, 0)):
        assert door.get(url, Range="bytes=10-19")[::2] == (206, whole[10:20])
        assert door.get(url, Range="bytes=-5")[::2] == (206, whole[-5:])
        assert door.get(url, Range="bytes=99999999-")[0] == 416
        status, headers, body = door.get(url)
        assert (status, body, headers["content-length"]) == (200, whole, str(len(whole)))
        assert door.get(url, If_None_Match=headers["etag"])[::2] == (304, b"")


def test_readers_that_wait_hold_no_thread(site: Site, tmp_path: Path) -> None:
    film = tmp_path / "film"
    film.write_bytes(b"\0" * (12 << 20))
    key = set_key(site.asset.public_id, site.asset.generation)
    storage_of(site.of.settings).put_file(f"{key}/large.mp4", film)
    assert len(site.get(site.url("large.mp4"))[2]) == 12 << 20
    with contextlib.ExitStack() as stack:
        for _ in range(40):  # the academy has eight threads
            line = stack.enter_context(socket.socket())
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
            line.connect(("127.0.0.1", site.port))
            line.sendall(f"GET {site.url('large.mp4')} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            assert line.recv(15) == b"HTTP/1.1 200 OK"
        assert site.get("/api/v1/health")[0] == 200


def test_any_other_link_finds_nothing(site: Site) -> None:
    _, _, digest, expires, asset, generation, file = site.url("poster.jpg").split("/")
    past = "1500000000"
    right_but_past = delivery.digest(site.of.settings, int(past), asset, generation)
    for parts in (
        ("A" * 22, expires, asset, generation, file),
        (digest, str(int(expires) + 1), asset, generation, file),
        (right_but_past, past, asset, generation, file),
        (digest, expires, asset, "a" * 16, file),
        (digest, expires, "a" * 16, generation, file),
        (digest, expires, asset, generation, "../original"),
        (digest, expires, asset, generation, "..%2f..%2foriginal"),
        (digest, expires, asset, generation, "nothing.jpg"),
        (digest, expires, asset, generation, "240p"),
        (digest, expires, asset, generation, ".hidden"),
    ):
        for door in (site, Site(site.of, site.straight, site.asset, 0)):
            status, headers, _ = door.get("/m/" + "/".join(parts))
            assert status in {400, 404} and "x-accel-redirect" not in headers, parts
    inside = f"/_objects/{site.of.settings.s3_bucket}/assets/{asset}/{generation}/poster.jpg"
    assert site.get(inside)[0] == 404, "only the academy's word leads there"


def test_what_a_browser_has_is_asked_for_again_and_gone_after_a_takedown(site: Site) -> None:
    most = re.search(r"max-age=(\d+)", delivery.CACHE_CONTROL)
    assert most and int(most[1]) <= 600 and "must-revalidate" in delivery.CACHE_CONTROL
    url, doors = site.url("240p/seg_00000.m4s"), (site, Site(site.of, site.straight, site.asset, 0))
    had = [door.get(url)[1]["etag"] for door in doors]
    for door, etag in zip(doors, had, strict=True):
        status, headers, body = door.get(url, If_None_Match=etag)
        assert (status, headers["cache-control"], body) == (304, delivery.CACHE_CONTROL, b"")
    who = site.of.actor(site.of.account(Role.TRAINER))
    with site.of.runtime.db.begin() as tx:
        service.revoke_links(tx, who, tx.get_one(Asset, site.asset.id))
    drain(site.of.runtime)
    with site.of.runtime.db.read() as tx:
        site.asset = tx.get_one(Asset, site.asset.id)
    for door, etag in zip(doors, had, strict=True):
        # nginx looks every five seconds whether an open file is still there under its name.
        end = time.monotonic() + 10
        while (status := door.get(url, If_None_Match=etag)[0]) != 404 and time.monotonic() < end:
            time.sleep(0.2)
        assert status == 404
        assert door.get(site.url("240p/seg_00000.m4s"))[0] == 200


def test_pages_and_large_uploads_pass_through(site: Site) -> None:
    assert site.get("/api/v1/health")[0] == 200
    sender = Sender(site.of, 100 << 20)
    port = site.of.settings.port
    object.__setattr__(site.of.settings, "port", site.port)
    try:
        assert sender.send(0, b"\0" * (100 << 20)) == 204
    finally:
        object.__setattr__(site.of.settings, "port", port)


PARTS = ("master.m3u8", "240p/index.m3u8", "240p/seg_00000.m4s", "storyboard.vtt", "poster.jpg", "captions.zh-CN.vtt")


def test_withdrawn_means_gone_by_every_way_to_it(site: Site) -> None:
    """Page, playlist, segments, captions, search; from nginx, from what it keeps, and straight from the academy."""
    of, alone = site.of, Site(site.of, site.straight, site.asset, 0)
    course, member, reviewer = _published(site)
    held = [site.url(part) for part in PARTS]
    cookie = {"Cookie": of.cookie(member)}
    found = f"/search?q={quote('同志们好')}"
    assert [door.get(url)[0] for door in (site, alone) for url in held] == [200] * 12
    assert course.title in site.get(found, **cookie)[2].decode()
    assert site.get(f"/library/{course.public_id}", **cookie)[0] == 200
    with of.runtime.db.begin() as tx:
        withdraw_course(tx, factories.actor_of(tx, reviewer), tx.get_one(Course, course.id))
    # At once, before any job has run.
    assert [alone.get(url)[0] for url in held] == [404] * 6
    assert course.title not in site.get(found, **cookie)[2].decode()
    assert site.get(f"/library/{course.public_id}", **cookie)[0] == 404
    drain(of.runtime)
    # Each of nginx's processes remembers by itself what it has open, for five seconds: one that has forgotten
    # says nothing of the other.
    time.sleep(5.5)
    assert [site.get(url)[0] for url in held * 3] == [404] * 18, "the end of nginx's memory of open files"
    with of.runtime.db.begin() as tx:
        republish_course(tx, factories.actor_of(tx, reviewer), tx.get_one(Course, course.id))
    with of.runtime.db.read() as tx:
        site.asset = tx.get_one(Asset, site.asset.id)
    assert [site.get(site.url(part))[0] for part in PARTS] == [200] * 6
    assert [site.get(url)[0] for url in held] == [404] * 6, "the old links stay dead"


def _published(site: Site) -> tuple[Course, Account, Account]:
    with site.of.runtime.db.begin() as tx:
        author = tx.get_one(Account, site.asset.account_id)
        node = tx.scalars(
            select(Organisation)
            .join(RoleGrant, RoleGrant.organisation_id == Organisation.id)
            .where(RoleGrant.account_id == author.id)
        ).one()
        reviewer = factories.account(tx, None, (Role.REVIEWER, node), (Role.TRAINER, node))
        _, _, member = learner(tx)
        mine = factories.course(tx, author, items=0)
        who, judge = factories.actor_of(tx, author), factories.actor_of(tx, reviewer)
        add_item(tx, who, mine, kind="video", title="第一讲", asset=tx.get_one(Asset, site.asset.id))
        submit_course(tx, who, mine)
        approve_course(tx, judge, mine)
        publish_course(tx, judge, mine)
    drain(site.of.runtime)
    return mine, member, reviewer


def test_the_configuration_has_every_word_filled_in(site: Site, tmp_path: Path) -> None:
    text = nginx_configuration(site.of.settings, listen="80", upstream="127.0.0.1:8000")
    for word in ("UPSTREAM", "LISTEN", "SECRET", "MEDIA", "SETS", "ORIGIN", "INTERNAL"):
        assert word not in text
