"""A dozen published courses and two in review. Their files are made by jobs afterwards."""

import dataclasses
import datetime as dt

from academy.cli.sample.lecture import LecturePlan
from academy.cli.sample.people import City
from academy.core import clock
from academy.core.database import Tx
from academy.jobs import api as jobs
from academy.library import api as library
from academy.library.api import CourseState, VersionState
from academy.library.models import Course, CourseItem, CourseVersion, ItemVersion, Review
from academy.media import api as media
from academy.media.models import Asset, AssetStep

PUBLISHED_DAYS_AGO = 230

JOB = "sample.make_file"


@dataclasses.dataclass(frozen=True)
class SampleShelf:
    """A sample course: statute, category, lecturer, and kind of file (video, audio or document)."""

    title: str
    category: str
    law: str
    first: int
    kind: str
    length_ms: int
    lecturer: str
    office: str
    summary: str
    with_paper: bool = False
    state: CourseState = CourseState.PUBLISHED


COURSES = (
    SampleShelf(
        "把乡村建设得更好",
        "village",
        "乡村振兴促进法",
        1,
        "video",
        480_000,
        "周文澜",
        "市委党校",
        "产业、人才、文化、生态、组织怎样一起振兴，法律是怎么说的。",
    ),
    SampleShelf(
        "村里的事大家商量着办",
        "governance",
        "村民委员会组织法",
        1,
        "video",
        425_000,
        "陈岭松",
        "市民政局",
        "村民自治的基本规矩：选举、决策、管理、监督。",
    ),
    SampleShelf(
        "手中的权力怎样用",
        "integrity",
        "公职人员政务处分法",
        1,
        "video",
        310_000,
        "沈知平",
        "市纪委监委",
        "公职人员应当遵守什么，违反了会怎样处理。",
    ),
    SampleShelf(
        "守住钱袋子：识破电信诈骗",
        "law",
        "反电信网络诈骗法",
        1,
        "video",
        355_000,
        "李晓芸",
        "市公安局",
        "银行、电话、网络各有什么责任，自己怎样防。",
    ),
    SampleShelf(
        "把老人照顾好",
        "models",
        "老年人权益保障法",
        1,
        "video",
        450_000,
        "何素琴",
        "市卫生健康委",
        "赡养、照料、医疗、出行，老年人有哪些权利。",
    ),
    SampleShelf(
        "安全生产人人有责",
        "skills",
        "安全生产法",
        1,
        "video",
        395_000,
        "赵铁山",
        "市应急管理局",
        "安全第一、预防为主：单位和个人各自的责任。",
    ),
    SampleShelf(
        "听一听：个人信息怎样保护",
        "law",
        "个人信息保护法",
        1,
        "audio",
        720_000,
        "李晓芸",
        "市公安局",
        "处理个人信息要遵守哪些原则。适合路上听。",
    ),
    SampleShelf(
        "听一听：不浪费一粒粮",
        "economy",
        "反食品浪费法",
        1,
        "audio",
        560_000,
        "马秋实",
        "市农业农村局",
        "从田头到餐桌，怎样防止浪费。适合路上听。",
    ),
    SampleShelf(
        "听一听：英雄不容忘记",
        "history",
        "英雄烈士保护法",
        1,
        "audio",
        615_000,
        "周文澜",
        "市委党校",
        "为什么要纪念英雄烈士，法律怎样保护他们的名誉。",
        with_paper=True,
    ),
    SampleShelf(
        "听一听：合作社怎样办",
        "economy",
        "农民专业合作社法",
        1,
        "audio",
        830_000,
        "马秋实",
        "市农业农村局",
        "成立、章程、盈余分配，合作社的基本规矩。",
        with_paper=True,
    ),
    SampleShelf(
        "听一听：家庭是人生第一课堂",
        "models",
        "家庭教育促进法",
        1,
        "audio",
        540_000,
        "何素琴",
        "市卫生健康委",
        "父母应当怎样陪伴和教育孩子。",
    ),
    SampleShelf(
        "监察法条文选读",
        "integrity",
        "监察法",
        1,
        "document",
        0,
        "沈知平",
        "市纪委监委",
        "适合小组集中学习时逐条对照。",
    ),
    SampleShelf(
        "粮食安全保障法条文选读",
        "economy",
        "粮食安全保障法",
        1,
        "document",
        0,
        "马秋实",
        "市农业农村局",
        "耕地、储备、流通、节约。",
        state=CourseState.SUBMITTED,
    ),
    SampleShelf(
        "消防法条文选读",
        "skills",
        "消防法",
        1,
        "document",
        0,
        "赵铁山",
        "市应急管理局",
        "单位和个人的消防责任。",
        state=CourseState.DRAFT,
    ),
    SampleShelf(
        "消防车通道不能堵",
        "skills",
        "消防法",
        12,
        "video",
        330_000,
        "赵铁山",
        "市应急管理局",
        "村口、楼道、厂门前的车和杂物，为什么一定要挪开。",
        state=CourseState.SUBMITTED,
    ),
)


@dataclasses.dataclass
class Shelved:
    """A course that was created, and the data needed to write its study records."""

    id: int
    public_id: str
    credit_minutes: int
    item_id: int | None
    """The item that is watched or listened to."""
    length_ms: int


