"""Looks into an original without trusting its name, its header or its length."""

import dataclasses
import json
import tempfile
import warnings
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps, UnidentifiedImageError

from academy.core.errors import Invalid
from academy.core.i18n import msg
from academy.core.settings import Settings
from academy.media import office, rules, tools
from academy.media.tools import Limits, ToolFailed

MAX_IMAGE_PIXELS = 40_000_000
_PROBE = Limits(seconds=60, cpu_s=60, memory_mib=2048, file_mib=1)
_ENTRIES = (
    "format=format_name,duration,nb_streams:"
    "stream=index,codec_type,codec_name,width,height,pix_fmt,bits_per_raw_sample,avg_frame_rate,r_frame_rate,"
    "sample_aspect_ratio,sample_rate,channels,duration,field_order,disposition:"
    "stream_side_data=rotation:stream_disposition=attached_pic,default"
)


def reading(demuxer: str) -> list[str]:
    """Options before `-i` for a file somebody gave us: this container, this file, nothing else."""
    lists = ",".join(rules.DEMUXERS)
    return ["-protocol_whitelist", "file", "-format_whitelist", lists, "-f", demuxer]


def look(settings: Settings, kind: str, path: Path) -> tuple[rules.Source, dict[str, Any]]:
    """What the encoder needs to know, and all that ffprobe said.

    Raises:
        Invalid: the file is refused, in words for the trainer.
    """
    demuxer = container(path)
    found = _ffprobe(settings, demuxer, path, ["-show_chapters", "-show_entries", _ENTRIES])
    source = dataclasses.replace(rules.judge(kind, demuxer, found), part_s=settings.part_s)
    if not _has_its_end(settings, source, path):
        raise Invalid(msg("文件不完整：后半部分缺失。请重新导出或重新上传。"))
    return source, found


def container(path: Path) -> str:
    """The container by its first bytes.

    Raises:
        Invalid: empty, or none that we take.
    """
    with path.open("rb") as file:
        head = file.read(1024)
    if not head:
        raise Invalid(msg("文件是空的（0 字节），请检查后重新上传。"))
    demuxer = rules.sniff(head)
    if demuxer is None:
        raise Invalid(msg("这不是音视频文件，可能只是改了扩展名。请上传 MP4、MOV、MKV、AVI、MP3 等格式的原文件。"))
    return demuxer


def _ffprobe(settings: Settings, demuxer: str, path: Path, ask: list[str]) -> dict[str, Any]:
    command = [tools.ffprobe(settings), "-v", "error", *reading(demuxer), "-of", "json", *ask, f"file:{path}"]
    try:
        with tempfile.TemporaryDirectory(prefix="probe-") as folder:
            said = tools.run(command, folder=Path(folder), limits=_PROBE, sees=tools.needs(command, path))
            found: dict[str, Any] = json.loads(said)
    except ToolFailed as error:
        if error.timed_out:
            raise Invalid(msg("检查这个文件用了太长时间，文件可能已损坏。")) from error
        if "moov atom not found" in error.log:
            raise Invalid(msg("文件不完整：录制或传输时中断了（缺少索引）。请重新导出后再上传。")) from error
        raise Invalid(msg("文件已损坏，读不出内容。请重新导出后再上传。")) from error
    except ValueError as error:
        raise Invalid(msg("文件已损坏，读不出内容。请重新导出后再上传。")) from error
    return found


def _has_its_end(settings: Settings, source: rules.Source, path: Path) -> bool:
    """Whether there is anything to read near the end that the header promises."""
    seconds = source.duration_ms / 1000
    start = max(0.0, seconds - max(10.0, seconds * 0.05))
    ask = ["-read_intervals", f"{start:.3f}%+#8", "-show_entries", "packet=pts_time,dts_time"]
    found = _ffprobe(settings, source.demuxer, path, ask)
    times = [float(p.get("pts_time") or p.get("dts_time") or 0) for p in found.get("packets", [])]
    # Seeking lands on the key frame before: long groups of pictures are common in screen recordings.
    return bool(times)


def check_document(settings: Settings, path: Path, folder: Path) -> str:
    """What kind of document it is: ``pdf``, ``docx``, ``pptx`` or ``image``.

    Raises:
        Invalid: another kind of file, or one that this academy cannot read.
    """
    with path.open("rb") as file:
        head = file.read(1024)
    if head.startswith(b"%PDF-"):
        return "pdf"
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise Invalid(msg("这是旧版 Office 文件，或者加了密码。请另存为 DOCX、PPTX，或者导出为 PDF 后再上传。"))
    kind = office.kind_of(path)
    if kind is not None:
        office.need_program(settings)
        return kind
    if head.startswith(_PICTURES) or head[8:12] == b"WEBP":
        make_image(path, folder / "look.jpg")
        return "image"
    raise Invalid(msg("这里收 PDF、PPTX、DOCX 和图片。其他文件请先导出为 PDF 再上传。"))


_PICTURES = (b"\xff\xd8\xff", b"\x89PNG", b"BM", b"GIF8")


def make_image(path: Path, target: Path, *, side: int = 1280) -> tuple[int, int]:
    """Decode a picture and write it anew as JPEG: nothing of the original's bytes is ever served.

    Raises:
        Invalid: not a picture we take.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=("JPEG", "PNG", "WEBP", "BMP", "GIF")) as picture:
                if picture.width * picture.height > MAX_IMAGE_PIXELS:
                    raise Invalid(msg("图片太大，请缩小到 4000 万像素以内。"))
                picture.draft("RGB", (side * 2, side * 2))
                plain = ImageOps.exif_transpose(picture).convert("RGBA")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Warning, Image.DecompressionBombError) as error:
        raise Invalid(msg("这不是图片文件，或者图片已损坏。请上传 JPG 或 PNG 图片。")) from error
    paper = Image.new("RGB", plain.size, "white")
    paper.paste(plain, mask=plain.getchannel("A"))
    paper.thumbnail((side, side))
    paper.save(target, "JPEG", quality=86, optimize=True, progressive=True)
    return paper.size
