"""What a file given as a document is, and what a page says."""

import io
import zipfile
from pathlib import Path

import pytest

from academy.core.errors import Invalid
from academy.core.settings import Settings
from academy.media.documents import office_package, pages, read_package
from academy.media.probing import probe


def packed(**parts: str | bytes) -> bytes:
    """A zip of these parts; two underscores stand for a slash."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, data in parts.items():
            made.writestr(name.replace("__", "/").replace("_dot_", "."), data)
    return buffer.getvalue()


def compound(stream: str) -> bytes:
    """The head of a compound file, far behind it the name of one stream in its directory."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * ((1 << 20) - 20) + stream.encode("utf-16-le") + b"\0" * 600


SHEET = packed(xl__workbook_dot_xml="<w/>")
GIVEN = [
    ("报告.wps", compound("WordDocument"), "WPS 文字"),
    ("报告.doc", compound("WordDocument"), "旧版 Word"),
    ("课件.ppt", compound("PowerPoint Document"), "旧版 PowerPoint"),
    ("课件.dps", compound("PowerPoint Document"), "WPS 演示"),
    ("台账.et", compound("Workbook"), "表格"),
    ("锁.docx", compound("EncryptedPackage"), "密码"),
    ("信.msg", compound("__properties_version1.0"), "邮件"),
    ("怪.doc", compound("Contents"), "旧版 Office"),
    ("表.xlsx", SHEET, "表格"),
    ("公文.ofd", packed(OFD_dot_xml="<ofd/>", Doc_0__Document_dot_xml="<d/>"), "OFD"),
    ("稿.pages", packed(Index__Document_dot_iwa=b"x"), "Pages"),
    ("稿.key", packed(Index_dot_zip=b"x"), "Keynote"),
    ("稿.odt", packed(mimetype="application/vnd.oasis.opendocument.text", content_dot_xml="<c/>"), "OpenDocument"),
    ("书.epub", packed(mimetype="application/epub+zip"), "电子书"),
    ("包.zip", packed(a_dot_txt="x"), "压缩包"),
    ("包.rar", b"Rar!\x1a\x07\0" + b"\0" * 50, "压缩包"),
    ("包.7z", b"7z\xbc\xaf\x27\x1c" + b"\0" * 50, "压缩包"),
    ("稿.rtf", b"{\\rtf1\\ansi x}", "RTF"),
    ("论文.caj", b"CAJ\0" + b"\0" * 50, "CAJ"),
    ("印.ps", b"%!PS-Adobe-3.0\n", "PostScript"),
    ("页.html", b"<!DOCTYPE html><p>x", "网页"),
    ("页.mht", b"MIME-Version: 1.0\r\n", "网页"),
    ("扫描.tif", b"II*\0" + b"\0" * 50, "JPG"),
    ("照片.heic", b"\0\0\0\x18ftypheic" + b"\0" * 50, "JPG"),
    ("课.mp4", b"\0\0\0\x18ftypmp42" + b"\0" * 50, "音视频"),
    ("稿.txt", "今天学习党章".encode(), "纯文本"),
    ("空.bin", b"\0\1\2\3" * 50, "这里收 PDF"),
]
JAILED = ("报告.doc", "公文.ofd", "页.html", "空.bin")
"""One of each: a compound file, an archive, a text, and what nobody knows."""


@pytest.mark.parametrize(("name", "data", "said"), GIVEN, ids=[name for name, _, _ in GIVEN])
def test_what_is_not_taken_is_named_with_what_to_do(tmp_path: Path, name: str, data: bytes, said: str) -> None:
    """As the program in the jail answers; without one for each of them, which took most of the time."""
    (tmp_path / name).write_bytes(data)
    assert read_package.answer("kind", tmp_path / name) == {"answer": None}
    (sentence,) = read_package.answer("refusal", tmp_path / name).values()
    sentence = sentence or "这里收 PDF、PPTX、DOCX 和图片。其他文件请先导出为 PDF 再上传。"
    assert said in sentence and any(word in sentence for word in ("请", "PDF"))


