"""A list of names for printing: portrait pages, one section for each organisation, no column that is empty or the same
in every row."""

from collections.abc import Callable, Mapping
from pathlib import Path

from academy.core.database import Tx
from academy.core.i18n import Translator, msg
from academy.coverage import api as coverage
from academy.coverage.api import NameFilter
from academy.reports.definitions import coverage_definition

HEAD = (msg("姓名"), msg("编号"), msg("情况"), msg("完成日期"), msg("完成门数"))
WIDTHS = (16, 16, 40, 14, 10)
EVERY = 500


def write_name_pages(
    tx: Tx,
    name_filter: NameFilter,
    translate: Translator,
    places: Mapping[int, tuple[str, str]],
    path: Path,
    progress: Callable[[int], None],
) -> int:
    """Write the list that a filter selects; `places` are county and town of every organisation. Returns the names.

    Raises:
        Invalid: too many rows for a PDF, or no Chinese font.
    """
    from academy.reports.pdf import open_pdf  # fpdf2 is large, and only a worker needs it

    total, written, here = max(1, coverage.count_names(tx, name_filter)), 0, 0
    with open_pdf(path, WIDTHS, 2, portrait=True) as paper:
        paper.row([f"{name_filter.training.title} · {name_filter.node.name}"])
        paper.row([translate(coverage_definition(name_filter.day))])
        paper.row([translate(word) for word in HEAD])
        for one in coverage.stream_names(tx, name_filter):
            if one.organisation_id != here:
                here = one.organisation_id
                paper.section(" › ".join(part for part in (*places.get(here, ()), one.organisation) if part))
            paper.row([one.name, one.number, translate(one.reason), one.completed_on, len(one.courses)])
            written += 1
            if written % EVERY == 0:
                progress(1000 * written // total)
    return written
