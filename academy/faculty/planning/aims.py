"""The fields of a `Score` as sums over a model's columns, each to be made as small as it can be."""

import datetime as dt
from collections import Counter

from academy.faculty.planning.model import PlanningModel
from academy.faculty.planning.score import kept_pairs

Aim = dict[int, int]


def aims_of(model: PlanningModel) -> list[Aim]:
    """One aim for each field of a `Score`, in their order; equal to the field but for a constant."""
    topics = model.problem.topics
    fullness = _fullness(model)
    return [
        _slipping(model),
        {model.taught[one.key]: -1 for one in topics if one.demanded},
        {model.taught[one.key]: -one.voices for one in topics if one.voices},
        _empty(model, fullness),
        _misfit(model),
        _load(model),
        {step: before for steps in fullness for before, step in enumerate(steps) if before},
        _moved(model),
    ]


def _slipping(model: PlanningModel) -> Aim:
    aim = {}
    for lecturer, duty in model.problem.pressing:
        met = model.program.column()
        evenings = [one for one in model.problem.evenings if duty.counts(one)]
        counted = [(column, 1) for one in evenings for column in model.present.get((lecturer.key, one), [])]
        model.program.row([*counted, (met, -duty.lectures)], lower=0)
        aim[met] = -1
    return aim


def _fullness(model: PlanningModel) -> list[list[int]]:
    """For each evening as many columns as it has sittings; so many of them are 1 as it has lectures."""
    sittings = Counter(one.evening for one in model.problem.sittings)
    found = []
    for evening in model.problem.evenings:
        steps = model.program.columns(sittings[evening])
        held = [(column, 1) for *_, column in model.held[evening]]
        model.program.row([*held, *((step, -1) for step in steps)], 0, 0)
        found.append(steps)
    return found


def _empty(model: PlanningModel, fullness: list[list[int]]) -> Aim:
    aim = {}
    for steps in fullness:
        empty = model.program.column()
        model.program.row([(empty, 1), *((step, 1) for step in steps)], lower=1)
        aim[empty] = 1
    return aim


def _misfit(model: PlanningModel) -> Aim:
    aim = {}
    for (lecturer, number), column in model.gives.items():
        if fit := model.problem.misfit(model.problem.candidate[lecturer], model.bundles[number].first):
            aim[column] = fit
    return aim


def _load(model: PlanningModel) -> Aim:
    """A lecturer's first lecture costs what was taught before, each further one 1 more."""
    aim: Aim = {}
    for one in model.problem.candidates:
        giving = model.giving[one.key]
        if one.taught == 0 and one.limit == 1:
            continue
        steps = model.program.columns(min(one.limit, len(model.problem.evenings)))
        model.program.row([*((column, 1) for column in giving), *((step, -1) for step in steps)], 0, 0)
        aim |= {step: one.taught + before for before, step in enumerate(steps) if one.taught + before}
    return aim


def _moved(model: PlanningModel) -> Aim:
    aim: Aim = {}
    for lecturer, what in sorted(kept_pairs(model.problem.previous), key=str):
        if isinstance(what, dt.date):
            aim |= dict.fromkeys(model.present.get((lecturer, what), []), -1)
        elif (number := model.bundle_of.get(str(what))) is not None and (lecturer, number) in model.gives:
            aim[model.gives[lecturer, number]] = -1
    return aim
