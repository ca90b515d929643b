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
TRAININGS = Section(msg("培训管理"), "flag")
COVERAGE = Section(msg("覆盖率"), "chart")
REPORTS = Section(msg("报表"), "list")
EXPORTS = Section(msg("导出"), "download")

POOL = Section(msg("师资库"), "people")
OBLIGATIONS = Section(msg("授课任务"), "check")
LECTURES = Section(msg("授课安排"), "calendar")
CLASSES = Section(msg("培训班"), "people")
MATERIAL = Section(msg("教案讲义审阅"), "document")
CLASS_HOURS = Section(msg("课时"), "clock")
CONTESTS = Section(msg("优秀课程评比"), "star")
EVALUATION_COMMENTS = Section(msg("评价意见"), "question")
PROGRAMME_REPORTS = Section(msg("讲坛报表"), "chart")
TERMS = Section(msg("学期与节假日"), "flag")
TOPICS = Section(msg("点单"), "star")
PLANS = Section(msg("配餐"), "calendar")

DESK = Section(msg("支部工作台"), "people")
PEOPLE = Section(msg("组织与党员"), "tree")
ROSTERS = Section(msg("花名册"), "list")
COHORTS = Section(msg("名单"), "people")
SECTORS = Section(msg("领域"), "list")

REVIEW = Section(msg("审阅"), "check")
PROPOSALS = Section(msg("字幕修改"), "captions")
COMPLAINTS = Section(msg("意见答复"), "inbox")
QUESTIONS = Section(msg("课程提问"), "question")
EXEMPTIONS = Section(msg("免训审批"), "check")
CORRECTIONS = Section(msg("记录更正"), "edit")
PRIVACY_REQUESTS = Section(msg("个人信息要求"), "person")

FAILED_FILES = Section(msg("未成功的文件"), "alert")
JOBS = Section(msg("后台任务"), "alert")
DELIVERIES = Section(msg("没有送到的消息"), "inbox")
DICTIONARY = Section(msg("城市词典"), "search")
GRANTS = Section(msg("角色授权"), "person")
AUDIT = Section(msg("审计"), "shield")


@dataclass(frozen=True, eq=False)
class SectionGroup:
    """Sections of officers that stand together, in their order."""

    label: Message
    sections: tuple[Section, ...]


MEMBER_SECTIONS = (HOME, COURSES, MY_TRAININGS, ME)
SCREEN_SECTIONS = tuple(section for section in MEMBER_SECTIONS if section.on_screens)
OFFICE_GROUPS = (
    SectionGroup(msg("学习"), (COVERAGE, TRAININGS, REPORTS, EXPORTS, STUDIO)),
    SectionGroup(
        msg("领导干部讲坛"),
        (
            *(OBLIGATIONS, TOPICS, PLANS, LECTURES, MATERIAL, CLASSES, POOL, CLASS_HOURS, CONTESTS),
            *(PROGRAMME_REPORTS, EVALUATION_COMMENTS, TERMS),
        ),
    ),
    SectionGroup(msg("人员"), (DESK, PEOPLE, ROSTERS, COHORTS, SECTORS)),
    SectionGroup(msg("审批"), (REVIEW, PROPOSALS, QUESTIONS, EXEMPTIONS, CORRECTIONS, COMPLAINTS, PRIVACY_REQUESTS)),
    SectionGroup(msg("系统"), (FAILED_FILES, JOBS, DELIVERIES, DICTIONARY, GRANTS, AUDIT)),
)
"""Every section that a page declares as its `menu` stands here or among the members'."""
