"""A contest from its opening to its publication. Every step is the programme office's, except scores and objections."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from academy.classes.models import TeachingTerm
from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid, NotFound
from academy.core.i18n import msg
from academy.core.unique import lock_row
from academy.faculty import access
from academy.faculty.contest_kinds import ContestState, Eligibility, ObjectionState
from academy.faculty.contest_models import Contest, Criterion, Nomination, Objection, PanelScore
from academy.faculty.contests import panel, rules
from academy.faculty.evaluation_kinds import EvaluationKind
from academy.faculty.evaluation_models import EvaluationAnswer, EvaluationRound
from academy.faculty.evaluations import rules as evaluation_rules
from academy.faculty.kinds import ConsentKind, LectureState, TeachingPart
from academy.faculty.models import LecturerConsent, LectureTeacher, ProgrammeLecture
from academy.notifications import api as notifications

FIRST_CRITERIA: tuple[Criterion, ...] = (
    {"key": "stance", "text": msg("政治立场和政策把握").text, "weight": 30},
    {"key": "content", "text": msg("内容联系实际、有一线材料").text, "weight": 30},
    {"key": "teaching", "text": msg("讲授清楚、互动充分").text, "weight": 25},
    {"key": "material", "text": msg("教案讲义完整规范").text, "weight": 15},
)
"""What the panel scores, unless a contest says otherwise."""
TITLE_LENGTH, REASON_LENGTH = 80, 400
MOST_CRITERIA = 10


def access_contest(tx: Tx, actor: Actor, public_id: str) -> Contest:
    """A contest: for the programme office, its judges, and, once its result is announced, everybody signed in.

    Raises:
        NotFound: there is none, or its result is not announced.
    """
    row = tx.scalar(select(Contest).where(Contest.public_id == public_id).options(joinedload(Contest.term)))
    if row is None:
        raise NotFound
    is_announced = row.state in (ContestState.OBJECTING, ContestState.PUBLISHED) and not actor.is_anonymous
    if not (is_announced or access.is_programme_office(actor) or panel.seat_of(tx, actor, row)):
        raise NotFound
    return row


def open_contest(
    tx: Tx,
    actor: Actor,
    term: TeachingTerm,
    title: str,
    *,
    places: int,
    least_judges: int = 5,
    trimmed: int = 1,
    objection_days: int = 5,
    criteria: Sequence[Criterion] = FIRST_CRITERIA,
) -> Contest:
    """Open a term's contest; its rules cannot be changed afterwards.

    Raises:
        Forbidden: the actor does not run the programme.
        Invalid: a number out of its bounds, weights that are not 100 together, no title.
        Conflict: the term has one.
    """
    access.require_programme_office(actor, "contest")
    name = title.strip()[: TITLE_LENGTH + 1]
    if not 1 <= len(name) <= TITLE_LENGTH:
        raise Invalid(fields={"title": msg("请写名称，不超过 %(most)s 个字。", most=TITLE_LENGTH)})
    bounds = (("places", places, 1, 50), ("least_judges", least_judges, 3, 30), ("trimmed", trimmed, 0, 3))
    for field, value, least, most in (*bounds, ("objection_days", objection_days, 1, 30)):
        if not least <= value <= most:
            raise Invalid(fields={field: msg("请填 %(least)s 到 %(most)s 之间的数。", least=least, most=most)})
    weights = [one["weight"] for one in criteria]
    if not 1 <= len(weights) <= MOST_CRITERIA or min(weights) < 1 or sum(weights) != 100:
        raise Invalid(fields={"criteria": msg("各项权重加起来要是 100。")})
    lock_row(tx, term)
    if tx.scalar(select(Contest.id).where(Contest.term_id == term.id)) is not None:
        raise Conflict(msg("这个学期已经有一次评比。"))
    made = Contest(
        term_id=term.id,
        title=name,
        criteria=list(criteria),
        places=places,
        least_judges=least_judges,
        trimmed=trimmed,
        objection_days=objection_days,
        created_by=actor.account_id,
    )
    tx.add(made)
    tx.flush()
    record(tx, actor, "contest.opened", f"contest:{made.public_id}", places=places, trimmed=trimmed)
    return made


def nominate(tx: Tx, actor: Actor, contest: Contest, lecture: ProgrammeLecture, reason: str) -> Nomination:
    """Propose a lecture.

    Raises:
        Forbidden: the actor does not run the programme.
        Invalid: no reason, or a lecture that was not held in the contest's term.
        Conflict: nominations are closed, or it is proposed already.
    """
    access.require_programme_office(actor, f"contest:{contest.public_id}")
    _lock(tx, contest, ContestState.NOMINATING)
    text = reason.strip()[: REASON_LENGTH + 1]
    if not 1 <= len(text) <= REASON_LENGTH:
        raise Invalid(fields={"reason": msg("请写推荐理由，不超过 %(most)s 个字。", most=REASON_LENGTH)})
    if lecture.term_id != contest.term_id or lecture.state != LectureState.HELD:
        raise Invalid(fields={"lecture": msg("只能推荐这个学期讲过的课。")})
    known = select(Nomination.id).where(Nomination.contest_id == contest.id, Nomination.lecture_id == lecture.id)
    if tx.scalar(known) is not None:
        raise Conflict(msg("这次课已经有人推荐了。"))
    made = Nomination(contest_id=contest.id, lecture_id=lecture.id, reason=text, nominated_by=actor.account_id)
    made.nominator_id = actor.member_id
    tx.add(made)
    tx.flush()
    record(tx, actor, "contest.nominated", f"nomination:{made.public_id}", contest=contest.public_id)
    return made


def _lock(tx: Tx, contest: Contest, *allowed: ContestState) -> None:
    tx.refresh(contest, with_for_update={"of": Contest})
    if contest.state not in allowed:
        raise Conflict(msg("评比已经进入下一步，请刷新查看。"))


def nominations_of(tx: Tx, contest: Contest) -> list[Nomination]:
    """Nominations in the order of their lectures."""
    return list(
        tx.scalars(
            select(Nomination)
            .join(ProgrammeLecture, ProgrammeLecture.id == Nomination.lecture_id)
            .where(Nomination.contest_id == contest.id)
            .options(joinedload(Nomination.lecture))
            .order_by(ProgrammeLecture.day, ProgrammeLecture.minute, Nomination.id)
        )
    )


def begin_scoring(tx: Tx, actor: Actor, contest: Contest) -> None:
    """Close nominations: what takes part is decided by facts, and each judge learns of it.

    Raises:
        Forbidden: the actor does not run the programme.
        Conflict: not in this state, nothing takes part, or there are too few judges for one that does.
    """
    access.require_programme_office(actor, f"contest:{contest.public_id}")
    _lock(tx, contest, ContestState.NOMINATING)
    rows = nominations_of(tx, contest)
    for row in rows:
        row.findings = [finding.value for finding in rules.findings(facts_of(tx, contest, row.lecture))]
        row.eligibility = Eligibility.INELIGIBLE if row.findings else Eligibility.ELIGIBLE
    eligible = [row for row in rows if row.eligibility == Eligibility.ELIGIBLE]
    if not eligible:
        raise Conflict(msg("还没有符合条件的课，不能开始打分。"))
    bars = panel.bars(tx, contest, eligible)
    for row in eligible:
        free = sum(bar is None for (nomination_id, _), bar in bars.items() if nomination_id == row.id)
        if free < contest.least_judges:
            raise Conflict(
                msg(
                    "《%(title)s》能打分的评委只有 %(free)s 位（其余要回避），至少要 %(least)s 位。",
                    title=row.lecture.title,
                    free=free,
                    least=contest.least_judges,
                )
            )
    contest.state = ContestState.SCORING
    tx.flush()
    record(tx, actor, "contest.scoring_begun", f"contest:{contest.public_id}", eligible=len(eligible))
    for seat in panel.seats_of(tx, contest):
        notifications.notify(
            tx,
            key=f"contest.scoring:{contest.id}:{seat.member_id}",
            body=msg("请为“%(title)s”打分。", title=contest.title),
            link=f"/contests/{contest.public_id}",
            member_id=seat.member_id,
            kind="contest.scoring",
        )


def facts_of(tx: Tx, contest: Contest, lecture: ProgrammeLecture) -> rules.LectureFacts:
    """What a lecture's eligibility depends on."""
    answers = tx.scalar(
        select(func.count(EvaluationAnswer.id))
        .join(EvaluationRound, EvaluationRound.id == EvaluationAnswer.round_id)
        .where(
            EvaluationRound.lecture_id == lecture.id,
            EvaluationRound.kind == EvaluationKind.PARTICIPANTS,
            EvaluationRound.closed_at.is_not(None),
        )
    )
    taught = set(
        tx.scalars(
            select(LectureTeacher.lecturer_id).where(
                LectureTeacher.lecture_id == lecture.id, LectureTeacher.part == TeachingPart.TAUGHT
            )
        )
    )
    agreed = set(
        tx.scalars(
            select(LecturerConsent.lecturer_id).where(
                LecturerConsent.lecturer_id.in_(taught),
                LecturerConsent.kind == ConsentKind.PUBLISH,
                LecturerConsent.withdrawn_on.is_(None),
            )
        )
    )
    return rules.LectureFacts(
        is_held=lecture.state == LectureState.HELD,
        is_of_term=lecture.term_id == contest.term_id,
        is_evaluated=(answers or 0) >= evaluation_rules.LEAST,
        has_consent=bool(taught) and taught == agreed,
    )