def make_courses(tx: Tx, city: City, trainer_id: int, reviewer_id: int) -> list[Shelved]:
    """Insert courses and the rows of their files, and enqueue the first file."""
    shelves = {row.slug: row.id for row in library.seed_categories(tx)}
    waiting: list[tuple[int, LecturePlan]] = []
    _make_portraits(tx, trainer_id, waiting)
    made = [
        _course(tx, shelf, shelves[shelf.category], city.root.id, trainer_id, reviewer_id, place, waiting)
        for place, shelf in enumerate(COURSES)
    ]
    # Each job enqueues the next, so that the first lecture can be watched while others are being made.
    order = [[asset_id, dataclasses.asdict(plan)] for asset_id, plan in sorted(waiting, key=_films_first)]
    jobs.enqueue(tx, JOB, key=JOB, files=order)
    return made


BIOGRAPHIES = {
    "周文澜": "市委党校教师，讲了二十六年党史和乡村建设，爱用身边的例子说大道理。",
    "陈岭松": "做过八年乡镇民政工作，后到市民政局，跑遍全市的村民议事会。",
    "沈知平": "长期从事纪律审查，讲课只讲规矩和事实，不讲空话。",
    "李晓芸": "反诈民警，每周三晚上在社区值守，亲手劝住过上百起转账。",
    "何素琴": "内科医生出身，如今负责老年健康，最关心的是老人听不听得懂。",
    "赵铁山": "矿山安全员出身，安全生产一线工作三十年，口头禅是“再看一眼”。",
    "马秋实": "农业技术推广员，帮四十多个村办起合作社，账本随身带。",
}
"""Of the sample's lecturers, who are nobody."""


def _make_portraits(tx: Tx, owner: int, waiting: list[tuple[int, LecturePlan]]) -> None:
    """Every lecturer with a biography and a portrait; files as those of courses."""
    for shelf in {shelf.lecturer: shelf for shelf in COURSES}.values():
        person = library.find_lecturer(tx, shelf.lecturer, shelf.office, is_leader=False)
        asset = Asset(account_id=owner, kind="image", filename=f"{shelf.lecturer}.png", size=0)
        tx.add(asset)
        tx.flush()
        for number, step in enumerate(media.STEPS_BY_KIND["image"]):
            tx.add(AssetStep(asset_id=asset.id, step=step, position=number))
        person.biography, person.portrait_asset_id = BIOGRAPHIES[shelf.lecturer], asset.id
        waiting.append((asset.id, LecturePlan(shelf.lecturer, "", 0, 0, "image")))


def _films_first(entry: tuple[int, LecturePlan]) -> tuple[int, int]:
    """Portraits and papers take a moment each; the shortest film is the first that can be watched."""
    plan = entry[1]
    return ("image", "document", "video", "audio").index(plan.kind), plan.length_ms or entry[0]


def _course(
    tx: Tx,
    shelf: SampleShelf,
    category_id: int,
    organisation_id: int,
    trainer_id: int,
    reviewer_id: int,
    place: int,
    waiting: list[tuple[int, LecturePlan]],
) -> Shelved:
    shown = shelf.state == CourseState.PUBLISHED
    at = clock.now() - dt.timedelta(days=PUBLISHED_DAYS_AGO - place if shown else 2, minutes=place * 7)
    course = Course(
        organisation_id=organisation_id,
        created_by=trainer_id,
        created_at=at - dt.timedelta(days=3),
        updated_at=at,
    )
    version = CourseVersion(
        course=course,
        title=shelf.title,
        summary=shelf.summary,
        category_id=category_id,
        lecturer_id=library.find_lecturer(tx, shelf.lecturer, shelf.office, is_leader=place % 4 == 0).id,
        state=VersionState.DRAFT if shown else VersionState(shelf.state),
        edit_number=1,
        credit_minutes=library.propose_credit(shelf.length_ms, 0),
        created_at=at - dt.timedelta(days=3),
        submitted_at=None if shelf.state == CourseState.DRAFT else at - dt.timedelta(days=1),
    )
    course.draft = version
    tx.add(version)
    tx.flush()
    main = _item(tx, version, shelf, shelf.kind, trainer_id, 1, waiting)
    if shelf.with_paper:
        _item(tx, version, shelf, "document", trainer_id, 2, waiting)
    if shown:
        library.put_on_shelf(tx, course, at)
        tx.add(
            Review(
                course_version_id=version.id,
                edit_number=1,
                author_id=trainer_id,
                reviewer_id=reviewer_id,
                decision="approved",
                at=at,
            )
        )
    plays = shelf.kind != "document"
    return Shelved(course.id, course.public_id, version.credit_minutes, main if plays else None, shelf.length_ms)


SUFFIX = {"video": "mp4", "audio": "m4a", "document": "pdf"}


def _item(
    tx: Tx,
    version: CourseVersion,
    shelf: SampleShelf,
    kind: str,
    owner: int,
    position: int,
    waiting: list[tuple[int, LecturePlan]],
) -> int:
    asset = Asset(
        account_id=owner,
        kind=kind,
        filename=f"{shelf.title}.{SUFFIX[kind]}",
        size=0,
        duration_ms=shelf.length_ms if kind == shelf.kind and kind != "document" else None,
    )
    tx.add(asset)
    tx.flush()
    for number, step in enumerate(media.STEPS_BY_KIND[kind]):
        tx.add(AssetStep(asset_id=asset.id, step=step, position=number))
    title = shelf.title if kind == shelf.kind else f"{shelf.law}条文"
    item = ItemVersion(
        course_version=version,
        item=CourseItem(course=version.course),
        position=position,
        kind=kind,
        title=title,
        asset_id=asset.id,
        # Documents beside a lecture are optional.
        required=kind == shelf.kind,
    )
    tx.add(item)
    tx.flush()
    waiting.append((asset.id, LecturePlan(shelf.title, shelf.law, shelf.first, shelf.length_ms, kind)))
    return item.item_id
