"""Headings that a list of people may carry, and how a line of pasted text is parted into words."""

from academy.core.i18n import msg
from academy.roster.api import RosterColumn

COLUMNS = (
    RosterColumn("number", msg("党员编号"), ("党员编号", "编号", "number")),
    RosterColumn("name", msg("姓名"), ("姓名", "学员", "学员姓名", "name")),
)
FIELDS = ("number", "name")


def words_of(line: str) -> list[str]:
    """The words of a line, however they are parted."""
    return line.replace(",", " ").replace("，", " ").replace("、", " ").split()


def people_of(line: str) -> list[str]:
    """The people of a line: names that stand in a row, with 、 between them, are one each."""
    parts = line.split("、")
    # Behind a number the sign parts it from the name.
    return [line] if any(is_number(word) for part in parts for word in words_of(part)) else parts


def is_number(word: str) -> bool:
    """Whether a word is a register number: it has a digit, and no Chinese character as a name would."""
    return any(sign.isdigit() for sign in word) and not any("\u4e00" <= sign <= "\u9fff" for sign in word)
