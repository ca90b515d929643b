"""What officers of the sample city keep: a cohort, a roster with rows to be mended, chapters that await a review."""

import csv
import io
import random

from sqlalchemy import select

from academy.cli.sample.names import person
from academy.cli.sample.waiting import actor_of
from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.settings import Settings
from academy.library import api as library
from academy.library.models import Course, CourseItem, ItemVersion
from academy.media.models import Asset
from academy.people import api as people
from academy.people.models import Member, Organisation
from academy.roster import api as roster

COHORT = "新任村支书（2026）"
IN_COHORT = 12
ROSTER = "九月党员信息核对.csv"
HEADINGS = ("编号", "姓名", "组织代码", "性别", "出生日期", "学历", "手机", "职务", "状态")
BAD = (
    ("20990001", "", "{code}", "男", "1988-04-02", "大专", "", "", ""),
    ("20990002", "{name}", "330000000", "女", "1990-11-21", "本科", "", "", ""),
    ("20990003", "{name}", "{code}", "女", "1991-02-30", "本科", "", "", ""),
    ("20990004", "{name}", "{code}", "男", "#N/A", "高中", "", "", ""),
    ("20990005", "{name}", "{code}", "男", "1979-06-18", "初中", "1390000", "", ""),
)
"""Rows as people send them: no name, an unknown branch, a day that is none, an error of the sheet, half a number."""
CHAPTERS = "0:00 为什么要讲这一课\n0:20 先看一组数\n0:40 怎么做"


def keep_offices(tx: Tx, settings: Settings, made: dict[str, int], lot: random.Random) -> None:
    """`made` are the accounts by user name."""
    county, town, trainer = (actor_of(tx, made[name]) for name in ("county", "town", "trainer"))
    node = tx.get_one(Organisation, county.scopes[0].organisation_id)
    cohort = people.create_cohort(tx, county, node, COHORT)
    secretaries = (
        select(Member.number)
        .join(Organisation, Organisation.id == Member.organisation_id)
        .where(people.subtree(node.path), Member.position == "党支部书记")
        .order_by(Member.position_since.desc(), Member.id)
        .limit(IN_COHORT)
    )
    people.add_cohort_members(tx, county, cohort, node, "\n".join(tx.scalars(secretaries)))
    _send_roster(tx, settings, county, tx.get_one(Organisation, town.scopes[0].organisation_id), lot)
    film = (
        select(Asset)
        .join(ItemVersion, ItemVersion.asset_id == Asset.id)
        .join(CourseItem, CourseItem.id == ItemVersion.item_id)
        .join(Course, Course.published_version_id == ItemVersion.course_version_id)
        .where(ItemVersion.kind == "video", Asset.account_id == made["trainer"], Asset.duration_ms > 60_000)
        .order_by(Asset.id.desc())
        .limit(1)
    )
    library.save_chapters(tx, trainer, tx.scalars(film).one(), CHAPTERS)


def _send_roster(tx: Tx, settings: Settings, sender: Actor, town: Organisation, lot: random.Random) -> None:
    """A file with a few who moved to another phone, and five rows that nobody can take; the worker checks it."""
    query = (
        select(Member, Organisation.code)
        .join(Organisation, Organisation.id == Member.organisation_id)
        .where(people.subtree(town.path), Member.status == "active")
        .order_by(Member.id)
        .limit(45)
    )
    rows = [_row(member, code, number) for number, (member, code) in enumerate(tx.execute(query))]
    rows += [[cell.format(code=rows[0][2], name=person(lot)[0]) for cell in bad] for bad in BAD]
    text = io.StringIO(newline="")
    csv.writer(text).writerows([HEADINGS, *rows])
    received = roster.receive_file(settings, io.BytesIO(text.getvalue().encode("utf-8-sig")))
    roster.begin_import(tx, sender, town, received=received, filename=ROSTER)


def _row(member: Member, code: str, number: int) -> list[str]:
    phone = f"1390000{number:04d}" if number % 9 == 0 else ""
    return [member.number, member.name, code, "", "", "", phone, member.position or "", ""]
