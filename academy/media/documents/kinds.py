"""Kinds of uploaded documents by their content, and advice for kinds that are not accepted. Pure except for reading
the file.
"""

import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree

from academy.core.archives import BROKEN_ARCHIVE
from academy.core.i18n import Message, msg

PDF_HEADER = b"%PDF-"
HEADER_WITHIN = 1024
"""Bytes in which readers look for a PDF's header; byte order marks, blank lines and mail headers may precede it."""
MAX_LIST = 1 << 20
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PIECE = 1 << 20

_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_MAIN = re.compile(r"https?://[^/]{1,80}/.{0,80}/relationships/officeDocument")
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_FAMILIES = (
    ("wordprocessingml", "docx"),
    ("ms-word", "docx"),
    ("presentationml", "pptx"),
    ("ms-powerpoint", "pptx"),
    ("spreadsheetml", "xlsx"),
    ("ms-excel", "xlsx"),
    ("visio", "vsdx"),
)

_EXCEL = msg("这是表格文件（Excel 或 WPS 表格）。请在表格软件里导出为 PDF 后再上传。")
_PICTURE = msg("这种图片大家打不开。请另存为 JPG 或 PNG 后再上传。")
_PACKED = msg("这是压缩包。请解压以后，把里面的文件一个一个上传。")
_FILM = msg("这是音视频文件。请在添加课件时选“视频”或“音频”。")
_APPLE = msg("这是 Pages、Keynote 或 Numbers 文件。请在苹果电脑或手机上导出为 PDF 后再上传。")
_ODF = msg("这是 OpenDocument 文件（ODT、ODP 等）。请另存为 DOCX、PPTX，或者导出为 PDF 后再上传。")
_BOOK = msg("这是电子书文件。请导出为 PDF 后再上传。")
_WEB = msg("这是网页文件。请在浏览器里打印成 PDF 后再上传。")
_OFD = msg("这是 OFD 版式文件。请用 WPS 或 OFD 阅读器另存为 PDF 后再上传。")
_CAJ = msg("这是 CAJ 文件。请用 CAJViewer 打印成 PDF 后再上传。")
_RTF = msg("这是 RTF 文件。请用 Word 或 WPS 另存为 DOCX，或者导出为 PDF 后再上传。")
_PRINT = msg("这是 PostScript 打印文件。请转换为 PDF 后再上传。")
_DJVU = msg("这是 DjVu 文件。请转换为 PDF 后再上传。")
_LOCKED = msg("文件加了密码，请去掉密码后再上传。")
_OLD_WORD = msg("这是旧版 Word 文件（DOC）或 WPS 文字文件。请另存为 DOCX，或者导出为 PDF 后再上传。")
_OLD_SLIDES = msg("这是旧版 PowerPoint 文件（PPT）或 WPS 演示文件（DPS）。请另存为 PPTX，或者导出为 PDF 后再上传。")
_OLD = msg("这是旧版 Office 文件，或者加了密码。请另存为 DOCX、PPTX，或者导出为 PDF 后再上传。")
_MAIL = msg("这是邮件文件。请把要学习的附件存下来，单独上传。")
_DRAWING = msg("这是 Visio 图。请导出为 PDF 后再上传。")
_TEXT = msg("这是纯文本文件。请用 Word 或 WPS 打开，排好版存为 DOCX，或者导出为 PDF 后再上传。")

SENTENCES = (
    _EXCEL,
    _PICTURE,
    _PACKED,
    _FILM,
    _APPLE,
    _ODF,
    _BOOK,
    _WEB,
    _OFD,
    _CAJ,
    _RTF,
    _PRINT,
    _DJVU,
    _LOCKED,
    _OLD_WORD,
    _OLD_SLIDES,
    _OLD,
    _MAIL,
    _DRAWING,
    _TEXT,
)
"""Possible results of `refusal_of`."""

_HEADS: tuple[tuple[bytes, Message], ...] = (
    (b"{\\rtf", _RTF),
    (b"%!PS", _PRINT),
    (b"\xc5\xd0\xd3\xc6", _PRINT),
    (b"AT&TFORM", _DJVU),
    (b"CAJ\0", _CAJ),
    (b"HN\0\0", _CAJ),
    (b"KDH ", _CAJ),
    (b"Rar!", _PACKED),
    (b"7z\xbc\xaf", _PACKED),
    (b"\x1f\x8b", _PACKED),
    (b"BZh", _PACKED),
    (b"\xfd7zXZ", _PACKED),
    (b"II*\0", _PICTURE),
    (b"MM\0*", _PICTURE),
    (b"8BPS", _PICTURE),
    (b"\x1a\x45\xdf\xa3", _FILM),
    (b"ID3", _FILM),
    (b"OggS", _FILM),
    (b"fLaC", _FILM),
    (b"FLV\x01", _FILM),
    (b"\x30\x26\xb2\x75", _FILM),
)
# Stream names in compound files of old Office versions, as in their directory. The first match counts.
_STREAMS: tuple[tuple[str, Message], ...] = (
    ("EncryptedPackage", _LOCKED),
    ("PowerPoint Document", _OLD_SLIDES),
    ("WordDocument", _OLD_WORD),
    ("Workbook", _EXCEL),
    ("VisioDocument", _DRAWING),
    ("__properties_version1.0", _MAIL),
    ("Book", _EXCEL),
)


