"""Reads of syllabuses and handouts: what waits, one's own lectures, a version with its comments and differences."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import defer, joinedload

from academy.accounts import api as accounts
from academy.core import clock
from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.paging import Page, count_of, page_of
from academy.faculty.lecture_queries import LectureRow, lecture_rows
from academy.faculty.make_up_pairs import MakeUps, make_ups_of
from academy.faculty.material_kinds import MaterialKind, MaterialState
from academy.faculty.material_models import LectureMaterial, MaterialComment, MaterialVersion
from academy.faculty.materials import access, rules
from academy.faculty.materials.clearance import MaterialStanding, rule_on, rules_by_day, standings_of
from academy.faculty.materials.reviewing import days_of
from academy.faculty.models import ProgrammeLecture

SIZE = 20
PERIOD = dt.timedelta(days=90)
DECIDED = and_(MaterialVersion.reviewer_id.is_not(None), MaterialVersion.carried_from_id.is_(None))
"""Condition: versions that somebody decided on, those too that were returned and then dropped; each decision once."""


def count_material_to_review(tx: Tx, actor: Actor) -> int:
    """How many versions wait for a decision of this person: those of others."""
    if not access.is_material_reviewer(actor):
        return 0
    return count_of(tx, _submitted().where(~access.is_own(actor)).with_only_columns(MaterialVersion.id))


def _submitted() -> Select[MaterialVersion]:
    """Versions that wait, of lectures that are to be given or were."""
    return (
        select(MaterialVersion)
        .join(LectureMaterial, LectureMaterial.id == MaterialVersion.material_id)
        .join(ProgrammeLecture, ProgrammeLecture.id == LectureMaterial.lecture_id)
        .where(MaterialVersion.state == MaterialState.SUBMITTED, ProgrammeLecture.state.in_(access.WRITABLE))
    )


@dataclass(frozen=True)
class ReviewLine:
    """A version in the reviewers' list."""

    version: MaterialVersion
    lecture: LectureRow
    days: int
    is_late: bool
    """Whether the round lasts or lasted longer than the rule allows."""


def material_to_review(tx: Tx, actor: Actor, number: int = 1) -> Page[ReviewLine]:
    """What waits for a decision of this person, by the day of the lecture.

    Raises:
        Forbidden: the actor reviews no material.
    """
    access.require_material_reviewer(actor, "material:all")
    query = _submitted().where(~access.is_own(actor))
    return _lines(tx, query.order_by(ProgrammeLecture.day, MaterialVersion.submitted_at, MaterialVersion.id), number)


def own_material_in_review(tx: Tx, actor: Actor) -> int:
    """How many versions wait that this person may not decide on."""
    return count_of(tx, _submitted().where(access.is_own(actor)).with_only_columns(MaterialVersion.id))


def decided_material(tx: Tx, actor: Actor, number: int = 1) -> Page[ReviewLine]:
    """What was decided, the newest first.

    Raises:
        Forbidden: the actor reviews no material.
    """
    access.require_material_reviewer(actor, "material:all")
    query = select(MaterialVersion).where(DECIDED)
    return _lines(tx, query.order_by(MaterialVersion.closed_at.desc(), MaterialVersion.id.desc()), number)


def _lines(tx: Tx, query: Select[MaterialVersion], number: int) -> Page[ReviewLine]:
    query = query.options(
        defer(MaterialVersion.passages, raiseload=True),
        joinedload(MaterialVersion.material)
        .joinedload(LectureMaterial.lecture)
        .joinedload(ProgrammeLecture.training_class),
    )
    found = page_of(tx, query, number, SIZE)
    lectures = {row.lecture.id: row for row in lecture_rows(tx, list({one.material.lecture for one in found.rows}))}
    kept = rules_by_day(tx)
    lines = []
    for version in found.rows:
        lecture, days = lectures[version.material.lecture_id], days_of(version)
        rule = rule_on(kept, lecture.lecture.day)
        lines.append(ReviewLine(version, lecture, days, rule is not None and days > rule.decide_days))
    return Page(lines, found.total, found.number, found.size)


@dataclass(frozen=True)
class ReviewTime:
    """How long decisions took that were made in a period."""

    rounds: int
    median: float | None
    """Days."""
    longest: int
    late: int


