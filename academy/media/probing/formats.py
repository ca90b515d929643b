"""Formats by first bytes: accepted containers, and the names of unsupported ones."""

from academy.core.i18n import Message, msg

# Demuxers by first bytes. Never hls, concat, image sequences, playlists or text: those refer to other files, and
# ffmpeg would read them.
DEMUXERS = ("mov", "matroska", "mpegts", "mpeg", "avi", "flv", "asf", "mp3", "wav", "aac", "flac", "ogg", "amr", "aiff")
HEAD = 1024
"""Bytes needed by `sniff` and `name_of`."""
_STARTS = {
    b"\x1aE\xdf\xa3": "matroska",
    b"FLV": "flv",
    b"OggS": "ogg",
    b"fLaC": "flac",
    b"ID3": "mp3",
    b"#!AMR": "amr",
    b"\x00\x00\x01\xba": "mpeg",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11": "asf",
}
_WAVES = (b"RIFF", b"RF64", b"BW64")
"""The latter two are written by recorders beyond 4 GB."""


def sniff(head: bytes) -> str | None:
    """The container by its first bytes; None for anything else. The file name is ignored."""
    if head[4:8] in {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"}:
        return "mov"
    for start, name in _STARTS.items():
        if head.startswith(start):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    if head[:4] in _WAVES and head[8:12] == b"WAVE":
        return "wav"
    if head[:4] == b"FORM" and head[8:12] in {b"AIFF", b"AIFC"}:
        return "aiff"
    if len(head) > 376 and (head[0] == head[188] == head[376] == 0x47 or head[4] == head[196] == 0x47):
        return "mpegts"
    if len(head) > 2 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return "aac"
    return "mp3" if _is_mpeg_audio(head) else None


def _is_mpeg_audio(head: bytes) -> bool:
    """Whether a frame of MPEG audio begins here; UTF-16 text begins alike."""
    if len(head) < 3 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0 or head[1] == 0xFE:
        return False
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    return version != 1 and layer != 0 and head[2] >> 4 != 15 and head[2] >> 2 & 3 != 3


def tag_length(head: bytes) -> int:
    """Bytes of a leading ID3 tag; 0 where there is none."""
    if head[:3] != b"ID3" or len(head) < 10 or any(byte & 0x80 for byte in head[6:10]):
        return 0
    size = sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
    return 10 + size + (10 if head[5] & 0x10 else 0)


PICTURE = msg("这是 %(name)s 视频，这里放不了。请转换成 MP4（H.264）后再上传。")
SOUND = msg("这是 %(name)s 音频，这里放不了。请转换成 MP3、M4A 或 WAV 后再上传。")
LOCKED = msg("这个文件（%(name)s）加了版权保护，只能在原来的软件里播放。请换成没有加密的原文件。")
PACKED = msg("这是 %(name)s 压缩包。请先解压，再上传里面的音视频文件。")
PAPER = msg("这是 %(name)s 文件，不是音视频。请作为文档或图片上传。")
LISTED = msg("这是播放列表（%(name)s），里面只有地址，没有画面和声音。请下载原文件后再上传。")
PROGRAM = msg("这是 %(name)s 程序，不是音视频。请上传制作它的原视频。")

_NAMES: tuple[tuple[int, bytes, Message, str], ...] = (
    (0, b".RMF", PICTURE, "RealMedia (RM, RMVB)"),
    (0, b".ra\xfd", SOUND, "RealAudio"),
    (0, b"MAC ", SOUND, "Monkey's Audio (APE)"),
    (0, b"wvpk", SOUND, "WavPack"),
    (0, b"TTA1", SOUND, "TTA"),
    (0, b"TTA2", SOUND, "TTA"),
    (0, b"MPCK", SOUND, "Musepack"),
    (0, b"MP+", SOUND, "Musepack"),
    (0, b"tBaK", SOUND, "TAK"),
    (0, b"OFR ", SOUND, "OptimFROG"),
    (0, b"DSD ", SOUND, "DSF (DSD)"),
    (0, b"FRM8", SOUND, "DFF (DSD)"),
    (0, b"caff", SOUND, "CAF"),
    (0, b"riff\x2e\x91\xcf\x11", SOUND, "Wave64"),
    (0, b".snd", SOUND, "AU"),
    (0, b"MThd", SOUND, "MIDI"),
    (0, b"\x02#!SILK_V3", SOUND, "SILK"),
    (0, b"#!SILK_V3", SOUND, "SILK"),
    (0, b"CTENFDAM", LOCKED, "NCM"),
    (0, b"\x7c\xd5\x32\xeb\x86\x02\x7f\x4b", LOCKED, "KGM"),
    (0, b"yeelion-kuwo", LOCKED, "KWM"),
    (0, b"QIYI VIDEO", LOCKED, "QSV"),
    (0, b"FWS", PICTURE, "Flash (SWF)"),
    (0, b"CWS", PICTURE, "Flash (SWF)"),
    (0, b"ZWS", PICTURE, "Flash (SWF)"),
    (0, b"DHAV", PICTURE, "DAV"),
    (0, b"IMKH", PICTURE, "IMKH"),
    (0, b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01\x02", PICTURE, "MXF"),
    (0, b"DKIF", PICTURE, "IVF"),
    (0, b"\x00\x00\x01\xb3", PICTURE, "MPEG-1/2"),
    (0, b"\x00\x00\x00\x01", PICTURE, "H.264/H.265"),
    (0, b"\x00\x00\x01", PICTURE, "H.264/H.265"),
    (0, b"NuppelVideo", PICTURE, "NUV"),
    (0, b"nut/multimedia container", PICTURE, "NUT"),
    (0, b"PK\x03\x04", PACKED, "ZIP"),
    (0, b"Rar!", PACKED, "RAR"),
    (0, b"7z\xbc\xaf\x27\x1c", PACKED, "7z"),
    (0, b"\x1f\x8b", PACKED, "GZ"),
    (257, b"ustar", PACKED, "TAR"),
    (0, b"%PDF-", PAPER, "PDF"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", PAPER, "Office"),
    (0, b"\x89PNG", PAPER, "PNG"),
    (0, b"\xff\xd8\xff", PAPER, "JPEG"),
    (0, b"GIF8", PAPER, "GIF"),
    (8, b"WEBP", PAPER, "WebP"),
    (0, b"#EXTM3U", LISTED, "M3U8"),
    (0, b"\xef\xbb\xbf#EXTM3U", LISTED, "M3U8"),
    (0, b"[playlist]", LISTED, "PLS"),
    (0, b"MZ", PROGRAM, "EXE"),
)
_BRANDS = {b"avif": "AVIF", b"avis": "AVIF", b"heic": "HEIC", b"heix": "HEIC", b"mif1": "HEIF", b"crx ": "CR3"}
_CONTENT_ENCRYPTION = (
    bytes.fromhex("fbb31122 23bd d211 b4b7 00a0c955fc6e"),
    bytes.fromhex("14e68a29 2226 174c b935 dae07ee9289c"),
)
"""Objects of an ASF header that indicate DRM."""


def name_of(head: bytes) -> Message | None:
    """The kind of an unsupported file, and advice; None for unknown ones."""
    if head[4:8] == b"ftyp" and head[8:12] in _BRANDS:
        return _filled(PAPER, _BRANDS[head[8:12]])
    if head.startswith(b"\x30\x26\xb2\x75") and any(guid in head for guid in _CONTENT_ENCRYPTION):
        return _filled(LOCKED, "WMV, WMA")
    for at, start, sentence, name in _NAMES:
        if head[at : at + len(start)] == start:
            return _filled(sentence, name)
    return None


CODECS = {
    "vvc": "H.266 (VVC)",
    "vvc1": "H.266 (VVC)",
    "vvi1": "H.266 (VVC)",
    "evc1": "EVC",
    "av1": "AV1",
    "av01": "AV1",
    "avs3": "AVS3",
    "avs2": "AVS2",
    "hevc": "H.265 (HEVC)",
    "apv1": "APV",
    "ac-4": "AC-4",
    "mha1": "MPEG-H",
    "mhm1": "MPEG-H",
    "dxd3": "DXD3",
}
LOCKED_ENTRIES = frozenset({b"encv", b"enca", b"drmi", b"drms", b"drmt"})
"""Sample entries of MP4 for what is encrypted."""


def sample_entries(moov: bytes) -> set[bytes]:
    """The first sample entries in an MP4's index."""
    found = set()
    at = moov.find(b"stsd")
    while at >= 0:
        found.add(moov[at + 16 : at + 20])
        at = moov.find(b"stsd", at + 4)
    return found


CODEC = msg("文件用了 %(name)s 编码，这台服务器解不开。请转换成 MP4（H.264 画面、AAC 声音）后再上传。")


def codec_sentence(codec: str, tag: str) -> Message:
    """Message: the named codec cannot be decoded."""
    name = CODECS.get(codec) or CODECS.get(tag.lower()) or (codec if codec not in {"", "unknown"} else tag)
    return _filled(CODEC, name.strip()[:20] or "?")


def locked(name: str) -> Message:
    """Message: the file is encrypted for another program."""
    return _filled(LOCKED, name)


def _filled(sentence: Message, name: str) -> Message:
    return Message(sentence.text, {"name": name})
