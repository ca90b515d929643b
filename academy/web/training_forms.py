"""The form of a training: parsed, filled, previewed. Works without scripts."""

import dataclasses
import datetime as dt
from collections.abc import Callable
from typing import Any

from flask import render_template, url_for

from academy.core import clock
from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.errors import Invalid
from academy.core.i18n import Message, msg
from academy.coverage import api as coverage
from academy.http import actor
from academy.http.forms import Choice, Choices, Day, Form, Key, Number, Text, Texts, typed
from academy.http.languages import html_lang, translate
from academy.library import api as library
from academy.people import api as people
from academy.people.api import Organisation
from academy.talk import api as talk
from academy.talk.api import ListedClip
from academy.trainings import api as trainings
from academy.trainings.api import Audience, AudiencePreview, Figures, Training, TrainingPlan, TrainingState
from academy.web import pickers
from academy.web.clips import clip_in

STATES: dict[str, tuple[Message, str]] = {
    TrainingState.DRAFT: (msg("草稿"), "neutral"),
    TrainingState.OPENING: (msg("正在开启"), "info"),
    TrainingState.OPEN: (msg("进行中"), "good"),
    TrainingState.CLOSED: (msg("已结束"), "info"),
    TrainingState.ARCHIVED: (msg("已归档"), "neutral"),
}
JOINING = {"include": msg("新进来的也要参加"), "exclude": msg("只算开始时的人员")}
LEAVING = {"drop": msg("离开后不再计算"), "keep": msg("离开后仍算在原支部")}
MOVING = {"follow": msg("随人走，算在新支部"), "stay": msg("一直算在开始时的支部")}
# Fields shown when two people changed one plan; audience lists are compared, but not listed.
LABELS = {
    "title": msg("名称"),
    "summary": msg("说明"),
    "opens_on": msg("开始日期"),
    "closes_on": msg("结束日期"),
    "required_count": msg("学完几门算完成"),
    "clip": msg("先看的一段"),
    "age_from": msg("年龄从"),
    "age_to": msg("年龄到"),
}
STATUSES = {key: people.STATUSES[key] for key in people.PRESENT_STATUSES}

VERBS: dict[str, Callable[[Tx, Actor, Training], Training | None]] = {
    "close": trainings.close_training,
    "archive": trainings.archive_training,
    "discard": trainings.discard_training,
    "copy": trainings.copy_training,
}


NO_DAY = msg("请按 2026-03-05 的样子填写日期。")


class PlanForm(Form):
    """The submitted plan: training, audience, and whether only to preview."""

    preview = Key()
    find = Key()
    courses_search = Text()
    nodes_search = Text()
    title = Text()
    summary = Text()
    opens_on = Day(refusal=NO_DAY)
    closes_on = Day(refusal=NO_DAY)
    courses = Texts()
    required_count = Number(4)
    clip = Text()
    nodes = Texts()
    cohorts = Texts()
    codes = Text()
    sectors = Texts()
    positions = Texts()
    statuses = Choices(people.PRESENT_STATUSES)
    ages = Choices(coverage.AGE_WORDS)
    age_from = Number(4)
    age_to = Number(4)
    joined_from = Day(refusal=NO_DAY)
    joined_to = Day(refusal=NO_DAY)
    joining = Choice(JOINING, blank="include")
    leaving = Choice(LEAVING, blank="drop")
    moving = Choice(MOVING, blank="follow")


def is_preview() -> bool:
    """Whether only the audience is to be counted."""
    return bool(PlanForm.read().preview.raw_data)


def is_search() -> bool:
    """Whether only a picker is to look, without script."""
    return bool(PlanForm.read().find.data)


def holder_of(tx: Tx, training: Training) -> Organisation:
    """The node that holds the training."""
    return people.organisation_of_id(tx, training.organisation_id)


def blank(clip: str = "") -> dict[str, Any]:
    """An empty form: a month from tomorrow on; `clip` is the address of a stretch to see first."""
    today = clock.today()
    return _shown(
        Audience(),
        title="",
        summary="",
        opens_on=(today + dt.timedelta(days=1)).isoformat(),
        closes_on=(today + dt.timedelta(days=31)).isoformat(),
        courses=[],
        required_count="",
        clip=clip,
        nodes=[],
        cohorts=[],
        codes="",
    )


