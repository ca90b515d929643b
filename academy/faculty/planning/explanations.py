"""Why a lecture is in a plan, and why a topic is not: data of the problem put into sentences."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from academy.core.i18n import Message, msg, nmsg
from academy.faculty.planning.differences import gains
from academy.faculty.planning.problem import (
    Candidate,
    PlannedLecture,
    PlannedTopic,
    PlanningProblem,
    by_evening,
    by_lecturer,
)
from academy.faculty.planning.score import score, violations
from academy.faculty.planning.solve import Proposal


@dataclass(frozen=True)
class Explainer:
    """Explains one proposal of one problem. Nothing is solved again: a lecture is compared with what is one change
    away from it."""

    problem: PlanningProblem
    proposal: Proposal

    @cached_property
    def _given(self) -> dict[str, list[PlannedLecture]]:
        return by_lecturer(self.proposal.lectures)

    @cached_property
    def _held(self) -> dict[dt.date, list[PlannedLecture]]:
        return by_evening(self.proposal.lectures)

    def choice(self, lecture: PlannedLecture) -> list[Message]:
        """Why this lecturer teaches this topic on this evening, what weighs most first."""
        topic = self.problem.topic[lecture.topic]
        found = [msg("这一项已经由人定下") for one in self.problem.rulings if one.wanted and one.fits(lecture)][:1]
        for key in lecture.lecturers:
            found += self._owed(self.problem.candidate[key], lecture)
        found += _asked(topic)
        for key in lecture.lecturers:
            found += self._suited(self.problem.candidate[key], topic, lecture)
        return [*found, *self._compared(lecture)]

    def _owed(self, candidate: Candidate, lecture: PlannedLecture) -> Iterator[Message]:
        for duty in candidate.duties:
            if duty.counts(lecture.evening):
                owed = {"name": candidate.name, "due": duty.due}
                yield nmsg("%(name)s在%(due)s前还欠 %(n)s 讲，这一讲可以算上", duty.lectures, **owed)

    def _suited(self, candidate: Candidate, topic: PlannedTopic, lecture: PlannedLecture) -> Iterator[Message]:
        named = {"name": candidate.name, "subject": topic.subject}
        yield {
            0: msg("“%(subject)s”是%(name)s的主讲方向", **named),
            1: msg("%(name)s也讲“%(subject)s”", **named),
        }.get(
            self.problem.misfit(candidate, topic) or 0 if topic.subject in candidate.subjects else 2,
            msg("“%(subject)s”不是%(name)s报的方向，是人定的", **named),
        )
        yield msg("%(evening)s晚上%(name)s有空", evening=lecture.evening, name=candidate.name)
        if candidate.taught:
            yield nmsg("%(name)s今年已经讲过 %(n)s 讲", candidate.taught, name=candidate.name)
        else:
            yield msg("%(name)s今年还没有讲过", name=candidate.name)

    def alternative(self, lecture: PlannedLecture) -> PlannedLecture | None:
        """The lecture with one other lecturer that would be next best while all else stays; None where nobody can."""
        found: list[tuple[tuple[int, ...], int, PlannedLecture]] = []
        for leaving in lecture.lecturers:
            for order, one in enumerate(self.problem.teachers[lecture.topic]):
                if one.key in lecture.lecturers or not self._could(one, lecture.evening):
                    continue
                others = [key for key in lecture.lecturers if key != leaving]
                changed = replace(lecture, lecturers=tuple(sorted([*others, one.key])))
                lectures = [changed if each == lecture else each for each in self.proposal.lectures]
                if not violations(self.problem, lectures):
                    found.append((score(self.problem, lectures), order, changed))
        return min(found)[2] if found else None

    def _could(self, candidate: Candidate, evening: dt.date) -> bool:
        """Whether the lecturer can come and gives fewer lectures than the most."""
        given = self._given.get(candidate.key, [])
        return (
            evening in candidate.evenings
            and len(given) < candidate.limit
            and all(one.evening != evening for one in given)
        )

    def _compared(self, lecture: PlannedLecture) -> Iterator[Message]:
        other = self.alternative(lecture)
        if other is None:
            yield msg("这一晚没有别的老师能讲这一题")
            return
        lectures = [other if one == lecture else one for one in self.proposal.lectures]
        key = next(key for key in other.lecturers if key not in lecture.lecturers)
        better = gains(score(self.problem, lectures), self.proposal.score)
        name = self.problem.candidate[key].name
        if better:
            yield msg("比次选%(name)s：%(gain)s", name=name, gain=better[0])
        else:
            yield msg("与%(name)s不相上下，按固定次序取定", name=name)

    def omission(self, topic: PlannedTopic) -> Message:
        """Why the topic is not in the plan: the first reason that holds, the hardest first."""
        problem = self.problem
        teachers = problem.teachers[topic.key]
        if any(not one.wanted and one.topic == topic.key and not one.lecturer for one in problem.rulings):
            return msg("已经由人定下不排")
        if len(teachers) < topic.lecturers:
            return self._too_few(topic, len(teachers))
        if all(one.seats < topic.seats for one in problem.sittings):
            return nmsg("没有坐得下 %(n)s 人的场地", topic.seats)
        evenings = [one for one in problem.evenings if topic.evenings is None or one in topic.evenings]
        if not any(sum(one in each.evenings for each in teachers) >= topic.lecturers for one in evenings):
            return msg("能讲“%(subject)s”的老师在能排的晚上都没有空", subject=topic.subject)
        return self._crowded_out(topic, teachers, evenings)

    def _too_few(self, topic: PlannedTopic, able: int) -> Message:
        if able:
            return nmsg("这一题要几位老师合讲，能讲的只有 %(n)s 位", able)
        if any(topic.subject in one.subjects for one in self.problem.candidates):
            return msg("讲“%(subject)s”的老师都不在这一题要求的层级", subject=topic.subject)
        return msg("师资库里还没有人讲“%(subject)s”", subject=topic.subject)

    def _crowded_out(self, topic: PlannedTopic, teachers: list[Candidate], evenings: list[dt.date]) -> Message:
        """The topic could be taught in a term of its own: what else is taught instead."""
        free = [one for one in teachers if len(self._given.get(one.key, [])) < one.limit]
        if len(free) < topic.lecturers:
            return nmsg("能讲这一题的 %(n)s 位老师本学期都已排满", len(teachers))
        used = {one.sitting for one in self.proposal.lectures}
        open_evenings = [
            evening
            for evening in evenings
            if any(
                one.evening == evening and one.key not in used and one.seats >= topic.seats
                for one in self.problem.sittings
            )
        ]
        if not open_evenings:
            least = min((self.problem.topic[one.topic].voices for one in self.proposal.lectures), default=0)
            if topic.voices > least:
                return msg("合适的场次都排满了，给了有义务要完成的老师，和点得更多的题")
            return nmsg("合适的场次都排满了；排上的题，点得最少的也有 %(n)s 人点", least)
        if not any(sum(self._could(one, evening) for one in free) >= topic.lecturers for evening in open_evenings):
            return msg("还有空场次的晚上，能讲这一题的老师没有空或已经有课")
        if not topic.voices and not topic.demanded:
            return msg("没有人点，教学计划也不要求")
        return msg("排上它就要放下更要紧的义务或点得更多的题")


def _asked(topic: PlannedTopic) -> Iterator[Message]:
    if topic.demanded:
        yield msg("学期教学计划要开这一题")
    if topic.voices:
        yield nmsg("这一题有 %(n)s 人点", topic.voices)
    for one in topic.classes:
        yield msg("“%(name)s”点了这一题", name=one)
