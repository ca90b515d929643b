"""Where the author of a course stands: four steps, each with what is missing in words."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from academy.core.database import Tx
from academy.core.i18n import Message, msg
from academy.library import rules, versions
from academy.library.kinds import ItemKind, VersionState
from academy.library.models import CourseVersion
from academy.library.rules import ItemState
from academy.library.versions import item_states
from academy.media import api as media
from academy.media.api import AssetState


class CourseStepName(enum.StrEnum):
    """The steps, in their order."""

    PARTICULARS = "particulars"
    FILES = "files"
    CAPTIONS = "captions"
    SUBMISSION = "submission"


class StepStanding(enum.StrEnum):
    """What a step asks for: nothing more; something of the author; patience; what may be left; the steps before it."""

    DONE = "done"
    OPEN = "open"
    WAITING = "waiting"
    OPTIONAL = "optional"
    LATER = "later"


@dataclass(frozen=True)
class CourseStep:
    """One step: where it stands, and what is missing or going on."""

    name: CourseStepName
    standing: StepStanding
    wants: Sequence[Message] = ()


@dataclass(frozen=True)
class CaptionState:
    """What the step of captions asks of something that plays and is ready."""

    title: str
    cues: int
    is_estimated: bool = False
    """Whether its times were only spread over the lecture."""


def plan_steps(
    state: str, *, title: str, summary: str, items: Sequence[ItemState], captions: Sequence[CaptionState]
) -> list[CourseStep]:
    """The four steps of a version in this state. Pure."""
    words = [want for one in captions for want in _caption_wants(one)]
    playing = [item for item in items if item.kind in {ItemKind.VIDEO, ItemKind.AUDIO}]
    silent = not words and len(captions) == len(playing)
    steps = [
        _step(CourseStepName.PARTICULARS, rules.missing_particulars(title=title, summary=summary)),
        _files(items),
        CourseStep(
            CourseStepName.CAPTIONS,
            StepStanding.OPTIONAL if words else StepStanding.DONE if silent and items else StepStanding.LATER,
            words,
        ),
    ]
    return [*steps, _submission(state, steps)]


def standing_step(steps: Sequence[CourseStep]) -> CourseStep:
    """The step at which the author stands: the first that is neither done nor may be left."""
    passed = {StepStanding.DONE, StepStanding.OPTIONAL, StepStanding.LATER}
    return next((step for step in steps if step.standing not in passed), steps[-1])


def course_steps(tx: Tx, version: CourseVersion) -> list[CourseStep]:
    """The steps of a version of a course."""
    items = versions.items_with_files(tx, version)
    ready = {
        item.asset.id: item.title
        for item in items
        if item.kind != ItemKind.DOCUMENT and item.asset is not None and item.asset.state == AssetState.READY
    }
    counts = media.caption_counts(tx, ready)
    return plan_steps(
        version.state,
        title=version.title,
        summary=version.summary,
        items=item_states(items),
        captions=[CaptionState(title, *counts.get(asset_id, (0, False))) for asset_id, title in ready.items()],
    )


def _step(name: CourseStepName, wants: list[Message]) -> CourseStep:
    return CourseStep(name, StepStanding.OPEN if wants else StepStanding.DONE, wants)


def _files(items: Sequence[ItemState]) -> CourseStep:
    step = _step(CourseStepName.FILES, rules.missing_files(items))
    at_work = [item for item in items if item.asset_state == AssetState.PROCESSING]
    if step.wants and len(step.wants) == len(at_work):
        return CourseStep(step.name, StepStanding.WAITING, step.wants)
    return step


def _caption_wants(one: CaptionState) -> list[Message]:
    if not one.cues:
        return [msg("“%(title)s”还没有字幕。有字幕，大家才能按讲过的话搜到，听不清的人也能看。", title=one.title)]
    if one.is_estimated:
        return [msg("“%(title)s”的字幕时间是估计的，请对着画面核对。", title=one.title)]
    return []


def _submission(state: str, before: Sequence[CourseStep]) -> CourseStep:
    name = CourseStepName.SUBMISSION
    if state in {VersionState.PUBLISHED, VersionState.SUPERSEDED}:
        return CourseStep(name, StepStanding.DONE)
    if state == VersionState.SUBMITTED:
        return CourseStep(name, StepStanding.WAITING, [msg("已经提交，等另一位同志审阅。有了结果会发消息给您。")])
    if state == VersionState.APPROVED:
        return CourseStep(name, StepStanding.OPEN, [msg("审阅已通过，可以发布。")])
    if any(step.standing in {StepStanding.OPEN, StepStanding.WAITING} for step in before):
        return CourseStep(name, StepStanding.LATER, [msg("前面的做完就能提交。")])
    return CourseStep(name, StepStanding.OPEN, [msg("资料已齐，可以提交。由另一位同志审阅。")])
