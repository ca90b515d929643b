"""What a decision of people costs: the term is solved once more with it, and the two plans are compared."""

from dataclasses import dataclass, replace

from academy.core.i18n import Message, msg, nmsg
from academy.faculty.planning.differences import gains, losses
from academy.faculty.planning.problem import Candidate, Duty, PlannedLecture, PlanningProblem, Ruling
from academy.faculty.planning.program import Infeasible
from academy.faculty.planning.solve import Proposal, propose

NO_PRICE = msg("这样改没有代价。")


@dataclass(frozen=True)
class Price:
    """What becomes of a proposal when people decide something else."""

    proposal: Proposal | None
    """The best plan under the decision; None where there is none."""
    losses: tuple[Message, ...]
    """What gets worse, the most important first; why it is impossible where there is no plan."""
    gains: tuple[Message, ...]
    slipping: tuple[tuple[Candidate, Duty], ...]
    """Obligations that the proposal meets and the new plan does not."""
    changed: tuple[PlannedLecture, ...]
    """Lectures of the proposal that the new plan does not have."""

    @property
    def sentence(self) -> Message:
        """The price in one sentence."""
        if self.proposal is None:
            return msg("这样排不成：%(why)s。", why=self.losses[0])
        if not self.losses:
            return msg("这样改没有代价，还能%(gains)s。", gains=_listed(self.gains)) if self.gains else NO_PRICE
        if self.gains:
            return msg("则%(losses)s；同时能%(gains)s。", losses=_listed(self.losses), gains=_listed(self.gains))
        return msg("则%(losses)s。", losses=_listed(self.losses))


def _listed(sentences: tuple[Message, ...]) -> Message:
    first, *rest = sentences
    return msg("%(first)s、%(rest)s", first=first, rest=_listed(tuple(rest))) if rest else first


def price_of(problem: PlanningProblem, proposal: Proposal, ruling: Ruling) -> Price:
    """The price of one more ruling on a problem that has this proposal. Plans change as little as they can.

    Raises `SolverMissing`.
    """
    base = replace(problem, previous=proposal.lectures)
    try:
        after = propose(replace(base, rulings=(*problem.rulings, ruling)))
    except Infeasible:
        return Price(None, (why_impossible(problem, ruling),), (), (), ())
    before = proposal.score._replace(moved=0)
    kept = set(after.lectures)
    changed = tuple(one for one in proposal.lectures if one not in kept)
    met = unmet_duties(problem, after)
    slipping = tuple(one for one in met if one not in unmet_duties(problem, proposal))
    worse = [*losses(before, after.score._replace(moved=0))]
    if changed:
        worse.append(nmsg("%(n)s 讲要换人、换题或换时间", len(changed)))
    return Price(after, tuple(worse), tuple(gains(before, after.score)), slipping, changed)


def unmet_duties(problem: PlanningProblem, proposal: Proposal) -> list[tuple[Candidate, Duty]]:
    """Obligations that slip under the plan, with who owes them."""
    return [
        (candidate, duty)
        for candidate, duty in problem.pressing
        if sum(candidate.key in one.lecturers and duty.counts(one.evening) for one in proposal.lectures) < duty.lectures
    ]


def why_impossible(problem: PlanningProblem, ruling: Ruling) -> Message:
    """Why no plan has this ruling: the first reason that holds by itself, else that it contradicts the others."""
    topic = problem.topic[ruling.topic] if ruling.topic else None
    lecturer = problem.candidate[ruling.lecturer] if ruling.lecturer else None
    sitting = problem.sitting[ruling.sitting] if ruling.sitting else None
    evening = sitting.evening if sitting else ruling.evening
    if not ruling.wanted:
        return msg("它和已经定下的安排冲突")
    if evening is not None and evening not in problem.evenings:
        return msg("%(evening)s没有场次", evening=evening)
    if lecturer is not None and evening is not None and evening not in lecturer.evenings:
        return msg("%(evening)s晚上%(name)s没有空", evening=evening, name=lecturer.name)
    if topic is not None:
        if evening is not None and topic.evenings is not None and evening not in topic.evenings:
            return msg("这一题不能排在%(evening)s", evening=evening)
        seats = [one.seats for one in ([sitting] if sitting else problem.sittings) if evening in (None, one.evening)]
        if max(seats, default=0) < topic.seats:
            return nmsg("没有坐得下 %(n)s 人的场地", topic.seats)
        allowed = replace(problem, rulings=(*problem.rulings, ruling))
        if len(allowed.teachers[topic.key]) < topic.lecturers:
            return msg("能讲这一题的老师不够")
    return msg("它和已经定下的安排冲突，或者能讲的人已经排满")
