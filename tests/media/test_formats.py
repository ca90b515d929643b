"""Whole files with odd heads, lengths, clocks and colours: taken as they are, or named for what they are."""

import io
import random
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from academy.core.errors import Invalid
from academy.core.settings import Settings
from academy.media import rules
from academy.media.probing import probe
from academy.media.transcoding import encode, parts, playlist
from tests.media import boxes
from tests.media.conftest import BUILDS
from tests.media.encoding import encoded
from tests.support import sounds

pytestmark = [pytest.mark.media, pytest.mark.parametrize("build", BUILDS, indirect=True)]
Build = Callable[..., Settings]
TONE = ("-f", "lavfi", "-i", "sine=frequency=440:duration=9")
PICTURE = ("-f", "lavfi", "-i", "testsrc2=size=192x108:rate=10:duration=9")


def ffmpeg(settings: Settings, *args: str, data: bytes = b"") -> bytes:
    command = [settings.ffmpeg, "-nostdin" if not data else "-y", "-v", "error", "-y", *args]
    return subprocess.run(command, input=data or None, capture_output=True, check=True).stdout


def tag(size: int) -> bytes:
    """An ID3 tag, as cover pictures make it large."""
    return b"ID3\x04\0\0" + bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0)) + b"\0" * size


def sound(settings: Settings, name: str, folder: Path) -> bytes:
    """Nine seconds of a tone."""
    forms = {
        "flac": ("-c:a", "flac", "-f", "flac"),
        "mp3": ("-c:a", "libmp3lame", "-q:a", "4", "-f", "mp3"),
        "mp3 without length": (
            "-c:a",
            "libmp3lame",
            "-q:a",
            "4",
            "-write_xing",
            "0",
            "-id3v2_version",
            "0",
            "-f",
            "mp3",
        ),
        "wav": ("-c:a", "pcm_s16le", "-f", "wav"),
        "aiff": ("-c:a", "pcm_s16be", "-f", "aiff"),
        "rf64": ("-c:a", "pcm_s16le", "-rf64", "always", "-f", "wav"),
        "wav without length": ("-c:a", "pcm_s16le", "-f", "wav"),
        "aac": ("-c:a", "aac", "-f", "adts"),
        "webm without length": ("-c:a", "libopus", "-live", "1", "-f", "webm"),
    }
    if name.endswith("without length"):
        return ffmpeg(settings, *TONE, *forms[name], "pipe:1")  # nobody can go back to write it
    ffmpeg(settings, *TONE, *forms[name], str(folder / "sound"))
    return (folder / "sound").read_bytes()


@pytest.mark.parametrize(
    ("name", "before"),
    [
        ("flac", b""), ("flac", tag(300)), ("flac", tag(200_000)), ("flac", tag(10) + tag(5000)),
        ("mp3", tag(70_000)), ("mp3 without length", b"\0" * 700), ("mp3 without length", b"\0" * 90_000),
        ("mp3 without length", tag(2000) + b"\0" * 4096), ("mp3 without length", b""),
        ("aac", tag(2000)), ("rf64", b""), ("aiff", b""), ("wav without length", b""), ("webm without length", b""),
    ],
)  # fmt: skip
def test_whole_sounds_are_taken(build: Build, tmp_path: Path, name: str, before: bytes) -> None:
    settings = build()
    path = tmp_path / "given"
    path.write_bytes(before + sound(settings, name, tmp_path))
    source = encoded(settings, path, tmp_path, "audio")
    assert abs(source.duration_ms - 9000) < 150


@pytest.mark.parametrize("form", ["wav", "rf64", "aiff"])
def test_chunks_of_odd_size_may_lack_their_byte(build: Build, tmp_path: Path, form: str) -> None:
    """Every place of such a chunk is in tests/unit/test_mended_sounds.py."""
    settings, path = build(), tmp_path / "given"
    whole = sounds.chunks_of(sound(settings, form, tmp_path))
    path.write_bytes(
        sounds.written(whole, [whole.chunks[0], *sounds.ODD, *whole.chunks[1:], *sounds.ODD], padded=False)
    )
    source = encoded(settings, path, tmp_path, "audio")
    assert abs(source.duration_ms - 9000) < 20
    assert not list(settings.media_dir.rglob(".draft-*")), "and no copy is left"


@pytest.mark.parametrize("name", ["mp3", "mp3 without length"])
def test_an_mp3_begins_where_its_frames_begin(build: Build, tmp_path: Path, name: str) -> None:
    """Whatever a server, a station or a program wrote before it (tests/unit/test_mended_sounds.py)."""
    settings, path = build(), tmp_path / "given"
    path.write_bytes("这是一段说明。\n".encode() * 30_000 + sound(settings, name, tmp_path))
    assert abs(encoded(settings, path, tmp_path, "audio").duration_ms - 9000) < 150


