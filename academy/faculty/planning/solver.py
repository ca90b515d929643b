"""Solves an integer program for several aims in order, by HiGHS (docs/decisions/0064).

For each aim the relaxation (columns may be fractions) is solved first. Its best solutions are a face of the polytope:
columns with reduced costs stay at their bound, rows with a price stay tight. The search for whole numbers is then
confined to that face, which is quick, and what it finds is proven best, since it is as good as the relaxation. Only
where the face has no whole solution the aim is minimised by branching. Later aims stay on the faces of the earlier.

HiGHS is loaded when the first program is solved: the web process never pays for it.
"""

import importlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from academy.core.errors import AcademyError
from academy.core.i18n import msg
from academy.faculty.planning.program import Infeasible, Program

SEED = 64
BRANCHES = 5_000
"""Most branches for one aim. A limit in seconds would let the speed of the machine decide the plan."""
TOLERANCE = 1e-6
SLACKS = (0.0, 1.0, 4.0, 16.0, math.inf)
"""How much worse than the relaxation's best the search looks, step by step."""
PRIMAL_SIMPLEX = 4
"""A new aim leaves the last solution feasible: the primal simplex goes on from there."""


class SolverMissing(AcademyError):
    """The machine that plans has no solver."""

    status = 503
    code = "solver-missing"

    def __init__(self) -> None:
        super().__init__(msg("这台机器没有装排课用的求解器（highspy），请管理员按安装说明装好后再试。"))


def minimise(program: Program, aims: Sequence[Mapping[int, int]]) -> tuple[list[int], bool]:
    """Minimise the aims in order, each among the best for those before it.

    Gives the value of each column, and whether every aim was proven to be least (else the limit of branches cut the
    search short). The same program always gives the same answer. Raises `Infeasible`, and `SolverMissing`.
    """
    if not program.upper:
        if any(lower > 0 or upper < 0 for _, lower, upper in program.rows):
            raise Infeasible
        return [], True
    search = _Search(program)
    for aim in aims:
        search.minimise(aim)
    return search.values, search.proven


@dataclass(frozen=True)
class _Bounds:
    """Bounds of columns and rows: what the search is confined to."""

    lower: Any
    upper: Any
    row_lower: Any
    row_upper: Any

    def apply(self, highs: Any) -> None:
        """Give them to the solver."""
        columns, rows = len(self.lower), len(self.row_lower)
        highs.changeColsBounds(columns, np.arange(columns, dtype=np.int32), self.lower, self.upper)
        highs.changeRowsBounds(rows, np.arange(rows, dtype=np.int32), self.row_lower, self.row_upper)

    def within(self, solution: Any, slack: float) -> "_Bounds":
        """The part of them where everything is that is worse than the relaxation's best by `slack` at most.

        A column that leaves its bound by 1 costs its reduced cost at least, a row the price of its bound.
        """
        priced = np.abs(np.array(solution.col_dual)) > slack + TOLERANCE
        tight = np.abs(np.array(solution.row_dual)) > slack + TOLERANCE
        at, sums = np.round(solution.col_value), np.round(solution.row_value)
        return _Bounds(
            np.where(priced, at, self.lower),
            np.where(priced, at, self.upper),
            np.where(tight, sums, self.row_lower),
            np.where(tight, sums, self.row_upper),
        )

    def with_row(self, upper: float) -> "_Bounds":
        """With one more row."""
        return _Bounds(self.lower, self.upper, np.append(self.row_lower, -np.inf), np.append(self.row_upper, upper))


