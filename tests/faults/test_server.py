"""`flask server run`: one clear line for a busy port, dead processes started again, nothing left behind."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.faults.server_environment import ROOT, environment
from tests.support import waiting
from tests.support.services import free_port

PATIENCE_S = 60.0


def flask(*words: str) -> list[str]:
    return [sys.executable, "-m", "flask", "--app", "wsgi", *words]


def until(condition: Callable[[], object], what: str) -> None:
    waiting.until(condition, PATIENCE_S, what)


def answers(port: int) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/health", timeout=5) as page:
        return bool(page.status == 200)
    return False


def children(pid: int) -> dict[str, int]:
    """Process ids of web and worker below the supervisor."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == pid:
                command = (entry / "cmdline").read_text()
                found["web" if "granian" in command else "worker"] = int(entry.name)
    return found


def living(group: int) -> bool:
    """Whether any process of a session is left (zombies that nobody has read yet are not)."""
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            state, _parent, _group, session = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
            if int(session) == group and state != "Z":
                return True
    return False


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple["subprocess.Popen[str]", int]]:
    port = free_port()
    env = environment(tmp_path, port)
    subprocess.run(flask("db", "upgrade"), cwd=ROOT, env=env, check=True, capture_output=True)
    process = subprocess.Popen(
        flask("server", "run"), cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    yield process, port
    if process.poll() is None:
        process.terminate()
        process.wait(30)
    assert process.stdout is not None
    process.stdout.close()


def test_what_dies_is_started_again_and_ctrl_c_leaves_nothing(server: tuple["subprocess.Popen[str]", int]) -> None:
    process, port = server
    until(lambda: answers(port), "the first answer")
    until(lambda: len(children(process.pid)) == 2, "web and worker")
    first = children(process.pid)
    for name, pid in first.items():
        os.kill(pid, signal.SIGKILL)
        until(lambda n=name, p=pid: children(process.pid).get(n, p) != p, f"another {name} process")
    until(lambda: answers(port), "an answer again")
    until(lambda: len(children(process.pid)) == 2, "web and worker again")
    second = children(process.pid)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=40)
    assert process.returncode == 0
    assert f"http://127.0.0.1:{port}" in output
    assert "the worker process ended with -9" in output
    assert "Traceback" not in output
    for pid in (*first.values(), *second.values()):
        until(lambda p=pid: not living(p), "the end of everything that was started")


def test_whoever_kills_the_supervisor_kills_what_it_started(server: tuple["subprocess.Popen[str]", int]) -> None:
    process, port = server
    until(lambda: answers(port), "the first answer")
    until(lambda: len(children(process.pid)) == 2, "web and worker")
    started = children(process.pid)
    process.kill()
    process.wait(10)
    for pid in started.values():
        until(lambda p=pid: not living(p), "the end of the orphans")


def test_a_busy_port_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = subprocess.run(
            flask("server", "demo"),
            cwd=ROOT,
            env=environment(tmp_path, port),
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert f"port {port} is in use" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "var" / "academy.db").exists(), "nothing is made for a server that cannot start"


def test_a_missing_secret_is_said_before_anything_starts(tmp_path: Path) -> None:
    env = environment(tmp_path, free_port()) | {"ACADEMY_DEMO": "0"}
    done = subprocess.run(flask("server", "run"), cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "ACADEMY_SECRET_KEY" in done.stderr
