"""Whether the planner is quick and right: a city's term, and 200 small ones against every plan there is.

    python -m benchmarks.planner [--quick]

The term has 150 lecturers, 600 topics, 20 Wednesdays with three venues. `seconds` is how long one plan takes, explained
choice by choice; `cpu_seconds` what of it the process was given by the machine. `score` says what the plan leaves
undone (`Score`), `greedy` what is left undone by a plan made by hand: who owes first, then what is most asked for.
`equal` of `small` little terms have the same score as the best of all their plans; `again` says whether a second run
gives the very same plan. `--quick` takes one term instead of three, and 60 little ones.
"""

import argparse
import json
import random
import statistics
import time

from academy.faculty.planning.explanations import Explainer
from academy.faculty.planning.problem import PlanningProblem
from academy.faculty.planning.program import Infeasible
from academy.faculty.planning.score import Score, score, violations
from academy.faculty.planning.solve import Proposal, propose
from tests.support import plans


def plan(problem: PlanningProblem) -> tuple[Proposal, dict[str, object]]:
    """A proposal, explained, with what it took; raises `AssertionError` for one that breaks a rule."""
    began, began_cpu = time.perf_counter(), time.process_time()
    proposal = propose(problem)
    solved = time.perf_counter() - began
    explainer = Explainer(problem, proposal)
    taught = {one.topic for one in proposal.lectures}
    sentences = [*(len(explainer.choice(one)) for one in proposal.lectures)]
    sentences += [bool(explainer.omission(one)) for one in problem.topics if one.key not in taught]
    took: dict[str, object] = {
        "seconds": time.perf_counter() - began,
        "solved": solved,
        "cpu_seconds": time.process_time() - began_cpu,
    }
    assert not violations(problem, proposal.lectures)
    return proposal, took | {"sentences": sum(sentences)}


def small_terms(number: int) -> tuple[int, int, list[int]]:
    """How many of so many little terms are planned as well as can be, how many have no plan, seeds of the others."""
    equal, impossible, unequal = 0, 0, []
    for seed in range(number):
        problem = plans.small(random.Random(seed))
        best = plans.brute_force(problem)
        try:
            found: Score | None = propose(problem).score
        except Infeasible:
            found = None
        equal += found == best
        impossible += best is None
        if found != best:
            unequal.append(seed)
    return equal, impossible, unequal


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    plan(plans.city(random.Random(99), 20, 40, 5))  # the solver is loaded
    runs: list[dict[str, object]] = []
    for seed in range(1 if given.quick else 3):
        problem = plans.city(random.Random(seed))
        proposal, took = plan(problem)
        began = time.perf_counter()
        by_hand = plans.greedy(problem)
        by_hand_seconds = time.perf_counter() - began
        assert not violations(problem, by_hand)
        better = proposal.score <= score(problem, by_hand)
        runs.append(
            {name: round(float(str(value)), 2) for name, value in took.items()}
            | {"lectures": len(proposal.lectures), "score": proposal.score._asdict(), "proven": proposal.proven}
            | {"greedy": score(problem, by_hand)._asdict(), "greedy_seconds": round(by_hand_seconds, 3)}
            | {"not_worse": better, "again": propose(problem).lectures == proposal.lectures}
        )
    number = 60 if given.quick else 200
    equal, impossible, unequal = small_terms(number)
    line: dict[str, object] = {"benchmark": "planner", "quick": given.quick}
    line |= {"seconds": statistics.median(float(str(run["seconds"])) for run in runs), "terms": runs}
    line |= {"small": number, "equal": equal, "without_a_plan": impossible, "unequal": unequal}
    print(json.dumps(line, ensure_ascii=False))


if __name__ == "__main__":
    main()
