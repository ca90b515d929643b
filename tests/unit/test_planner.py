"""The planner of a term: as good as the best of all plans, the same every time, and able to say why."""

import datetime as dt
import random
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from academy.faculty.planning.explanations import Explainer
from academy.faculty.planning.prices import price_of, unmet_duties
from academy.faculty.planning.problem import Candidate, Duty, PlannedTopic, PlanningProblem, Ruling, Sitting
from academy.faculty.planning.program import Infeasible
from academy.faculty.planning.score import Score, score, violations
from academy.faculty.planning.solve import Proposal, propose
from academy.faculty.planning.solver import SolverMissing
from tests.support.plans import NEXT_TERM, brute_force, city, feasible, greedy, small, wednesdays

SEEDS = st.integers(0, 2**32)


def planned(problem: PlanningProblem) -> Proposal | None:
    try:
        return propose(problem)
    except Infeasible:
        return None


@settings(max_examples=120, deadline=None)
@given(SEEDS)
@pytest.mark.thorough
def test_no_plan_is_better_and_it_breaks_no_rule(seed: int) -> None:
    problem = small(random.Random(seed))
    best, proposal = brute_force(problem), planned(problem)
    assert (proposal.score if proposal else None) == best
    if proposal:
        assert violations(problem, proposal.lectures) == [] and proposal.proven
        assert list(proposal.lectures) == sorted(proposal.lectures)
        assert proposal == planned(problem), "the same problem has the same plan"


@settings(max_examples=30, deadline=None)
@given(SEEDS)
def test_a_plan_without_need_to_change_stays(seed: int) -> None:
    problem = small(random.Random(seed), rulings=False)
    proposal = propose(problem)
    again = propose(replace(problem, previous=proposal.lectures))
    assert again.score.moved == 0
    assert {(one.topic, one.lecturers) for one in again.lectures} == {
        (one.topic, one.lecturers) for one in proposal.lectures
    }


def test_a_citys_term_is_planned_better_than_by_hand() -> None:
    problem = city(random.Random(7), lecturers=40, topics=120, evenings=8)
    proposal, by_hand = propose(problem), greedy(problem)
    assert violations(problem, proposal.lectures) == violations(problem, by_hand) == []
    assert proposal.proven and proposal.score < score(problem, by_hand)


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_every_choice_and_every_omission_has_its_reason(seed: int) -> None:
    problem = small(random.Random(seed))
    proposal = planned(problem)
    if proposal is None:
        return
    explainer = Explainer(problem, proposal)
    for lecture in proposal.lectures:
        text = "、".join(map(str, explainer.choice(lecture)))
        topic = problem.topic[lecture.topic]
        assert (f"有 {topic.voices} 人点" in text) == bool(topic.voices)
        assert ("学期教学计划要开" in text) == topic.demanded
        for key in lecture.lecturers:
            candidate = problem.candidate[key]
            owed = any(duty.counts(lecture.evening) for duty in candidate.duties)
            assert (f"{candidate.name}在" in text) == owed
            assert (f"{candidate.name}今年还没有讲过" in text) == (candidate.taught == 0)
        other = explainer.alternative(lecture)
        if other:
            changed = [other if one == lecture else one for one in proposal.lectures]
            assert score(problem, changed) >= proposal.score, "a better second choice would be the first"
            assert not violations(problem, changed)
    taught = {one.topic for one in proposal.lectures}
    for topic in problem.topics:
        if topic.key not in taught:
            reason = str(explainer.omission(topic))
            assert reason
            if reason.startswith(("师资库里还没有人讲", "没有坐得下", "这一题要")):
                plans = feasible(replace(problem, rulings=()))
                assert all(topic.key != one.topic for plan in plans for one in plan), "it can't be taught at all"