def is_pdf(head: bytes) -> bool:
    """Whether these first bytes contain a PDF header and no other signature."""
    other = head.startswith(
        (b"PK\x03\x04", _OLE, b"\xff\xd8\xff", b"\x89PNG", b"BM", b"GIF8", *(one for one, _ in _HEADS))
    )
    return PDF_HEADER in head[:HEADER_WITHIN] and not other and head[8:12] != b"WEBP"


def office_kind(given: zipfile.ZipFile) -> str | None:
    """``docx``, ``pptx``, ``xlsx`` or ``vsdx`` by the package's main part; None for others.

    Raises:
        ValueError: its lists cannot be parsed. zipfile.BadZipFile: as above.
    """
    names = set(given.namelist())
    if "[Content_Types].xml" not in names or "_rels/.rels" not in names:
        return next((kind for name, kind in _USUAL_NAMES.items() if name in names), None)
    main = next((t for t, of in _relations(given) if _MAIN.fullmatch(of)), "").lstrip("/")
    kind = next((kind for word, kind in _FAMILIES if word in _type_of(given, main)), None)
    return kind or next((kind for folder, kind in _FOLDERS.items() if main.startswith(folder)), None)


_USUAL_NAMES = {"word/document.xml": "docx", "ppt/presentation.xml": "pptx", "xl/workbook.xml": "xlsx"}
_FOLDERS = {"word/": "docx", "ppt/": "pptx", "xl/": "xlsx", "visio/": "vsdx"}


def _relations(given: zipfile.ZipFile) -> list[tuple[str, str]]:
    root = _parsed(given, "_rels/.rels")
    return [(one.get("Target", ""), one.get("Type", "")) for one in root.iter(f"{{{_RELATIONS}}}Relationship")]


def _type_of(given: zipfile.ZipFile, part: str) -> str:
    for one in _parsed(given, "[Content_Types].xml").iter(f"{{{_TYPES}}}Override"):
        if one.get("PartName", "").lstrip("/").lower() == part.lower():
            return one.get("ContentType", "")
    return ""


def _parsed(given: zipfile.ZipFile, name: str) -> ElementTree.Element:
    with given.open(name) as source:
        text = source.read(MAX_LIST + 1)
    if len(text) > MAX_LIST or b"<!DOCTYPE" in text or b"\0" in text:
        raise ValueError(name)
    try:
        return ElementTree.fromstring(text)  # noqa: S314 - it has no DOCTYPE
    except ElementTree.ParseError as error:
        raise ValueError(name) from error


def refusal_of(path: Path, head: bytes) -> Message | None:
    """What kind of unsupported file it is, and advice; None where it is unknown."""
    if head.startswith(_OLE):
        return _compound(path)
    if head.startswith(b"PK"):
        return _zipped(path)
    for start, message in _HEADS:
        if head.startswith(start):
            return message
    if head[4:8] == b"ftyp":
        return _PICTURE if head[8:12] in {b"heic", b"heix", b"mif1", b"msf1", b"avif"} else _FILM
    if head.startswith(b"RIFF") and head[8:12] in {b"AVI ", b"WAVE"}:
        return _FILM
    low = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if low.startswith((b"<!doctype html", b"<html", b"mime-version:")) or b"<html" in low:
        return _WEB
    return _TEXT if head and _is_text(head) else None


def _is_text(head: bytes) -> bool:
    return not any(byte < 9 or 13 < byte < 27 or 27 < byte < 32 for byte in head) and not head.lstrip().startswith(b"<")


def _compound(path: Path) -> Message:
    names = {name: name.encode("utf-16-le") for name, _ in _STREAMS}
    seen: set[str] = set()
    with path.open("rb") as file:
        tail = b""
        while piece := file.read(_PIECE):
            window = tail + piece
            seen.update(name for name, coded in names.items() if coded in window)
            tail = window[-64:]
    return next((message for name, message in _STREAMS if name in seen), _OLD)


def _zipped(path: Path) -> Message:
    try:
        with zipfile.ZipFile(path) as given:
            names = given.namelist()
            kind = office_kind(given)
            mime = given.read("mimetype")[:100] if "mimetype" in names and _is_small(given, "mimetype") else b""
    except BROKEN_ARCHIVE:
        return _PACKED
    if kind == "xlsx":
        return _EXCEL
    if kind == "vsdx":
        return _DRAWING
    if "OFD.xml" in names:
        return _OFD
    if b"opendocument" in mime:
        return _ODF
    if b"epub" in mime:
        return _BOOK
    is_apple = any(name.startswith("Index/") and name.endswith(".iwa") for name in names) or "Index.zip" in names
    return _APPLE if is_apple else _PACKED


def _is_small(given: zipfile.ZipFile, name: str) -> bool:
    return given.getinfo(name).file_size < 1000
