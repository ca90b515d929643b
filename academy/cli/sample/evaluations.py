"""Rolls, evaluations, comments and contests of the sample city's lecture programme."""

import datetime as dt
import random
import tempfile
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from sqlalchemy import insert, select

from academy.accounts.models import Account
from academy.classes.models import TeachingTerm
from academy.core import clock
from academy.core.actor import Actor, Role, Scope
from academy.core.database import Tx
from academy.core.settings import Settings
from academy.core.signing import DocumentSigner
from academy.faculty import api as faculty
from academy.faculty.api import CommentState, EvaluationKind
from academy.faculty.models import (
    Contest,
    EvaluationAnswer,
    EvaluationComment,
    EvaluationForm,
    EvaluationInvitation,
    EvaluationRound,
    LectureAttendance,
    LecturerConsent,
    LectureTeacher,
    Nomination,
    Objection,
    PanelScore,
    PanelSeat,
    ProgrammeLecture,
)
from academy.people.models import Member, Organisation
from academy.reports import api as reports

EVALUATED = 24
"""Evenings of the forum, the latest ones, that have a roll and evaluations."""
COMMENTS = (
    "讲的都是我们县里的事，回去就能用。",
    "案例好，希望把台账怎么建再讲细一点。",
    "时间紧，互动可以再多一些。",
    "第一次听懂了这笔账怎么算。",
    "建议到村里现场再讲一次。",
    "讲义能不能早两天发下来。",
)
MOST_NOMINATED, JUDGES, PLACES = 8, 7, 3


def make_evaluations(
    tx: Tx, settings: Settings, office: int, members: Sequence[int], lot: random.Random, report: Callable[[str], None]
) -> None:
    """Insert them.

    Args:
        tx: the transaction.
        settings: for the signatures of notes.
        office: row id of the account that entered what is entered.
        members: row ids of those who sat in the forum, those of the sample's accounts first.
        lot: the lots that are drawn.
        report: is given a line about what was made.
    """
    forms = _forms(tx)
    lectures = tx.scalars(
        select(ProgrammeLecture)
        .where(ProgrammeLecture.kind == "forum", ProgrammeLecture.state == "held")
        .order_by(ProgrammeLecture.day.desc(), ProgrammeLecture.id)
        .limit(EVALUATED)
    ).all()
    rounds = 0
    for place, lecture in enumerate(lectures):
        rounds += _evaluate(tx, lecture, forms, members, lot, is_open=place < 2)
    terms = tx.scalars(select(TeachingTerm).order_by(TeachingTerm.first_day).limit(2)).all()
    for term in terms:
        _contest(tx, term, office, members, lot)
    tx.flush()
    notes = _notes(tx, settings, terms[0])
    report(f"{rounds} evaluations, {len(terms)} contests, {notes} notes for personnel files")


def _forms(tx: Tx) -> dict[str, EvaluationForm]:
    faculty.seed_forms(tx)
    found = {row.kind: row for row in tx.scalars(select(EvaluationForm))}
    for row in found.values():
        row.valid_from = dt.date(clock.today().year - 2, 1, 1)
    return found


def _evaluate(
    tx: Tx,
    lecture: ProgrammeLecture,
    forms: dict[str, EvaluationForm],
    members: Sequence[int],
    lot: random.Random,
    *,
    is_open: bool,
) -> int:
    """The roll of one evening, and its evaluations: closed ones, but for the last two evenings."""
    sampled = [*members[:3], *lot.sample(members[3:], min(len(members) - 3, lot.randrange(18, 60)))]
    tx.execute(
        insert(LectureAttendance),
        [
            {
                "lecture_id": lecture.id,
                "member_id": member,
                "part": "peer" if place % 9 == 8 else "student",
                "way": lot.choice(("name", "code", "code")),
                "recorded_at": clock.now(),
            }
            for place, member in enumerate(sampled)
        ],
    )
    age = (clock.today() - lecture.day).days
    kinds = [EvaluationKind.PARTICIPANTS] + ([EvaluationKind.FOLLOW_UP] if age > 210 else [])
    for kind in kinds:
        _round(tx, lecture, forms[kind], sampled, lot, is_open=is_open)
    return len(kinds)


def _round(
    tx: Tx, lecture: ProgrammeLecture, form: EvaluationForm, asked: Sequence[int], lot: random.Random, *, is_open: bool
) -> None:
    begin = lecture.day + dt.timedelta(days=1 if form.after_months is None else 31 * form.after_months)
    closes = clock.today() + dt.timedelta(days=9) if is_open else begin + dt.timedelta(days=form.open_days)
    row = EvaluationRound(lecture_id=lecture.id, form_id=form.id, kind=form.kind, closes_on=closes)
    row.closed_at = None if is_open else min(clock.day_bounds(closes)[1], clock.now())
    tx.add(row)
    tx.flush()
    # A lecture of which few said something shows why nothing is shown.
    answers = 3 if lecture.id % 11 == 0 else len(asked) * lot.randrange(55, 92) // 100
    answered = set(lot.sample(asked[3:] if is_open else asked, min(answers, len(asked) - 3)))
    tx.execute(
        insert(EvaluationInvitation),
        [{"round_id": row.id, "member_id": one, "is_answered": one in answered} for one in asked],
    )
    level = lot.uniform(3.4, 4.8)
    scales = [one["key"] for one in form.questions if one["kind"] == "scale"]
    for _ in answered:
        marks = {key: max(1, min(form.scale, round(lot.gauss(level, 0.8)))) for key in scales}
        tx.add(EvaluationAnswer(round_id=row.id, scores=marks))
    words = next(one["key"] for one in form.questions if one["kind"] == "text")
    for body in lot.sample(COMMENTS, min(len(answered), 3)):
        state = CommentState.SHOWN if lot.random() < 0.7 else CommentState.WAITING
        tx.add(EvaluationComment(round_id=row.id, question=words, body=body, state=state))