@pytest.mark.thorough
@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_a_price_is_the_difference_of_two_best_plans(seed: int) -> None:
    chance = random.Random(seed)
    problem = small(chance, rulings=False)
    if not problem.topics or not problem.candidates:
        return
    proposal = propose(problem)
    ruling = Ruling(
        topic=chance.choice(problem.topics).key,
        lecturer=chance.choice([None, *(one.key for one in problem.candidates)]),
        evening=chance.choice([None, *problem.evenings]),
        wanted=chance.random() < 0.7,
    )
    price = price_of(problem, proposal, ruling)
    decided = replace(problem, rulings=(ruling,), previous=proposal.lectures)
    best = brute_force(decided)
    assert (price.proposal is None) == (best is None)
    if price.proposal is None:
        assert str(price.sentence).startswith("这样排不成")
        return
    assert price.proposal.score == best
    lecturer = problem.candidate.get(ruling.lecturer or "")
    if lecturer is None or problem.misfit(lecturer, problem.topic[str(ruling.topic)]) is not None:
        assert price.proposal.score._replace(moved=0) >= proposal.score._replace(moved=0), "no decision is for nothing"
    more = len(unmet_duties(problem, price.proposal)) - len(unmet_duties(problem, proposal))
    assert more == price.proposal.score.slipping - proposal.score.slipping
    assert (f"{more} 项义务会逾期" in str(price.sentence)) == (more > 0)
    assert len(price.slipping) >= more
    if set(price.proposal.lectures) == set(proposal.lectures):
        assert str(price.sentence) == "这样改没有代价。" and not price.losses


EVENING, LATER = wednesdays(2)
HALL = Sitting("hall", EVENING, 50)
CHEN = Candidate("chen", "陈老师", ("党史",), frozenset({EVENING}))
TOPIC = PlannedTopic("t", "题目", "党史", voices=3)
PLAIN = PlanningProblem((CHEN,), (TOPIC,), (HALL,), NEXT_TERM)


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        (replace(PLAIN, candidates=()), "还没有人讲“党史”"),
        (replace(PLAIN, topics=(replace(TOPIC, levels=frozenset("市")),)), "不在这一题要求的层级"),
        (replace(PLAIN, topics=(replace(TOPIC, lecturers=2),)), "要几位老师合讲，能讲的只有 1 位"),
        (replace(PLAIN, topics=(replace(TOPIC, seats=51),)), "没有坐得下 51 人的场地"),
        (replace(PLAIN, candidates=(replace(CHEN, evenings=frozenset()),)), "都没有空"),
        (replace(PLAIN, candidates=(replace(CHEN, limit=0),)), "1 位老师本学期都已排满"),
        (replace(PLAIN, rulings=(Ruling(topic="t", wanted=False),)), "已经由人定下不排"),
        (
            replace(PLAIN, candidates=(replace(CHEN, limit=2),), topics=(TOPIC, replace(TOPIC, key="u", voices=5))),
            "点得最少的也有 5 人点",
        ),
        (replace(PLAIN, sittings=()), "没有坐得下 0 人的场地"),
    ],
)
def test_why_a_topic_is_not_planned(problem: PlanningProblem, reason: str) -> None:
    proposal = propose(problem)
    assert all(one.topic != "t" for one in proposal.lectures)
    assert reason in str(Explainer(problem, proposal).omission(problem.topic["t"]))


@pytest.mark.parametrize(
    ("ruling", "reason"),
    [
        (Ruling(topic="t", lecturer="chen", evening=LATER), "2026年9月16日没有场次"),
        (Ruling(lecturer="li", evening=EVENING), "2026年9月9日晚上李老师没有空"),
        (Ruling(topic="wide"), "没有坐得下 51 人的场地"),
        (Ruling(topic="pair"), "能讲这一题的老师不够"),
        (Ruling(topic="late", evening=EVENING), "这一题不能排在2026年9月9日"),
        (Ruling(evening=EVENING, wanted=False), "已经定下的安排冲突"),
    ],
)
def test_why_a_decision_is_impossible(ruling: Ruling, reason: str) -> None:
    problem = PlanningProblem(
        (CHEN, Candidate("li", "李老师", ("法律",), frozenset())),
        (
            TOPIC,
            replace(TOPIC, key="wide", seats=51),
            replace(TOPIC, key="pair", lecturers=2),
            replace(TOPIC, key="late", evenings=frozenset({LATER})),
        ),
        (HALL,),
        NEXT_TERM,
        (Ruling(topic="t", evening=EVENING),),
    )
    proposal = propose(problem)
    price = price_of(problem, proposal, ruling)
    assert price.proposal is None and reason in str(price.sentence)


