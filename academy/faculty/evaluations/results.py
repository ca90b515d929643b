"""Figures of closed rounds: response rate, mean and spread by question, group and lecturer; comments that were read."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Integer, Select, cast, func, select
from sqlalchemy.orm import joinedload

from academy.classes.models import TrainingClass
from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Forbidden, Invalid, NotFound
from academy.core.i18n import msg
from academy.core.paging import Page, count_of, page_of
from academy.faculty import access
from academy.faculty.evaluation_kinds import CommentState, EvaluationKind, QuestionKind
from academy.faculty.evaluation_models import (
    EvaluationAnswer,
    EvaluationComment,
    EvaluationInvitation,
    EvaluationRound,
    FormQuestion,
)
from academy.faculty.evaluations import rules
from academy.faculty.evaluations.rules import MarkFigures
from academy.faculty.kinds import TeachingPart
from academy.faculty.models import LectureTeacher, PoolMembership, ProgrammeLecture
from academy.library.models import Lecturer

REASON_LENGTH, SIZE = 200, 30


@dataclass(frozen=True)
class QuestionFigures:
    """A question with its figures: of all answers, and by group where groups are shown (key: a class's row id, or None
    for all others)."""

    question: FormQuestion
    whole: MarkFigures | None
    by_group: Mapping[int | None, MarkFigures]


@dataclass(frozen=True)
class RoundResult:
    """What is shown of a closed round. `questions` is empty where there are too few answers."""

    round: EvaluationRound
    invited: int
    answered: int
    questions: Sequence[QuestionFigures]
    groups: Mapping[int | None, str]
    """Names of the groups that are shown; the joined others have an empty name."""
    comments: Sequence[EvaluationComment]

    @property
    def is_shown(self) -> bool:
        """Whether there are enough answers, or the answers are the lecturer's."""
        return self.round.kind == EvaluationKind.SELF or self.answered >= rules.LEAST


def access_results(tx: Tx, actor: Actor, lecture: ProgrammeLecture) -> None:
    """Raises Forbidden for everybody but the programme office and those who taught the lecture."""
    if access.is_programme_office(actor):
        return
    taught = (
        select(LectureTeacher.id)
        .join(PoolMembership, PoolMembership.lecturer_id == LectureTeacher.lecturer_id)
        .where(
            LectureTeacher.lecture_id == lecture.id,
            LectureTeacher.part == TeachingPart.TAUGHT,
            PoolMembership.member_id == actor.member_id,
        )
    )
    if actor.member_id is None or tx.scalar(taught.limit(1)) is None:
        raise Forbidden(f"lecture:{lecture.public_id}")


def access_evaluated_lecture(tx: Tx, actor: Actor, public_id: str) -> ProgrammeLecture:
    """A lecture whose results the actor may see.

    Raises:
        NotFound: there is none.
        Forbidden: neither the programme office nor one of its lecturers asks.
    """
    row = tx.scalar(select(ProgrammeLecture).where(ProgrammeLecture.public_id == public_id))
    if row is None:
        raise NotFound
    access_results(tx, actor, row)
    return row


def open_rounds(tx: Tx, lecture: ProgrammeLecture) -> list[EvaluationRound]:
    """Rounds of a lecture that can still be answered."""
    query = select(EvaluationRound).where(EvaluationRound.lecture_id == lecture.id, EvaluationRound.closed_at.is_(None))
    return list(tx.scalars(query.order_by(EvaluationRound.id)))


def results_of_lecture(tx: Tx, actor: Actor, lecture: ProgrammeLecture) -> list[RoundResult]:
    """Results of the closed rounds of a lecture, in the order of the kinds.

    Raises:
        Forbidden: neither the programme office nor one of its lecturers asks.
    """
    access_results(tx, actor, lecture)
    rows = tx.scalars(
        select(EvaluationRound)
        .where(EvaluationRound.lecture_id == lecture.id, EvaluationRound.closed_at.is_not(None))
        .options(joinedload(EvaluationRound.form))
    )
    order = list(EvaluationKind)
    return [result_of_round(tx, row) for row in sorted(rows, key=lambda row: order.index(EvaluationKind(row.kind)))]


def result_of_round(tx: Tx, row: EvaluationRound) -> RoundResult:
    """The figures of one closed round; for callers that have checked the right to see it.

    Raises:
        Conflict: it is open.
    """
    if row.closed_at is None:
        raise Conflict(msg("评价还没有结束，结束以后才有结果。"))
    invited, answered = _counts(tx, row)
    answers = tx.scalars(select(EvaluationAnswer).where(EvaluationAnswer.round_id == row.id)).all()
    is_own = row.kind == EvaluationKind.SELF
    if answered < rules.LEAST and not is_own:
        return RoundResult(row, invited, answered, (), {}, ())
    groups = {} if is_own else rules.shown_groups(Counter(answer.group_id for answer in answers))
    least = 1 if is_own else rules.LEAST
    questions = [
        _question(question, answers, groups, least)
        for question in row.form.questions
        if question["kind"] == QuestionKind.SCALE
    ]
    return RoundResult(row, invited, answered, questions, _names(tx, groups), _comments(tx, row, everything=is_own))


def _counts(tx: Tx, row: EvaluationRound) -> tuple[int, int]:
    answered = func.coalesce(func.sum(cast(EvaluationInvitation.is_answered, Integer)), 0)
    found = tx.execute(select(func.count(), answered).where(EvaluationInvitation.round_id == row.id)).one()
    return found[0], found[1]


