"""A lecture of today whose syllabus and handout are written, reviewed and taught."""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import update

from academy.core.actor import Actor, Role
from academy.core.database import Tx
from academy.faculty.kinds import LectureEvidenceKind
from academy.faculty.lectures import TeachingReport
from academy.faculty.material_kinds import MaterialKind
from academy.faculty.material_models import MaterialRule, MaterialVersion
from academy.faculty.materials import drafts, reviewing
from academy.faculty.materials.drafts import MaterialText
from academy.faculty.models import PoolMembership, ProgrammeLecture
from academy.library.models import Lecturer
from tests.support import factories as make
from tests.support import faculty as school
from tests.support.in_may import TODAY

SYLLABUS, HANDOUT = MaterialKind.SYLLABUS, MaterialKind.HANDOUT


@dataclass
class Scene:
    """A lecture of today, who teaches it, the office and two reviewers."""

    lecture: ProgrammeLecture
    person: Lecturer
    teacher: Actor
    office: Actor
    one: Actor
    two: Actor


def scene(tx: Tx) -> Scene:
    tx.add(MaterialRule(kinds=["syllabus", "handout"], due_days=7, decide_days=5, valid_from=school.SINCE))
    city = make.organisation(tx, level="city")
    member = make.member(tx, make.organisation(tx, city))
    person = school.lecturer(tx, city)
    tx.execute(update(PoolMembership).where(PoolMembership.lecturer_id == person.id).values(member_id=member.id))
    term = school.term(tx, dt.date(2026, 3, 1), dt.date(2026, 7, 10))
    lecture = school.lecture(tx, term, TODAY, (person, 1000), state="planned")
    teacher = make.actor_of(tx, make.account(tx, member))
    office = make.actor_of(tx, make.account(tx, None, (Role.NODE_ADMINISTRATOR, city)))
    one, two = (make.actor_of(tx, make.account(tx, None, (Role.REVIEWER, city))) for _ in range(2))
    return Scene(lecture, person, teacher, office, one, two)


def submitted(tx: Tx, at: Scene, kind: MaterialKind = HANDOUT, text: str = "第一段\n第二段\n第三段") -> MaterialVersion:
    version = drafts.save_draft(tx, at.teacher, at.lecture, kind, MaterialText(text))
    drafts.submit_material(tx, at.teacher, version)
    return version


def approved(tx: Tx, at: Scene, kind: MaterialKind, text: str = "第一段") -> MaterialVersion:
    version = submitted(tx, at, kind, text)
    reviewing.decide_material(tx, at.one, version, approved=True, reason="")
    return version


def report(at: Scene, unreviewed: str = "") -> TeachingReport:
    return TeachingReport({at.person.id: 1000}, [(LectureEvidenceKind.ROLL, "签到表")], unreviewed=unreviewed)
