"""Parses cells of rows into members' data, or into reasons of refusal."""

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from academy.core.i18n import Message, msg
from academy.people import api as people
from academy.people.api import Unreadable
from academy.roster.sheet_table import Batch, SheetTable

_NUMBERS = re.compile(r"(?:[0-9A-Za-z][0-9A-Za-z_\-]{0,39}\n)+")
_MOBILES = re.compile(r"(?:(?:1[3-9][0-9]{9})?\n)+")
_Reader = Callable[[str], Any]
_Values = dict[str, Sequence[Any]]


class _Known(dict[str, Any]):
    """Cache of parsed values: codes, dates and terms repeat by the thousand."""

    def __init__(self, reader: _Reader, most: int) -> None:
        super().__init__()
        self.reader, self.most = reader, most

    def __missing__(self, text: str) -> Any:
        value = self.reader(text)
        if len(self) < self.most:
            self[text] = value
        return value

    def column(self, cells: Sequence[str]) -> Sequence[Any]:
        """The values of a column.

        Raises:
            Unreadable: one of them cannot be parsed.
        """
        return list(map(self.__getitem__, cells))


class RowReader:
    """Parses the rows of one file, in batches of some thousands and a column at once: nearly every cell is valid."""

    def __init__(self, mapping: Mapping[str, int], today: dt.date, table: SheetTable) -> None:
        self.table = table
        self.used = set(mapping.values())
        self.formulas: dict[int, list[int]] = {}
        for line, place in sorted(table.formulas):
            if place in self.used:
                self.formulas.setdefault(line, []).append(place)
        dated = _Known(lambda text: people.read_date(text, today=today), 60_000)
        known: dict[str, _Known] = {
            "organisation": _Known(people.read_organisation_code, 20_000),
            "gender": _Known(people.read_gender, 100),
            "birth_date": dated,
            "education": _Known(lambda text: people.read_text(text, longest=20), 1000),
            "joined_on": dated,
            "position": _Known(lambda text: people.read_text(text, longest=40), 5000),
            "position_since": dated,
            "status": _Known(people.read_status, 100),
        }
        plain: dict[str, tuple[_Reader, Callable[[Sequence[str]], Sequence[Any] | None]]] = {
            "number": (people.read_member_number, _numbers),
            "name": (people.read_name, _names),
            "phone": (people.read_phone, _phones),
        }
        self.known = [(field, place, known[field]) for field, place in mapping.items() if field in known]
        self.plain = [(field, place, *plain[field]) for field, place in mapping.items() if field in plain]
        self.width = max(self.used, default=-1) + 1

    def read(self, batch: Batch) -> tuple[_Values, dict[int, list[Message]]]:
        """The values of some rows by field, and the errors by index in the batch.

        A value that cannot be parsed is None.
        """
        columns = [*batch.columns]
        columns += [[""] * len(batch.lines)] * (self.width - len(columns))
        wrong: dict[int, list[Message]] = {}
        values: _Values = {}
        for field, place, reader, quick in self.plain:
            whole = quick(columns[place])
            values[field] = _one_by_one(columns[place], reader, wrong) if whole is None else whole
        for field, place, known in self.known:
            try:
                values[field] = known.column(columns[place])
            except Unreadable:
                values[field] = _one_by_one(columns[place], known.__getitem__, wrong)
        self._odd_lines(batch.lines, wrong)
        _of_age(values, wrong)
        return values, wrong

    def _odd_lines(self, lines: Sequence[int], wrong: dict[int, list[Message]]) -> None:
        if not self.formulas and not self.table.faults:
            return
        for i, line in enumerate(lines):
            if line in self.formulas:
                columns = "、".join(str(place + 1) for place in self.formulas[line])
                wrong.setdefault(i, []).append(msg("第 %(columns)s 列是公式，请改成数值。", columns=columns))
            if line in self.table.faults:
                # Its cells are in the wrong columns: further errors would only mislead.
                wrong[i] = [self.table.faults[line]]


def _of_age(values: _Values, wrong: dict[int, list[Message]]) -> None:
    if "birth_date" not in values or "joined_on" not in values:
        return
    for i, (birth, joined) in enumerate(zip(values["birth_date"], values["joined_on"], strict=True)):
        if birth and joined and joined.year - birth.year <= people.ADULT_AGE and i not in wrong:
            try:
                people.check_joining_age(birth, joined)
            except Unreadable as error:
                wrong[i] = [error.reason]


def _one_by_one(cells: Sequence[str], reader: _Reader, wrong: dict[int, list[Message]]) -> list[Any]:
    values: list[Any] = []
    for i, cell in enumerate(cells):
        try:
            values.append(reader(cell))
        except Unreadable as error:
            wrong.setdefault(i, []).append(error.reason)
            values.append(None)
    return values


def _numbers(cells: Sequence[str]) -> Sequence[Any] | None:
    joined = "\n".join(cells) + "\n"
    return cells if joined.count("\n") == len(cells) and _NUMBERS.fullmatch(joined) else None


def _names(cells: Sequence[str]) -> Sequence[Any] | None:
    return cells if all(cells) and "".join(cells).isalpha() and max(map(len, cells)) <= 60 else None


def _phones(cells: Sequence[str]) -> Sequence[Any] | None:
    joined = "\n".join(cells) + "\n"
    if joined.count("\n") != len(cells) or not _MOBILES.fullmatch(joined):
        return None
    return [cell or None for cell in cells] if "" in cells else cells
