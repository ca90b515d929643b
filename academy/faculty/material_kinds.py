"""Enums of columns of syllabuses and handouts."""

import enum


class MaterialKind(enum.StrEnum):
    """What is written for a lecture: how it is taught (教案), and what those who listen get (讲义)."""

    SYLLABUS = "syllabus"
    HANDOUT = "handout"


class MaterialState(enum.StrEnum):
    """draft → submitted → approved, returned, or taken back by the lecturer; a returned one may be dropped too."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    APPROVED = "approved"
    TAKEN_BACK = "taken_back"