def review_time(tx: Tx) -> ReviewTime:
    """Of the decisions of the last three months, by the rules of their lectures."""
    found = decided_rounds(tx, clock.now() - PERIOD)
    days = [one.days for one in found]
    return ReviewTime(len(days), rules.median(days), max(days, default=0), sum(one.is_late for one in found))


@dataclass(frozen=True)
class DecidedRound:
    """A decision on a version, and how long it took."""

    public_id: str
    """Of the version."""
    lecture_id: str
    """The lecture's public id."""
    title: str
    day: dt.date
    kind: MaterialKind
    number: int
    state: MaterialState
    submitted_at: dt.datetime
    closed_at: dt.datetime
    days: int
    is_late: bool


def decided_rounds(tx: Tx, since: dt.datetime, until: dt.datetime | None = None) -> list[DecidedRound]:
    """Decisions from one instant up to, not including, another, the oldest first. Two queries."""
    query = (
        select(
            *(MaterialVersion.public_id, ProgrammeLecture.public_id.label("lecture_id"), ProgrammeLecture.title),
            *(ProgrammeLecture.day, LectureMaterial.kind, MaterialVersion.number, MaterialVersion.state),
            *(MaterialVersion.submitted_at, MaterialVersion.closed_at),
        )
        .join(LectureMaterial, LectureMaterial.id == MaterialVersion.material_id)
        .join(ProgrammeLecture, ProgrammeLecture.id == LectureMaterial.lecture_id)
        .where(DECIDED, MaterialVersion.closed_at >= since)
        .order_by(MaterialVersion.closed_at, MaterialVersion.id)
    )
    if until is not None:
        query = query.where(MaterialVersion.closed_at < until)
    kept, found = rules_by_day(tx), []
    for row in tx.execute(query):
        if row.submitted_at is None or row.closed_at is None:
            continue  # the table's checks exclude it
        days = rules.round_days(row.submitted_at, row.closed_at)
        rule = rule_on(kept, row.day)
        is_late = rule is not None and days > rule.decide_days
        found.append(
            DecidedRound(
                *(row.public_id, row.lecture_id, row.title, row.day, MaterialKind(row.kind), row.number),
                *(_decision(row.state), row.submitted_at, row.closed_at, days, is_late),
            )
        )
    return found


def _decision(state: str) -> MaterialState:
    """What was decided: a returned version that its author dropped later was returned."""
    return MaterialState.APPROVED if state == MaterialState.APPROVED else MaterialState.RETURNED


@dataclass(frozen=True)
class OwnLecture:
    """A lecture of one's own, with its material."""

    row: LectureRow
    standings: Sequence[MaterialStanding]
    may_write: bool
    make_ups: MakeUps


def own_lectures(tx: Tx, actor: Actor, today: dt.date, *, past: bool, number: int = 1) -> Page[OwnLecture]:
    """Lectures in which the actor has a part: those to come, the next first; or past ones, the newest first."""
    query = select(ProgrammeLecture).where(access.taught_by(actor)).options(joinedload(ProgrammeLecture.training_class))
    if past:
        query = query.where(ProgrammeLecture.day < today).order_by(ProgrammeLecture.day.desc(), ProgrammeLecture.id)
    else:
        query = query.where(ProgrammeLecture.day >= today).order_by(ProgrammeLecture.day, ProgrammeLecture.id)
    found = page_of(tx, query, number, SIZE)
    standings, pairs = standings_of(tx, found.rows), make_ups_of(tx, found.rows)
    lines = [
        OwnLecture(row, standings[row.lecture.id], row.lecture.state in access.WRITABLE, pairs[row.lecture.id])
        for row in lecture_rows(tx, found.rows)
    ]
    return Page(lines, found.total, found.number, found.size)


@dataclass(frozen=True)
class PinnedRemark:
    """A comment, and where its passage stands in the version that is shown."""

    comment: MaterialComment
    number: int
    """Of the version that it was written on."""
    reviewer: str
    where: rules.PassageChange | None
    """None: in that very version."""

    @property
    def place(self) -> int | None:
        """The place in the version that is shown; None where the passage is there no more."""
        return self.comment.place if self.where is None else self.where.after