def announce_result(tx: Tx, actor: Actor, contest: Contest) -> None:
    """End scoring: totals are calculated once, by the rules of the contest, and objections may be raised.

    Raises:
        Forbidden: the actor does not run the programme.
        Conflict: not in this state, or a lecture has too few scores.
    """
    access.require_programme_office(actor, f"contest:{contest.public_id}")
    _lock(tx, contest, ContestState.SCORING)
    rows = [row for row in nominations_of(tx, contest) if row.eligibility == Eligibility.ELIGIBLE]
    given: dict[int, list[PanelScore]] = {row.id: [] for row in rows}
    for score in tx.scalars(select(PanelScore).where(PanelScore.nomination_id.in_(list(given)))):
        given[score.nomination_id].append(score)
    for row in rows:
        if len(given[row.id]) < contest.least_judges:
            raise Conflict(
                msg(
                    "《%(title)s》只有 %(given)s 位评委打了分，至少要 %(least)s 位。",
                    title=row.lecture.title,
                    given=len(given[row.id]),
                    least=contest.least_judges,
                )
            )
        row.hundredths, row.judges = total_of(contest, [one.scores for one in given[row.id]]), len(given[row.id])
    best = rules.chosen({row.id: row.hundredths or 0 for row in rows}, contest.places)
    for row in rows:
        row.is_chosen = row.id in best
    contest.state = ContestState.OBJECTING
    contest.objections_until = clock.today() + dt.timedelta(days=contest.objection_days)
    tx.flush()
    record(tx, actor, "contest.announced", f"contest:{contest.public_id}", chosen=len(best))


