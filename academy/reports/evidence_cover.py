"""The first page of an evidence pack: what it proves, of whom, on which day, and how that is checked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from academy.core import clock
from academy.core.database import Tx
from academy.core.fonts import find_font
from academy.core.i18n import Message, Translator, format_moment, msg
from academy.coverage import api as coverage
from academy.coverage.api import NameFilter
from academy.reports.definitions import coverage_definition
from academy.reports.spreadsheets import Value
from academy.trainings import api as trainings

if TYPE_CHECKING:
    from academy.reports.pdf import PdfSheet

HEAD = (msg("党组织"), msg("应训"), msg("免训"), msg("已参学"), msg("已完成"), msg("完成率"))
WIDTHS = (40, 12, 12, 12, 12, 12)
FILES = {
    "names.csv": msg("名单：一人一行，%(n)s 人"),
    "figures.csv": msg("合计：下级党组织一行一个"),
}
CHECKED = msg(
    "复核：先核对每个文件的 SHA-256 与本页和 manifest.json 所写是否一致；再由系统管理员运行 flask evidence verify，"
    "按同一口径重算截止当日的结果，逐人比对。当日之后补登或更正的，会列出是哪两个人经手。"
)


SIGNED = msg("经手人：＿＿＿＿＿＿　　复核人：＿＿＿＿＿＿　　日期：＿＿＿＿＿＿")


@dataclass(frozen=True)
class CoverTable:
    """The figures on a cover: headings with their widths in letters, and what draws the rows below them."""

    head: Sequence[Message]
    widths: Sequence[int]
    draw: Callable[["PdfSheet"], None]


def draw_cover(
    tx: Tx, name_filter: NameFilter, translate: Translator, beside: Path, sums: Mapping[str, str], names: int
) -> bytes:
    """The cover of a pack of coverage as a PDF, empty where this machine has no Chinese font.

    `sums` are the files' checksums; a draft is written beside the pack.
    """
    found = coverage.coverage_of(tx, name_filter.training, name_filter.node, name_filter.day)
    training = name_filter.training
    courses = "；".join(course.title for course in trainings.courses_of(tx, training))
    sentences = [
        msg("证明材料：%(title)s", title=training.title),
        msg("党组织：%(name)s", name=name_filter.node.name),
        coverage_definition(name_filter.day),
        msg("培训时间：%(first)s 至 %(last)s", first=training.opens_on, last=training.closes_on),
        msg("完成标准：学完 %(n)s 门，课程：%(titles)s", n=found.needed, titles=courses),
    ]

    def rows(paper: "PdfSheet") -> None:
        lines = [(line.name, line.figures) for line in found.lines]
        if found.direct.due or found.direct.exempt:
            lines.append((translate(msg("本级直属党员")), found.direct))
        for name, f in [*lines, (translate(msg("合计")), found.figures)]:
            share: Value = round(f.completed / f.due, 4) if f.due else None
            paper.row([name, f.due, f.exempt, f.started, f.completed, share])

    files = {file: translate(Message(what.text, {"n": names})) for file, what in FILES.items()}
    return draw_pages(beside, translate, sentences, CoverTable(HEAD, WIDTHS, rows), files, sums, CHECKED)


def draw_pages(
    beside: Path,
    translate: Translator,
    sentences: Sequence[Message],
    table: CoverTable,
    files: Mapping[str, str],
    sums: Mapping[str, str],
    checked: Message,
) -> bytes:
    """A cover: what the pack is about, its figures, its files with their checksums, how to check it, lines to sign.

    Args:
        beside: the pack; a draft is written there and deleted.
        sentences: the first is the title.
        files: names of the pack's files → what each holds.
        checked: how the pack is checked.

    Returns:
        the PDF, empty where this machine has no Chinese font.
    """
    if find_font() is None:
        return b""
    from academy.reports.pdf import open_pdf  # fpdf2 is large, and only a worker needs it

    draft = beside.with_suffix(".cover")
    made = [*sentences, msg("生成时间：%(moment)s", moment=format_moment(clock.now()))]
    try:
        with open_pdf(draft, table.widths, len(made), portrait=True) as paper:
            for sentence in made:
                paper.row([translate(sentence)])
            paper.row([translate(word) for word in table.head])
            table.draw(paper)
            paper.row([])
            paper.widths((23, 30, 71))
            paper.row([translate(msg("文件")), translate(msg("内容")), "SHA-256"], head=True)
            for file, what in files.items():
                paper.row([file, what, sums[file]])
            paper.row([])
            paper.row([translate(checked)])
            paper.row([translate(SIGNED)])
        return draft.read_bytes()
    finally:
        draft.unlink(missing_ok=True)
