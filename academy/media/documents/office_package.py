"""Word and PowerPoint files as packages: scanned piece by piece and rewritten without external references.

Called in the jail (`read_package`).
"""

import re
import zipfile
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

from academy.core.archives import BROKEN_ARCHIVE
from academy.core.errors import Invalid
from academy.core.i18n import msg
from academy.media.documents import kinds
from academy.media.storage.file_storage import full_disk_reported

MAX_PARTS = 5_000
MAX_TOTAL = 768 << 20
MAX_XML = 96 << 20
"""Maximum bytes of an unpacked XML part: LibreOffice needs many times as much to parse it."""
MAX_RATIO = 150
BOMB_FROM = 32 << 20
"""Above this unpacked size, the compression ratio may not exceed `MAX_RATIO`."""
PIECE = 1 << 16

_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_RELATION = f"{{{_RELATIONS}}}Relationship"
# LibreOffice reads these lists by their literal names: a prefix would hide every one of them.
ElementTree.register_namespace("", _RELATIONS)
DAMAGED = msg("文件已损坏，读不出内容。请重新导出后再上传。")
_BOMB = msg("文件解压后大得不正常，不能处理。请导出为 PDF 后再上传。")
_MACROS = msg("文件里带有宏，不能处理。请另存为不带宏的 DOCX、PPTX，或者导出为 PDF 后再上传。")

_LOCKED = msg("文件加了密码，请去掉密码后再上传。")
SENTENCES = (DAMAGED, _BOMB, _MACROS, _LOCKED)
"""Sentences with which `kind_of` and `tidy` refuse a file."""


def kind_of(path: Path) -> str | None:
    """``docx`` or ``pptx``, by the package's main part; None for any other file.

    Raises:
        Invalid: it is one, but damaged.
    """
    with path.open("rb") as file:
        if file.read(4) != b"PK\x03\x04":
            return None
    try:
        with zipfile.ZipFile(path) as given:
            kind = kinds.office_kind(given)
    except BROKEN_ARCHIVE as error:
        raise Invalid(DAMAGED) from error
    return kind if kind in {"docx", "pptx"} else None


def tidy(path: Path, target: Path) -> bool:
    """Rewrite the file: every part is unpacked with a size limit, and references to other files are removed. Returns
    whether there are formulas in it.

    Raises:
        Invalid: a bomb, macros, a password, or damage.
        StorageFull: no space.
    """
    try:
        with (
            full_disk_reported(),
            zipfile.ZipFile(path) as given,
            zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made,
        ):
            return _tidy(given, made, path.stat().st_size)
    except BROKEN_ARCHIVE as error:
        raise Invalid(DAMAGED) from error


def _tidy(given: zipfile.ZipFile, made: zipfile.ZipFile, packed: int) -> bool:
    parts = given.infolist()
    if len(parts) > MAX_PARTS:
        raise Invalid(_BOMB)
    if len({part.filename for part in parts}) != len(parts):
        raise Invalid(DAMAGED)  # two parts of one name: readers would disagree about which it is
    total, has_formulas = 0, False
    for part in parts:
        name = part.filename
        if part.flag_bits & 1:
            raise Invalid(_LOCKED)
        if name.lower().endswith(("vbaproject.bin", "vbadata.xml")) or "/activex/" in name.lower():
            raise Invalid(_MACROS)
        if part.is_dir():
            continue
        with given.open(part) as source:
            if name.endswith(".rels") or name == "[Content_Types].xml":
                text = source.read(MAX_XML // 8 + 1)
                total += len(text)
                _check(total, packed, len(text), MAX_XML // 8)
                made.writestr(name, _without_links(text) if name.endswith(".rels") else _without_macros(text))
                continue
            with made.open(name, "w") as sink:
                total, has_one = _copy(name, source, sink, total, packed)
                has_formulas = has_formulas or has_one
    return has_formulas


def _copy(name: str, source: IO[bytes], sink: IO[bytes], total: int, packed: int) -> tuple[int, bool]:
    size, tail, is_text, has_formulas = 0, b"", name.lower().endswith(_TEXTS), False
    while piece := source.read(PIECE):
        if size == 0:
            is_text = is_text or piece.lstrip(_BEFORE_XML).startswith((b"<?xml", b"<!DOCTYPE"))
            if is_text:
                _check_start(piece)
        if is_text:
            # With the end of the piece before: a pattern may lie across the cut.
            _check_text(tail + piece)
            has_formulas = has_formulas or b":oMath" in tail + piece
            tail = piece[-_LONGEST_MARK:]
        size += len(piece)
        total += len(piece)
        _check(total, packed, size if is_text else 0, MAX_XML)
        sink.write(piece)
    return total, has_formulas


_TEXTS = (".xml", ".rels", ".vml", ".xhtml")
_BEFORE_XML = b"\xef\xbb\xbf \t\r\n"
_LONGEST_MARK = 16
_ENCODING = re.compile(rb"<\?xml[^<>]{0,200}?encoding\s{0,5}=\s{0,5}[\"']([A-Za-z0-9._-]{1,40})[\"']")


def _check_start(start: bytes) -> None:
    """XML of these formats is UTF-8: another encoding could hide a DOCTYPE."""
    declared = _ENCODING.match(start.lstrip(_BEFORE_XML))
    name = declared[1].lower() if declared else b"utf-8"
    if not start.lstrip(_BEFORE_XML).startswith(b"<") or not name.startswith(
        (b"utf-8", b"us-ascii", b"iso-8859-", b"windows-")
    ):
        raise Invalid(DAMAGED)


def _check_text(text: bytes) -> None:
    """These formats have no DOCTYPE: it would be an entity bomb. NUL indicates UTF-16, which would hide one."""
    if b"<!DOCTYPE" in text or b"\0" in text:
        raise Invalid(DAMAGED)


def _check(total: int, packed: int, size: int, most: int) -> None:
    if total > MAX_TOTAL or size > most or (total > BOMB_FROM and total > packed * MAX_RATIO):
        raise Invalid(_BOMB)


def _without_macros(text: bytes) -> bytes:
    if b"macroEnabled" in text or b"vbaProject" in text:
        raise Invalid(_MACROS)
    return text


def _without_links(text: bytes) -> bytes:
    """A list of relations without external ones. The text of a hyperlink stays; its target is removed too, because a
    picture that refers to it is loaded from there, whatever the type of the relation."""
    _check_text(text)
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - it has no DOCTYPE
    except ElementTree.ParseError as error:
        raise Invalid(DAMAGED) from error
    for relation in root.findall(_RELATION):
        if relation.get("TargetMode", "").lower() == "external":
            root.remove(relation)
    made: bytes = ElementTree.tostring(root, "utf-8", xml_declaration=True)
    return made