class _Search:
    """One program twice in the solver: its relaxation, which goes on from aim to aim, and the whole one."""

    def __init__(self, program: Program) -> None:
        try:
            self._solver = importlib.import_module("highspy")
        except ImportError as error:
            raise SolverMissing from error
        self._number = len(program.upper)
        self._all = np.arange(self._number, dtype=np.int32)
        rows = np.array([row[1:] for row in program.rows], float).reshape(-1, 2)
        self._bounds = _Bounds(np.zeros(self._number), np.array(program.upper, float), rows[:, 0], rows[:, 1])
        self._relaxed, self._whole = self._load(program), self._load(program)
        whole = np.array([self._solver.HighsVarType.kInteger] * self._number)
        self._whole.changeColsIntegrality(self._number, self._all, whole)
        self.values: list[int] = []
        self.proven = True

    def _load(self, program: Program) -> Any:
        """The program in the solver, which works alone and always in one order."""
        highs = self._solver._Highs()  # without the Python layer's callbacks, which print a banner on the way
        highs.setOptionValue("output_flag", False)
        highs.setOptionValue("threads", 1)
        highs.setOptionValue("random_seed", SEED)
        highs.setOptionValue("mip_rel_gap", 0.0)
        highs.setOptionValue("mip_abs_gap", 0.5)
        model = self._solver.HighsLp()
        model.num_col_, model.num_row_ = self._number, len(program.rows)
        model.col_cost_ = np.zeros(self._number)
        model.col_lower_, model.col_upper_ = self._bounds.lower, self._bounds.upper
        model.row_lower_, model.row_upper_ = self._bounds.row_lower, self._bounds.row_upper
        model.a_matrix_.format_ = self._solver.MatrixFormat.kRowwise
        model.a_matrix_.start_ = np.cumsum([0, *(len(row[0]) for row in program.rows)]).astype(np.int32)
        model.a_matrix_.index_ = np.array([column for row in program.rows for column in row[0]], np.int32)
        model.a_matrix_.value_ = np.array([factor for row in program.rows for factor in row[0].values()], float)
        highs.passModel(model)
        return highs

    def minimise(self, aim: Mapping[int, int]) -> None:
        """Find values that are best for the aim, and stay among such from now on. Raises `Infeasible`."""
        if self.values and not aim:
            return
        cost = np.zeros(self._number)
        cost[list(aim)] = list(aim.values())
        least, solution = self._relax(cost)
        whole = math.ceil(least - TOLERANCE)
        if not self.values or cost @ self.values > whole:
            self.values = self._search(cost, least, solution)
        reached = round(float(np.dot(cost, self.values)))
        self._bounds = self._bounds.within(solution, reached - least)
        if reached - least > TOLERANCE:
            self._hold(cost, reached)

    def _search(self, cost: Any, least: float, solution: Any) -> list[int]:
        """The best whole values: looked for where only those can be that are nearly as good as the relaxation, then
        farther off."""
        whole = math.ceil(least - TOLERANCE)
        for slack in SLACKS:
            values = self._branch(cost, self._bounds.within(solution, whole + slack - least))
            if values and cost @ values <= whole + slack:
                return values
        raise Infeasible

    def _hold(self, cost: Any, reached: int) -> None:
        """Let nothing be worse from now on."""
        columns = np.flatnonzero(cost).astype(np.int32)
        for highs in (self._relaxed, self._whole):
            highs.addRow(-math.inf, float(reached), len(columns), columns, cost[columns])
        self._bounds = self._bounds.with_row(reached)

    def _relax(self, cost: Any) -> tuple[float, Any]:
        """The least value of the relaxation, and its solution."""
        highs = self._relaxed
        self._bounds.apply(highs)
        highs.changeColsCost(self._number, self._all, cost)
        highs.run()
        if highs.getModelStatus() != self._solver.HighsModelStatus.kOptimal:
            raise Infeasible
        highs.setOptionValue("presolve", "off")
        highs.setOptionValue("simplex_strategy", PRIMAL_SIMPLEX)
        return highs.getObjectiveValue(), highs.getSolution()

    def _branch(self, cost: Any, bounds: _Bounds) -> list[int] | None:
        """The best whole values within bounds, None where there are none."""
        highs = self._whole
        bounds.apply(highs)
        highs.changeColsCost(self._number, self._all, cost)
        highs.setOptionValue("mip_max_nodes", BRANCHES if self.values else self._solver.kHighsIInf)
        if self.values:
            highs.setSolution(self._number, self._all, np.array(self.values, float))
        highs.run()
        ended = highs.getModelStatus()
        if ended == self._solver.HighsModelStatus.kInfeasible or not highs.getSolution().value_valid:
            return None
        self.proven = self.proven and ended == self._solver.HighsModelStatus.kOptimal
        return [round(value) for value in highs.getSolution().col_value]