def test_the_price_names_the_obligations_that_slip() -> None:
    owing = tuple(
        Candidate(f"l{n}", f"讲师{n}", ("党史",), frozenset({day}), duties=(Duty(f"d{n}", dt.date(2026, 1, 1), day),))
        for n, day in enumerate(wednesdays(3))
    )
    topics = tuple(replace(TOPIC, key=f"t{n}", voices=n) for n in range(3))
    problem = PlanningProblem(owing, topics, tuple(Sitting(str(day), day, 9) for day in wednesdays(3)), NEXT_TERM)
    proposal = propose(problem)
    assert proposal.score.slipping == 0
    price = price_of(problem, proposal, Ruling(lecturer="l0", wanted=False))
    assert [one.name for one, _ in price.slipping] == ["讲师0"]
    assert "1 项义务会逾期" in str(price.sentence) and "没有课" in str(price.sentence)
    assert price_of(problem, proposal, Ruling(lecturer="l0")).sentence.text == "这样改没有代价。"


def test_what_is_owed_in_the_new_year_is_not_met_in_the_old() -> None:
    """A term goes over the change of the year; each Wednesday counts for its own year."""
    december, january = dt.date(2026, 12, 30), dt.date(2027, 1, 6)
    both = frozenset({december, january})
    old = Duty("2026", dt.date(2026, 1, 1), dt.date(2026, 12, 31))
    new = Duty("2027", dt.date(2027, 1, 1), dt.date(2027, 2, 28))
    problem = PlanningProblem(
        (replace(CHEN, evenings=both, duties=(new,)), Candidate("li", "李老师", ("党史",), both, duties=(old,))),
        (TOPIC, replace(TOPIC, key="u")),
        (Sitting("a", december, 9), Sitting("b", january, 9)),
        NEXT_TERM,
    )
    proposal = propose(problem)
    assert [(one.evening, one.lecturers) for one in proposal.lectures] == [(december, ("li",)), (january, ("chen",))]
    one_lecture = replace(problem, sittings=(problem.sittings[0],))
    assert propose(one_lecture).lectures[0].lecturers == ("li",) and propose(one_lecture).score.slipping == 1


def test_people_may_give_a_topic_to_somebody_of_another_subject() -> None:
    problem = replace(PLAIN, topics=(replace(TOPIC, subject="法律"),))
    assert propose(problem).lectures == ()
    decided = replace(problem, rulings=(Ruling(topic="t", lecturer="chen"),))
    proposal = propose(decided)
    assert proposal.lectures[0].lecturers == ("chen",) and proposal.score.misfit == 2
    reasons = "".join(map(str, Explainer(decided, proposal).choice(proposal.lectures[0])))
    assert "不是陈老师报的方向，是人定的" in reasons and "这一项已经由人定下" in reasons


def test_nothing_to_plan() -> None:
    nothing = PlanningProblem((), (), (), NEXT_TERM)
    assert propose(nothing) == Proposal((), Score(0, 0, 0, 0, 0, 0, 0, 0), proven=True)
    assert propose(replace(nothing, sittings=(HALL,))).score.empty == 1
    with pytest.raises(Infeasible):
        propose(replace(nothing, sittings=(HALL,), rulings=(Ruling(evening=EVENING),)))


def test_two_rulings_over_one_venue_contradict_each_other() -> None:
    topics = (TOPIC, replace(TOPIC, key="u"))
    both = tuple(Ruling(topic=one.key, sitting="hall") for one in topics)
    with pytest.raises(Infeasible):
        propose(replace(PLAIN, topics=topics, rulings=both))


@pytest.mark.parametrize(
    "parts", [{}, {"lecturer": "chen", "sitting": "hall"}, {"topic": "t", "sitting": "hall", "wanted": False}]
)
def test_rulings_that_mean_nothing_are_refused(parts: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"ruling|sitting"):
        Ruling(**parts)  # type: ignore[arg-type]


def test_problems_that_contradict_themselves_are_refused() -> None:
    with pytest.raises(ValueError, match="unique"):
        replace(PLAIN, topics=(TOPIC, TOPIC))
    with pytest.raises(ValueError, match="not there"):
        replace(PLAIN, rulings=(Ruling(topic="none"),))


def test_a_machine_without_the_solver_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "highspy", None)
    with pytest.raises(SolverMissing, match="highspy"):
        propose(PLAIN)


def test_the_solver_is_loaded_by_those_alone_who_plan() -> None:
    code = "import sys, academy.faculty.planning.prices; sys.exit('highspy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
