"""Terms, holidays, classrooms and training classes: the calendar on which the school teaches (docs/decisions/0060)."""
