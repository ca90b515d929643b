"""A personnel note on paper: one page that says the same as the signed document, and holds it as an attachment."""

from pathlib import Path
from typing import Any

from academy.core.fonts import find_font
from academy.core.i18n import msg, translator_for

ATTACHMENT = "note.json"


def draw_note(document: dict[str, Any], signed: bytes, key: str, beside: Path) -> bytes:
    """The note as a PDF, in Chinese, whoever asks for it; empty where this machine has no Chinese font.

    Args:
        document: the note's document.
        signed: the same with its signature; attached uncompressed, so that it can be read back without a PDF library.
        key: short name of the key.
        beside: a path below which a draft is written.
    """
    if find_font() is None:
        return b""
    from academy.reports.pdf import open_pdf  # fpdf2 is large, and only this needs it

    translate = translator_for("zh")
    draft = beside.with_suffix(".pdf")
    hours, share = document["class_hour_tenths"], document["share_permille"]
    lines = (
        (msg("编号"), document["number"]),
        (msg("姓名"), document["lecturer"]),
        (msg("单位及职务"), f"{document['unit']} {document['office']}".strip()),
        (msg("评比"), document["contest"]),
        (msg("学期"), document["term"]),
        (msg("课程"), document["lecture"]),
        (msg("授课日期"), document["held_on"]),
        (msg("课时"), f"{hours * share // 1000 / 10:g}"),
        (msg("得分（满分 100）"), f"{document['points_hundredths'] / 100:.2f}"),
        (msg("公布日期"), document["published_on"]),
    )
    rule = msg(
        "评委 %(judges)s 位打分，最高分、最低分各去掉 %(trimmed)s 个，取平均；不计点单人数、观看次数和票数。",
        judges=document["judges"],
        trimmed=document["trimmed"],
    )
    checked = msg(
        "核验：把本文件交到 %(issuer)s 的核验页面，或用公钥 %(key)s 核对附件。", issuer=document["issuer"], key=key
    )
    try:
        with open_pdf(draft, (20, 60), 3, portrait=True) as paper:
            paper.row([translate(msg("优秀课程证明"))])
            paper.row([document["issuer"]])
            paper.row([translate(msg("出具日期：%(day)s", day=document["issued_on"]))])
            paper.row([translate(msg("项目")), translate(msg("内容"))])
            for label, value in lines:
                paper.row([translate(label), value])
            paper.row([])
            paper.row([translate(msg("评分项")), translate(msg("权重（百分之）"))], head=True)
            for one in document["criteria"]:
                paper.row([one["text"], one["weight"]])
            paper.row([])
            paper.row([translate(rule)])
            paper.row([translate(checked)])
            paper.embed_file(basename=ATTACHMENT, bytes=signed, compress=False)
        return draft.read_bytes()
    finally:
        draft.unlink(missing_ok=True)
