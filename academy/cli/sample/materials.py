"""Syllabuses and handouts of the sample city's lectures, in every state, with the comments of reviewers."""

import datetime as dt
import random

from sqlalchemy import select, update

from academy.accounts.models import Account
from academy.core import clock
from academy.core.database import Tx
from academy.faculty.models import (
    LectureMaterial,
    LectureTeacher,
    MaterialComment,
    MaterialRule,
    MaterialVersion,
    PoolMembership,
    ProgrammeLecture,
)

SINCE = dt.timedelta(days=45)
"""How long ago the rule came into force: lectures from before owe no material."""
UNREVIEWED = "当天防汛值班，临时换人，材料来不及审"

SYLLABUS = (
    "教学目的：听完能说清这件事为什么要做、由谁做、做到什么程度。",
    "教学对象和时间：{title}，90 分钟，讲 65 分钟，问答 25 分钟。",
    "重点：把上面的要求换成本地做得到的三件事。",
    "难点：学员各自的底子不一样，例子要从东山、西岭两头各选一个。",
    "第一步（10 分钟）：从一件大家都经历过的小事讲起，请两位学员先说。",
    "第二步（35 分钟）：三个做法，一个做法配一个本地例子，好的、没做好的都讲。",
    "第三步（20 分钟）：分四组，每组拿一个村的情况，写出下个月要做的第一件事。",
    "作业：回去一个月内做成这一件事，带着照片和账来。",
)
HANDOUT = (
    "一、先说一件事。去年冬天，有个村把一笔三千元的账贴出来，三天里来问的人比一年还多。",
    "二、为什么从这件事讲起。群众不是不关心，是以前看不懂、问不着。“{title}”说到底，就是让人看得懂、问得着、办得成。",
    "三、三个做法。第一，定一个日子，到了就做，不等人催。",
    "第二，写大白话。凡是要群众看的，念给一位七十岁的老人听，他听懂了再贴。",
    "第三，有人问，就当场答；当场答不了的，写下来，约一个日子再答。",
    "四、没做好的例子。有的地方一次公开了六张表，没有一个人站在旁边讲，等于没有公开。",
    "五、回去就能做的。选一件最小的事，本月做成，下月开会的时候讲给大家听。",
)
REVISED = {
    3: "第二，写大白话。凡是要群众看的，先念给一位七十岁的老人听，他听懂了，再盖章贴出去，贴满三十天。",
    5: None,
    6: "五、回去就能做的。对照发给各位的清单，选一件最小的事，本月做成，下月支部会上讲给大家听。",
}
"""Place in the handout → how the second version says it; None: left out."""
REMARKS = (
    (4, "“贴出来”要写清贴多久、谁盖章，省里的办法有规定，请补上。"),
    (6, "这个例子容易对号入座，建议换掉，或者只讲道理。"),
    (7, "能不能配一张清单，学员照着做？"),
)
RETURNED = "内容扎实，例子好。请按三条批注改：期限和盖章要写准，第六段的例子请换，最后配一张清单。"


def make_materials(tx: Tx, accounts: dict[str, int], lot: random.Random) -> None:
    """Insert the rows; `accounts` are by user name. The secretary's account is that of a lecturer."""
    today = clock.today()
    tx.execute(update(MaterialRule).values(valid_from=today - SINCE))
    lectures = tx.scalars(
        select(ProgrammeLecture)
        .where(ProgrammeLecture.day >= today - SINCE, ProgrammeLecture.state.in_(("planned", "held")))
        .order_by(ProgrammeLecture.kind.desc(), ProgrammeLecture.day, ProgrammeLecture.id)
    ).all()
    coming = [one for one in lectures if one.state == "planned" and one.day >= today]
    stages = iter(("twice", "approved", "submitted", "returned", "draft", "reopened"))
    for number, lecture in enumerate(lectures):
        if lecture not in coming:
            if number % 12 == 5:
                lecture.unreviewed_reason = UNREVIEWED if lecture.state == "held" else ""
                continue
            _approved(tx, lecture, accounts, lot, taught=lecture.state == "held")
        elif lecture.kind == "forum" or lot.random() < 0.4:
            _coming(tx, lecture, next(stages, lot.choice(("approved", "submitted", ""))), accounts, lot)
    _link_lecturer(tx, accounts["secretary"], coming)
    tx.flush()


def _link_lecturer(tx: Tx, account_id: int, coming: list[ProgrammeLecture]) -> None:
    """A lecturer of the next evenings signs in with this account."""
    first = select(LectureTeacher.lecturer_id).where(LectureTeacher.lecture_id == coming[0].id).limit(1)
    member_id = tx.scalar(select(Account.member_id).where(Account.id == account_id))
    member = update(PoolMembership).where(PoolMembership.lecturer_id == first.scalar_subquery())
    tx.execute(member.values(member_id=member_id))


