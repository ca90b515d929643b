"""The leaders' lecture programme: the pool of lecturers, what they owe, what they taught (docs/decisions/0061)."""
