"""Mapping of a file's columns to fields: guessed from the header, corrected by the officer. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from academy.core.i18n import Message, msg
from academy.core.text import tidy_text


@dataclass(frozen=True)
class RosterColumn:
    """A field of a roster file, and its headings."""

    field: str
    label: Message
    headings: tuple[str, ...]
    required: bool = False


MEMBERS = (
    RosterColumn("number", msg("编号"), ("编号", "党员编号", "人员编号", "党员编码", "党员号", "工号", "number"), True),
    RosterColumn("name", msg("姓名"), ("姓名", "党员姓名", "名字", "name"), True),
    RosterColumn(
        "organisation",
        msg("组织代码"),
        ("组织代码", "所在组织代码", "党组织代码", "党支部代码", "支部代码", "组织编码", "组织编号", "organisation"),
        True,
    ),
    RosterColumn("gender", msg("性别"), ("性别", "gender", "sex")),
    RosterColumn("birth_date", msg("出生日期"), ("出生日期", "出生年月日", "生日", "birthdate")),
    RosterColumn("education", msg("学历"), ("学历", "文化程度", "education")),
    RosterColumn("joined_on", msg("入党日期"), ("入党日期", "入党时间", "加入党组织日期", "joinedon")),
    RosterColumn(
        "phone", msg("手机"), ("手机", "手机号", "手机号码", "联系电话", "电话", "联系方式", "phone", "mobile")
    ),
    RosterColumn("position", msg("职务"), ("职务", "党内职务", "position")),
    RosterColumn(
        "position_since", msg("任职日期"), ("任职日期", "任职时间", "任现职时间", "任现职日期", "positionsince")
    ),
    RosterColumn("status", msg("状态"), ("状态", "党员状态", "党籍状态", "status")),
)

TREE = (
    RosterColumn("code", msg("代码"), ("代码", "组织代码", "党组织代码", "编码", "code"), True),
    RosterColumn("name", msg("名称"), ("名称", "组织名称", "党组织名称", "name"), True),
    RosterColumn("parent", msg("上级代码"), ("上级代码", "上级组织代码", "上级党组织代码", "上级编码", "parent"), True),
    RosterColumn("kind", msg("类型"), ("类型", "组织类型", "组织类别", "kind"), True),
    RosterColumn("sector", msg("领域"), ("领域", "所属领域", "sector")),
)

LONGEST_HEADING = 200
"""Maximum characters of a heading: the rest is an explanation."""

COLUMNS_BY_KIND: dict[str, tuple[RosterColumn, ...]] = {"members": MEMBERS, "tree": TREE}


def normal(heading: str) -> str:
    """A heading without spaces, marks and remarks in brackets."""
    text = tidy_text(heading, LONGEST_HEADING).lower()
    return re.sub(r"\([^)\n]{0,100}\)|\[[^\]\n]{0,100}\]|[\s*:_\-.·]", "", text)


def guess(
    columns: Sequence[RosterColumn], header: Sequence[str], remembered: Mapping[str, str] | None = None
) -> dict[str, int]:
    """Field → position in the header. A heading remembered from an earlier file has priority over the guess."""
    seen: dict[str, int] = {}
    for place, heading in enumerate(header):
        seen.setdefault(normal(heading), place)
    found: dict[str, int] = {}
    for column in columns:
        names = [normal(remembered[column.field])] if remembered and column.field in remembered else []
        for name in (*names, *map(normal, column.headings)):
            if name in seen and seen[name] not in found.values():
                found[column.field] = seen[name]
                break
    return found


def problem(columns: Sequence[RosterColumn], header: Sequence[str], mapping: Mapping[str, int]) -> Message | None:
    """The error of a header, or None."""
    formulas = [place + 1 for place, heading in enumerate(header) if heading[:1] in "=+@" and heading]
    if formulas:
        return msg("表头第 %(place)s 列是公式，请改成文字。", place=formulas[0])
    missing = [column for column in columns if column.required and column.field not in mapping]
    if missing:
        names = "、".join(str(column.label) for column in missing)
        return msg("缺少必需的列：%(names)s。请在下面指定，或在文件里补上表头。", names=names)
    twice = {place for place in mapping.values() if list(mapping.values()).count(place) > 1}
    if twice:
        return msg("第 %(place)s 列被用了两次。", place=min(twice) + 1)
    return None


def unused_headings(header: Sequence[str], mapping: Mapping[str, int]) -> list[str]:
    """Headings that are not imported: shown to the officer."""
    return [heading for place, heading in enumerate(header) if heading.strip() and place not in mapping.values()]
