"""Headings and words that a sheet of lecturers may carry."""

from academy.core.i18n import msg
from academy.faculty.kinds import LecturerLevel, PoolState
from academy.faculty.words import LEVEL_NAMES, POOL_STATE_NAMES
from academy.roster.api import RosterColumn

COLUMNS = (
    RosterColumn("lecturer", msg("姓名"), ("姓名", "讲师", "讲师姓名", "name"), True),
    RosterColumn("office", msg("职务"), ("职务", "现任职务", "工作单位及职务", "office"), True),
    RosterColumn("unit", msg("单位"), ("单位", "工作单位", "所在单位", "单位代码", "组织代码", "unit"), True),
    RosterColumn("level", msg("级别"), ("级别", "类别", "level"), True),
    RosterColumn("since", msg("任职日期"), ("任职日期", "任职时间", "任现职时间", "since"), True),
    RosterColumn("pool_state", msg("在库状态"), ("在库状态", "状态", "state")),
    RosterColumn("subjects", msg("方向"), ("方向", "授课方向", "擅长方向", "专题方向", "subjects")),
    RosterColumn("member", msg("党员编号"), ("党员编号", "编号", "number")),
)
LIST_MARK = "、"
"""Between the entries of a list in one cell."""
LEVEL_WORDS = {str(name): level for level, name in LEVEL_NAMES.items()} | {
    "一把手": LecturerLevel.COUNTY_FIRST,
    "县级": LecturerLevel.COUNTY,
    "市级": LecturerLevel.MUNICIPAL,
    "其他": LecturerLevel.OTHER,
}
STATE_WORDS = {str(POOL_STATE_NAMES[state]): state for state in (PoolState.INVITED, PoolState.CONFIRMED)}


def listed_words(text: str) -> list[str]:
    """The entries of a list in one cell, however they are parted."""
    for mark in ("，", ",", "；", ";"):
        text = text.replace(mark, LIST_MARK)
    return [word.strip() for word in text.split(LIST_MARK) if word.strip()]