def total_of(contest: Contest, given: Sequence[Mapping[str, int]]) -> int:
    """Hundredths of a point that these scores make by the rules of a contest.

    Raises:
        ValueError: there is no score, or one does not fit the criteria.
    """
    weights = {one["key"]: one["weight"] for one in contest.criteria}
    found = rules.total([rules.points(one, weights) for one in given], contest.trimmed)
    if found is None:
        raise ValueError("no scores")
    return rules.hundredths(found)


def raise_objection(
    tx: Tx, actor: Actor, contest: Contest, body: str, nomination: Nomination | None = None
) -> Objection:
    """Object to an announced result, until the last day for it.

    Raises:
        NotFound: nobody is signed in.
        Invalid: no text, or too much.
        Conflict: nothing is announced, or it is too late.
    """
    if actor.account_id is None:
        raise NotFound
    _lock(tx, contest, ContestState.OBJECTING)
    if contest.objections_until is None or clock.today() > contest.objections_until:
        raise Conflict(msg("公示已经结束。"))
    text = body.strip()[: REASON_LENGTH + 1]
    if not 1 <= len(text) <= REASON_LENGTH:
        raise Invalid(fields={"body": msg("请写明异议，不超过 %(most)s 个字。", most=REASON_LENGTH)})
    made = Objection(
        contest_id=contest.id,
        nomination_id=nomination.id if nomination is not None else None,
        body=text,
        raised_by=actor.account_id,
    )
    tx.add(made)
    tx.flush()
    record(tx, actor, "contest.objection_raised", f"objection:{made.public_id}", contest=contest.public_id)
    return made


