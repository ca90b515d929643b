"""Trainings: audience, enrolment, progress, and the counts from which coverage is read."""

from academy.trainings.access import (
    MANAGING_ROLES,
    REMINDING_ROLES,
    VIEWING_ROLES,
    access_coverage,
    access_holder,
    access_own_training,
    access_training,
    shown_node,
    view_roots,
)
from academy.trainings.calendar import calendar_feed
from academy.trainings.completed_courses import courses_by_member
from academy.trainings.course_shares import studied_shares
from academy.trainings.coverage_cells import Figures, daily_figures, figures_of, own_figures_below, settle_cells
from academy.trainings.events import TrainingOpened
from academy.trainings.lineage import lies_inside
from academy.trainings.models import Standing, Training, TrainingState
from academy.trainings.queries import (
    AudiencePreview,
    DueTraining,
    counting_trainings,
    due_for_member,
    list_positions,
    preview_audience,
    trainings_of_member,
    trainings_overview,
    view_trail,
)
from academy.trainings.recount import recount_differences, recount_pieces
from academy.trainings.rules import AGE_BANDS, Audience
from academy.trainings.service import (
    TrainingPlan,
    archive_training,
    begin_opening,
    close_training,
    copy_training,
    create_training,
    discard_training,
    edit_training,
    open_training,
    opening_job,
    rebuild_training,
)
from academy.trainings.sql import course_days, courses_needed, courses_of

__all__ = [
    "AGE_BANDS",
    "MANAGING_ROLES",
    "REMINDING_ROLES",
    "VIEWING_ROLES",
    "Audience",
    "AudiencePreview",
    "DueTraining",
    "Figures",
    "Standing",
    "Training",
    "TrainingOpened",
    "TrainingPlan",
    "TrainingState",
    "access_coverage",
    "access_holder",
    "access_own_training",
    "access_training",
    "archive_training",
    "begin_opening",
    "calendar_feed",
    "close_training",
    "copy_training",
    "counting_trainings",
    "course_days",
    "courses_by_member",
    "courses_needed",
    "courses_of",
    "create_training",
    "daily_figures",
    "discard_training",
    "due_for_member",
    "edit_training",
    "figures_of",
    "lies_inside",
    "list_positions",
    "open_training",
    "opening_job",
    "own_figures_below",
    "preview_audience",
    "rebuild_training",
    "recount_differences",
    "recount_pieces",
    "settle_cells",
    "shown_node",
    "studied_shares",
    "trainings_of_member",
    "trainings_overview",
    "view_roots",
    "view_trail",
]
