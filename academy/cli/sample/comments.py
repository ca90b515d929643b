"""What is at work in the sample's studio: comments of a reviewer on two courses, and a file that failed."""

import datetime as dt

from sqlalchemy import select

from academy.cli.sample.waiting import actor_of
from academy.core import clock
from academy.core.database import Tx
from academy.core.i18n import msg
from academy.library import api as library
from academy.library.api import VersionState
from academy.library.models import Course, CourseItem, CourseVersion, ItemVersion
from academy.media import api as media
from academy.media.models import Asset, AssetStep

COMMENTED = {
    "document": (
        ("1", "第一条后面建议加一句话，说明这部法是哪一年开始施行的。", ""),
        ("2", "这一页字太密，能不能分成两页？老同志看着吃力。", ""),
    ),
    "video": (
        ("0:14", "开头直接念条文，建议先用村里的一件事引进来。", ""),
        ("1:05", "这里念得太快，请慢一点，或者停顿两秒。", "已经重新录了，慢了一些。"),
        ("2:08", "“消防车通道”写成了“消防通道”，请和条文对一下。", ""),
    ),
}
"""By the kind of the item: place (page, or moment), comment, and the answer with which it was dealt with."""
RETURNED = "讲得清楚。几处小地方写在批注里，改好就可以发。"
UNREADABLE = msg("文件不完整：录制或传输时中断了（缺少索引）。请重新导出后再上传。")


def leave_comments(tx: Tx, trainer_id: int, reviewer_id: int) -> None:
    """Comment on what is submitted, and return the film of it; both are accounts."""
    trainer, reviewer = actor_of(tx, trainer_id), actor_of(tx, reviewer_id)
    now = clock.now()
    for version in _in_work(tx, VersionState.SUBMITTED):
        item = version.items[0]
        course = version.course
        for place, (where, body, answer) in enumerate(COMMENTED[item.kind]):
            made = library.add_comment(tx, reviewer, course, item=item.public_id, place=where, body=body)
            made.at = now - dt.timedelta(hours=21, minutes=-7 * place)
            if answer:
                library.answer_comment(tx, trainer, course, made, body=answer).at = now - dt.timedelta(hours=2)
                library.settle_comment(tx, trainer, course, made)
                made.settled_at = now - dt.timedelta(hours=2)
        if item.kind == "video":
            library.return_course(tx, reviewer, course, comment=RETURNED).at = now - dt.timedelta(hours=20)
    for draft in _in_work(tx, VersionState.DRAFT):
        _fail(tx, draft, trainer_id)
    tx.flush()


def _in_work(tx: Tx, state: VersionState) -> list[CourseVersion]:
    query = select(CourseVersion).join(Course, Course.draft_version_id == CourseVersion.id)
    return list(tx.scalars(query.where(CourseVersion.state == state).order_by(CourseVersion.id)))


def _fail(tx: Tx, draft: CourseVersion, trainer_id: int) -> None:
    """A film that was cut off while it was copied from the camera."""
    film = Asset(
        account_id=trainer_id,
        kind="video",
        filename="消防演练.mov",
        size=734_003_200,
        state="failed",
        error=UNREADABLE.to_json() | {"fault": "file"},
    )
    tx.add(film)
    tx.flush()
    states = ("done", "failed")
    for number, step in enumerate(media.STEPS_BY_KIND["video"]):
        state = states[number] if number < len(states) else "waiting"
        tx.add(AssetStep(asset_id=film.id, step=step, position=number, state=state))
    tx.add(
        ItemVersion(
            course_version=draft,
            item=CourseItem(course=draft.course),
            position=2,
            kind="video",
            title="消防演练录像",
            asset_id=film.id,
            required=False,
        )
    )
