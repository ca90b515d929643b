"""Sections of the navigation, in their order. Pages declare the section that links to them.

A page that belongs to a section names it in its declaration (`section=`), so that the section is marked as the
current one; the page that a section links to names it as `menu=`.
"""

from dataclasses import dataclass

from academy.core.i18n import Message, msg


@dataclass(frozen=True, eq=False)
class Section:
    """One section of the navigation. Compared by identity."""

    label: Message
    icon: str
    on_screens: bool = False
    """Whether a public screen shows it: lectures, nothing personal."""


HOME = Section(msg("首页"), "home")
COURSES = Section(msg("课程"), "book", on_screens=True)
MY_TRAININGS = Section(msg("培训"), "flag")
ME = Section(msg("我的"), "person")

STUDIO = Section(msg("工作室"), "film")
FAILED_FILES = Section(msg("未成功的文件"), "alert")
REVIEW = Section(msg("审阅"), "check")
COMPLAINTS = Section(msg("意见答复"), "inbox")
TRAININGS = Section(msg("培训管理"), "flag")
COVERAGE = Section(msg("覆盖率"), "chart")
REPORTS = Section(msg("报表"), "list")
PEOPLE = Section(msg("组织与党员"), "tree")
EXEMPTIONS = Section(msg("免训审批"), "check")
CORRECTIONS = Section(msg("记录更正"), "edit")
COHORTS = Section(msg("名单"), "people")
ROSTERS = Section(msg("花名册"), "list")
DICTIONARY = Section(msg("城市词典"), "search")
PRIVACY_REQUESTS = Section(msg("个人信息要求"), "person")
EXPORTS = Section(msg("导出"), "download")
SECTORS = Section(msg("领域"), "list")
JOBS = Section(msg("后台任务"), "alert")
GRANTS = Section(msg("角色授权"), "person")
AUDIT = Section(msg("审计"), "shield")

MEMBER_SECTIONS = (HOME, COURSES, MY_TRAININGS, ME)
SCREEN_SECTIONS = tuple(section for section in MEMBER_SECTIONS if section.on_screens)
OFFICE_SECTIONS = (
    STUDIO,
    FAILED_FILES,
    REVIEW,
    COMPLAINTS,
    TRAININGS,
    COVERAGE,
    REPORTS,
    PEOPLE,
    EXEMPTIONS,
    CORRECTIONS,
    COHORTS,
    ROSTERS,
    DICTIONARY,
    PRIVACY_REQUESTS,
    EXPORTS,
    SECTORS,
    JOBS,
    GRANTS,
    AUDIT,
)
