"""Lists of the school's work: topics asked for, reviews of material, evaluations, contests. For the whole tree only.

Voices are not read here: they guide planning and nothing else. Of evaluations only closed rounds are shown, and marks
only by the rule of `evaluations.rules`.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Integer, cast, func, select
from sqlalchemy.orm import aliased

from academy.classes.models import TeachingTerm
from academy.core import clock
from academy.core.database import Tx
from academy.core.i18n import Message, msg
from academy.faculty.contest_kinds import Eligibility
from academy.faculty.contest_models import Contest
from academy.faculty.contests.service import nominations_of
from academy.faculty.evaluation_kinds import EvaluationKind, QuestionKind
from academy.faculty.evaluation_models import EvaluationAnswer, EvaluationForm, EvaluationInvitation, EvaluationRound
from academy.faculty.evaluations import rules as evaluation_rules
from academy.faculty.kinds import TeachingPart
from academy.faculty.material_kinds import MaterialState
from academy.faculty.materials import rules as material_rules
from academy.faculty.materials.queries import decided_rounds
from academy.faculty.materials.rules import MATERIAL_NAMES, MATERIAL_STATE_NAMES
from academy.faculty.models import LectureTeacher, ProgrammeLecture
from academy.faculty.reporting.lines import (
    DAY,
    NUMBER,
    SHARE,
    Inquiry,
    ListColumn,
    ProgrammeLine,
    ProgrammeList,
    figure,
)
from academy.faculty.request_kinds import RequestState
from academy.faculty.request_models import TopicRequest
from academy.faculty.request_rules import REQUEST_STATE_NAMES
from academy.faculty.words import ELIGIBILITY_NAMES, EVALUATION_NAMES
from academy.library.models import Category, Lecturer

ANSWERED, MET, WAITING, LATE, CHOSEN, SHOWN, FEW = "answered", "met", "waiting", "late", "chosen", "shown", "few"
KINDS = (EvaluationKind.PARTICIPANTS, EvaluationKind.FOLLOW_UP)
"""Evaluations by others."""
REQUEST_COLUMNS = (
    *(ListColumn(msg("题目")), ListColumn(msg("课程类别")), ListColumn(msg("情况"))),
    *(ListColumn(msg("提出"), DAY), ListColumn(msg("答复"), DAY), ListColumn(msg("答复天数"), NUMBER)),
)
REVIEW_COLUMNS = (
    *(ListColumn(msg("题目")), ListColumn(msg("授课日期"), DAY), ListColumn(msg("材料"))),
    *(ListColumn(msg("版本"), NUMBER), ListColumn(msg("情况")), ListColumn(msg("提交"), DAY)),
    *(ListColumn(msg("决定"), DAY), ListColumn(msg("天数"), NUMBER), ListColumn(msg("是否超期"))),
)
EVALUATION_COLUMNS = (
    *(ListColumn(msg("题目")), ListColumn(msg("授课日期"), DAY), ListColumn(msg("讲师")), ListColumn(msg("评价"))),
    *(ListColumn(msg("应评"), NUMBER), ListColumn(msg("已评"), NUMBER), ListColumn(msg("参评率"), SHARE)),
    ListColumn(msg("平均分")),
)
CONTEST_COLUMNS = (
    *(ListColumn(msg("评比")), ListColumn(msg("题目")), ListColumn(msg("授课日期"), DAY), ListColumn(msg("讲师"))),
    *(ListColumn(msg("资格")), ListColumn(msg("结果"))),
)
ON_REQUESTS = msg(
    "%(first)s 至 %(day)s 提出的点单。“已满足”：已排进课表，或并入的点单已排进课表；"
    "答复天数：从提出到现行决定。不列点单人数。"
)
ON_REVIEWS = msg("%(first)s 至 %(day)s 作出的审阅决定；天数从提交到决定，是否超期按讲课当日的规则。")
ON_EVALUATIONS = msg("%(first)s 至 %(day)s 所讲的课、已经结束的评价；不足 %(least)s 份的不出分数。自评不列。")
ON_CONTESTS = msg("本期各学期的优秀课程评比；结果公布以后才列入选。不计点单人数、观看次数和票数。")


def _definition(text: Message, asked: Inquiry) -> Message:
    values = {"first": asked.period.first, "day": asked.on, "least": evaluation_rules.LEAST}
    return Message(text.text, {name: value for name, value in values.items() if f"%({name})s" in text.text})


def _bounds(asked: Inquiry) -> tuple[dt.datetime, dt.datetime]:
    return clock.day_bounds(asked.period.first)[0], clock.day_bounds(asked.on)[1]


def _city_day(instant: dt.datetime) -> dt.date:
    return clock.to_city(instant).date()


def _days(value: float | None) -> Message:
    return Message("%(n)s", {"n": "—" if value is None else f"{value:g}"})


def request_list(tx: Tx, asked: Inquiry) -> ProgrammeList:
    """Topics that were asked for in the period, the oldest first. One query."""
    since, until = _bounds(asked)
    other = aliased(TopicRequest)
    rows = tx.execute(
        select(
            *(TopicRequest.public_id, TopicRequest.title, Category.name.label("category"), TopicRequest.state),
            *(TopicRequest.created_at, TopicRequest.decided_at),
            *(other.state.label("root_state"), other.decided_at.label("root_decided_at")),
        )
        .join(Category, Category.id == TopicRequest.category_id)
        .outerjoin(other, other.id == TopicRequest.merged_into_id)
        .where(TopicRequest.created_at >= since, TopicRequest.created_at < until)
        .order_by(TopicRequest.id)
    )
    lines, waited = [], []
    for row in rows:
        decided = row.decided_at if row.decided_at and row.decided_at < until else None
        state = RequestState(row.state) if decided else RequestState.OPEN
        days = (_city_day(decided) - _city_day(row.created_at)).days if decided and state != RequestState.OPEN else None
        root = row.root_state if row.root_decided_at and row.root_decided_at < until else None
        is_met = state == RequestState.PLANNED or (state == RequestState.MERGED and root == RequestState.PLANNED)
        marks = {state.value, WAITING if days is None else ANSWERED} | ({MET} if is_met else set())
        if days is not None:
            waited.append(days)
        shown = _city_day(decided) if decided and days is not None else None
        cells = (row.title, row.category, REQUEST_STATE_NAMES[state], _city_day(row.created_at), shown, days)
        lines.append(ProgrammeLine(row.public_id, frozenset(marks), cells, ("topic", row.public_id)))
    figures = [
        figure(lines, msg("提出的点单")),
        figure(lines, msg("已满足"), MET, tone="good"),
        figure(lines, msg("已答复"), ANSWERED),
        figure(lines, msg("还没有答复"), WAITING, tone="warn"),
        figure(lines, msg("答复天数（中位数）"), ANSWERED, value=_days(material_rules.median(waited))),
        *(figure(lines, name, state.value) for state, name in REQUEST_STATE_NAMES.items()),
    ]
    return ProgrammeList("requests", _definition(ON_REQUESTS, asked), REQUEST_COLUMNS, lines, figures)


def review_list(tx: Tx, asked: Inquiry) -> ProgrammeList:
    """Decisions on syllabuses and handouts that were made in the period, the oldest first. Two queries."""
    since, until = _bounds(asked)
    lines, took = [], []
    for one in decided_rounds(tx, since, until):
        marks = {one.state.value, one.kind.value} | ({LATE} if one.is_late else set())
        cells = (
            *(one.title, one.day, MATERIAL_NAMES[one.kind], one.number, MATERIAL_STATE_NAMES[one.state]),
            *(_city_day(one.submitted_at), _city_day(one.closed_at), one.days, msg("超期") if one.is_late else None),
        )
        took.append(one.days)
        link = ("lecture", one.lecture_id)
        lines.append(ProgrammeLine(one.public_id, frozenset(marks), cells, link, lecture=one.lecture_id))
    figures = [
        figure(lines, msg("审阅决定")),
        figure(lines, MATERIAL_STATE_NAMES[MaterialState.APPROVED], MaterialState.APPROVED.value),
        figure(lines, MATERIAL_STATE_NAMES[MaterialState.RETURNED], MaterialState.RETURNED.value),
        figure(lines, msg("超期"), LATE, tone="bad"),
        figure(lines, msg("审阅天数（中位数）"), value=_days(material_rules.median(took))),
    ]
    return ProgrammeList("reviews", _definition(ON_REVIEWS, asked), REVIEW_COLUMNS, lines, figures)


def evaluation_list(tx: Tx, asked: Inquiry) -> ProgrammeList:
    """Closed rounds about lectures of the period, by the day of the lecture. Four queries."""
    rows = tx.execute(
        select(EvaluationRound, ProgrammeLecture, EvaluationForm)
        .join(ProgrammeLecture, ProgrammeLecture.id == EvaluationRound.lecture_id)
        .join(EvaluationForm, EvaluationForm.id == EvaluationRound.form_id)
        .where(
            EvaluationRound.kind.in_(KINDS),
            EvaluationRound.closed_at < _bounds(asked)[1],
            ProgrammeLecture.day >= asked.period.first,
            ProgrammeLecture.day <= asked.on,
        )
        .order_by(ProgrammeLecture.day, EvaluationRound.id)
    ).all()
    ids = [one.id for one, _, _ in rows]
    answers: dict[int, list[dict[str, int]]] = defaultdict(list)
    scores = select(EvaluationAnswer.round_id, EvaluationAnswer.scores)
    for round_id, marked in tx.execute(scores.where(EvaluationAnswer.round_id.in_(ids))):
        answers[round_id].append(marked)
    invited = _invited(tx, ids)
    names = _teachers(tx, [lecture.id for _, lecture, _ in rows])
    lines = []
    for one, lecture, form in rows:
        asked_of, answered = invited.get(one.id, (0, 0))
        is_shown = len(answers[one.id]) >= evaluation_rules.LEAST
        cells = (
            *(lecture.title, lecture.day, "、".join(names[lecture.id]), EVALUATION_NAMES[EvaluationKind(one.kind)]),
            *(asked_of, answered, _permille(answered, asked_of) / 1000 if asked_of else None),
            _mean(answers[one.id], form) if is_shown else msg("不足 %(n)s 份", n=evaluation_rules.LEAST),
        )
        marks = frozenset({one.kind, SHOWN if is_shown else FEW})
        link = ("evaluation", lecture.public_id)
        lines.append(ProgrammeLine(one.public_id, marks, cells, link, lecture=lecture.public_id))
    whole = [sum(invited.get(key, (0, 0))[place] for key in ids) for place in (0, 1)]
    rate = Message("%(n)s", {"n": f"{_permille(whole[1], whole[0]) / 10:g}%" if whole[0] else "—"})
    figures = [
        figure(lines, msg("已结束的评价")),
        figure(lines, msg("参评率"), value=rate),
        figure(lines, msg("出分数的"), SHOWN),
        figure(lines, msg("份数不足、不出分数的"), FEW),
        *(figure(lines, EVALUATION_NAMES[kind], kind.value) for kind in KINDS),
    ]
    return ProgrammeList("evaluations", _definition(ON_EVALUATIONS, asked), EVALUATION_COLUMNS, lines, figures)


def _permille(part: int, whole: int) -> int:
    """A share as everybody states it, on the page and in files; nothing rounded."""
    return part * 1000 // whole


def _invited(tx: Tx, round_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Row id of a round → how many were asked, and how many answered."""
    answered = func.sum(cast(EvaluationInvitation.is_answered, Integer))
    query = select(EvaluationInvitation.round_id, func.count(), answered).group_by(EvaluationInvitation.round_id)
    return {
        key: (count, int(done))
        for key, count, done in tx.execute(query.where(EvaluationInvitation.round_id.in_(round_ids)))
    }