@pytest.mark.parametrize(("name", "data", "said"), [one for one in GIVEN if one[0] in JAILED], ids=JAILED)
def test_what_the_jail_answers_is_said(tmp_path: Path, name: str, data: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(Invalid, match=said) as refused:
        probe.check_document(Settings(), tmp_path / name, tmp_path)
    assert any(word in str(refused.value) for word in ("请", "PDF"))


TYPES = "application/vnd.openxmlformats-officedocument."
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
STRICT = "http://purl.oclc.org/ooxml/officeDocument/relationships/officeDocument"


@pytest.mark.parametrize("relation", [RELATION, STRICT])
@pytest.mark.parametrize(
    ("target", "content", "kind"),
    [
        ("word/document22.xml", "wordprocessingml.document.main+xml", "docx"),
        ("/word/document.xml", "wordprocessingml.template.main+xml", "docx"),
        ("anything/x.xml", "wordprocessingml.document.main+xml", "docx"),
        ("ppt/presentation7.xml", "presentationml.slideshow.main+xml", "pptx"),
        ("xl/book.xml", "spreadsheetml.sheet.main+xml", None),
        ("word/nowhere.xml", None, "docx"),
    ],
)
def test_the_main_part_is_what_the_package_names(
    tmp_path: Path, relation: str, target: str, content: str | None, kind: str | None
) -> None:
    override = f'<Override PartName="/{target.lstrip("/")}" ContentType="{TYPES}{content}"/>' if content else ""
    with zipfile.ZipFile(tmp_path / "x", "w") as made:
        made.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">{override}</Types>',
        )
        made.writestr(
            "_rels/.rels",
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f'<Relationship Id="a" Type="{relation}/x" Target="other.xml"/>'
            f'<Relationship Id="b" Type="{relation}" Target="{target}"/></Relationships>',
        )
        made.writestr(target.lstrip("/"), "<x/>")
    assert office_package.kind_of(tmp_path / "x") == kind


XML = '<?xml version="1.0"?><w/>'


def package(path: Path, **parts: str | bytes) -> Path:
    path.write_bytes(packed(**{"word__document_dot_xml": XML, **parts}))
    return path


@pytest.mark.parametrize(
    "distance",
    [0, 100, office_package.PIECE - 60, office_package.PIECE - 30, office_package.PIECE, 3 * office_package.PIECE],
)
@pytest.mark.parametrize("name", ["word__document_dot_xml", "word__a_dot_XML", "word__b_dot_vml", "word__c_dot_bin"])
def test_a_doctype_is_found_wherever_it_stands(tmp_path: Path, distance: int, name: str) -> None:
    """Across two pieces too, and in a part whose name hides that it is XML."""
    for shift in range(0, 12, 3):
        comment = "<!--" + "x y " * ((distance + shift) // 4) + "z" * ((distance + shift) % 4) + "-->"
        hidden = f"<?xml version='1.0'?>{comment}<!DOCTYPE a [<!ENTITY b 'boom'>]><w/>"
        with pytest.raises(Invalid, match="损坏"):
            office_package.tidy(package(tmp_path / "a.docx", **{name: hidden}), tmp_path / "b.docx")


@pytest.mark.parametrize(
    "data",
    [
        XML.encode("utf-16"),
        XML.encode("utf-16-le"),
        b"<?xml version='1.0' encoding='utf-7'?><w/>",
        b"<?xml version='1.0' encoding='cp037'?><w/>",
        "<?xml version='1.0'?><w/>".encode("cp037"),
        XML.encode() + b" " * (2 * office_package.PIECE) + b"\0",
    ],
)
def test_xml_that_could_spell_a_doctype_otherwise_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(Invalid, match="损坏"):
        office_package.tidy(package(tmp_path / "a.docx", word__x_dot_xml=data), tmp_path / "b.docx")


def test_an_honest_package_stays_as_it_is(tmp_path: Path) -> None:
    formula = XML.replace("<w/>", "<w><m:oMath/></w>")
    picture = b"\x89PNG" + b"\0" * 200_000
    for parts, has_formulas in (({"word__x_dot_xml": "\ufeff\r\n" + XML}, False), ({"word__x_dot_xml": formula}, True)):
        given = package(tmp_path / "a.docx", word__media__1_dot_png=picture, **parts)
        assert office_package.tidy(given, tmp_path / "b.docx") is has_formulas
        with zipfile.ZipFile(given) as one, zipfile.ZipFile(tmp_path / "b.docx") as other:
            assert {name: one.read(name) for name in one.namelist()} == {n: other.read(n) for n in other.namelist()}


@pytest.mark.parametrize(
    ("drawn", "read"),
    [
        ("关 于 红 军 作 战 的 原 则 … … … １ \r\n（ 一 九 三 七 年 ） ", "关于红军作战的原则………１\n（一九三七年）"),
        ("目 \u3000 \u3000 录", "目录"),
        ("目 录", "目录"),
        ("2 0 2 6 年 3 月", "2026年3月"),
        ("第一课 学党史 悟思想", "第一课 学党史 悟思想"),
        ("A B C D E", "A B C D E"),
        ("王 明 同志", "王 明 同志"),
        ("optional\u00adhyphen 可\u200b见\ufeff的", "optionalhyphen 可见的"),
        ("op\u00ad\r\ntional exam\ufffe\r\nple", "optional example"),
        ("若 a<b 且 c>d，<video> &lt; {\\b1}", "若 a<b 且 c>d，<video> &lt; {\\b1}"),
        ("长" * 1200, "长" * 1200),
    ],
)
def test_a_page_says_what_is_read_on_it(drawn: str, read: str) -> None:
    assert pages.clean_page(drawn) == read
