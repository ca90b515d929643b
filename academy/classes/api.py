"""Terms, holidays, classrooms, training classes: when and where the school teaches.

Days are calendar days of the city; minutes are minutes after midnight there.
"""

from academy.classes.access import access_class, access_classroom, access_holiday, access_term, is_school_office
from academy.classes.calendar import (
    HolidayDates,
    TermChange,
    TermDates,
    add_holiday,
    add_term,
    check_holiday,
    edit_holiday,
    edit_term,
    preview_holiday,
    preview_term,
    remove_holiday,
)
from academy.classes.kinds import ClassState, HolidayKind
from academy.classes.models import Classroom, Holiday, TeachingTerm, TrainingClass
from academy.classes.places import (
    CLASS_STATE_NAMES,
    ClassPlan,
    add_class,
    add_classroom,
    change_class_state,
    count_classes,
    retire_classroom,
)
from academy.classes.queries import (
    classes_of_member,
    classes_of_term,
    holidays_by_year,
    list_classrooms,
    list_holidays,
    list_terms,
    term_evenings,
    term_of_day,
)
from academy.classes.rules import CLASS_MOVES

__all__ = [
    "CLASS_MOVES",
    "CLASS_STATE_NAMES",
    "ClassPlan",
    "ClassState",
    "Classroom",
    "Holiday",
    "HolidayDates",
    "HolidayKind",
    "TeachingTerm",
    "TermChange",
    "TermDates",
    "TrainingClass",
    "access_class",
    "access_classroom",
    "access_holiday",
    "access_term",
    "add_class",
    "add_classroom",
    "add_holiday",
    "add_term",
    "change_class_state",
    "check_holiday",
    "classes_of_member",
    "classes_of_term",
    "count_classes",
    "edit_holiday",
    "edit_term",
    "holidays_by_year",
    "is_school_office",
    "list_classrooms",
    "list_holidays",
    "list_terms",
    "preview_holiday",
    "preview_term",
    "remove_holiday",
    "retire_classroom",
    "term_evenings",
    "term_of_day",
]
