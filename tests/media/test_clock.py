"""Picture and sound of every rendition on one clock, whatever the original's streams begin and end with."""

import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from academy.core.settings import Settings
from academy.media import rules
from academy.media.transcoding import parts, playlist
from tests.media import clock, fragments
from tests.media.clock import Film
from tests.media.conftest import BUILDS
from tests.media.encoding import PART_S, encoded

pytestmark = pytest.mark.media
LONG = 30.0
PAIRS = [
    ((0.0, 12.0), (0.0, 12.0)),
    ((0.0, 20.0), (0.0, 17.0)),
    ((0.0, 16.0), (0.0, 7.0)),
    ((0.0, 7.0), (0.0, 16.0)),
    ((0.0, 12.0), (0.5, 12.0)),
    ((0.0, 14.0), (8.0, 12.0)),
    ((0.5, 12.0), (0.0, 12.0)),
    ((3.0, 12.0), (0.0, 9.0)),
    ((0.0, 6.0), (8.0, 12.0)),
    ((0.0, 12.0), None),
]
RATES = ("1", "5", "12.5", "15", "24000/1001", "25", "30000/1001", "50", "60", "120")


def crossed(*cases: tuple[object, ...]) -> list[ParameterSet]:
    """Each case in parts and whole, and with both builds of ffmpeg: the one in parts here is the whole one's in the
    next case. Every form meets every build in half of the cases; in all of them they took eight minutes, and
    tests/media/test_parts.py joins parts with either."""
    return [
        pytest.param(*case, part_s, *build.values, marks=build.marks)
        for number, case in enumerate(cases)
        for part_s, build in zip((PART_S, 240), BUILDS if number % 2 else reversed(BUILDS), strict=True)
    ]


def check(settings: Settings, film: Film, source: rules.Source, folder: Path) -> None:
    """Compare every rendition with the clock that the film carries."""
    length = rules.lecture_s(source)
    rate = rules.rate_of(source)
    assert abs(float(length) - film.length) <= max(1 / rate, Fraction(3, 100))
    for rung in rules.plan(source):
        here = folder / "set" / rung.name
        assert b"edts" not in fragments.kinds(
            (here / playlist.init_name((here / "index.m3u8").read_text())).read_bytes()
        )
        listed = sum(seconds for seconds, _ in playlist.segments((here / "index.m3u8").read_text()))
        assert abs(listed - float(length)) < 0.001, "the playlist lasts as long as the lecture"
        if rung.height:
            pictures = clock.shown(settings.ffmpeg, here)
            assert [at for at, _ in pictures] == [n / rate for n in range(round(length * rate))]
            step = max(Fraction(1), film.fps / rate)
            wrong = [(float(at), n) for at, n in pictures if abs(clock.number_at(film, at) - n) >= step]
            assert not wrong, wrong[:5]
        if film.sound:
            assert abs(fragments.end(fragments.samples(here, b"soun")) - length) < Fraction(1, 1000)
            first, last = film.sound
            expected = [float(s) for s in range(int(film.length) + 1) if first <= s < last - clock.BEEP_S]
            heard = clock.beeps(settings.ffmpeg, here)
            assert len(heard) == len(expected), heard
            assert all(abs(a - b) < 0.03 for a, b in zip(heard, expected, strict=True)), heard


@pytest.mark.parametrize(("picture", "sound", "part_s", "build"), crossed(*PAIRS), indirect=["build"])
def test_every_pair_of_streams_keeps_its_time(
    build: Callable[..., Settings],
    tmp_path: Path,
    picture: tuple[float, float],
    sound: tuple[float, float] | None,
    part_s: int,
) -> None:
    stretch = 2.0 if part_s == PART_S else 1.0  # so that it is cut
    film = Film("10", *(None if s is None else (s[0], s[1] * stretch) for s in (picture, sound)))  # type: ignore[arg-type]
    settings = build(part_s=part_s)
    source = encoded(settings, clock.make(settings.ffmpeg, film, tmp_path), tmp_path)
    assert bool(parts.plan(source)) == (part_s == PART_S)
    check(settings, film, source, tmp_path)


