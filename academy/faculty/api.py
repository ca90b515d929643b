"""The leaders' lecture programme: pool of lecturers, obligations, lectures with their class hours."""

from academy.faculty.recount import recount_differences
from academy.faculty.rule_changes import seed_rules
from academy.faculty.simulation import simulate

__all__ = [
    "recount_differences",
    "seed_rules",
    "simulate",
]
