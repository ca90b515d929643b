"""What an encoder left behind: whole, or stopped by the disk."""

from pathlib import Path

import pytest

from academy.media.transcoding.playlist import is_whole

LIST = '#EXTM3U\n#EXT-X-MAP:URI="init.mp4"\n#EXTINF:6.0,\nseg_0.m4s\n#EXTINF:6.0,\nseg_1.m4s\n#EXT-X-ENDLIST\n'


def box(kind: bytes, size: int) -> bytes:
    return (8 + size).to_bytes(4, "big") + kind + b"\0" * size


@pytest.fixture
def rendition(tmp_path: Path) -> Path:
    (tmp_path / "index.m3u8").write_text(LIST)
    (tmp_path / "init.mp4").write_bytes(box(b"ftyp", 16) + box(b"moov", 700))
    for name in ("seg_0.m4s", "seg_1.m4s"):
        # A media box may carry the long form of its length.
        long = (1).to_bytes(4, "big") + b"mdat" + (16 + 5000).to_bytes(8, "big") + b"\0" * 5000
        (tmp_path / name).write_bytes(box(b"moof", 90) + long)
    assert is_whole(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["init.mp4", "seg_0.m4s", "seg_1.m4s"])
@pytest.mark.parametrize("kept", [0, 1, 7, 98, 101, 700])
def test_a_file_that_was_cut_off_anywhere_is_noticed(rendition: Path, name: str, kept: int) -> None:
    file = rendition / name
    file.write_bytes(file.read_bytes()[:kept])
    assert not is_whole(rendition)


def test_what_is_missing_is_noticed(rendition: Path) -> None:
    (rendition / "seg_1.m4s").unlink()
    assert not is_whole(rendition)
    (rendition / "index.m3u8").write_text(LIST.replace("#EXT-X-ENDLIST\n", ""))
    assert not is_whole(rendition)
    (rendition / "index.m3u8").unlink()
    assert not is_whole(rendition)