@pytest.mark.parametrize(("rate", "part_s", "build"), crossed(*((rate,) for rate in RATES)), indirect=["build"])
def test_every_rate_shows_the_picture_of_the_second(
    build: Callable[..., Settings], tmp_path: Path, rate: str, part_s: int
) -> None:
    seconds = 26.0 if part_s == PART_S else 9.0
    film = Film(str(Fraction(rate)), (0.0, seconds), (0.0, seconds), name="clock.mp4")
    settings = build(part_s=part_s)
    source = encoded(settings, clock.make(settings.ffmpeg, film, tmp_path), tmp_path)
    assert rules.rate_of(source) <= rules.MAX_FPS and (film.fps / rules.rate_of(source)).denominator == 1
    check(settings, film, source, tmp_path)


@pytest.mark.parametrize(
    ("name", "options", "part_s", "build"),
    crossed(
        ("late.mp4", ("-output_ts_offset", "100")),
        ("late.mkv", ("-output_ts_offset", "10")),
        ("pieces.mp4", ("-movflags", "+frag_keyframe+delay_moov", "-output_ts_offset", "5")),
        ("stream.ts", ("-output_ts_offset", "30")),
        ("open.mp4", ("-bf", "3", "-flags", "-cgop", "-sc_threshold", "0")),
    ),
    indirect=["build"],
)
def test_a_clock_that_does_not_begin_at_nought(
    build: Callable[..., Settings], tmp_path: Path, name: str, options: tuple[str, ...], part_s: int
) -> None:
    film = Film("25", (0.0, 26.0), (0.0, 26.0), options=options, name=name)
    settings = build(part_s=part_s)
    source = encoded(settings, clock.make(settings.ffmpeg, film, tmp_path), tmp_path)
    check(settings, film, source, tmp_path)


@pytest.mark.parametrize(
    ("rate", "late", "part_s", "build"),
    crossed(("25", 13), ("25", 75), ("30000/1001", 17), ("12.5", 30), ("50", 101)),
    indirect=["build"],
)
def test_a_picture_that_begins_late_falls_on_whole_pictures(
    build: Callable[..., Settings], tmp_path: Path, rate: str, late: int, part_s: int
) -> None:
    """The packet before the first sound would shift it by half a picture against the sound."""
    fps = Fraction(rate)
    start, end = float(late / fps), float((late + round(26 * fps)) / fps)
    film = Film(str(fps), (start, end), (0.0, 26.0))
    settings = build(part_s=part_s)
    source = encoded(settings, clock.make(settings.ffmpeg, film, tmp_path), tmp_path)
    check(settings, film, source, tmp_path)
    top = next(rung.name for rung in rules.plan(source) if rung.height)
    pictures = clock.shown(settings.ffmpeg, tmp_path / "set" / top)
    later = [float(at - number / fps) for at, number in pictures if late < number < film.numbers[-1]]
    heard = clock.beeps(settings.ffmpeg, tmp_path / "set" / "audio")
    # What is left of that packet where it is longer than a picture shifts both alike.
    assert max(later) - min(later) < 0.001 and abs(later[0]) < 0.025
    assert all(abs(at - second - later[0]) < 0.01 for second, at in enumerate(heard) if second), (later[0], heard)


@pytest.mark.parametrize("build", BUILDS, indirect=True)
def test_the_sound_of_an_audio_lecture_keeps_its_time(build: Callable[..., Settings], tmp_path: Path) -> None:
    film = Film("25", (0.0, 1.0), (0.0, LONG))
    settings = build()
    source = encoded(settings, clock.make(settings.ffmpeg, film, tmp_path), tmp_path, "audio")
    assert [rung.name for rung in rules.plan(source)] == ["audio"]
    heard = clock.beeps(settings.ffmpeg, tmp_path / "set" / "audio")
    assert len(heard) == LONG and all(abs(at - second) < 0.03 for second, at in enumerate(heard))
    assert re.search(r"TARGETDURATION:7\n", (tmp_path / "set" / "audio" / "index.m3u8").read_text())
