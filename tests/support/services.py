"""Real servers for tests, started in a temporary folder and stopped at the end."""

import contextlib
import fcntl
import html
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

import requests

from tests.support import memory, needs
from tools.browser_libraries import fetch, node


def free_port() -> int:
    """A TCP port of the loopback address that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def free_ports(count: int) -> list[int]:
    """So many, no two alike."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


@contextmanager
def postgres(
    folder: Path,
    *,
    durable: bool = False,
    keep: bool = False,
    like: Path | None = None,
    env: dict[str, str] | None = None,
) -> Iterator[str]:
    """A PostgreSQL server of our own; yields its URL. `durable` keeps fsync on, for fault tests;
    `keep` leaves its data in the folder for the next time; `like` is such a folder, whose data it begins with."""
    needs.require("postgresql")
    binaries = needs.postgres_programs()
    assert binaries is not None
    if not keep:
        # Not below pytest's own folder: every run that starts closes that to other users again.
        folder = Path(tempfile.mkdtemp(prefix="academy-pg-", dir=memory.temporary()))
    folder.mkdir(parents=True, exist_ok=True)
    # initdb refuses to run as root; the package's own user may.
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if prefix:
        shutil.chown(folder, "postgres")
        for parent in folder.parents:
            if parent.stat().st_uid == 0 and not parent.stat().st_mode & 0o001:
                parent.chmod(parent.stat().st_mode | 0o011)
    data, port = folder / "data", free_port()
    run = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    if like is not None:
        subprocess.run(["cp", "-a", like / "data", data], check=True)
        if prefix:  # a folder that was copied with its project belongs to whoever copied it
            subprocess.run(["chown", "-R", "postgres", data], check=True)
    elif not (keep and (data / "PG_VERSION").exists()):
        subprocess.run(
            [
                *prefix,
                binaries / "initdb",
                "-D",
                data,
                "-U",
                "academy",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
                "-N",
            ],
            **run,
        )
    options = [f"-p {port}", f"-k {folder}", "-c listen_addresses=127.0.0.1", "-c max_connections=200"]
    if not durable:
        options += ["-c fsync=off", "-c synchronous_commit=off", "-c full_page_writes=off"]
    control = [*prefix, binaries / "pg_ctl", "-D", data, "-w"]
    try:
        subprocess.run(
            [*control, "-l", folder / "log", "-o", " ".join(options), "start"], env=os.environ | (env or {}), **run
        )
    except subprocess.CalledProcessError:
        if not keep:
            shutil.rmtree(folder)  # forty megabytes for each test that asks again
        raise
    try:
        yield f"postgresql+psycopg://academy@127.0.0.1:{port}/postgres"
    finally:
        stopped = subprocess.run(
            [*control, "-m", "fast" if keep else "immediate", "stop"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert stopped.returncode == 0, stopped.stdout + stopped.stderr + (folder / "log").read_text()[-2000:]
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    """A Redis server of our own; yields its URL."""
    needs.require("redis")
    port = free_port()
    server = subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder],
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_for_port(port)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait(10)


def wait_for_port(port: int, seconds: float = 20) -> None:
    """Return when something listens there.

    Raises:
        TimeoutError: nothing does after `seconds`.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on {port}")


@contextmanager
def nginx(folder: Path, site: str) -> Iterator[None]:
    """An nginx of our own that includes `site` in its http block."""
    needs.require("nginx")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "site.conf").write_text(site)
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user} worker_processes 2; pid {folder}/pid; error_log {folder}/error.log warn; daemon off;\n"
        f"events {{ worker_connections 4096; }}\n"
        f"http {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n"
        f"fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;\n"
        f"include {folder}/site.conf; }}\n"
    )
    server = subprocess.Popen(["nginx", "-p", folder, "-c", folder / "nginx.conf"], stderr=subprocess.DEVNULL)
    try:
        wait_for_port(int(site.split("listen ", 1)[1].split(";", 1)[0].rsplit(":", 1)[-1]))
        yield
    finally:
        server.terminate()
        server.wait(10)


@contextmanager
def seaweed(folder: Path, *, volumes: int = 8, data: Path | None = None) -> Iterator[dict[str, str]]:
    """SeaweedFS of our own with one bucket; yields the settings that name it. A volume holds 32 MB.

    With `data`, the files' bytes are there, and the folder holds their names only.
    """
    needs.require("seaweedfs")
    weed = needs.weed_program()
    assert weed is not None
    folder.mkdir(parents=True, exist_ok=True)
    given = {"s3_bucket": "academy", "s3_key": "academy", "s3_secret": "a-secret-for-tests-only"}
    keys = [{"accessKey": given["s3_key"], "secretKey": given["s3_secret"]}]
    who = {"name": "academy", "credentials": keys, "actions": ["Admin", "Read", "Write", "List", "Tagging"]}
    (folder / "s3.json").write_text(json.dumps({"identities": [who]}))
    names = ("master", "volume", "filer", "s3", "master.grpc", "volume.grpc", "filer.grpc", "s3.grpc")
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    flags = [
        f"-{name.partition('.')[0]}.port{name[name.find('.') :] if '.' in name else ''}={port}"
        for name, port in ports.items()
    ]
    flags += [
        "-s3",
        f"-s3.config={folder}/s3.json",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
    ]
    (folder / "filer.toml").write_text(f'[leveldb2]\nenabled = true\ndir = "{folder}/names"\n')
    flags += [
        f"-dir={data or folder}",
        f"-master.dir={folder}",
        f"-volume.max={volumes}",
        "-master.volumeSizeLimitMB=32",
        "-master.telemetry=false",
    ]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([weed, "-v=0", "server", *flags], cwd=folder, stdout=log, stderr=log)
    try:
        wait_for_port(ports["s3"], 60)
        given["s3_endpoint"] = f"http://127.0.0.1:{ports['s3']}"
        _make_bucket(given)
        yield given
    finally:
        server.kill()  # a polite end takes ten seconds, and nobody wants what it holds
        server.wait(10)


def _make_bucket(given: dict[str, str]) -> None:
    from botocore.exceptions import BotoCoreError, ClientError

    from academy.media.storage.s3_storage import client_of

    client = client_of(given["s3_endpoint"], "us-east-1", given["s3_key"], given["s3_secret"], "path")
    end = time.monotonic() + 60
    while True:
        try:
            client.create_bucket(Bucket=given["s3_bucket"])
            # Its first volume takes a moment; until then every write is refused.
            client.put_object(Bucket=given["s3_bucket"], Key="ready", Body=b"x")
            client.delete_object(Bucket=given["s3_bucket"], Key="ready")
        except (BotoCoreError, ClientError) as error:
            if time.monotonic() > end:
                raise TimeoutError("SeaweedFS takes no files") from error
            time.sleep(0.3)
        else:
            return


SSO_SECRET = "a-secret-of-the-test-client-0123456789"
"""What the academy's client has at the provider below."""


@contextmanager
def sso_provider(callback: str, port: int = 0) -> Iterator[str]:
    """The certified OpenID provider, running for real, with one client; yields its issuer. Its package is
    fetched once and kept in .cache/."""
    here = Path(__file__).resolve().parents[1]
    home = here.parent / ".cache" / "oidc-provider"
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two workers may come at once
        if not (home / "node_modules" / "oidc-provider").exists():
            fetch(home, here / "provider")
        shutil.copy(here / "provider" / "provider.mjs", home / "provider.mjs")
        runs = node()
    port = port or free_port()
    with (home / f"provider-{port}.log").open("w") as log:
        server = subprocess.Popen([runs, home / "provider.mjs", str(port), callback], stdout=log, stderr=log)
        try:
            wait_for_port(port, 60)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.kill()
            server.wait(10)


def type_into_form(page: requests.Response, fields: dict[str, str], browser: requests.Session) -> requests.Response:
    """Fill in the one form of a page and send it, as a person would."""
    action = html.unescape(re.search(r'<form[^>]*action="([^"]+)"', page.text)[1])  # type: ignore[index]
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    return browser.post(urljoin(page.url, action), data=hidden | fields, allow_redirects=False, timeout=10)