GIVEN = (
    ("vbr_noxing.mp3", "audio", 155_037, ""),
    ("chrome_recorder.webm", "video", 8_019, ""),
    ("tail3.mp4", "video", 20_000, ""),
    ("sync_a2.mp4", "video", 12_010, ""),
    ("sync_a05.mp4", "video", 12_010, ""),
    ("lateaudio.mp4", "video", 40_000, ""),
    ("hlg_bars.mov", "video", 8_000, "hlg"),
    ("hlg.mov", "video", 8_000, "hlg"),
)


@pytest.mark.parametrize(("name", "kind", "length", "colours"), GIVEN)
def test_files_that_were_refused_or_shown_wrong_once(
    build: Build, name: str, kind: str, length: int, colours: str
) -> None:
    """What becomes of their kinds is measured here and, by flash and beep, in test_clock.py."""
    source, _ = probe.look(build(), kind, Path(__file__).parents[1] / "files" / "media" / name)
    assert abs(source.duration_ms - length) < 50 and source.colours == colours


def test_an_mp3_of_changing_rate_without_a_length_is_measured(build: Build, tmp_path: Path) -> None:
    """Silence first: an estimate by the first frames would be far too long."""
    settings, path = build(), tmp_path / "given.mp3"
    noise = "anoisesrc=d=40:a=0.9,volume='if(lt(t,20),0,1)':eval=frame"
    path.write_bytes(
        ffmpeg(
            settings,
            "-f",
            "lavfi",
            "-i",
            noise,
            "-c:a",
            "libmp3lame",
            "-q:a",
            "0",
            "-write_xing",
            "0",
            "-f",
            "mp3",
            "pipe:1",
        )
    )
    assert abs(probe.look(settings, "audio", path)[0].duration_ms - 40_000) < 150


def test_a_recording_without_a_length_is_taken(build: Build, tmp_path: Path) -> None:
    settings, path = build(), tmp_path / "given.webm"
    codecs = ("-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus", "-live", "1", "-f", "webm", "pipe:1")
    path.write_bytes(ffmpeg(settings, *PICTURE, *TONE, *codecs))
    source = encoded(settings, path, tmp_path)
    assert abs(source.duration_ms - 9000) < 150 and source.fps == 10


@pytest.mark.parametrize("offsets", [(30, 0), (0, 500), (90_000, 7), (95_440, 0)])
def test_a_clock_that_starts_anew_is_followed(build: Build, tmp_path: Path, offsets: tuple[int, int]) -> None:
    settings, path = build(), tmp_path / "given.ts"
    pieces = []
    for offset in offsets:
        ffmpeg(settings, *PICTURE, *TONE, "-output_ts_offset", str(offset), "-f", "mpegts", str(tmp_path / "piece"))
        pieces.append((tmp_path / "piece").read_bytes())
    path.write_bytes(b"".join(pieces))
    source = encoded(settings, path, tmp_path)
    assert abs(source.duration_ms - 18_000) < 1500, source.duration_ms


def test_a_length_of_all_ones_is_unknown(build: Build, tmp_path: Path) -> None:
    settings, path = build(), tmp_path / "given.mp4"
    ffmpeg(settings, *PICTURE, *TONE, "-movflags", "frag_keyframe+empty_moov", str(path))

    def unknown(at: int) -> Callable[[bytes], bytes]:
        return lambda body: body[:at] + b"\xff\xff\xff\xff" + body[at + 4 :]

    data = path.read_bytes()
    for kind, at in ((b"mvhd", 16), (b"tkhd", 20), (b"mdhd", 16)):
        data = boxes.change(data, kind, unknown(at))
    path.write_bytes(data)
    # Without an edit list its pictures are two of ten a second late.
    assert abs(encoded(settings, path, tmp_path).duration_ms - 9000) < 250


def test_uneven_steps_never_make_more_than_thirty_pictures_a_second(build: Build, tmp_path: Path) -> None:
    settings, path = build(), tmp_path / "given.mp4"
    uneven = "setpts='(N*4+mod(N*7\\,3))/120/TB'"
    picture = "testsrc2=size=192x108:rate=30:duration=4,settb=1/120"
    ffmpeg(settings, "-f", "lavfi", "-i", picture, "-vf", uneven, "-vsync", "passthrough", str(path))
    source = encoded(settings, path, tmp_path)
    assert rules.rate_of(source) <= 30
    measured = [playlist.segments((tmp_path / "set" / r.name / "index.m3u8").read_text()) for r in rules.plan(source)]
    assert all(abs(sum(s for s, _ in rows) - 4) < 0.1 for rows in measured)


