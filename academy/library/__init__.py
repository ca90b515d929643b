"""Courses, items, categories, lecturers' names, review, publication."""
