"""Examines an original without trusting its name, its header or its length."""

import dataclasses
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from academy.core.errors import Invalid
from academy.core.i18n import msg
from academy.core.settings import Settings
from academy.media import pictures, rules, tonemap, tools
from academy.media.documents import kinds, office, packages
from academy.media.probing import formats, packets, streams
from academy.media.probing.mended import mended
from academy.media.tools import Limits, ToolFailed

_PROBE = Limits(seconds=60, cpu_s=60, memory_mib=2048, file_mib=1)
_ENTRIES = (
    "format=format_name,start_time,duration,size,nb_streams:"
    "stream=index,codec_type,codec_name,codec_tag_string,width,height,pix_fmt,bits_per_raw_sample,avg_frame_rate,"
    "r_frame_rate,sample_aspect_ratio,sample_rate,channels,duration,duration_ts,field_order,disposition:"
    "stream_side_data=rotation,dv_profile,dv_bl_signal_compatibility_id:"
    "stream_disposition=attached_pic,default,forced:stream_tags=language,title"
)
_FRAME = "frame=color_range,color_space,color_primaries,color_transfer,pix_fmt"
_LEADING = 1 << 20
"""Leading zero bytes that are skipped before audio."""
_ASF_HEADER = 1 << 16
_INDEX = 64 << 20
"""Bytes of an MP4's index that are searched for encrypted tracks."""
_LENGTH_TAGS = (b"Xing", b"Info", b"VBRI")
"""Frame counter in the first frame of an MP3."""


def reading_options(demuxer: str) -> list[str]:
    """Options before `-i` for an uploaded file: this container, this file, nothing else."""
    lists = ",".join(formats.DEMUXERS)
    return ["-protocol_whitelist", "file", "-format_whitelist", lists, "-f", demuxer]


def look(settings: Settings, kind: str, path: Path) -> tuple[rules.Source, dict[str, Any]]:
    """The encoder's input data, and ffprobe's complete output.

    Raises:
        Invalid: the file is refused; the message is for the trainer.
    """
    with mended(settings, path) as readable:
        return _look(settings, kind, readable)


def _look(settings: Settings, kind: str, path: Path) -> tuple[rules.Source, dict[str, Any]]:
    demuxer = container_of(path)
    if demuxer == "mov":
        _check_unlocked(path)
    found = _ffprobe(settings, demuxer, path, ["-show_chapters", "-show_entries", _ENTRIES])
    found["has_length"] = demuxer == "mp3" and _has_length(path)
    chosen = streams.choose(kind, found)
    try:
        tracks = packets.measure(settings, reading_options(demuxer), path, chosen.indexes)
    except ToolFailed as error:
        raise _refusal(error) from error
    source = streams.judge(demuxer, found, chosen, dict(zip(chosen.indexes, tracks, strict=True)))
    colours = _colours(settings, demuxer, path, chosen.picture) if chosen.picture else ""
    return dataclasses.replace(source, part_s=settings.part_s, colours=colours), found


def container_of(path: Path) -> str:
    """The container by its first bytes.

    Raises:
        Invalid: empty, or unsupported.
    """
    with path.open("rb") as file:
        head = _head(file)
        demuxer = formats.sniff(head)
        if demuxer == "asf":
            file.seek(0)
            head = file.read(_ASF_HEADER)
    if not head:
        raise Invalid(msg("文件是空的（0 字节），请检查后重新上传。"))
    named = formats.name_of(head)
    if named is not None and demuxer in {None, "asf", "mov"}:
        raise Invalid(named)
    if demuxer is None:
        raise Invalid(msg("这不是音视频文件，可能只是改了扩展名。请上传 MP4、MOV、MKV、AVI、MP3 等格式的原文件。"))
    return demuxer


def _check_unlocked(path: Path) -> None:
    """Refuse encrypted MP4 tracks: ffmpeg would decode noise and name the codec inside.

    Raises:
        Invalid: a track is encrypted.
    """
    with path.open("rb") as file:
        at, end = 0, path.stat().st_size
        while at + 8 <= end:
            file.seek(at)
            head = file.read(16)
            size = int.from_bytes(head[:4], "big")
            size = int.from_bytes(head[8:16], "big") if size == 1 else size or end - at
            if head[4:8] == b"moov":
                file.seek(at)
                if formats.sample_entries(file.read(min(size, _INDEX))) & formats.LOCKED_ENTRIES:
                    raise Invalid(formats.locked("MP4"))
            at += max(8, size)


