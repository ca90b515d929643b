"""Segments of a megabyte to many: by Flask, by nginx, by nginx checking the signed link.

``python -m benchmarks.delivery [--quick] [--fresh]``. All servers run at once on the same file; the
ways are measured in turn, several times, and the median of the rounds' ratios told, so that other work on the
machine weighs on all of them alike. Under a crowd the slowest hundredth is told for both, signed and
plain: what the load generator and the loopback cost is in both.
"""

import argparse
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.parse
from pathlib import Path

from academy.cli.media import nginx_configuration
from academy.core.actor import Role
from academy.core.ids import new_id
from academy.media import delivery
from academy.media.models import Asset, AssetState
from academy.media.storage.file_storage import local_storage, set_key
from tests.support.running import Academy, academy
from tests.support.services import free_port, nginx

CACHE = Path(".cache") / "delivery"
FILE = "720p/seg_00000.m4s"
READERS = 200
CROWD = 500


def segment(*, fresh: bool) -> Path:
    """A megabyte that no compression makes smaller."""
    target = CACHE / "segment.m4s"
    if fresh or not target.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        target.write_bytes(os.urandom(1 << 20))
    return target


def publish(of: Academy, source: Path) -> Asset:
    """A set of one segment."""
    who = of.account(Role.TRAINER)
    with of.runtime.db.begin() as tx:
        asset = Asset(
            account_id=who.id, kind="video", filename="x", size=1, state=AssetState.READY, generation=new_id()
        )
        tx.add(asset)
        tx.flush()
    target = local_storage(of.settings).path(f"{set_key(asset.public_id, asset.generation)}/{FILE}")
    target.parent.mkdir(parents=True)
    shutil.copyfile(source, target)
    return asset


def site(of: Academy, asset: Asset, port: int) -> str:
    """The shipped configuration, with the same file for anybody and the way through Flask beside it."""
    text = nginx_configuration(of.settings, listen=f"127.0.0.1:{port}", upstream=f"127.0.0.1:{of.settings.port}")
    folder = local_storage(of.settings).path(set_key(asset.public_id, asset.generation))
    cached = "open_file_cache max=2000 inactive=30s; open_file_cache_valid 5s;"
    extra = f"location /plain/ {{ alias {folder}/; {cached} }}\n"
    extra += "    location /flask/ { proxy_pass http://academy/m/; }\n"
    return text.replace("    location /m/ {", f"    {extra}\n    location /m/ {{", 1)


def press(url: str, *, seconds: int, connections: int) -> dict[str, float]:
    """Load by wrk; requests a second, megabytes a second, milliseconds of the slowest hundredth."""
    told = ["wrk", "-t", "2", "-c", str(connections), "-d", f"{seconds}s", "--latency", "--timeout", "20s", url]
    said = subprocess.run(told, capture_output=True, text=True, check=True).stdout
    errors = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    assert errors is None, said
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])  # type: ignore[index]
    late, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", said).groups()  # type: ignore[union-attr]
    return {"rps": rate, "mb_s": rate * 1.048576, "p99_ms": float(late) * {"us": 0.001, "ms": 1, "s": 1000}[unit]}


def slow_readers(url: str) -> list[socket.socket]:
    """Phones on a weak line: each has asked and reads nothing yet."""
    address = urllib.parse.urlsplit(url)
    found = []
    for _ in range(READERS):
        line = socket.socket()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        line.connect((address.hostname, address.port))
        line.sendall(f"GET {address.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        found.append(line)
    return found


def page_ms(of: Academy) -> float:
    """Median time of a small answer of the application."""
    import http.client

    times = []
    for _ in range(20):
        start = time.monotonic()
        line = http.client.HTTPConnection("127.0.0.1", of.settings.port, timeout=30)
        line.request("GET", "/api/v1/health")
        line.getresponse().read()
        line.close()
        times.append((time.monotonic() - start) * 1000)
    return statistics.median(times)


def measure(of: Academy, folder: Path, *, quick: bool, fresh: bool) -> dict[str, object]:
    """Every way in turn, several rounds."""
    asset = publish(of, segment(fresh=fresh))
    of.web()
    port = free_port()
    with nginx(folder, site(of, asset, port)):
        link = delivery.url(of.settings, asset, FILE)
        front = f"http://127.0.0.1:{port}"
        ways = {
            "nginx_signed": front + link,
            "nginx_plain": f"{front}/plain/{FILE}",
            "nginx_to_flask": front + link.replace("/m/", "/flask/", 1),
            "flask": of.address + link,
        }
        seconds, rounds = (1, 7) if quick else (4, 9)
        runs: dict[str, list[dict[str, float]]] = {name: [] for name in ways}
        for number in range(rounds):
            order = list(ways) if number % 2 else list(reversed(ways))
            for name in order:
                runs[name].append(press(ways[name], seconds=seconds, connections=32))
        crowds: dict[str, list[dict[str, float]]] = {"nginx_signed": [], "nginx_plain": []}
        for number in range(3):
            for name in sorted(crowds, reverse=bool(number % 2)):
                crowds[name].append(press(ways[name], seconds=seconds, connections=CROWD))
        alone = page_ms(of)
        readers = slow_readers(ways["nginx_signed"])
        time.sleep(1)
        among = page_ms(of)
        for line in readers:
            line.close()
    rps = {name: statistics.median(run["rps"] for run in found) for name, found in runs.items()}
    late = {name: statistics.median(run["p99_ms"] for run in found) for name, found in crowds.items()}
    return {
        "benchmark": "delivery",
        "signed_over_plain": round(_ratio(runs, "nginx_signed", "nginx_plain"), 3),
        "nginx_over_flask": round(_ratio(runs, "nginx_signed", "nginx_to_flask"), 2),
        "p99_ms": round(late["nginx_signed"], 1),
        "p99_plain_ms": round(late["nginx_plain"], 1),
        "crowd_rps": {name: round(statistics.median(run["rps"] for run in found)) for name, found in crowds.items()},
        "rps": {name: round(value) for name, value in rps.items()},
        "mb_s": {name: round(value * 1.048576) for name, value in rps.items()},
        "slow_readers": READERS,
        "page_ms_alone": round(alone, 2),
        "page_ms_among_slow_readers": round(among, 2),
    }


def _ratio(runs: dict[str, list[dict[str, float]]], one: str, other: str) -> float:
    """The median of the ratios within each round: neighbours in time share what else the machine does."""
    return statistics.median(a["rps"] / b["rps"] for a, b in zip(runs[one], runs[other], strict=True))


def main() -> None:
    """Run from the command line; the last line is JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short rounds")
    parser.add_argument("--fresh", action="store_true", help="make the segment anew")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    try:
        with academy(folder / "academy") as of:
            print(json.dumps(measure(of, folder / "nginx", quick=given.quick, fresh=given.fresh)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