@dataclass(frozen=True)
class ChangedPassage:
    """A passage in the comparison with an earlier version."""

    change: rules.PassageChange
    pieces: Sequence[tuple[str, str]]
    """("same" | "gone" | "new", text)."""


@dataclass(frozen=True)
class MaterialSheet:
    """A version for its page: text, comments, what changed since the version that was looked at before."""

    version: MaterialVersion
    author: str
    reviewer: str
    remarks: Sequence[PinnedRemark]
    by_place: Mapping[int, Sequence[PinnedRemark]]
    before: MaterialVersion | None
    changes: Sequence[ChangedPassage]
    days: int


def material_sheet(tx: Tx, version: MaterialVersion) -> MaterialSheet:
    """A version with all comments up to it, and what changed since the one submitted before. Four queries."""
    earlier = tx.scalars(
        select(MaterialVersion)
        .where(
            MaterialVersion.material_id == version.material_id,
            MaterialVersion.number < version.number,
            MaterialVersion.submitted_at.is_not(None),
        )
        .order_by(MaterialVersion.number.desc())
    ).all()
    texts = {version.id: version, **{one.id: one for one in earlier}}
    comments = tx.scalars(
        select(MaterialComment)
        .where(MaterialComment.version_id.in_(texts))
        .order_by(MaterialComment.version_id.desc(), MaterialComment.place, MaterialComment.id)
    ).all()
    names = accounts.account_names(tx, {version.author_id, version.reviewer_id, *(one.reviewer_id for one in comments)})
    went = {
        version_id: rules.follow(texts[version_id].passages, version.passages)
        for version_id in {one.version_id for one in comments} - {version.id}
    }
    remarks = [
        PinnedRemark(
            one,
            texts[one.version_id].number,
            names.get(one.reviewer_id, ""),
            None if one.version_id == version.id else went[one.version_id].get(one.place),
        )
        for one in comments
    ]
    by_place: dict[int, list[PinnedRemark]] = defaultdict(list)
    for remark in remarks:
        if remark.place is not None:
            by_place[remark.place].append(remark)
    before = next((one for one in earlier if one.reviewer_id is not None), None) if version.passages else None
    return MaterialSheet(
        version,
        names.get(version.author_id or 0, ""),
        names.get(version.reviewer_id or 0, ""),
        remarks,
        by_place,
        before,
        _changes(before, version),
        days_of(version),
    )


def _changes(before: MaterialVersion | None, version: MaterialVersion) -> list[ChangedPassage]:
    """Every passage of both versions; of a first version its own."""
    if before is None:
        kept = (rules.PassageChange(rules.Change.KEPT, place, place) for place in range(1, len(version.passages) + 1))
        return [ChangedPassage(one, [("same", text)]) for one, text in zip(kept, version.passages, strict=True)]
    found = []
    for one in rules.compare(before.passages, version.passages):
        old = before.passages[one.before - 1] if one.before else ""
        new = version.passages[one.after - 1] if one.after else ""
        pieces = {
            rules.Change.KEPT: [("same", new)],
            rules.Change.ADDED: [("new", new)],
            rules.Change.REMOVED: [("gone", old)],
        }.get(one.change)
        found.append(ChangedPassage(one, pieces if pieces is not None else rules.clause_changes(old, new)))
    return found


def newest_version(tx: Tx, lecture: ProgrammeLecture, kind: MaterialKind) -> MaterialVersion | None:
    """What the writer works on: the draft, else the version that was submitted last and not taken back."""
    return tx.scalar(_versions(lecture, kind).where(MaterialVersion.state != MaterialState.TAKEN_BACK).limit(1))


def _versions(lecture: ProgrammeLecture, kind: MaterialKind) -> Select[MaterialVersion]:
    return (
        select(MaterialVersion)
        .join(LectureMaterial, LectureMaterial.id == MaterialVersion.material_id)
        .where(LectureMaterial.lecture_id == lecture.id, LectureMaterial.kind == kind)
        .options(
            joinedload(MaterialVersion.asset),
            joinedload(MaterialVersion.material).joinedload(LectureMaterial.lecture),
        )
        .order_by(MaterialVersion.number.desc())
    )
