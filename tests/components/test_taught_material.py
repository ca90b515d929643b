"""Only what is approved is taught, by dated rules; a recount names what was taught without."""

import datetime as dt

import pytest
from sqlalchemy import select

from academy.core.audit import AuditEntry
from academy.core.database import Tx
from academy.core.errors import Forbidden, Invalid
from academy.core.runtime import Runtime
from academy.faculty import lectures
from academy.faculty.material_kinds import MaterialKind
from academy.faculty.material_models import MaterialRule, MaterialVersion
from academy.faculty.materials import clearance, drafts, recount, reviewing
from academy.faculty.materials.drafts import MaterialText
from academy.faculty.models import LectureMaterial, ProgrammeLecture
from tests.components.material_scene import HANDOUT, SYLLABUS, approved, report, scene, submitted
from tests.support import faculty as school
from tests.support.in_may import NOON, TODAY, in_may
from tests.support.together import outcomes

__all__ = ["in_may"]


def test_only_what_is_approved_is_taught_or_the_reason_is_kept(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        at = scene(tx)
        approved(tx, at, SYLLABUS)
        waiting = submitted(tx, at, HANDOUT)
        with pytest.raises(Invalid) as refused:
            lectures.confirm_lecture(tx, at.office, at.lecture, report(at))
        assert set(refused.value.fields) == {"unreviewed"} and "讲义" in str(refused.value.fields["unreviewed"])
        with pytest.raises(Invalid):
            lectures.confirm_lecture(tx, at.office, at.lecture, report(at, " \n"))
        with pytest.raises(Invalid):
            lectures.confirm_lecture(tx, at.office, at.lecture, report(at, "长" * 201))
        assert at.lecture.state == "planned"
        lectures.confirm_lecture(tx, at.office, at.lecture, report(at, "临时换题，来不及审"))
        assert at.lecture.unreviewed_reason == "临时换题，来不及审"
        entry = tx.scalars(select(AuditEntry).where(AuditEntry.verb == "lecture.held")).one()
        assert entry.detail["unreviewed"] == ["handout"]
        lectures.reopen_lecture(tx, at.office, at.lecture)
        assert at.lecture.unreviewed_reason == ""
        reviewing.decide_material(tx, at.one, waiting, approved=True, reason="")
        lectures.confirm_lecture(tx, at.office, at.lecture, report(at, "不用写"))
        assert at.lecture.unreviewed_reason == "", "a reason that nothing needs is not kept"
        assert list(recount.material_contradictions(tx)) == []
        taught = dict(tx.execute(select(LectureMaterial.kind, LectureMaterial.taught_number)).all())
        assert taught == {"syllabus": 1, "handout": 1}
        changed = drafts.save_draft(tx, at.teacher, at.lecture, HANDOUT, MaterialText("课后改的"))
        drafts.submit_material(tx, at.teacher, changed)
        reviewing.decide_material(tx, at.one, changed, approved=True, reason="")
        standing = clearance.standings_of(tx, [at.lecture])[at.lecture.id][1]
        assert standing.taught_number == 1 and standing.approved is not None and standing.approved.number == 2


def test_rules_are_dated_and_a_lecture_before_the_first_owes_nothing(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        at = scene(tx)
        terms = clearance.MaterialTerms([], 3, 5, TODAY + dt.timedelta(1))
        with pytest.raises(Forbidden):
            clearance.change_material_rule(tx, at.one, terms)
        clearance.change_material_rule(tx, at.office, terms)
        with pytest.raises(Invalid):
            clearance.change_material_rule(tx, at.office, terms)
        kept = clearance.rules_by_day(tx)
        found = [clearance.rule_on(kept, TODAY + dt.timedelta(days)) for days in (-9_000, 0, 1)]
        assert [one.kinds if one else None for one in found] == [None, ["syllabus", "handout"], []]
        at.lecture.day = school.SINCE - dt.timedelta(1)
        assert not any(one.is_demanded for one in clearance.standings_of(tx, [at.lecture])[at.lecture.id])
        clearance.seed_material_rule(tx)
        assert len(clearance.rules_by_day(tx)) == 2


@pytest.mark.commits
def test_a_lecture_is_not_confirmed_with_what_is_taken_out_of_review_meanwhile(runtime: Runtime) -> None:
    """Confirming and submitting a change wait for each other: never both as if the other had not been."""
    with runtime.db.begin() as tx:
        at = scene(tx)
        for kind in MaterialKind:
            approved(tx, at, kind)
        version_id = drafts.save_draft(tx, at.teacher, at.lecture, HANDOUT, MaterialText("改过")).id

    def submit(tx: Tx) -> None:
        drafts.submit_material(tx, at.teacher, tx.get_one(MaterialVersion, version_id))

    def confirm(tx: Tx) -> None:
        lectures.confirm_lecture(tx, at.office, tx.get_one(ProgrammeLecture, at.lecture.id), report(at))

    submitted_end, confirmed_end = outcomes(runtime, submit, confirm)
    assert submitted_end is None and isinstance(confirmed_end, Invalid | None)
    is_confirmed = confirmed_end is None
    with runtime.db.read() as tx:
        lecture = tx.get_one(ProgrammeLecture, at.lecture.id)
        assert (lecture.state == "held") == is_confirmed
        taught = set(tx.scalars(select(LectureMaterial.taught_number)))
        assert taught == ({1} if is_confirmed else {None})


def test_a_recount_names_lectures_that_were_held_with_nothing_approved(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        at = scene(tx)
        term, days = at.lecture.term, (1, 2, 3)
        without, excused, altered = (
            school.lecture(tx, term, TODAY - dt.timedelta(day), (at.person, 1000)) for day in days
        )
        excused.unreviewed_reason = "防汛"
        for kind in MaterialKind:
            row = LectureMaterial(lecture_id=altered.id, kind=kind, taught_number=1)
            version = MaterialVersion(material=row, number=1, passages=["段"], submitted_at=NOON, closed_at=NOON)
            version.state, version.reason = ("approved", "") if kind == SYLLABUS else ("returned", "改")
            tx.add(version)
        tx.flush()
        found = [(kind, subject) for kind, subject, _held, _why in recount.material_contradictions(tx)]
        assert sorted(found) == sorted(
            [("material", f"lecture {altered.public_id}"), *[("material", f"lecture {without.public_id}")] * 2]
        )
        clearance.change_material_rule(
            tx, at.office, clearance.MaterialTerms(["syllabus"], 1, 1, TODAY - dt.timedelta(2))
        )
        late = tx.scalars(select(MaterialRule).order_by(MaterialRule.valid_from.desc())).first()
        assert late is not None
        late.entered_at = NOON + dt.timedelta(days=1)
        tx.flush()
        assert [one[1] for one in recount.material_contradictions(tx)] == [f"lecture {altered.public_id}"]
