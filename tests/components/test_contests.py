"""The contest from nomination to a note: who may judge what, what is not asked, what cannot be forged."""

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from sqlalchemy import select

from academy.accounts.api import PersonErased
from academy.core import clock, signing
from academy.core.actor import Actor, Role, Scope
from academy.core.database import Tx
from academy.core.errors import Conflict, Forbidden, Invalid, NotFound
from academy.core.runtime import Runtime
from academy.faculty import copies, handlers
from academy.faculty.contest_kinds import Eligibility
from academy.faculty.contest_models import Contest, Nomination, PanelScore, PersonnelNote
from academy.faculty.contests import notes, panel, rules, service
from academy.faculty.contests.notes import NoteState
from academy.faculty.evaluation_models import (
    EvaluationAnswer,
    EvaluationForm,
    EvaluationInvitation,
    EvaluationRound,
    LectureAttendance,
)
from academy.faculty.evaluations import forms
from academy.faculty.models import LecturerConsent, PoolMembership, ProgrammeLecture
from academy.library.models import Lecturer
from academy.people.models import Organisation
from tests.support import factories as make
from tests.support import faculty as school

NOON = dt.datetime(2026, 7, 20, 4, tzinfo=dt.UTC)
SIGNER = signing.DocumentSigner("a-secret-for-tests-only-0123456789")
WEIGHTS = {one["key"]: one["weight"] for one in service.FIRST_CRITERIA}


@dataclass
class Scene:
    office: Actor
    city: Organisation
    contest: Contest
    lectures: list[ProgrammeLecture] = field(default_factory=list)
    lecturers: list[Lecturer] = field(default_factory=list)
    nominations: list[Nomination] = field(default_factory=list)
    judges: list[Actor] = field(default_factory=list)


@pytest.fixture(autouse=True)
def _in_july() -> Iterator[None]:
    with clock.frozen(NOON):
        yield


def evaluated(tx: Tx, lecture: ProgrammeLecture, mark: int, answers: int = 6) -> None:
    form = tx.scalars(select(EvaluationForm).where(EvaluationForm.kind == "participants")).one()
    row = EvaluationRound(
        lecture_id=lecture.id, form_id=form.id, kind="participants", closes_on=lecture.day, closed_at=clock.now()
    )
    tx.add(row)
    tx.flush()
    for _ in range(answers):
        tx.add(EvaluationAnswer(round_id=row.id, scores={"q1": mark, "q2": mark, "q3": mark, "q4": mark}))
    tx.flush()


def scene(tx: Tx, lectures: int = 4, judges: int = 6) -> Scene:
    """A contest in which lectures of as many counties are nominated, judged by people of other units."""
    forms.seed_forms(tx, dt.date(2026, 1, 1))
    city = make.organisation(tx, level="city")
    office = Actor(scopes=(Scope(Role.NODE_ADMINISTRATOR, city.id, city.path),), label="office")
    term = school.term(tx, dt.date(2026, 3, 1), dt.date(2026, 7, 10))
    made = Scene(office, city, service.open_contest(tx, office, term, "春季学期优秀课程评比", places=2, least_judges=4))
    for number in range(lectures):
        county = make.organisation(tx, city, level="county")
        person = school.lecturer(tx, county, "county_first")
        membership = tx.scalars(select(PoolMembership).where(PoolMembership.lecturer_id == person.id)).one()
        membership.member_id = make.member(tx, make.organisation(tx, county)).id
        lecture = school.lecture(tx, term, dt.date(2026, 3, 4) + dt.timedelta(weeks=number), (person, 1000))
        tx.add(LecturerConsent(lecturer_id=person.id, kind="publish", given_on=lecture.day))
        evaluated(tx, lecture, mark=1 + number)
        made.lecturers.append(person)
        made.lectures.append(lecture)
        made.nominations.append(service.nominate(tx, office, made.contest, lecture, "讲得实"))
    for _ in range(judges):
        member = make.member(tx, make.organisation(tx, make.organisation(tx, city, level="county")))
        panel.appoint_judge(tx, office, made.contest, member)
        made.judges.append(Actor(member_id=member.id, label="judge"))
    return made


