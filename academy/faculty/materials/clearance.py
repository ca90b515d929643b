"""What must be approved before a lecture is taught, and what is: dated rules, and where each material stands."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Update, select, update

from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Invalid
from academy.core.i18n import Message, msg
from academy.core.unique import unique_or
from academy.faculty.access import require_programme_office
from academy.faculty.material_kinds import MaterialKind, MaterialState
from academy.faculty.material_models import LectureMaterial, MaterialRule, MaterialVersion
from academy.faculty.materials import rules
from academy.faculty.models import ProgrammeLecture

DUE_DAYS, DECIDE_DAYS = 7, 5
UNREVIEWED_LENGTH = 200
AHEAD = dt.timedelta(days=366)
_JUST_CHANGED = msg("刚才有人改了这条规则，请刷新后再试。")


_NOT_APPROVED = {
    (MaterialKind.SYLLABUS, MaterialKind.HANDOUT): msg(
        "教案和讲义都没有审阅通过。确实讲了的，请写明原因，会留下记录。"
    ),
    (MaterialKind.SYLLABUS,): msg("教案没有审阅通过。确实讲了的，请写明原因，会留下记录。"),
    (MaterialKind.HANDOUT,): msg("讲义没有审阅通过。确实讲了的，请写明原因，会留下记录。"),
}


@dataclass(frozen=True)
class VersionLine:
    """A version without its text."""

    public_id: str
    number: int
    state: MaterialState
    submitted_at: dt.datetime | None
    closed_at: dt.datetime | None

    @property
    def days(self) -> int | None:
        """Days of its round, so far or altogether; None for a draft."""
        if self.submitted_at is None:
            return None
        return rules.round_days(self.submitted_at, self.closed_at or clock.now())


@dataclass(frozen=True)
class MaterialStanding:
    """Where the syllabus or the handout of a lecture stands."""

    kind: MaterialKind
    is_demanded: bool
    """Whether it must be approved before the lecture is taught."""
    due_on: dt.date | None
    """Day by which it should be submitted; None where it is not demanded."""
    taught_number: int | None = None
    versions: Sequence[VersionLine] = field(default=())
    """Newest first."""

    @property
    def newest(self) -> VersionLine | None:
        """The version that was saved last; None where nobody began, or all were taken back."""
        return next((one for one in self.versions if one.state != MaterialState.TAKEN_BACK), None)

    @property
    def approved(self) -> VersionLine | None:
        """The version that readers get."""
        return self._numbered(rules.approved_number(self._rounds))

    @property
    def teachable(self) -> VersionLine | None:
        """The version that may be taught now."""
        return self._numbered(rules.teachable_number(self._rounds))

    @property
    def _rounds(self) -> list[rules.Round]:
        return [rules.Round(one.number, one.state) for one in self.versions]

    def _numbered(self, number: int | None) -> VersionLine | None:
        return next((one for one in self.versions if one.number == number), None)


def rules_by_day(tx: Tx) -> Sequence[MaterialRule]:
    """All rules, the newest first."""
    return tx.scalars(select(MaterialRule).order_by(MaterialRule.valid_from.desc())).all()


def rule_on(rows: Sequence[MaterialRule], day: dt.date) -> MaterialRule | None:
    """The rule of a day; None before the first."""
    return next((one for one in rows if one.valid_from <= day), None)


def standings_of(tx: Tx, lectures: Sequence[ProgrammeLecture]) -> dict[int, list[MaterialStanding]]:
    """Row id of a lecture → where its syllabus and handout stand. Two queries."""
    kept = rules_by_day(tx)
    found: dict[tuple[int, str], list[VersionLine]] = defaultdict(list)
    taught: dict[tuple[int, str], int | None] = {}
    rows = tx.execute(
        select(
            LectureMaterial.lecture_id,
            LectureMaterial.kind,
            LectureMaterial.taught_number,
            MaterialVersion.public_id,
            MaterialVersion.number,
            MaterialVersion.state,
            MaterialVersion.submitted_at,
            MaterialVersion.closed_at,
        )
        .join(MaterialVersion, MaterialVersion.material_id == LectureMaterial.id)
        .where(LectureMaterial.lecture_id.in_([one.id for one in lectures]))
        .order_by(MaterialVersion.number.desc())
    )
    for lecture_id, kind, taught_number, public_id, number, state, submitted, closed in rows:
        line = VersionLine(public_id, number, MaterialState(state), submitted, closed)
        found[lecture_id, kind].append(line)
        taught[lecture_id, kind] = taught_number
    return {
        lecture.id: [_standing(lecture, kind, rule_on(kept, lecture.day), found, taught) for kind in MaterialKind]
        for lecture in lectures
    }


def _standing(
    lecture: ProgrammeLecture,
    kind: MaterialKind,
    rule: MaterialRule | None,
    found: dict[tuple[int, str], list[VersionLine]],
    taught: dict[tuple[int, str], int | None],
) -> MaterialStanding:
    is_demanded = rule is not None and kind in rule.kinds
    due_on = lecture.day - dt.timedelta(rule.due_days) if rule is not None and is_demanded else None
    key = (lecture.id, kind.value)
    return MaterialStanding(kind, is_demanded, due_on, taught.get(key), found.get(key, ()))


def take_taught(tx: Tx, lecture: ProgrammeLecture, reason: str) -> list[MaterialKind]:
    """Keep which versions were taught, when a lecture is confirmed; what was taught unapproved, with the reason.

    The caller has locked the lecture and flushes.

    Raises:
        Invalid: something that must be approved is not, and no reason is given.
    """
    reason = rules.clean(reason, UNREVIEWED_LENGTH)
    standings = standings_of(tx, [lecture])[lecture.id]
    missing = [one.kind for one in standings if one.is_demanded and one.teachable is None]
    if missing and not reason:
        raise Invalid(fields={"unreviewed": _NOT_APPROVED[tuple(missing)]})
    for one in standings:
        number = one.teachable.number if one.teachable is not None else None
        tx.execute(_of(lecture, one.kind).values(taught_number=number))
    lecture.unreviewed_reason = reason if missing else ""
    return missing


def forget_taught(tx: Tx, lecture: ProgrammeLecture) -> None:
    """Take that back, when what was entered about the lecture is."""
    tx.execute(update(LectureMaterial).where(LectureMaterial.lecture_id == lecture.id).values(taught_number=None))
    lecture.unreviewed_reason = ""


def _of(lecture: ProgrammeLecture, kind: MaterialKind) -> Update:
    return update(LectureMaterial).where(LectureMaterial.lecture_id == lecture.id, LectureMaterial.kind == kind)


@dataclass(frozen=True)
class MaterialTerms:
    """What a rule says."""

    kinds: Sequence[str]
    due_days: int
    decide_days: int
    valid_from: dt.date


def seed_material_rule(tx: Tx) -> None:
    """The initial rule, from today on: both are approved before, a week ahead, within five days. Once."""
    if tx.scalar(select(MaterialRule.id).limit(1)) is None:
        kinds = [str(kind) for kind in MaterialKind]
        tx.add(MaterialRule(kinds=kinds, due_days=DUE_DAYS, decide_days=DECIDE_DAYS, valid_from=clock.today()))
        tx.flush()


def change_material_rule(tx: Tx, actor: Actor, terms: MaterialTerms) -> MaterialRule:
    """Put another rule into force, for lectures on a day and later.

    Raises:
        Invalid: a number out of range, or a day that does not follow the present rule's.
        Forbidden: the actor does not run the programme.
    """
    require_programme_office(actor, "rules:all")
    present = tx.scalar(select(MaterialRule).where(MaterialRule.valid_to.is_(None)).with_for_update())
    wrong: dict[str, Message] = {}
    if not 0 <= terms.due_days <= 60:
        wrong["due_days"] = msg("请填写 %(least)s 到 %(most)s 之间的整数。", least=0, most=60)
    if not 1 <= terms.decide_days <= 60:
        wrong["decide_days"] = msg("请填写 %(least)s 到 %(most)s 之间的整数。", least=1, most=60)
    if present is not None and terms.valid_from <= present.valid_from:
        wrong["valid_from"] = msg("请填写现行规则生效日期（%(day)s）之后的日期。", day=present.valid_from)
    elif terms.valid_from > clock.today() + AHEAD:
        wrong["valid_from"] = msg("请填写一年以内的日期。")
    if wrong:
        raise Invalid(fields=wrong)
    if present is not None:
        present.valid_to = terms.valid_from
    made = MaterialRule(
        kinds=[str(kind) for kind in MaterialKind if kind in terms.kinds],
        due_days=terms.due_days,
        decide_days=terms.decide_days,
        valid_from=terms.valid_from,
        entered_by=actor.account_id,
    )
    with unique_or(tx, Invalid(fields={"valid_from": _JUST_CHANGED})):
        tx.add(made)
    record(tx, actor, "material_rule.changed", f"rule:{made.id}", kinds=made.kinds, since=made.valid_from.isoformat())
    return made
