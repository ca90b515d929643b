"""From the cells of one row to one member's particulars, or to every reason why not."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from academy.core.i18n import Message, msg
from academy.members import rules
from academy.members.rules import Unreadable

DATES = ("birth_date", "joined_on", "position_since")


class RowReader:
    """Reads rows of one file. Values that repeat by the thousand (codes, dates) are read once."""

    def __init__(self, mapping: Mapping[str, int], today: dt.date, formulas: frozenset[tuple[int, int]]) -> None:
        self.formulas = formulas
        self.lines_with_formulas = {line for line, _ in formulas}
        readers: dict[str, Callable[[str], object]] = {
            "number": rules.read_number,
            "name": rules.read_name,
            "organisation": lru_cache(20_000)(rules.read_code),
            "gender": lru_cache(100)(rules.read_gender),
            "birth_date": lru_cache(60_000)(lambda text: rules.read_date(text, today=today)),
            "education": lru_cache(1000)(lambda text: rules.read_text(text, longest=20)),
            "joined_on": lru_cache(60_000)(lambda text: rules.read_date(text, today=today)),
            "phone": rules.read_phone,
            "position": lru_cache(5000)(lambda text: rules.read_text(text, longest=40)),
            "position_since": lru_cache(60_000)(lambda text: rules.read_date(text, today=today)),
            "status": lru_cache(100)(rules.read_status),
        }
        self.fields = [(field, place, readers[field]) for field, place in mapping.items() if field in readers]

    def read(self, line: int, cells: Sequence[str]) -> tuple[dict[str, Any], list[Message]]:
        """The row's values by field, and what is wrong with it."""
        wrong: list[Message] = []
        try:
            # Nearly every row is whole: read it in one go, and look for reasons only when there is one.
            values: dict[str, Any] = {field: reader(cells[place]) for field, place, reader in self.fields}
        except (Unreadable, IndexError):
            values = self._one_by_one(cells, wrong)
        if line in self.lines_with_formulas:
            columns = sorted(place for at, place in self.formulas if at == line)
            wrong.append(msg("第 %(columns)s 列是公式，请改成数值。", columns="、".join(str(c + 1) for c in columns)))
        if not wrong:
            try:
                rules.old_enough(values.get("birth_date"), values.get("joined_on"))
            except Unreadable as error:
                wrong.append(error.reason)
        return values, wrong

    def _one_by_one(self, cells: Sequence[str], wrong: list[Message]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for field, place, reader in self.fields:
            try:
                values[field] = reader(cells[place] if place < len(cells) else "")
            except Unreadable as error:
                wrong.append(error.reason)
        return values