def of_training(tx: Tx, training: Training) -> dict[str, Any]:
    """The form filled from a stored plan."""
    audience = Audience.from_json(training.audience)
    below = people.organisations_of_ids(tx, audience.nodes)
    return _shown(
        audience,
        title=training.title,
        summary=training.summary,
        opens_on=training.opens_on.isoformat(),
        closes_on=training.closes_on.isoformat(),
        courses=[course.public_id for course in trainings.courses_of(tx, training)],
        required_count=training.required_count or "",
        clip=_address(clip) if (clip := assigned_clip(tx, training)) else "",
        nodes=[o.public_id for o in below],
        cohorts=[cohort.public_id for cohort in people.cohorts_of_ids(tx, audience.cohorts)],
        codes="",
    )


def assigned_clip(tx: Tx, training: Training) -> ListedClip | None:
    """The stretch that members are asked to see first, as long as it is offered."""
    return talk.clips_of_ids(tx, [training.clip_id]).get(training.clip_id) if training.clip_id else None


def _address(clip: ListedClip) -> str:
    return url_for("talk.clip", public_id=clip.clip.public_id, _external=True)


def _shown(audience: Audience, **values: Any) -> dict[str, Any]:
    data = audience.to_json()
    del data["nodes"], data["cohorts"]
    return {key: "" if value is None else value for key, value in data.items()} | values


def filled() -> dict[str, Any]:
    """The form as submitted."""
    form = typed()
    several = ("nodes", "cohorts", "sectors", "positions", "ages", "statuses", "courses")
    return {key: form.getlist(key) if key in several else form.get(key, "") for key in blank()}


def plan(tx: Tx, holder: Organisation) -> TrainingPlan:
    """The submitted form as a plan.

    Raises:
        Invalid: with a message for each field that cannot be parsed.
    """
    form, wrong = PlanForm.read(), dict[str, Message]()
    audience = Audience(
        nodes=_nodes(tx, form, wrong),
        cohorts=_cohorts(tx, form),
        sectors=tuple(s for s in form.sectors.data if s in people.sector_names(tx)),
        positions=tuple(p[:40] for p in form.positions.data),
        statuses=tuple(form.statuses.data),
        ages=tuple(form.ages.data),
        age_from=form.age_from.data,
        age_to=form.age_to.data,
        joined_from=form.joined_from.data,
        joined_to=form.joined_to.data,
        joining=form.joining.data,
        leaving=form.leaving.data,
        moving=form.moving.data,
    )
    made = TrainingPlan(
        title=form.title.data.strip(),
        summary=form.summary.data.strip()[:2000],
        opens_on=form.opens_on.data,
        closes_on=form.closes_on.data,
        courses=_courses(tx, form),
        required_count=form.required_count.data,
        audience=audience,
        clip=_clip(tx, form, wrong),
    )
    if wrong:
        raise Invalid(fields=wrong)
    return made


def _clip(tx: Tx, form: PlanForm, wrong: dict[str, Message]) -> int | None:
    try:
        found = clip_in(tx, form.clip.data)
    except Invalid as error:
        wrong |= error.fields
        return None
    return found.clip.id if found else None


def _courses(tx: Tx, form: PlanForm) -> list[int]:
    wanted = form.courses.data[:100]
    known = library.course_ids(tx, wanted)
    return [known[public_id] for public_id in dict.fromkeys(wanted) if public_id in known]


def _nodes(tx: Tx, form: PlanForm, wrong: dict[str, Message]) -> tuple[int, ...]:
    wanted = form.nodes.data[:500]
    codes = [code.strip() for code in form.codes.data.splitlines() if code.strip()][:500]
    found = people.organisation_ids(tx, wanted)
    by_code = people.organisation_ids_by_code(tx, codes)
    unknown = [code for code in codes if code not in by_code]
    if unknown:
        wrong["codes"] = msg("没有这些组织代码：%(codes)s", codes="、".join(unknown[:5]))
    return tuple(dict.fromkeys([*found, *by_code.values()]))


def _cohorts(tx: Tx, form: PlanForm) -> tuple[int, ...]:
    return tuple(people.cohort_ids(tx, form.cohorts.data[:100]))


def _offered_cohorts(tx: Tx, holder: Organisation, chosen: list[str]) -> list[tuple[str, str]]:
    """Cohorts of the holder and below it: open ones and those chosen before."""
    found = people.cohorts_under(tx, [holder.path], size=200).rows
    return [
        (line.cohort.public_id, f"{line.cohort.name}（{line.members:,}）")
        for line in found
        if line.cohort.closed_at is None or line.cohort.public_id in chosen
    ]


