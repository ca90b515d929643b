"""Closed sets of values of the library's tables."""

import enum


class VersionState(enum.StrEnum):
    """draft → submitted → returned or approved → published → superseded; an edit before publication re-opens it.

    `discarded` ends a draft that was never published.
    """

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    APPROVED = "approved"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"
    DISCARDED = "discarded"


OPEN_STATES = (VersionState.DRAFT, VersionState.SUBMITTED, VersionState.RETURNED, VersionState.APPROVED)
"""States of a version that its author may still change."""


class CourseState(enum.StrEnum):
    """What a course is to people: that of its draft while members see nothing, otherwise published or withdrawn."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    APPROVED = "approved"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"
    DISCARDED = "discarded"


class ItemKind(enum.StrEnum):
    """What a course item is."""

    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"
    PACKAGE = "package"
    QUIZ = "quiz"


class ReviewDecision(enum.StrEnum):
    """What a reviewer decides."""

    RETURNED = "returned"
    APPROVED = "approved"


class ProposalKind(enum.StrEnum):
    """What a proposal changes of a published file."""

    CAPTIONS = "captions"
    CHAPTERS = "chapters"


class ProposalState(enum.StrEnum):
    """open → returned → open …, ended by approved or withdrawn."""

    OPEN = "open"
    RETURNED = "returned"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"


class ComplaintSubject(enum.StrEnum):
    """What a complaint is about."""

    CONTENT = "content"
    CAPTIONS = "captions"
    PLAYING = "playing"
    CREDIT = "credit"
    RULE = "rule"
    OTHER = "other"


class ComplaintState(enum.StrEnum):
    """Whether it was answered."""

    OPEN = "open"
    ANSWERED = "answered"


class CategorySymbol(enum.StrEnum):
    """What the covers of a category show, and in which colour: a drawing in `static/img/covers.svg`."""

    THEORY = "theory"
    CONSTITUTION = "constitution"
    HISTORY = "history"
    VILLAGE = "village"
    GOVERNANCE = "governance"
    INTEGRITY = "integrity"
    LAW = "law"
    SKILLS = "skills"
    MODELS = "models"
    ECONOMY = "economy"
    ECOLOGY = "ecology"
    DIGITAL = "digital"
    CULTURE = "culture"
    HEALTH = "health"
    PLAIN = "plain"