@pytest.mark.parametrize("part_s", [6, 240])
@pytest.mark.parametrize("transfer", ["arib-std-b67", "smpte2084"])
def test_pictures_of_high_range_become_what_every_screen_shows(
    build: Build, tmp_path: Path, transfer: str, part_s: int
) -> None:
    """A white and a grey card, as a camera writes them by BT.2408: white at 203 nits."""
    settings, path = build(part_s=part_s), tmp_path / "given.mov"
    white, grey = {"arib-std-b67": (0.75, 0.38), "smpte2084": (0.58, 0.38)}[transfer]
    levels = [round(64 + 876 * signal) for signal in (white, grey)]
    row = b"".join(level.to_bytes(2, "little") * 160 for level in levels)
    frame = row * 180 + (512).to_bytes(2, "little") * (160 * 90 * 2)
    tags = ("-color_trc", transfer, "-color_primaries", "bt2020", "-colorspace", "bt2020nc", "-color_range", "tv")
    raw = ("-f", "rawvideo", "-pix_fmt", "yuv420p10le", "-s", "320x180", "-r", "5", "-i", "pipe:0")
    code = (
        "-c:v",
        "libx265",
        "-x265-params",
        f"log-level=none:transfer={transfer}:colorprim=bt2020:colormatrix=bt2020nc",
    )
    ffmpeg(settings, *raw, *code, *tags, str(path), data=frame * 70)
    source = encoded(settings, path, tmp_path)
    assert source.colours == {"arib-std-b67": "hlg", "smpte2084": "pq"}[transfer]
    assert bool(parts.plan(source)) == (part_s == 6)
    assert not list((tmp_path / "set").rglob("*.cube"))
    rung = rules.plan(source)[0]
    ask = ["-v", "error", "-show_entries", "stream=color_transfer,color_primaries,color_space", "-of", "csv=p=0"]
    said = subprocess.run(
        [settings.ffprobe, *ask, str(tmp_path / "set" / rung.name / "index.m3u8")], capture_output=True, check=True
    ).stdout.decode()
    assert said.split()[0] == "bt709,bt709,bt709"
    encode.make_pictures(settings, tmp_path / "set", rules.plan(source), source.duration_ms)
    poster = Image.open(io.BytesIO((tmp_path / "set" / "poster.jpg").read_bytes())).convert("L")
    light, middle = (poster.getpixel((int(poster.width * share), poster.height // 2)) for share in (0.25, 0.75))
    assert 215 <= light <= 250, "paper is white and not pastel"
    assert 90 <= middle <= 150, "skin and grey in the middle"


def test_encrypted_films_are_named(build: Build, tmp_path: Path) -> None:
    settings, path = build(), tmp_path / "given.mp4"
    key = ("-encryption_scheme", "cenc-aes-ctr", "-encryption_key", "0" * 32, "-encryption_kid", "1" * 32)
    ffmpeg(settings, *PICTURE, *key, str(path))
    with pytest.raises(Invalid, match="版权保护"):
        probe.look(settings, "video", path)


def test_a_film_of_which_much_is_damaged_is_refused_and_a_little_is_counted(build: Build, tmp_path: Path) -> None:
    settings, path = build(), tmp_path / "given.mp4"
    ffmpeg(settings, *PICTURE, "-g", "20", "-preset", "ultrafast", str(path))
    whole = path.read_bytes()
    start = whole.index(b"mdat") + 3000
    draw = random.Random(5)

    def hit(times: int) -> int:
        data = bytearray(whole)
        for _ in range(times):
            at = draw.randrange(start, min(len(data), start + 150_000))
            data[at : at + 24] = draw.randbytes(24)
        path.write_bytes(data)
        source, _ = probe.look(settings, "video", path)
        return encode.make_ladder(settings, source, path, tmp_path / "set", lambda _permille: None)

    assert hit(0) == 0
    assert 1 <= hit(2) <= 12
    with pytest.raises(Invalid, match="损坏"):
        hit(400)


def test_a_part_that_cannot_be_entered_is_decoded_from_before(build: Build, tmp_path: Path) -> None:
    """An index that calls every picture a key frame: whoever enters there sees grey and green."""
    settings, path = build(part_s=6), tmp_path / "given.mp4"
    picture = ("-f", "lavfi", "-i", "testsrc2=size=192x108:rate=10:duration=20")
    ffmpeg(settings, *picture, "-g", "600", "-bf", "0", str(path))
    data = boxes.change(path.read_bytes(), b"stss", lambda body: body)
    path.write_bytes(data.replace(b"stss", b"free"))
    source, _ = probe.look(settings, "video", path)
    part = parts.plan(source)[1]
    for planned in parts.plan(source):
        parts.make(settings, source, path, tmp_path / "parts", planned.number, lambda _permille: None)
    assert parts.damage(source, tmp_path / "parts") == 0
    rung = rules.plan(source)[0]
    made = parts.folder_of(tmp_path / "parts", part.number) / f"{rung.name}.mp4"
    graph = f"[0:v]trim=start_frame={int(part.start * 10)},setpts=N/10/TB[o];[1:v]setpts=N/10/TB[m];[o][m]ssim"
    told = ["-i", str(path), "-i", str(made), "-lavfi", graph, "-f", "null", "-"]
    said = subprocess.run([settings.ffmpeg, "-nostdin", *told], capture_output=True, text=True).stderr
    assert "All:" in said, said
    assert float(said.rsplit("All:", 1)[1].split(" ", 1)[0]) > 0.75, "the second part shows what the film shows"