def _contest(tx: Tx, term: TeachingTerm, office: int, members: Sequence[int], lot: random.Random) -> None:
    """A term's contest: the earlier term's is published, the present one's panel is scoring."""
    is_over = term.last_day < clock.today()
    lectures = tx.scalars(
        select(ProgrammeLecture)
        .join(EvaluationRound, EvaluationRound.lecture_id == ProgrammeLecture.id)
        .where(
            ProgrammeLecture.term_id == term.id,
            EvaluationRound.kind == EvaluationKind.PARTICIPANTS,
            EvaluationRound.closed_at.is_not(None),
        )
        .order_by(ProgrammeLecture.day)
        .limit(MOST_NOMINATED)
    ).all()
    row = Contest(
        term_id=term.id,
        title=f"{term.name}优秀课程评比",
        state="published" if is_over else "scoring",
        criteria=list(faculty.FIRST_CRITERIA),
        places=PLACES,
        created_by=office,
        objections_until=term.last_day + dt.timedelta(days=20) if is_over else None,
        published_at=clock.now() if is_over else None,
    )
    tx.add(row)
    tx.flush()
    seats = [PanelSeat(contest_id=row.id, member_id=one, appointed_by=office) for one in members[:JUDGES]]
    tx.add_all(seats)
    tx.flush()
    nominations = []
    for lecture in lectures:
        _agree(tx, lecture, office)
        made = Nomination(
            contest_id=row.id,
            lecture_id=lecture.id,
            reason="材料来自一线，讲得清楚，学员回去就用上了。",
            nominated_by=office,
            eligibility="eligible",
        )
        tx.add(made)
        nominations.append(made)
    tx.flush()
    bars = faculty.bars(tx, row, nominations, seats)
    for made in nominations:
        given = []
        free = [seat for seat in seats if bars[made.id, seat.id] is None]
        for seat in free if is_over else free[:2]:
            scores = {one["key"]: lot.randrange(72, 99) for one in row.criteria}
            tx.add(PanelScore(nomination_id=made.id, seat_id=seat.id, scores=scores))
            given.append(scores)
        if is_over:
            made.hundredths, made.judges = faculty.total_of(row, given), len(given)
    if is_over:
        best = sorted(nominations, key=lambda one: one.hundredths or 0, reverse=True)[:PLACES]
        for made in best:
            made.is_chosen = True
        tx.add(
            Objection(
                contest_id=row.id,
                nomination_id=nominations[-1].id,
                body="讲义里有两处没有写出处。",
                state="dismissed",
                answer="已补上出处，不影响评分。",
                decided_by=office,
                decided_at=clock.now(),
            )
        )


def _agree(tx: Tx, lecture: ProgrammeLecture, office: int) -> None:
    taught = tx.scalars(select(LectureTeacher.lecturer_id).where(LectureTeacher.lecture_id == lecture.id)).all()
    for lecturer in taught:
        known = select(LecturerConsent.id).where(
            LecturerConsent.lecturer_id == lecturer,
            LecturerConsent.kind == "publish",
            LecturerConsent.withdrawn_on.is_(None),
        )
        if tx.scalar(known) is None:
            tx.add(LecturerConsent(lecturer_id=lecturer, kind="publish", given_on=lecture.day, entered_by=office))
            tx.flush()


def _notes(tx: Tx, settings: Settings, term: TeachingTerm) -> int:
    """The notes of the published contest; the first is printed, where there is a Chinese font: each takes a second."""
    root = tx.scalars(select(Organisation).where(Organisation.parent_id.is_(None))).one()
    office = Actor(scopes=(Scope(Role.NODE_ADMINISTRATOR, root.id, root.path),), label="system")
    chosen = tx.scalars(
        select(Nomination)
        .join(Contest, Contest.id == Nomination.contest_id)
        .where(Contest.term_id == term.id, Contest.state == "published", Nomination.is_chosen)
    ).all()
    made = [
        note
        for one in chosen
        for note in faculty.issue_notes(tx, office, DocumentSigner(settings.data_key), settings.city_name, one)
    ]
    for note in made[:1]:
        found = faculty.read_note(note.signed)
        with tempfile.TemporaryDirectory() as folder:
            paper = reports.draw_note(found.document, note.signed, found.key_id, Path(folder) / note.number)
        if paper:
            faculty.keep_paper(tx, note, paper)
    return len(made)


def forum_members(tx: Tx, samples: Collection[int], most: int = 400) -> list[int]:
    """Members who sit in the forum: first those of the sample's accounts, given by their row ids, then others of the
    whole city."""
    own = select(Account.member_id).where(Account.id.in_(samples), Account.member_id.is_not(None)).order_by(Account.id)
    known = [one for one in tx.scalars(own) if one is not None]
    others = select(Member.id).where(Member.id.not_in(known)).order_by(Member.id % 97, Member.id).limit(most)
    return known + list(tx.scalars(others))
