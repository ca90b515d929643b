"""The cover of an evidence pack of the lecture programme: every figure with what it counts, and how that is checked."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from academy.core.i18n import Message, Translator, msg, nmsg
from academy.faculty.api import Inquiry, ProgrammeList
from academy.reports.evidence_cover import CoverTable, draw_pages

if TYPE_CHECKING:
    from academy.reports.pdf import PdfSheet

HEAD = (msg("数字"), msg("数值"), msg("名单里的行数"))
WIDTHS = (56, 24, 20)
CHECKED = msg(
    "复核：先核对每个文件的 SHA-256 与本页和 manifest.json 所写是否一致；再由系统管理员运行 flask evidence verify，"
    "按同一口径重算截止当日的结果，逐行比对。有出入的，会列出之后由哪个账号改了什么。"
)


def draw_cover(
    asked: Inquiry,
    answer: Message,
    lists: Sequence[ProgrammeList],
    translate: Translator,
    beside: Path,
    sums: Mapping[str, str],
) -> bytes:
    """The cover as a PDF, empty where this machine has no Chinese font.

    `answer` says how things stand; `sums` are the checksums of the pack's files, beside which a draft is written.
    """
    period = asked.period
    sentences = [
        msg("证明材料：%(title)s", title=msg("领导干部讲坛 %(period)s", period=period.name)),
        msg("党组织：%(name)s", name=asked.scope.node.name),
        answer,
        msg("报告期：%(first)s 至 %(last)s，截至 %(day)s", first=period.first, last=period.last, day=asked.on),
    ]

    def rows(paper: "PdfSheet") -> None:
        for found in lists:
            paper.section(translate(found.title))
            paper.row([translate(found.definition)])
            for one in found.figures:
                value = f"{one.count:,}" if one.value is None else translate(one.value)
                paper.row([translate(one.label), value, f"{one.count:,}"])

    files = {f"{one.kind}.csv": _held(one, translate) for one in lists}
    files["figures.csv"] = translate(msg("合计：每个数字一行"))
    return draw_pages(beside, translate, sentences, CoverTable(HEAD, WIDTHS, rows), files, sums, CHECKED)


def _held(found: ProgrammeList, translate: Translator) -> str:
    return f"{translate(found.title)}：{translate(nmsg('%(n)s 行', len(found.lines)))}"
