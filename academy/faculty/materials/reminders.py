"""Reminders of late material: lecturers who have not submitted, reviewers who have not decided. Once each."""

import datetime as dt
import functools

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from academy.core import clock
from academy.core.database import Database, Tx
from academy.core.i18n import msg
from academy.faculty.kinds import LectureState
from academy.faculty.material_kinds import MaterialKind, MaterialState
from academy.faculty.material_models import LectureMaterial, MaterialVersion
from academy.faculty.materials import messages
from academy.faculty.materials.clearance import MaterialStanding, rule_on, rules_by_day, standings_of
from academy.faculty.materials.rules import MATERIAL_NAMES
from academy.faculty.models import ProgrammeLecture
from academy.notifications import api as notifications

AHEAD = dt.timedelta(days=61)
"""Lectures further ahead have nothing that is due: a rule asks for sixty days at most."""


def remind_of_late_material(db: Database) -> int:
    """Remind of everything that is late today, each lecture in a transaction of its own; how many reminders were
    written."""
    today = clock.today()
    with db.read() as tx:
        lectures = tx.scalars(
            select(ProgrammeLecture.id)
            .where(
                ProgrammeLecture.state == LectureState.PLANNED,
                ProgrammeLecture.day >= today,
                ProgrammeLecture.day <= today + AHEAD,
            )
            .order_by(ProgrammeLecture.day, ProgrammeLecture.id)
        ).all()
    return sum(db.run_in_transaction(functools.partial(_remind, lecture_id=one)) for one in lectures)


def _remind(tx: Tx, *, lecture_id: int) -> int:
    today, lecture = clock.today(), tx.get_one(ProgrammeLecture, lecture_id)
    if lecture.state != LectureState.PLANNED:
        return 0
    rule, written = rule_on(rules_by_day(tx), lecture.day), 0
    for standing in standings_of(tx, [lecture])[lecture.id]:
        newest = standing.newest
        if newest is not None and newest.state == MaterialState.SUBMITTED:
            if rule is not None and (newest.days or 0) > rule.decide_days:
                written += _remind_reviewers(tx, newest.public_id, newest.days or 0)
        elif standing.due_on is not None and standing.due_on < today and standing.teachable is None:
            written += _remind_writers(tx, lecture, standing, standing.due_on)
    return written


def _remind_writers(tx: Tx, lecture: ProgrammeLecture, standing: MaterialStanding, due_on: dt.date) -> int:
    body = msg(
        "《%(title)s》的%(what)s该在%(day)s以前送审，现在还没有送。",
        title=lecture.title,
        what=MATERIAL_NAMES[standing.kind],
        day=due_on,
    )
    # With the day in its key: a lecture that was moved has another one.
    key, link = f"material.late:{lecture.id}:{standing.kind}:{due_on}", f"/teaching/{lecture.public_id}/{standing.kind}"
    members = messages.members_teaching(tx, lecture.id)
    return sum(
        notifications.notify(tx, key=f"{key}:{one}", body=body, link=link, member_id=one, kind="material.late")
        for one in members
    )


def _remind_reviewers(tx: Tx, version_id: str, days: int) -> int:
    version = tx.scalars(
        select(MaterialVersion)
        .where(MaterialVersion.public_id == version_id)
        .options(joinedload(MaterialVersion.material).joinedload(LectureMaterial.lecture))
    ).one()
    body = msg(
        "《%(title)s》的%(what)s等审已经 %(days)s 天，请尽快审阅。",
        title=version.material.lecture.title,
        what=MATERIAL_NAMES[MaterialKind(version.material.kind)],
        days=days,
    )
    key, link = f"material.waiting:{version.id}", f"/faculty/material/{version.public_id}"
    return sum(
        notifications.notify(tx, key=f"{key}:{one}", body=body, link=link, account_id=one, kind="material.waiting")
        for one in messages.deciding_accounts(tx, version)
    )
