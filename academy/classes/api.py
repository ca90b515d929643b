"""Terms, holidays, classrooms, training classes: when and where the school teaches.

Days are calendar days of the city; minutes are minutes after midnight there.
"""

from academy.classes.models import Classroom, TeachingTerm, TrainingClass
from academy.classes.queries import term_evenings

__all__ = [
    "Classroom",
    "TeachingTerm",
    "TrainingClass",
    "term_evenings",
]
