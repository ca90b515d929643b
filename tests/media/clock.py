"""Films that tell their time: the number of each picture in stripes, and a beep with every second of the lecture."""

import array
import dataclasses
import itertools
import math
import subprocess
from fractions import Fraction
from pathlib import Path

from academy.media.transcoding import playlist
from tests.media import fragments

WIDTH, HEIGHT, BITS = 192, 108, 16
STRIPE = WIDTH // BITS
BEEP_S = 0.1
SOUND_RATE = 48_000


@dataclasses.dataclass(frozen=True)
class Film:
    """A film to be made; seconds of the lecture, which begins with the earlier of picture and sound."""

    rate: str = "25"
    picture: tuple[float, float] = (0.0, 12.0)
    sound: tuple[float, float] | None = (0.0, 12.0)
    options: tuple[str, ...] = ()
    name: str = "clock.mkv"

    @property
    def fps(self) -> Fraction:
        """Pictures a second."""
        return Fraction(self.rate)

    @property
    def length(self) -> float:
        """To the end of the longer one."""
        return max(self.picture[1], self.sound[1] if self.sound else 0.0)

    @property
    def numbers(self) -> range:
        """The numbers of its pictures: how many would have been shown since the lecture began."""
        return range(round(self.picture[0] * self.fps), round(self.picture[1] * self.fps))


def stripes(number: int) -> bytes:
    """One grey picture: its number in stripes, the least first."""
    row = b"".join((b"\xeb" if number >> bit & 1 else b"\x10") * STRIPE for bit in range(BITS))
    return row * HEIGHT


def number_of(picture: bytes) -> int:
    """The number in a picture that was encoded and decoded again."""
    middle = HEIGHT // 2 * WIDTH
    return sum((picture[middle + bit * STRIPE + STRIPE // 2] > 127) << bit for bit in range(BITS))


def make(ffmpeg: str, film: Film, folder: Path) -> Path:
    """Write the film; MKV keeps every offset as it is given."""
    target = folder / film.name
    command = [ffmpeg, "-v", "error", "-y"]
    start, _ = film.picture
    command += ["-itsoffset", str(start), "-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{WIDTH}x{HEIGHT}"]
    command += ["-framerate", film.rate, "-i", "pipe:0"]
    if film.sound:
        first, last = film.sound
        wave = f"0.5*sin(2*PI*1000*t)*lt(mod(t+{first}\\,1)\\,{BEEP_S})"
        command += ["-itsoffset", str(first), "-f", "lavfi", "-i", f"aevalsrc={wave}:s={SOUND_RATE}:d={last - first}"]
        command += ["-map", "1:a", "-c:a", "aac", "-b:a", "96k"]
    command += ["-map", "0:v", "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "50"]
    pictures = b"".join(stripes(number) for number in film.numbers)
    subprocess.run([*command, *film.options, str(target)], input=pictures, check=True)
    return target


def _whole(folder: Path) -> bytes:
    text = (folder / "index.m3u8").read_text(encoding="utf-8")
    names = [playlist.init_name(text), *(name for _, name in playlist.segments(text))]
    return b"".join((folder / name).read_bytes() for name in names)


def shown(ffmpeg: str, folder: Path) -> list[tuple[Fraction, int]]:
    """What a browser shows of a rendition: from which media time, and the number in the picture."""
    command = [ffmpeg, "-v", "error", "-f", "mov", "-i", "pipe:0", "-map", "0:v:0", "-vsync", "passthrough"]
    command += ["-vf", f"scale={WIDTH}:{HEIGHT}", "-pix_fmt", "gray", "-f", "rawvideo", "pipe:1"]
    out = subprocess.run(command, input=_whole(folder), capture_output=True, check=True).stdout
    size = WIDTH * HEIGHT
    numbers = [number_of(out[at : at + size]) for at in range(0, len(out), size)]
    times = sorted(sample.shown for sample in fragments.samples(folder, b"vide"))
    return list(zip(times, numbers, strict=True))


def beeps(ffmpeg: str, folder: Path) -> list[float]:
    """When the beeps of a rendition begin, in seconds of media time; no packet is skipped, as in a browser."""
    packets = fragments.samples(folder, b"soun")
    assert packets[0].decoded == 0
    assert all(a.decoded + a.duration == b.decoded for a, b in itertools.pairwise(packets)), "a hole in the sound"
    command = [ffmpeg, "-v", "error", "-f", "mov", "-i", "pipe:0", "-map", "0:a:0", "-ac", "1"]
    command += ["-ar", str(SOUND_RATE), "-f", "s16le", "pipe:1"]
    sound = array.array("h", subprocess.run(command, input=_whole(folder), capture_output=True, check=True).stdout)
    step = SOUND_RATE // 1000
    loud = [max(sound[at : at + step], key=abs, default=0) for at in range(0, len(sound), step)]
    least = max(map(abs, loud), default=0) / 4
    found: list[float] = []
    for milli, value in enumerate(loud):
        if abs(value) > least and (not found or milli / 1000 - found[-1] > 3 * BEEP_S):
            found.append(milli / 1000)
    return found


def number_at(film: Film, second: Fraction) -> int:
    """Which picture is to be seen at a second: the first and the last one are held."""
    return min(max(math.floor(second * film.fps), film.numbers[0]), film.numbers[-1])