def decide_objection(tx: Tx, actor: Actor, public_id: str, *, upheld: bool, answer: str) -> Objection:
    """Answer an objection. An upheld one takes its lecture out of the contest, and the choice is made again.

    Raises:
        Forbidden: the actor does not run the programme.
        NotFound: there is none.
        Invalid: no answer, or an upheld one that names no lecture.
        Conflict: it is decided, or it is the actor's own.
    """
    access.require_programme_office(actor, "objection")
    row = tx.scalar(select(Objection).where(Objection.public_id == public_id).with_for_update())
    if row is None:
        raise NotFound
    contest = tx.get_one(Contest, row.contest_id)
    _lock(tx, contest, ContestState.OBJECTING)
    if row.state != ObjectionState.OPEN:
        raise Conflict(msg("已经有人处理过了，请刷新查看。"))
    if row.raised_by is not None and row.raised_by == actor.account_id:
        raise Conflict(msg("自己提的异议要由别人处理。"))
    text = answer.strip()[: REASON_LENGTH + 1]
    if not 1 <= len(text) <= REASON_LENGTH:
        raise Invalid(fields={"answer": msg("请写明处理意见，不超过 %(most)s 个字。", most=REASON_LENGTH)})
    if upheld and row.nomination_id is None:
        raise Invalid(fields={"answer": msg("这条异议没有针对某一次课，不能据此取消。")})
    row.state = ObjectionState.UPHELD if upheld else ObjectionState.DISMISSED
    row.answer, row.decided_by, row.decided_at = text, actor.account_id, clock.now()
    if upheld:
        _choose_again(tx, contest, {row.nomination_id})
    tx.flush()
    record(tx, actor, "contest.objection_decided", f"objection:{row.public_id}", upheld=upheld)
    return row


def _choose_again(tx: Tx, contest: Contest, out: Collection[int | None]) -> None:
    rows = nominations_of(tx, contest)
    for row in rows:
        if row.id in out:
            row.eligibility, row.is_chosen = Eligibility.INELIGIBLE, False
    left = {row.id: row.hundredths or 0 for row in rows if row.eligibility == Eligibility.ELIGIBLE}
    best = rules.chosen(left, contest.places)
    for row in rows:
        row.is_chosen = row.id in best


def publish_result(tx: Tx, actor: Actor, contest: Contest) -> None:
    """Make an announced result final.

    Raises:
        Forbidden: the actor does not run the programme.
        Conflict: not announced, objections may still be raised, or one is open.
    """
    access.require_programme_office(actor, f"contest:{contest.public_id}")
    _lock(tx, contest, ContestState.OBJECTING)
    if contest.objections_until is None or clock.today() <= contest.objections_until:
        raise Conflict(msg("公示还没有结束。"))
    waiting = select(Objection.id).where(Objection.contest_id == contest.id, Objection.state == ObjectionState.OPEN)
    if tx.scalar(waiting.limit(1)) is not None:
        raise Conflict(msg("还有异议没有处理。"))
    contest.state, contest.published_at = ContestState.PUBLISHED, clock.now()
    tx.flush()
    record(tx, actor, "contest.published", f"contest:{contest.public_id}")
