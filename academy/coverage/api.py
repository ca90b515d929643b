"""Figures of coverage, their breakdowns and filters, the names behind them, the forecast."""

from academy.coverage.answers import Answer, TrainingVerdict, answer
from academy.coverage.breakdowns import (
    AGE_WORDS,
    BLURRED_NOTE,
    DIMENSIONS,
    age_key,
    break_down,
    measure_breakdowns,
    publish_breakdowns,
)
from academy.coverage.filters import filter_coverage, filter_options, measure_filtered, publish_filtered, read_filters
from academy.coverage.name_lists import (
    NAME_STATUSES,
    REMIND_EVERY_DAYS,
    NameFilter,
    NameStatus,
    count_names,
    list_names,
    selected_members,
    stream_names,
)
from academy.coverage.table import Coverage, completed_lately, coverage_of

__all__ = [
    "AGE_WORDS",
    "BLURRED_NOTE",
    "DIMENSIONS",
    "NAME_STATUSES",
    "REMIND_EVERY_DAYS",
    "Answer",
    "Coverage",
    "NameFilter",
    "NameStatus",
    "TrainingVerdict",
    "age_key",
    "answer",
    "break_down",
    "completed_lately",
    "count_names",
    "coverage_of",
    "filter_coverage",
    "filter_options",
    "list_names",
    "measure_breakdowns",
    "measure_filtered",
    "publish_breakdowns",
    "publish_filtered",
    "read_filters",
    "selected_members",
    "stream_names",
]
