"""Enums of columns of topic requests. Each has its CHECK (`core.types.one_of`)."""

import enum


class RequestState(enum.StrEnum):
    """open → shortlisted → planned; declined and merged leave the list, and both can be taken back."""

    OPEN = "open"
    SHORTLISTED = "shortlisted"
    PLANNED = "planned"
    DECLINED = "declined"
    MERGED = "merged"
