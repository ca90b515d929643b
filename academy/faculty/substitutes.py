"""Who could teach a lecture instead: of the pool, with reasons, and what it costs against the lecturer planned."""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select

from academy.core import clock
from academy.core.database import Tx
from academy.core.i18n import Message
from academy.faculty.models import PoolMembership, ProgrammeLecture
from academy.faculty.plan_problem import ANY_SEATS, candidates_for, next_term, standing_days
from academy.faculty.planning.differences import gains, losses
from academy.faculty.planning.explanations import Explainer
from academy.faculty.planning.prices import Price
from academy.faculty.planning.problem import PlannedLecture, PlannedTopic, PlanningProblem, Sitting
from academy.faculty.planning.score import Score, score
from academy.faculty.planning.solve import Proposal
from academy.library.models import Category, Lecturer

MOST = 6
"""Substitutes that are proposed."""


@dataclass(frozen=True)
class Substitute:
    """Somebody who could teach a lecture on a day."""

    pool_id: str
    name: str
    office: str
    reasons: list[Message]
    price: Message


def list_substitutes(tx: Tx, lecture: ProgrammeLecture, day: dt.date, planned: set[int]) -> list[Substitute]:
    """Lecturers whose field fits and who are free on a day, the best first; `planned` are row ids of those who would
    have taught. Nothing is solved: each is compared with them. None for a lecture without a field.
    """
    category = tx.get(Category, lecture.category_id) if lecture.category_id else None
    if category is None:
        return []
    problem = _problem(tx, lecture, category, day)
    busy = {key for key, days in standing_days(tx, _ids(problem), but_for=lecture.id).items() if day in days}
    found = []
    for candidate in problem.teachers["0"]:
        key = int(candidate.key)
        if key not in planned | busy and day in candidate.evenings and candidate.limit > 0:
            one = PlannedLecture(day, "0", "0", (candidate.key,))
            found.append((score(problem, [one]), key, one))
    # Who was planned taught nothing if nobody came: then the price is against an evening without a lecture.
    present = [PlannedLecture(day, "0", "0", (str(key),)) for key in sorted(planned) if str(key) in problem.candidate]
    before = score(problem, present[:1])
    named = _named(tx, [key for _, key, _ in found])
    return [_substitute(problem, one, worth, before, named[key]) for worth, key, one in sorted(found)[:MOST]]


def _problem(tx: Tx, lecture: ProgrammeLecture, category: Category, day: dt.date) -> PlanningProblem:
    candidates = candidates_for(tx, lecture.term, [day], clock.today(), but_for=lecture.id)
    topic = PlannedTopic("0", lecture.title, category.name)
    return PlanningProblem(candidates, (topic,), (Sitting("0", day, ANY_SEATS),), next_term(tx, lecture.term))


def _ids(problem: PlanningProblem) -> list[int]:
    return [int(one.key) for one in problem.teachers["0"]]


def _named(tx: Tx, lecturer_ids: list[int]) -> dict[int, tuple[str, str, str]]:
    rows = tx.execute(
        select(PoolMembership.lecturer_id, PoolMembership.public_id, Lecturer.name, Lecturer.office)
        .join(Lecturer, Lecturer.id == PoolMembership.lecturer_id)
        .where(PoolMembership.lecturer_id.in_(lecturer_ids))
    )
    return {key: (pool_id, name, office) for key, pool_id, name, office in rows}


def _substitute(
    problem: PlanningProblem, one: PlannedLecture, worth: Score, before: Score, named: tuple[str, str, str]
) -> Substitute:
    proposal = Proposal((one,), worth, proven=True)
    price = Price(proposal, tuple(losses(before, worth)), tuple(gains(before, worth)), (), ())
    return Substitute(*named, Explainer(problem, proposal).choice(one), price.sentence)