def _approved(tx: Tx, lecture: ProgrammeLecture, accounts: dict[str, int], lot: random.Random, *, taught: bool) -> None:
    """Both were approved in time."""
    at = _noon(lecture.day - dt.timedelta(days=lot.randrange(9, 20)))
    for kind, text in (("syllabus", SYLLABUS), ("handout", HANDOUT)):
        version = _version(tx, lecture, kind, 1, text, accounts["city"], at)
        _decide(version, "approved", accounts["reviewer"], dt.timedelta(days=lot.choice((1, 2, 2, 3, 4, 6))))
        if taught:
            version.material.taught_number = 1


def _coming(tx: Tx, lecture: ProgrammeLecture, stage: str, accounts: dict[str, int], lot: random.Random) -> None:
    """One lecture to come, as far as it is."""
    if not stage:
        return
    city, reviewer, now = accounts["city"], accounts["reviewer"], clock.now()
    if stage in {"twice", "approved"}:
        plan = _version(tx, lecture, "syllabus", 1, SYLLABUS, city, now - dt.timedelta(days=12))
        _decide(plan, "approved", reviewer, dt.timedelta(days=2))
    elif stage != "draft":
        _version(tx, lecture, "syllabus", 1, SYLLABUS, city, now - dt.timedelta(days=lot.randrange(1, 7)))
    if stage == "draft":
        draft = _version(tx, lecture, "handout", 1, HANDOUT[:4], city, None)
        draft.saved_at = now - dt.timedelta(days=1)
        return
    first = _version(tx, lecture, "handout", 1, HANDOUT, city, now - dt.timedelta(days=11))
    if stage == "submitted":
        first.submitted_at = now - dt.timedelta(days=3)
        return
    if stage in {"approved", "reopened"}:
        _decide(first, "approved", reviewer, dt.timedelta(days=3))
    else:
        _remark(tx, first, reviewer, settled_by=city if stage == "twice" else None)
        _decide(first, "returned", reviewer, dt.timedelta(days=2), RETURNED)
    if stage in {"twice", "reopened"}:
        text = [line for place, line in enumerate(HANDOUT) if REVISED.get(place, line) is not None]
        text = [REVISED.get(HANDOUT.index(line), line) or line for line in text]
        second = _version(tx, lecture, "handout", 2, text, city, now - dt.timedelta(days=6))
        second.change_note = "按批注改了期限，换掉了第六段，最后配了清单。"
        if stage == "twice":
            _decide(second, "approved", reviewer, dt.timedelta(days=3), "改得好，可以讲。")
        else:
            second.submitted_at = now - dt.timedelta(days=2)


def _noon(day: dt.date) -> dt.datetime:
    return clock.day_bounds(day)[0] + dt.timedelta(hours=12)


def _version(
    tx: Tx,
    lecture: ProgrammeLecture,
    kind: str,
    number: int,
    text: list[str] | tuple[str, ...],
    author: int,
    submitted_at: dt.datetime | None,
) -> MaterialVersion:
    found = tx.scalar(
        select(LectureMaterial).where(LectureMaterial.lecture_id == lecture.id, LectureMaterial.kind == kind)
    )
    material = found or LectureMaterial(lecture_id=lecture.id, kind=kind)
    version = MaterialVersion(
        material=material,
        number=number,
        state="submitted" if submitted_at is not None else "draft",
        passages=[line.format(title=lecture.title) for line in text],
        author_id=author,
        saved_at=submitted_at or clock.now(),
        submitted_at=submitted_at,
        submitted_by=author if submitted_at is not None else None,
    )
    tx.add(version)
    return version


def _decide(version: MaterialVersion, state: str, reviewer: int, after: dt.timedelta, reason: str = "") -> None:
    assert version.submitted_at is not None
    version.state, version.reviewer_id, version.reason = state, reviewer, reason
    version.closed_at = min(version.submitted_at + after, clock.now())


def _remark(tx: Tx, version: MaterialVersion, reviewer: int, settled_by: int | None) -> None:
    tx.flush()
    assert version.submitted_at is not None
    at = version.submitted_at + dt.timedelta(days=1)
    tx.add_all(
        MaterialComment(
            version_id=version.id,
            place=place,
            quote=version.passages[place - 1][:60],
            body=body,
            reviewer_id=reviewer,
            at=at,
            answer="已改。" if settled_by else "",
            settled_at=at + dt.timedelta(days=3) if settled_by else None,
            settled_by=settled_by,
        )
        for place, body in REMARKS
    )