def _head(file: BinaryIO) -> bytes:
    """The first bytes of the content, after tags and zero bytes that some recorders begin with."""
    at = 0
    head = file.read(formats.HEAD)
    for _ in range(4):
        length = formats.tag_length(head)
        if not length:
            break
        at += length
        file.seek(at)
        # A tag without content is still an MP3.
        head = file.read(formats.HEAD) or head
    if head[:4] == b"\0\0\0\0":
        file.seek(at)
        behind = file.read(_LEADING).lstrip(b"\0")[: formats.HEAD]
        return behind if formats.sniff(behind) in {"mp3", "aac"} else head
    return head


def _has_length(path: Path) -> bool:
    with path.open("rb") as file:
        return any(tag in _head(file) for tag in _LENGTH_TAGS)


def _colours(settings: Settings, demuxer: str, path: Path, picture: dict[str, Any]) -> str:
    """Conversion of the picture to BT.709, by its first frames: container metadata is often wrong.

    Raises:
        Invalid: this machine cannot decode it, or its colours cannot be shown.
    """
    dolby: dict[str, Any] = next((d for d in picture.get("side_data_list", []) if "dv_profile" in d), {})
    if dolby.get("dv_profile") == 5 and not dolby.get("dv_bl_signal_compatibility_id"):
        raise Invalid(msg("这是杜比视界（Profile 5）画面，转码后颜色会不对。请导出为普通（SDR）视频后再上传。"))
    ask = ["-select_streams", str(picture["index"]), "-read_intervals", "%+#8", "-show_frames"]
    log: list[str] = []
    found = _ffprobe(settings, demuxer, path, [*ask, "-show_entries", _FRAME], log.append)
    frame: dict[str, Any] = next(iter(found.get("frames", [])), {})
    if not frame and any(sign in line for line in log for sign in _UNDECODABLE):
        raise Invalid(formats.codec_sentence(str(picture.get("codec_name")), str(picture.get("codec_tag_string"))))
    transfer = str(frame.get("color_transfer") or "")
    return tonemap.kind_of(transfer, str(frame.get("color_primaries") or ""))


_UNDECODABLE = ("hardware accelerated", "Unsupported codec", "Function not implemented", "No decoder")


def _ffprobe(
    settings: Settings, demuxer: str, path: Path, ask: list[str], on_log: Callable[[str], None] | None = None
) -> dict[str, Any]:
    command = [tools.ffprobe(settings), "-v", "warning", *reading_options(demuxer), "-of", "json", *ask, f"file:{path}"]
    try:
        with tempfile.TemporaryDirectory(prefix="probe-") as folder:
            sees = tools.needs(command, path)
            output = tools.run(command, folder=Path(folder), limits=_PROBE, on_log=on_log, sees=sees)
            found: dict[str, Any] = json.loads(output)
    except ToolFailed as error:
        raise _refusal(error) from error
    except ValueError as error:
        raise Invalid(msg("文件已损坏，读不出内容。请重新导出后再上传。")) from error
    return found


def _refusal(error: ToolFailed) -> Invalid:
    if error.timed_out:
        return Invalid(msg("检查这个文件用了太长时间，文件可能已损坏。"))
    if "moov atom not found" in error.log:
        return Invalid(msg("文件不完整：录制或传输时中断了（缺少索引）。请重新导出后再上传。"))
    return Invalid(msg("文件已损坏，读不出内容。请重新导出后再上传。"))


def check_document(settings: Settings, path: Path, folder: Path) -> str:
    """The kind of document: ``pdf``, ``docx``, ``pptx`` or ``image``.

    Raises:
        Invalid: another kind of file, or one that this academy cannot read.
    """
    with path.open("rb") as file:
        head = file.read(1024)
    if kinds.is_pdf(head):
        return "pdf"
    kind = packages.kind_of(path, folder)
    if kind is not None:
        office.need_program(settings)
        return kind
    if head.startswith(_PICTURES) or head[8:12] == b"WEBP":
        pictures.make_image(path, folder / "look.jpg")
        return "image"
    raise Invalid(
        packages.refusal_of(path, folder) or msg("这里收 PDF、PPTX、DOCX 和图片。其他文件请先导出为 PDF 再上传。")
    )


_PICTURES = (b"\xff\xd8\xff", b"\x89PNG", b"BM", b"GIF8")
