"""What shuts in the programs that read people's files, what sees them do so, and what happens where it is missing."""

import os
import socket
import subprocess
import sys
import tempfile
import wave
from pathlib import Path

import pytest

from academy.core.settings import Settings
from academy.media import tools
from academy.media.tools import Limits, ToolFailed
from academy.media.transcription import recognition

pytestmark = pytest.mark.media

ROOT = Path(__file__).parents[2]


def without_landlock(which: str, code: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tests.faults.without_landlock", which, code]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def test_every_command_is_shut_in_even_one_that_asks_to_see_nothing(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "secret").write_text("secret")
    assert tools.run(["/bin/echo", "x"], folder=tmp_path / "mine", limits=Limits()) == "x\n"
    with pytest.raises(ToolFailed):
        tools.run(["/bin/cat", str(tmp_path / "secret")], folder=tmp_path / "mine", limits=Limits())


@pytest.mark.parametrize("where", ["/dev/shm", "/tmp", "/var/tmp"])  # noqa: S108 - places that others share
def test_a_place_that_all_share_is_not_seen(where: str, tmp_path: Path) -> None:
    with tempfile.NamedTemporaryFile(dir=where) as file:
        file.write(b"TOPSECRET")
        file.flush()
        for what in (["/bin/cat", file.name], ["/bin/ls", where]):
            with pytest.raises(ToolFailed, match="Permission denied"):
                tools.run(what, folder=tmp_path, limits=Limits())


def test_the_decoder_of_speech_sees_the_one_file_only(tmp_path: Path) -> None:
    """It is told to read a second file beside the given one, as a hostile container would have it do."""
    (tmp_path / "mine").mkdir()
    for name in ("given.wav", "neighbour.wav"):
        with wave.open(str(tmp_path / name), "wb") as sound:
            sound.setparams((1, 2, 16_000, 0, "NONE", ""))
            sound.writeframes(b"\0\0" * 16_000)
    given, neighbour = (f"file:{tmp_path / name}" for name in ("given.wav", "neighbour.wav"))
    wav = tmp_path / "mine" / "speech.wav"
    recognition._decode(Settings(), ["-i", given], wav, tmp_path / "mine")
    assert wav.stat().st_size > 30_000
    wav.unlink()
    with pytest.raises(Exception, match=r"."):
        recognition._decode(Settings(), ["-i", given, "-i", neighbour, "-map", "1:0"], wav, tmp_path / "mine")
    assert not wav.exists()


SHUT_IN = """
import ctypes, os, socket, sys
from academy.core import jail
libc = ctypes.CDLL(None, use_errno=True)
assert jail.shut_in(libc, ["/usr", "/lib", sys.prefix, sys.base_prefix], [os.getcwd()])
def attempt(act):
    try:
        act()
    except PermissionError:
        return "refused"
    except OSError as error:
        return type(error).__name__
    return "done"
child = os.fork() or os._exit(0)
with socket.socket() as one, socket.socket() as other, socket.socket(socket.AF_UNIX) as third:
    print(jail.version_of(libc), attempt(lambda: one.connect(("127.0.0.1", int(sys.argv[1])))),
          attempt(lambda: other.bind(("127.0.0.1", 0))), attempt(lambda: os.kill(int(sys.argv[2]), 0)),
          attempt(lambda: third.connect("\\0" + sys.argv[3])), attempt(lambda: os.kill(child, 9)))
"""


def test_who_is_shut_in_reaches_no_port_and_no_process_of_the_same_user(tmp_path: Path) -> None:
    """Without a namespace of its own: many systems give none to an ordinary user. A child of its own it may end."""
    name = f"academy-{tmp_path.name}-{os.getpid()}"
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as abstract:
        abstract.bind("\0" + name)
        abstract.listen()
        told = [str(server.getsockname()[1]), str(os.getpid()), name]
        ran = subprocess.run(
            [sys.executable, "-c", SHUT_IN, *told], cwd=ROOT, capture_output=True, text=True, check=False
        )
    assert ran.returncode == 0, ran.stderr
    version, connect, bind, signal, other, own = ran.stdout.split()
    # A kernel that knows less holds less: what it knows is held.
    assert (connect, bind) == (("refused", "refused") if int(version) >= 4 else ("done", "done"))
    assert (signal, other) == (("refused", "refused") if int(version) >= 6 else ("done", "done"))
    assert own == "done"


RUN = """
from pathlib import Path
from academy.media import tools
try:
    print(tools.run(["/bin/echo", "ran"], folder=Path({folder!r}), limits=tools.Limits()), end="")
except tools.ToolFailed as error:
    print(error.log, end="")
"""


def test_a_landlock_that_fails_stops_the_command(tmp_path: Path) -> None:
    done = without_landlock("restrict", RUN.format(folder=str(tmp_path)))
    assert "does not hold" in done.stdout and "ran" not in done.stdout, done.stderr


START = """
import logging
logging.basicConfig(level="INFO", format="%(message)s")
from academy.core.settings import Settings
from academy.media import isolation
isolation.require_isolation(Settings(**{settings!r}))
print("began")
"""


@pytest.mark.parametrize(
    ("settings", "begins"), [({}, False), ({"demo": True}, True), ({"allow_no_landlock": True}, True)]
)
def test_a_worker_without_landlock_says_so_or_does_not_begin(
    tmp_path: Path, settings: dict[str, bool], begins: bool
) -> None:
    done = without_landlock("all", START.format(settings=settings))
    assert ("began" in done.stdout) is begins, done.stderr
    assert ("media.no_landlock" if begins else "ACADEMY_ALLOW_NO_LANDLOCK=1") in done.stderr
    if begins:
        ran = without_landlock("all", RUN.format(folder=str(tmp_path)))
        assert ran.stdout == "ran\n", ran.stderr


def test_with_landlock_a_worker_begins() -> None:
    code = START.format(settings={})
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "began" in done.stdout and "no_landlock" not in done.stderr


def test_a_command_that_used_up_its_processor_time_is_told_from_one_that_failed(tmp_path: Path) -> None:
    """Trainers are told that it took too long, not that their file is damaged."""
    with pytest.raises(ToolFailed) as ended:
        tools.run(["/bin/sh", "-c", "while :; do :; done"], folder=tmp_path, limits=Limits(cpu_s=1))
    assert ended.value.timed_out