def render(
    tx: Tx,
    holder: Organisation,
    training: Training | None,
    values: dict[str, Any],
    errors: Any,
    preview: AudiencePreview | None = None,
) -> str:
    """The form's page."""
    text, nodes = pickers.looked_for("courses"), pickers.looked_for("nodes")
    return render_template(
        "trainings/form.html",
        holder=holder,
        training=training,
        values=values,
        kept=of_training(tx, training) if training else None,
        errors=errors,
        preview=preview,
        courses=pickers.chosen_courses(tx, values["courses"]),
        courses_found=pickers.find_courses(tx, *text) if text else None,
        nodes=pickers.chosen_organisations(tx, values["nodes"]),
        nodes_found=pickers.find_organisations(tx, holder, *nodes) if nodes else None,
        cohorts=_offered_cohorts(tx, holder, values["cohorts"]),
        positions=[(p, p) for p in trainings.list_positions(tx)],
        sectors=people.sector_names(tx, html_lang(), offered=True),
        ages=coverage.AGE_WORDS,
        member_statuses=STATUSES,
        rules=(("joining", JOINING), ("leaving", LEAVING), ("moving", MOVING)),
    )


def render_preview(tx: Tx, holder: Organisation, training: Training | None) -> str:
    """The form as submitted, with the audience counted.

    Raises:
        Invalid: the audience cannot be parsed.
    """
    made = plan(tx, holder)
    if wrong := made.audience.problems():
        raise Invalid(fields=wrong)
    counted = trainings.preview_audience(tx, holder, made.audience, made.opens_on or clock.today())
    return render(tx, holder, training, filled(), {}, counted)


@dataclasses.dataclass(frozen=True)
class Rule:
    """One line of the audience's description."""

    label: Message
    value: str | Message


def audience_lines(tx: Tx, training: Training) -> list[Rule]:
    """Description of the audience."""
    a = Audience.from_json(training.audience)
    nodes = [node.name for node in people.organisations_of_ids(tx, a.nodes)]
    lines = [Rule(msg("党组织"), "、".join(nodes) or holder_of(tx, training).name)]
    if a.sectors:
        lines.append(Rule(msg("领域"), "、".join(people.sector_names(tx, html_lang()).get(s, s) for s in a.sectors)))
    if a.positions:
        lines.append(Rule(msg("职务"), "、".join(a.positions)))
    if a.cohorts:
        named = people.cohorts_of_ids(tx, a.cohorts)
        lines.append(Rule(msg("名单"), "、".join(cohort.name for cohort in named)))
    if a.ages:
        lines.append(Rule(msg("年龄段"), "、".join(translate(coverage.AGE_WORDS[key]) for key in a.ages)))
    if a.age_from is not None or a.age_to is not None:
        low, high = a.age_from or 0, a.age_to
        lines.append(Rule(msg("年龄"), f"{low}–{high}" if high is not None else f"≥ {low}"))
    if a.joined_from or a.joined_to:
        lines.append(Rule(msg("入党日期"), f"{a.joined_from or '…'} – {a.joined_to or '…'}"))
    if a.statuses != people.PRESENT_STATUSES:
        lines.append(Rule(msg("党员状态"), "、".join(translate(people.STATUSES[s]) for s in a.statuses)))
    lines.append(Rule(msg("新来的党员"), JOINING[a.joining]))
    lines.append(Rule(msg("离开的党员"), LEAVING[a.leaving]))
    lines.append(Rule(msg("换支部的党员"), MOVING[a.moving]))
    return lines


def render_training(tx: Tx, training: Training) -> str:
    """The page of one training."""
    holder, who = holder_of(tx, training), actor()
    draft = training.state == TrainingState.DRAFT
    counted = None
    if draft:
        audience = Audience.from_json(training.audience)
        counted = trainings.preview_audience(tx, holder, audience, training.opens_on)
    mine = [node for node in trainings.view_roots(tx, who) if node.path.startswith(holder.path)] or [holder]
    node = holder if who.is_system or who.may(holder.path, *trainings.VIEWING_ROLES) else mine[0]
    figures = trainings.figures_of(tx, [training.id], [node.id]).get((training.id, node.id), Figures())
    return render_template(
        "trainings/show.html",
        training=training,
        holder=holder,
        node=node,
        state=STATES[training.state],
        mine=who.may(holder.path, *trainings.MANAGING_ROLES),
        courses=trainings.courses_of(tx, training),
        clip=assigned_clip(tx, training),
        audience=audience_lines(tx, training),
        preview=counted,
        figures=figures,
        job=trainings.opening_job(tx, training),
    )