def points(value: int) -> dict[str, str]:
    return dict.fromkeys(WEIGHTS, str(value))


def scored(tx: Tx, made: Scene, values: list[int] | None = None) -> None:
    service.begin_scoring(tx, made.office, made.contest)
    for row, value in zip(made.nominations, values or [60, 90, 80, 70], strict=True):
        for judge in made.judges:
            panel.give_score(tx, judge, row, points(value))


def published(tx: Tx, made: Scene) -> None:
    service.announce_result(tx, made.office, made.contest)
    with clock.frozen(NOON + dt.timedelta(days=6)):
        service.publish_result(tx, made.office, made.contest)


def test_the_best_of_the_panel_are_chosen_and_marks_of_participants_play_no_part(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        made = scene(tx)
        scored(tx, made)
        published(tx, made)
        assert [row.is_chosen for row in made.nominations] == [False, True, True, False]
        assert [row.hundredths for row in made.nominations] == [6000, 9000, 8000, 7000]
        assert [row.judges for row in made.nominations] == [6] * 4


def test_scores_are_trimmed_as_declared(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        made = scene(tx, lectures=1)
        service.begin_scoring(tx, made.office, made.contest)
        for judge, value in zip(made.judges, (0, 70, 72, 74, 76, 100), strict=True):
            panel.give_score(tx, judge, made.nominations[0], points(value))
        service.announce_result(tx, made.office, made.contest)
        assert made.nominations[0].hundredths == 7300


@pytest.mark.parametrize("missing", ["consent", "evaluation", "few", "none"])
def test_what_does_not_take_part_is_named(runtime: Runtime, missing: str) -> None:
    with runtime.db.begin() as tx:
        made = scene(tx, lectures=2)
        lecture = made.lectures[0]
        if missing == "consent":
            row = tx.scalars(select(LecturerConsent).where(LecturerConsent.lecturer_id == made.lecturers[0].id)).one()
            row.withdrawn_on = dt.date(2026, 7, 1)
        elif missing != "none":
            of = select(EvaluationRound.id).where(EvaluationRound.lecture_id == lecture.id).scalar_subquery()
            answers = tx.scalars(select(EvaluationAnswer).where(EvaluationAnswer.round_id == of)).all()
            for answer in answers[4:] if missing == "few" else answers:
                tx.delete(answer)
        tx.flush()
        service.begin_scoring(tx, made.office, made.contest)
        expected = {"consent": ["no_consent"], "evaluation": ["not_evaluated"], "few": ["not_evaluated"], "none": []}
        assert made.nominations[0].findings == expected[missing]
        assert (made.nominations[0].eligibility == Eligibility.ELIGIBLE) == (missing == "none")
        if missing != "none":
            with pytest.raises(Conflict):
                panel.give_score(tx, made.judges[0], made.nominations[0], points(80))


def judge_in(tx: Tx, made: Scene, organisation: Organisation, **changes: object) -> Actor:
    member = make.member(tx, organisation, **changes)
    panel.appoint_judge(tx, made.office, made.contest, member)
    return Actor(member_id=member.id, label="judge")


@pytest.mark.parametrize("bar", ["unit", "below", "taught", "nominated"])
def test_nobody_scores_where_they_have_an_interest(runtime: Runtime, bar: str) -> None:
    with runtime.db.begin() as tx:
        made = scene(tx)
        membership = tx.scalars(select(PoolMembership).where(PoolMembership.lecturer_id == made.lecturers[0].id)).one()
        (post,) = [one for one in tx.scalars(select(Organisation)) if one.path.count("/") == 3][:1]
        if bar == "unit":
            judge = judge_in(tx, made, post)
        elif bar == "below":
            judge = judge_in(tx, made, make.organisation(tx, make.organisation(tx, post)))
        elif bar == "taught":
            assert membership.member_id is not None
            other = make.organisation(tx, made.city, level="county")
            member = make.member(tx, other)
            membership.member_id = member.id
            panel.appoint_judge(tx, made.office, made.contest, member)
            judge = Actor(member_id=member.id, label="judge")
        else:
            judge = judge_in(tx, made, make.organisation(tx, made.city, level="county"))
            made.nominations[0].nominator_id = judge.member_id
        tx.flush()
        service.begin_scoring(tx, made.office, made.contest)
        with pytest.raises(Conflict):
            panel.give_score(tx, judge, made.nominations[0], points(100))
        panel.give_score(tx, judge, made.nominations[1], points(50))
        assert [one.nomination_id for one in tx.scalars(select(PanelScore))] == [made.nominations[1].id]


def test_there_must_be_enough_judges_without_an_interest(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        made = scene(tx, lectures=1, judges=3)
        county = next(one for one in tx.scalars(select(Organisation)) if one.path.count("/") == 3)
        judge_in(tx, made, county)
        with pytest.raises(Conflict):
            service.begin_scoring(tx, made.office, made.contest)
        judge_in(tx, made, make.organisation(tx, made.city, level="county"))
        service.begin_scoring(tx, made.office, made.contest)


@pytest.mark.parametrize("typed", [{}, {"stance": "101"}, {"stance": "-1"}, {"stance": "９０"}, {"stance": "9" * 9999}])
def test_points_that_are_none_are_refused(runtime: Runtime, typed: dict[str, str]) -> None:
    with runtime.db.begin() as tx:
        made = scene(tx, lectures=1)
        service.begin_scoring(tx, made.office, made.contest)
        with pytest.raises(Invalid) as caught:
            panel.give_score(tx, made.judges[0], made.nominations[0], {**(points(5) if typed else {}), **typed})
        assert caught.value.fields.keys() <= WEIGHTS.keys()


def test_steps_are_taken_in_their_order_by_the_office_alone(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        made = scene(tx)
        stranger = Actor(account_id=None, member_id=made.judges[0].member_id, label="judge")
        steps = (service.begin_scoring, service.announce_result, service.publish_result)
        for step in steps:
            with pytest.raises(Forbidden):
                step(tx, stranger, made.contest)
        for step in steps[1:]:
            with pytest.raises(Conflict):
                step(tx, made.office, made.contest)
        with pytest.raises(Conflict):
            panel.give_score(tx, made.judges[0], made.nominations[0], points(80))
        scored(tx, made)
        with pytest.raises(Conflict):
            service.nominate(tx, made.office, made.contest, made.lectures[0], "迟到")
        with pytest.raises(Conflict):
            panel.appoint_judge(tx, made.office, made.contest, make.member(tx, made.city))
        service.announce_result(tx, made.office, made.contest)
        with pytest.raises(Conflict):
            panel.give_score(tx, made.judges[0], made.nominations[0], points(100))
        with pytest.raises(Conflict):
            service.publish_result(tx, made.office, made.contest)  # objections may still be raised
        with pytest.raises(NotFound):
            service.access_contest(tx, Actor(), made.contest.public_id)


def test_an_upheld_objection_takes_a_lecture_out_and_the_next_one_in(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        made = scene(tx)
        scored(tx, made)
        service.announce_result(tx, made.office, made.contest)
        who = make.account(tx, make.member(tx, made.city))
        asker = Actor(account_id=who.id, member_id=who.member_id, label="asker")
        row = service.raise_objection(tx, asker, made.contest, "这次课没有讲满两个学时", made.nominations[1])
        with clock.frozen(NOON + dt.timedelta(days=6)):
            with pytest.raises(Conflict):
                service.publish_result(tx, made.office, made.contest)
            with pytest.raises(Conflict):
                service.raise_objection(tx, asker, made.contest, "太晚了")
            service.decide_objection(tx, made.office, row.public_id, upheld=True, answer="经查属实")
            with pytest.raises(Conflict):
                service.decide_objection(tx, made.office, row.public_id, upheld=False, answer="再想想")
            service.publish_result(tx, made.office, made.contest)
        assert [one.is_chosen for one in made.nominations] == [False, False, True, True]


def note_of(tx: Tx, made: Scene) -> PersonnelNote:
    return notes.issue_note(tx, made.office, SIGNER, "临江市委党校", made.nominations[1], made.lecturers[1])


def test_a_note_is_checked_with_the_key_alone_and_against_the_academy(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        made = scene(tx)
        scored(tx, made)
        with pytest.raises(Conflict):
            note_of(tx, made)
        published(tx, made)
        note = note_of(tx, made)
        assert note_of(tx, made) is note
        for row, person in ((made.nominations[0], made.lecturers[0]), (made.nominations[1], made.lecturers[2])):
            with pytest.raises(Conflict):
                notes.issue_note(tx, made.office, SIGNER, "x", row, person)
        offline = notes.check_offline(note.signed, [SIGNER.public_key])
        assert offline.state == NoteState.VALID
        assert offline.document is not None
        assert offline.document["points_hundredths"] == 9000
        assert offline.document["lecturer"] == made.lecturers[1].name
        assert notes.check_note(tx, note.signed).state == NoteState.VALID
        notes.revoke_note(tx, made.office, note, "评比复核后撤销")
        checked = notes.check_note(tx, note.signed)
        assert (checked.state, checked.reason) == (NoteState.REVOKED, "评比复核后撤销")
        with pytest.raises(Conflict):
            notes.revoke_note(tx, made.office, note, "再来一次")


def test_a_forged_note_is_refused(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        made = scene(tx)
        scored(tx, made)
        published(tx, made)
        note = note_of(tx, made)
        document = json.loads(note.signed)["document"]
        stranger = signing.DocumentSigner("b-secret-for-tests-only-0123456789")
        assert notes.check_note(tx, stranger.sign(document)).state == NoteState.UNKNOWN_KEY
        # Even with the academy's own key: another number, another content, another kind of document.
        for change, state in (
            ({"number": "abcdefghjkmnpqrs"}, NoteState.UNKNOWN),
            ({"points_hundredths": 10_000}, NoteState.UNKNOWN),
            ({"kind": "academy.certificate.1"}, NoteState.ALTERED),
            ({"votes": 310}, NoteState.ALTERED),
            ({"views": 12_000}, NoteState.ALTERED),
            ({"criteria": [{"text": "点单人数", "weight": 100, "votes": 310}]}, NoteState.ALTERED),
            ({"judges": "5"}, NoteState.ALTERED),
        ):
            assert notes.check_note(tx, SIGNER.sign(document | change)).state == state
        for name in document:
            less = {key: value for key, value in document.items() if key != name}
            assert notes.check_note(tx, SIGNER.sign(less)).state == NoteState.ALTERED
        text = note.signed.decode()
        for data in (b"", text.replace("9000", "9900").encode(), text[:-2].encode(), b"%PDF-1.7"):
            assert notes.check_note(tx, data).state == NoteState.ALTERED


def test_no_rule_of_the_contest_knows_votes_or_views() -> None:
    names = {name for facts in (rules.LectureFacts,) for name in facts.__dataclass_fields__}
    columns = {column.name for model in (Contest, Nomination, PanelScore) for column in model.__table__.columns}
    assert not [
        name for name in names | columns | set(notes.FIELDS) if "voice" in name or "vote" in name or "view" in name
    ]


def test_a_person_gets_a_copy_of_what_is_held_and_is_not_named_once_erased(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        made = scene(tx)
        scored(tx, made)
        service.announce_result(tx, made.office, made.contest)
        who = make.account(tx, make.member(tx, made.city))
        asker = Actor(account_id=who.id, member_id=who.member_id, label="asker")
        row = service.raise_objection(tx, asker, made.contest, "出处没有写")
        tx.add(LectureAttendance(lecture_id=made.lectures[0].id, member_id=who.member_id))
        evaluation = tx.scalars(select(EvaluationRound).where(EvaluationRound.lecture_id == made.lectures[0].id)).one()
        tx.add(EvaluationInvitation(round_id=evaluation.id, member_id=who.member_id, is_answered=True))
        tx.flush()
        copied = copies.copy_programme(tx, asker)
        title = made.lectures[0].title
        assert [one["lecture"] for one in copied["lectures_attended"]] == [title]
        assert copied["evaluations"] == [{"lecture": title, "kind": "participants", "answered": True}]
        assert [one["text"] for one in copied["objections"]] == ["出处没有写"]
        assert not any(copies.copy_programme(tx, Actor(account_id=0, member_id=0, label="other")).values())
        handlers.erase_objections(tx, PersonErased(member_id=who.member_id or 0, account_id=who.id))
        tx.refresh(row)
        assert row.raised_by is None
