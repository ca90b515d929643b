"""The real server, started as it is run, and wrk to drive it."""

import contextlib
import http.client
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from academy.cli.server import children
from academy.core.settings import Settings
from benchmarks.ledger_scene import CACHE, ROOT
from tests.support.services import wait_for_port


@contextlib.contextmanager
def server(settings: Settings, *, slow_fsync_ms: float = 0) -> Iterator["subprocess.Popen[bytes]"]:
    """The web processes exactly as `flask server run` starts them."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    env = os.environ | {
        "ACADEMY_SECRET_KEY": settings.secret_key,
        "ACADEMY_DATA_KEY": settings.data_key,
        "ACADEMY_TRUSTED_HOSTS": "127.0.0.1,localhost",
        "ACADEMY_TRUSTED_PROXIES": "0",
        "ACADEMY_RATE_PER_MINUTE": "0",
        "ACADEMY_CONSENT": "0",
        "ACADEMY_DATABASE_URL": settings.database_url,
        "ACADEMY_DATA_DIR": str(settings.data_dir),
        "ACADEMY_MEDIA_DIR": str(settings.media_dir),
        "ACADEMY_LOG_LEVEL": settings.log_level,
        "ACADEMY_WEB_WORKERS": str(settings.web_workers),
        "ACADEMY_WEB_THREADS": str(settings.web_threads),
        "ACADEMY_SECOND_STEP": str(int(settings.second_step)),
        "ACADEMY_OIDC_ISSUER": settings.oidc_issuer,
        "ACADEMY_OIDC_CLIENT_ID": settings.oidc_client_id,
        "ACADEMY_OIDC_CLIENT_SECRET": settings.oidc_client_secret,
    }
    if slow_fsync_ms:
        env |= slow_fsync(slow_fsync_ms)
    web = next(child for child in children(settings) if child.name == "web")
    process = subprocess.Popen(web.command, cwd=ROOT, env=env, start_new_session=True)
    try:
        wait_for_port(settings.port, 60)
        _every_worker_answers(settings.port)
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(20)


def _every_worker_answers(port: int) -> None:
    """Each worker has a listening socket of its own from the start; none may still be importing."""
    for _ in range(24):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/api/v1/health")
        connection.getresponse().read()
        connection.close()


SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
static void wait_a_little(void) {
    const char *told = getenv("SLOW_FSYNC_US");
    long us = told ? atol(told) : 0;
    struct timespec pause = {us / 1000000, (us % 1000000) * 1000};
    nanosleep(&pause, 0);
}
int fsync(int fd) { wait_a_little(); return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(fd); }
int fdatasync(int fd) { wait_a_little(); return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(fd); }
"""


def slow_fsync(ms: float) -> dict[str, str]:
    """Environment in which every fsync and fdatasync takes so much longer, as on an ordinary disk."""
    CACHE.mkdir(parents=True, exist_ok=True)
    source, library = CACHE / "slow_fsync.c", CACHE / "slow_fsync.so"
    if not library.exists():
        source.write_text(SHIM)
        subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return {"LD_PRELOAD": str(library), "SLOW_FSYNC_US": str(int(ms * 1000))}


LUA = r"""
local threads = 0
function setup(thread) thread:set("id", threads); threads = threads + 1 end
function init(args)
  local path, total = args[1], tonumber(args[2])
  viewers, place = {}, 0
  local n = 0
  for line in io.lines(path) do
    if n % total == id then
      local token, start, seq = line:match("(%S+) (%d+) (%d+)")
      viewers[#viewers + 1] = {token, tonumber(start), tonumber(seq)}
    end
    n = n + 1
  end
end
function request()
  place = place % #viewers + 1
  local v = viewers[place]
  local from = v[2]
  v[2], v[3] = from + 15000, v[3] + 1
  local body = string.format('{"lease":"%s","seq":%d,"spans":[[%d,%d]],"position":%d}', v[1], v[3], from, v[2], v[2])
  return wrk.format("POST", "/api/v1/progress/heartbeats", {["Content-Type"] = "application/json"}, body)
end
"""
DONE = r"""
function done(summary, latency, requests)
  local bad = summary.errors
  io.write(string.format('JSON{"requests":%d,"micros":%d,"p50":%d,"p99":%d,"max":%d,"status":%d,"broken":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency.max,
    bad.status, bad.connect + bad.read + bad.write + bad.timeout))
end
"""
BARE = 'function init(args) wrk.headers["Cookie"] = args[1] end\n'


@dataclass(frozen=True)
class Measured:
    """What wrk saw."""

    answered: int
    per_s: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    refused: int
    broken: int


def wrk(url: str, script: str, args: Sequence[str], *, clients: int, seconds: int, threads: int = 2) -> Measured:
    """Drive a URL; the script decides what is asked."""
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is needed: apt install wrk")
    CACHE.mkdir(parents=True, exist_ok=True)
    path = CACHE / "drive.lua"
    path.write_text(script + DONE)
    told = subprocess.run(
        ["wrk", f"-t{threads}", f"-c{clients}", f"-d{seconds}s", "--timeout", "20s", "-s", path, url, "--", *args],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    said = json.loads(next(line for line in told.splitlines() if line.startswith("JSON"))[4:])
    return Measured(
        answered=said["requests"] - said["status"],
        per_s=round((said["requests"] - said["status"]) / (said["micros"] / 1e6), 1),
        p50_ms=said["p50"] / 1000,
        p99_ms=said["p99"] / 1000,
        max_ms=said["max"] / 1000,
        refused=said["status"],
        broken=said["broken"],
    )
