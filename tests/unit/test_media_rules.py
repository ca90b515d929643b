"""What a file may be and what is made of it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from academy.core.errors import Invalid
from academy.media import encode, playlist, rules
from academy.media.rules import Rung, Source

PICTURE: dict[str, Any] = {
    "index": 0,
    "codec_type": "video",
    "codec_name": "h264",
    "width": 1920,
    "height": 1080,
    "pix_fmt": "yuv420p",
    "avg_frame_rate": "25/1",
}
SOUND: dict[str, Any] = {"index": 1, "codec_type": "audio", "codec_name": "aac", "sample_rate": "44100"}


def found(*streams: dict[str, Any], duration: object = "60.0") -> dict[str, Any]:
    return {"format": {"duration": duration}, "streams": list(streams)}


def source(width: int, height: int, audio: int | None = 1) -> Source:
    return Source("mov", 60_000, 0, audio, None, width, height, 25.0)


@pytest.mark.parametrize(
    ("size", "names"),
    [
        ((1920, 1080), ["240p", "360p", "720p", "audio"]),
        ((1280, 720), ["240p", "360p", "720p", "audio"]),
        ((854, 480), ["240p", "360p", "480p", "audio"]),
        ((640, 272), ["240p", "audio"]),
        ((176, 144), ["144p", "audio"]),
        ((1080, 1920), ["240p", "360p", "720p", "audio"]),
    ],
)
def test_the_ladder_never_goes_above_the_source(size: tuple[int, int], names: list[str]) -> None:
    assert [r.name for r in rules.plan(source(*size))] == names


@given(st.integers(16, 4096), st.integers(16, 2304))
def test_rungs_are_even_keep_the_shape_and_never_upscale(width: int, height: int) -> None:
    for rung in rules.plan(source(width, height, None)):
        assert rung.width and rung.height
        assert rung.width % 2 == rung.height % 2 == 0
        assert rung.width <= width + 1 and rung.height <= height + 1
        assert abs(rung.width * height - rung.height * width) <= 2 * max(width, height)


@pytest.mark.parametrize(
    ("kind", "what", "sentence"),
    [
        ("video", found(SOUND), "只有声音"),
        ("video", found(), "没有可以播放的画面"),
        ("audio", found(PICTURE), "没有声音"),
        ("video", found(PICTURE | {"width": 20000, "height": 20000}), "超过了上限"),
        ("video", found(PICTURE | {"width": 2}), "画面太小"),
        ("video", found(PICTURE | {"pix_fmt": "yuv444p16le"}), "色深"),
        ("video", found(PICTURE, duration="108000"), "上限"),
        ("video", found(PICTURE, duration="N/A"), "读不出时长"),
        ("video", found(PICTURE, duration="inf"), "读不出时长"),
        ("video", found(PICTURE, duration="-4"), "读不出时长"),
        ("video", found(*[SOUND] * 10_000), "条音视频轨道"),
        ("video", found(SOUND, PICTURE | {"disposition": {"attached_pic": 1}}), "只有声音"),
    ],
)
def test_refusals_say_why(kind: str, what: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        rules.judge(kind, "mov", what)


def test_a_phone_held_upright_is_seen_upright() -> None:
    seen = rules.judge("video", "mov", found(PICTURE | {"side_data_list": [{"rotation": -90}]}, SOUND))
    assert (seen.width, seen.height, seen.audio) == (1080, 1920, 1)


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"\x00\x00\x00\x18ftypmp42", "mov"),
        (b"\x1aE\xdf\xa3" + b"\0" * 20, "matroska"),
        (b"RIFF\0\0\0\0AVI LIST", "avi"),
        (b"RIFF\0\0\0\0WAVEfmt ", "wav"),
        (b"ID3\x04", "mp3"),
        (b"\xff\xfb\x90\x44", "mp3"),
        (b"\xff\xf1\x50\x80", "aac"),
        (b"#EXTM3U\n#EXT-X-VERSION:3", None),
        (b"ffconcat version 1.0\nfile x", None),
        (b"<!DOCTYPE html><video>", None),
        (b"<svg xmlns=", None),
        ("党课讲稿".encode(), None),
        (b"", None),
        (b"%PDF-1.7", None),
        (b"PK\x03\x04", None),
    ],
)
def test_the_first_bytes_decide(head: bytes, name: str | None) -> None:
    assert rules.sniff(head) == name


def test_a_master_playlist_tells_measured_figures() -> None:
    rung = Rung("240p", 426, 240)
    text = playlist.master([playlist.Measured(rung, "avc1.640015,mp4a.40.2", 400_000, 300_000, 1, 6000)])
    assert "BANDWIDTH=400000,AVERAGE-BANDWIDTH=300000,RESOLUTION=426x240" in text
    assert text.endswith("240p/index.m3u8\n")


def test_the_peak_ignores_a_last_segment_too_short_to_tell() -> None:
    parts = [(6.0, "a"), (6.0, "b"), (0.04, "c")]
    assert playlist.peak(parts, [60_000, 30_000, 9_000]) == pytest.approx(80_000)


@given(st.integers(500, rules.MAX_DURATION_MS))
def test_the_storyboard_has_at_most_a_hundred_pictures_and_covers_all(duration: int) -> None:
    every, count = encode.storyboard_grid(duration)
    assert count <= 100
    assert (count - 1) * every * 1000 < duration <= count * every * 1000
