"""What a file may be and what is made of it."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from academy.core.errors import Invalid
from academy.media import rules, tonemap
from academy.media.probing import formats, packets, streams
from academy.media.probing.packets import Track
from academy.media.rules import Rung, Source
from academy.media.transcoding import encode, playlist
from tests.media import boxes

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


def judged(kind: str, what: dict[str, Any], **tracks: Track | None) -> Source:
    """Judge a file whose picture and sound last a minute unless a test says otherwise."""
    minute = Track(count=1500, start=0.0, end=60.0, last=59.96, rate=25.0)
    return streams.judge(
        "mov", what, streams.choose(kind, what), {0: tracks.get("shown", minute), 1: tracks.get("heard", minute)}
    )


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
        ("video", found(PICTURE | {"codec_name": "unknown", "codec_tag_string": "vvc1"}), r"H.266 \(VVC\)"),
        ("video", found(SOUND | {"codec_name": "unknown", "codec_tag_string": "qtvr"}, PICTURE), "qtvr"),
        ("video", found(PICTURE | {"duration": "90"}, duration="90"), "应有 90 秒，只能读到 60 秒"),
        ("video", found(*[SOUND] * 10_000), "条音视频轨道"),
        ("video", found(SOUND, PICTURE | {"disposition": {"attached_pic": 1}}), "只有声音"),
    ],
)
def test_refusals_say_why(kind: str, what: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        judged(kind, what)


def test_a_phone_held_upright_is_seen_upright() -> None:
    seen = judged("video", found(PICTURE | {"side_data_list": [{"rotation": -90}]}, SOUND))
    assert (seen.width, seen.height, seen.audio) == (1080, 1920, 1)


@pytest.mark.parametrize("duration", ["N/A", "inf", "-4", "143165.6", "61.0", "1.0", None])
def test_the_length_is_measured_whatever_the_header_says(duration: object) -> None:
    what = found(PICTURE, SOUND, duration=duration)
    what["format"]["size"] = "100000"  # 39 hours of it would be five bits a second
    assert judged("video", what).duration_ms == 60_000


@pytest.mark.parametrize("ticks", [2**32 - 1, 2**31 - 1, 2**63 - 1, 2**64 - 1])
def test_a_length_of_all_ones_is_no_length(ticks: int) -> None:
    what = found(PICTURE | {"duration_ts": ticks, "duration": "143165.6"}, SOUND, duration="143165.6")
    assert judged("video", what).duration_ms == 60_000


def test_what_cannot_be_measured_or_lasts_too_long_is_refused() -> None:
    with pytest.raises(Invalid, match="读不出时长"):
        judged("video", found(PICTURE, SOUND), shown=None)
    with pytest.raises(Invalid, match="读不出时长"):
        judged("video", found(PICTURE), shown=Track(5, 0.0, 0.2, 0.16))
    with pytest.raises(Invalid, match="上限"):
        judged("video", found(PICTURE), shown=Track(5, 0.0, 108_000.0, 90_000.0))


@given(
    st.floats(0, 30),
    st.floats(0, 30),
    st.floats(1, 60),
    st.floats(1, 60),
    st.sampled_from([1.0, 5.0, 25.0, 29.97, 50.0]),
)
def test_a_lecture_lasts_from_the_first_to_the_end_of_picture_and_sound(
    seen_from: float, heard_from: float, seen: float, heard: float, rate: float
) -> None:
    shown = Track(100, seen_from, seen_from + seen, seen_from + seen - 1 / rate, rate)
    made = judged(
        "video",
        found(PICTURE, SOUND, duration="N/A"),
        shown=shown,
        heard=Track(100, heard_from, heard_from + heard, 0.0),
    )
    length = max(seen_from + seen, heard_from + heard) - min(seen_from, heard_from)
    frame = 1 / rules.rate_of(made)
    assert abs(made.start_s - min(seen_from, heard_from)) <= 0.05
    assert abs(float(rules.lecture_s(made)) - length) <= float(frame) + 0.08
    assert rules.lecture_s(made) % frame == 0, "whole pictures"


@pytest.mark.parametrize(
    ("steps", "rate"),
    [
        ([1 / 25] * 50, 25),
        ([0.033, 0.033, 0.034] * 30, 30),
        ([1001 / 30000] * 50, 30000 / 1001),
        ([1.0] * 9, 1),
        ([1 / 12.5] * 50, 12.5),
        ([1 / 30] * 40 + [3.0, 20.0], 30),
        ([4 / 120, 5 / 120, 3 / 120, 4 / 120] * 20, 40),
        ([20.0, 60.0, 7.0, 300.0], 5),
        ([], 0),
    ],
)
def test_the_rate_of_pictures_is_measured(steps: list[float], rate: float) -> None:
    assert packets.rate_of(steps) == pytest.approx(rate, rel=1e-3)


@pytest.mark.parametrize(
    ("fps", "rate"),
    [(25, 25), (50, 25), (60, 30), (60000 / 1001, 30000 / 1001), (48, 24), (120, 30), (240, 30), (1, 1), (0.4, 1.2)],
)
def test_the_rate_is_an_even_share_of_the_source(fps: float, rate: float) -> None:
    made = rules.rate_of(dataclasses.replace(source(640, 360), fps=float(fps)))
    assert float(made) == pytest.approx(rate, rel=1e-6) and made <= rules.MAX_FPS


def subtitle(index: int, language: str = "", title: str = "", **flags: int) -> dict[str, Any]:
    return {
        "index": index, "codec_type": "subtitle", "codec_name": "subrip",
        "tags": {"language": language, "title": title}, "disposition": flags,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("tracks", "chosen"),
    [
        ([subtitle(2, "eng", default=1), subtitle(3, "chi")], 3),
        ([subtitle(2, "eng"), subtitle(3, "zh-TW"), subtitle(4, "zh-CN")], 4),
        ([subtitle(2, "chi", "繁體中文", default=1), subtitle(3, "chi", "简体中文")], 3),
        ([subtitle(2, "eng"), subtitle(3, "und", "中文字幕")], 3),
        ([subtitle(2, "chi", forced=1), subtitle(3, "chi")], 3),
        ([subtitle(2, "fre"), subtitle(3, "eng", default=1)], 3),
        ([subtitle(2, "fre"), subtitle(3, "eng")], 2),
        ([], None),
    ],
)
def test_the_captions_inside_are_chosen_by_language(tracks: list[dict[str, Any]], chosen: int | None) -> None:
    assert streams.choose("video", found(PICTURE, *tracks)).subtitle == chosen


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"\x00\x00\x00\x18ftypmp42", "mov"),
        (b"\x1aE\xdf\xa3" + b"\0" * 20, "matroska"),
        (b"RIFF\0\0\0\0AVI LIST", "avi"),
        (b"RIFF\0\0\0\0WAVEfmt ", "wav"),
        (b"RF64\xff\xff\xff\xffWAVEds64", "wav"),
        (b"BW64\xff\xff\xff\xffWAVEds64", "wav"),
        (b"ID3\x04", "mp3"),
        ("党课讲稿".encode("utf-16"), None),
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
    assert formats.sniff(head) == name


ASF = b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"


@pytest.mark.parametrize(
    ("head", "name", "advice"),
    [
        (b".RMF\0\0\0\x12", "RMVB", "MP4"),
        (b"MAC \x96\x0f", "APE", "MP3"),
        (b"wvpk\0\0\0\0", "WavPack", "MP3"),
        (b"CTENFDAM\x01", "NCM", "版权保护"),
        (
            b"\x30\x26\xb2\x75\x8e\x66\xcf\x11" + b"\0" * 50 + bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e"),
            "WMV",
            "版权",
        ),
        (b"riff\x2e\x91\xcf\x11", "Wave64", "WAV"),
        (b"Rar!\x1a\x07", "RAR", "解压"),
        (b"#EXTM3U\n", "M3U8", "原文件"),
        (b"\0\0\0\x18ftypheic", "HEIC", "图片"),
        (b"MZ\x90\0", "EXE", "原视频"),
    ],
)
def test_what_we_do_not_take_is_named(head: bytes, name: str, advice: str) -> None:
    sentence = str(formats.name_of(head))
    assert name in sentence and advice in sentence


@given(st.integers(1, 1 << 20), st.booleans())
def test_the_length_of_a_tag_is_read(size: int, footer: bool) -> None:
    packed = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
    assert formats.tag_length(b"ID3\x04\0" + (b"\x10" if footer else b"\0") + packed) == size + (20 if footer else 10)


@pytest.mark.parametrize(("seconds", "target"), [([6.0, 2.5], 6), ([2.5], 3), ([0.5], 1), ([6.006], 7), ([], 1)])
def test_no_segment_is_longer_than_the_target_says(tmp_path: Path, seconds: list[float], target: int) -> None:
    lines = [f"#EXTINF:{s:.6f},\nseg_{n}.m4s" for n, s in enumerate(seconds)]
    head = '#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MAP:URI="init.mp4"'
    (tmp_path / "index.m3u8").write_text("\n".join([head, *lines, "#EXT-X-ENDLIST", ""]), encoding="utf-8")
    (tmp_path / "init.mp4").write_bytes(
        boxes.write([(b"moov", boxes.write([(b"trak", boxes.write([(b"edts", b"x")]))]))])
    )
    for _ in range(2):
        playlist.settle(tmp_path)
        assert f"#EXT-X-TARGETDURATION:{target}\n" in (tmp_path / "index.m3u8").read_text(encoding="utf-8")
        made = (tmp_path / "init.mp4").read_bytes()
        assert b"edts" not in made and b"free" in made and len(made) == 25


@pytest.mark.thorough
def test_the_tone_curve_keeps_the_dark_and_never_turns_back() -> None:
    light = [tonemap.curve(nits) for nits in range(0, 2000, 5)]
    assert light == sorted(light) and light[-1] <= tonemap.WHITE + 0.01
    assert light[4] == pytest.approx(20, rel=1e-6)
    for kind in ("pq", "hlg", "wide"):
        colours = list(tonemap.table(kind))
        assert len(colours) == tonemap.SIZE**3
        assert colours[0] == (0, 0, 0) and min(colours[-1]) > 0.98, "black stays black and white white"


def test_a_master_playlist_tells_measured_figures() -> None:
    rung = Rung("240p", 426, 240)
    text = playlist.master([playlist.MeasuredRendition(rung, "avc1.640015,mp4a.40.2", 400_000, 300_000, 1, 6000)])
    assert "BANDWIDTH=400000,AVERAGE-BANDWIDTH=300000,RESOLUTION=426x240" in text
    assert text.endswith("240p/index.m3u8\n")


def test_the_peak_ignores_a_last_segment_too_short_to_tell() -> None:
    parts = [(6.0, "a"), (6.0, "b"), (0.04, "c")]
    assert playlist.peak(parts, [60_000, 30_000, 9_000]) == pytest.approx(80_000)


@given(st.integers(500, streams.MAX_DURATION_MS))
def test_the_storyboard_has_at_most_a_hundred_pictures_and_covers_all(duration: int) -> None:
    every, count = encode.storyboard_grid(duration)
    assert count <= 100
    assert (count - 1) * every * 1000 < duration <= count * every * 1000