def _mean(answers: Sequence[dict[str, int]], form: EvaluationForm) -> Message:
    """The mean of all marks of a round; the caller has checked that there are enough answers."""
    keys = [one["key"] for one in form.questions if one["kind"] == QuestionKind.SCALE]
    found = evaluation_rules.figures([scores[key] for scores in answers for key in keys])
    return Message("%(mean)s / %(scale)s", {"mean": f"{found.mean:.2f}" if found else "—", "scale": form.scale})


def _teachers(tx: Tx, lecture_ids: Sequence[int]) -> dict[int, list[str]]:
    """Row id of a lecture → who taught it."""
    found: dict[int, list[str]] = defaultdict(list)
    query = (
        select(LectureTeacher.lecture_id, Lecturer.name)
        .join(Lecturer, Lecturer.id == LectureTeacher.lecturer_id)
        .where(LectureTeacher.lecture_id.in_(lecture_ids), LectureTeacher.part == TeachingPart.TAUGHT)
        .order_by(LectureTeacher.id)
    )
    for lecture_id, name in tx.execute(query):
        found[lecture_id].append(name)
    return found


def contest_list(tx: Tx, asked: Inquiry) -> ProgrammeList:
    """Nominations of the period's contests. Two queries, and one a term."""
    until = _bounds(asked)[1]
    terms = [term.id for term in asked.period.terms]
    query = select(Contest).join(TeachingTerm, TeachingTerm.id == Contest.term_id).where(Contest.term_id.in_(terms))
    found: list[Any] = []
    for contest in tx.scalars(query.order_by(TeachingTerm.first_day)):
        found += [(contest, one) for one in nominations_of(tx, contest) if one.nominated_at < until]
    names = _teachers(tx, [one.lecture_id for _, one in found])
    lines = []
    for contest, one in found:
        published = contest.published_at is not None and contest.published_at < until
        is_chosen = published and one.is_chosen
        result = msg("入选") if is_chosen else msg("没有入选") if published else msg("还没有公布")
        eligibility = Eligibility(one.eligibility)
        cells = (
            *(contest.title, one.lecture.title, one.lecture.day, "、".join(names[one.lecture_id])),
            *(ELIGIBILITY_NAMES[eligibility], result),
        )
        marks = {eligibility.value} | ({CHOSEN} if is_chosen else set())
        link = ("contest", contest.public_id)
        lines.append(ProgrammeLine(one.public_id, frozenset(marks), cells, link, lecture=one.lecture.public_id))
    figures = [
        figure(lines, msg("提名")),
        figure(lines, ELIGIBILITY_NAMES[Eligibility.ELIGIBLE], Eligibility.ELIGIBLE.value),
        figure(lines, ELIGIBILITY_NAMES[Eligibility.INELIGIBLE], Eligibility.INELIGIBLE.value),
        figure(lines, msg("入选"), CHOSEN, tone="good"),
    ]
    return ProgrammeList("contests", _definition(ON_CONTESTS, asked), CONTEST_COLUMNS, lines, figures)
