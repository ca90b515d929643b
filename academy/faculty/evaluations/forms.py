"""Forms of evaluations: dated, never changed; the school's first ones."""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import select

from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import Message, msg
from academy.faculty import access
from academy.faculty.evaluation_kinds import EvaluationKind, QuestionKind
from academy.faculty.evaluation_models import EvaluationForm, FormQuestion

MOST_QUESTIONS, TEXT_LENGTH = 20, 120

FIRST_FORMS: tuple[tuple[EvaluationKind, tuple[Message, ...]], ...] = (
    (
        EvaluationKind.SELF,
        (
            msg("备课是否充分，材料是否来自一线"),
            msg("内容是否讲透，重点是否突出"),
            msg("与学员的互动是否充分"),
            msg("*哪一部分下次要改"),
        ),
    ),
    (
        EvaluationKind.PARTICIPANTS,
        (
            msg("观点是否正确，政策依据是否准确"),
            msg("内容是否联系本地实际"),
            msg("讲得是否清楚，听得是否明白"),
            msg("对工作是否有帮助"),
            msg("*最有收获的一点，或者建议"),
        ),
    ),
    (
        EvaluationKind.FOLLOW_UP,
        (
            msg("课上讲的办法，这几个月用上了多少"),
            msg("工作因此有了多少改进"),
            msg("*请写一件用上了的事"),
        ),
    ),
)
"""Questions of the first forms; a star marks one that is answered in words. The office replaces them by its own."""
FOLLOW_UP_MONTHS, FOLLOW_UP_DAYS, DAYS = 6, 30, 14


def questions_from(lines: Sequence[str]) -> list[FormQuestion]:
    """Questions as they are kept, from lines of which a star marks those that are answered in words."""
    found: list[FormQuestion] = []
    for number, line in enumerate(lines, 1):
        is_text = line.startswith("*")
        kind = QuestionKind.TEXT if is_text else QuestionKind.SCALE
        found.append({"key": f"q{number}", "text": line.lstrip("* ").strip(), "kind": kind.value})
    return found


def seed_forms(tx: Tx, since: dt.date | None = None) -> None:
    """The school's first forms from a day on (today), where there are none of their kind."""
    kinds = set(tx.scalars(select(EvaluationForm.kind)))
    for kind, lines in FIRST_FORMS:
        if kind not in kinds:
            is_late = kind == EvaluationKind.FOLLOW_UP
            tx.add(
                EvaluationForm(
                    kind=kind,
                    questions=questions_from([line.text for line in lines]),
                    open_days=FOLLOW_UP_DAYS if is_late else DAYS,
                    after_months=FOLLOW_UP_MONTHS if is_late else None,
                    valid_from=since or clock.today(),
                )
            )
    tx.flush()


def form_on(tx: Tx, kind: EvaluationKind, day: dt.date) -> EvaluationForm | None:
    """The form in force on a day."""
    return tx.scalar(
        select(EvaluationForm).where(
            EvaluationForm.kind == kind,
            EvaluationForm.valid_from <= day,
            EvaluationForm.valid_to.is_(None) | (EvaluationForm.valid_to > day),
        )
    )


def replace_form(
    tx: Tx,
    actor: Actor,
    kind: EvaluationKind,
    lines: Sequence[str],
    *,
    scale: int,
    open_days: int,
    after_months: int | None,
    valid_from: dt.date | None,
) -> EvaluationForm:
    """Put another form in place from a day on; rounds that are open keep theirs.

    Raises:
        Forbidden: the actor does not run the programme.
        Invalid: no question to be marked, too many or too long questions, or a number out of its bounds.
        Conflict: the present form begins on that day or later.
    """
    access.require_programme_office(actor, f"evaluation-form:{kind}")
    cut = [line.strip()[: TEXT_LENGTH + 2] for line in lines[: MOST_QUESTIONS + 1]]
    questions = questions_from([line for line in cut if line.lstrip("* ")])
    if not any(one["kind"] == QuestionKind.SCALE for one in questions):
        raise Invalid(fields={"questions": msg("至少要有一道打分题。")})
    if len(questions) > MOST_QUESTIONS or any(len(one["text"]) > TEXT_LENGTH for one in questions):
        raise Invalid(
            fields={
                "questions": msg(
                    "最多 %(most)s 道题，每道不超过 %(length)s 个字。", most=MOST_QUESTIONS, length=TEXT_LENGTH
                )
            }
        )
    for name, value, least, most in (("scale", scale, 3, 10), ("open_days", open_days, 1, 120)):
        if not least <= value <= most:
            raise Invalid(fields={name: msg("请填 %(least)s 到 %(most)s 之间的数。", least=least, most=most)})
    is_late = kind == EvaluationKind.FOLLOW_UP
    if (after_months is not None) != is_late or (after_months is not None and not 1 <= after_months <= 36):
        raise Invalid(fields={"after_months": msg("请填 %(least)s 到 %(most)s 之间的数。", least=1, most=36)})
    if valid_from is None or valid_from <= clock.today():
        raise Invalid(fields={"valid_from": msg("请填明天或以后的日子。")})
    open_form = tx.scalar(
        select(EvaluationForm).where(EvaluationForm.kind == kind, EvaluationForm.valid_to.is_(None)).with_for_update()
    )
    if open_form is not None:
        if open_form.valid_from >= valid_from:
            raise Conflict(msg("现在的评价表从 %(day)s 起用，新表要晚于这一天。", day=open_form.valid_from))
        open_form.valid_to = valid_from
        tx.flush()
    made = EvaluationForm(
        kind=kind,
        scale=scale,
        questions=questions,
        open_days=open_days,
        after_months=after_months,
        valid_from=valid_from,
        entered_by=actor.account_id,
    )
    tx.add(made)
    tx.flush()
    record(tx, actor, "evaluation.form_replaced", f"evaluation-form:{made.public_id}", kind=kind.value)
    return made