def _question(
    question: FormQuestion, answers: Iterable[EvaluationAnswer], groups: rules.Groups, least: int
) -> QuestionFigures:
    marks: dict[int | None, list[int]] = defaultdict(list)
    for answer in answers:
        marks[answer.group_id].append(answer.scores[question["key"]])
    by_group = {}
    for key, parts in groups.items():
        found = rules.figures([mark for part in parts for mark in marks[part]])
        if found is not None:
            by_group[key] = found
    whole = rules.figures([mark for each in marks.values() for mark in each], least)
    return QuestionFigures(question, whole, by_group)


def _names(tx: Tx, groups: rules.Groups) -> dict[int | None, str]:
    ids = [key for key in groups if key is not None]
    query = select(TrainingClass.id, TrainingClass.name).where(TrainingClass.id.in_(ids))
    names = {row[0]: row[1] for row in tx.execute(query)}
    return {key: names.get(key, "") if key is not None else "" for key in groups}


def _comments(tx: Tx, row: EvaluationRound, *, everything: bool) -> list[EvaluationComment]:
    """In the order of their drawn keys, which is none."""
    query = select(EvaluationComment).where(EvaluationComment.round_id == row.id).order_by(EvaluationComment.id)
    if not everything:
        query = query.where(EvaluationComment.state == CommentState.SHOWN)
    return list(tx.scalars(query))


def results_of_lecturer(tx: Tx, lecturer_id: int, kind: EvaluationKind) -> tuple[int, int, MarkFigures | None]:
    """All marks of a lecturer's closed rounds of one kind: rounds that are shown, rounds with too few answers, figures.

    Rounds with too few answers are left out: the difference to the sum of the others would be theirs. Marks are
    compared only where the scale is the same: those of another than the newest form's are left out.
    """
    rows = tx.scalars(
        select(EvaluationRound)
        .join(LectureTeacher, LectureTeacher.lecture_id == EvaluationRound.lecture_id)
        .where(
            LectureTeacher.lecturer_id == lecturer_id,
            LectureTeacher.part == TeachingPart.TAUGHT,
            EvaluationRound.kind == kind,
            EvaluationRound.closed_at.is_not(None),
        )
        .options(joinedload(EvaluationRound.form))
        .order_by(EvaluationRound.id)
    ).all()
    answers = defaultdict(list)
    for answer in tx.scalars(select(EvaluationAnswer).where(EvaluationAnswer.round_id.in_([row.id for row in rows]))):
        answers[answer.round_id].append(answer)
    shown = [row for row in rows if len(answers[row.id]) >= rules.LEAST]
    same = [row for row in shown if row.form.scale == shown[-1].form.scale]
    marks = [mark for row in same for answer in answers[row.id] for mark in answer.scores.values()]
    return len(shown), len(rows) - len(shown), rules.figures(marks)


def results_by_lecturer(tx: Tx, lecture: ProgrammeLecture) -> list[tuple[Lecturer, int, int, MarkFigures | None]]:
    """For each who taught a lecture what participants said of all their lectures, as `results_of_lecturer` has it."""
    taught = tx.scalars(
        select(Lecturer)
        .join(LectureTeacher, LectureTeacher.lecturer_id == Lecturer.id)
        .where(LectureTeacher.lecture_id == lecture.id, LectureTeacher.part == TeachingPart.TAUGHT)
        .order_by(LectureTeacher.id)
    )
    return [(one, *results_of_lecturer(tx, one.id, EvaluationKind.PARTICIPANTS)) for one in taught]


def comments_to_read(tx: Tx, actor: Actor, number: int = 1) -> Page[EvaluationComment]:
    """Comments of closed rounds that nobody has read, in no order that would tell when they were written.

    Raises:
        Forbidden: the actor does not run the programme.
    """
    access.require_programme_office(actor, "evaluation-comments")
    return page_of(tx, _unread().order_by(EvaluationRound.closes_on, EvaluationComment.id), number, SIZE)


def count_comments_to_read(tx: Tx) -> int:
    """How many comments `comments_to_read` lists."""
    return count_of(tx, _unread())


def _unread() -> Select[EvaluationComment]:
    return (
        select(EvaluationComment)
        .join(EvaluationRound, EvaluationRound.id == EvaluationComment.round_id)
        .where(
            EvaluationComment.state == CommentState.WAITING,
            EvaluationRound.closed_at.is_not(None),
            EvaluationRound.kind != EvaluationKind.SELF,
        )
    )


def decide_comment(tx: Tx, actor: Actor, comment_id: str, *, shown: bool, reason: str, seen: str) -> None:
    """Show a comment to the lecturer or withhold it; the decision can be changed.

    Raises:
        Forbidden: the actor does not run the programme.
        NotFound: there is none, or its round is open.
        Invalid: it is withheld without a reason.
        Conflict: somebody decided meanwhile.
    """
    access.require_programme_office(actor, "evaluation-comments")
    row = tx.scalar(select(EvaluationComment).where(EvaluationComment.id == comment_id).with_for_update())
    if row is None or tx.get_one(EvaluationRound, row.round_id).closed_at is None:
        raise NotFound
    text = reason.strip()[: REASON_LENGTH + 1]
    if not shown and not 1 <= len(text) <= REASON_LENGTH:
        raise Invalid(fields={"reason": msg("请写明不转给讲师的原因，不超过 %(most)s 个字。", most=REASON_LENGTH)})
    if row.state != seen:
        raise Conflict(msg("已经有人处理过了，请刷新查看。"))
    row.state = CommentState.SHOWN if shown else CommentState.WITHHELD
    row.reason = "" if shown else text
    row.decided_by, row.decided_at = actor.account_id, clock.now()
    tx.flush()
    record(tx, actor, "evaluation.comment_shown" if shown else "evaluation.comment_withheld", f"comment:{row.id}")
