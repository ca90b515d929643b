"""Enums of columns of people and organisations. Each has its CHECK (`core.types.one_of`)."""

import enum


class OrganisationKind(enum.StrEnum):
    """Kinds of Party organisation, as the city registers them."""

    COMMITTEE = "committee"
    GENERAL_BRANCH = "general_branch"
    BRANCH = "branch"
    GROUP = "group"


class OrganisationLevel(enum.StrEnum):
    """Level of a node in reports."""

    CITY = "city"
    COUNTY = "county"
    TOWN = "town"
    BRANCH = "branch"
    GROUP = "group"


class MemberStatus(enum.StrEnum):
    """Status of a member. Floating members are away from home but still due."""

    ACTIVE = "active"
    FLOATING = "floating"
    LEFT = "left"
    DECEASED = "deceased"


class Gender(enum.StrEnum):
    """As the register has it."""

    MALE = "male"
    FEMALE = "female"


class TermSubject(enum.StrEnum):
    """What a member's term is about: position or status."""

    POSITION = "position"
    STATUS = "status"


class Post(enum.StrEnum):
    """The post of a position (`position_names.post_of`), the highest first."""

    SECRETARY = "secretary"
    DEPUTY = "deputy"
    COMMITTEE = "committee"
    OTHER = "other"


class DatePrecision(enum.StrEnum):
    """Precision of a known date."""

    DAY = "day"
    MONTH = "month"
    UNKNOWN = "unknown"


class RosterKind(enum.StrEnum):
    """Kind of a roster file: members, or the tree of organisations."""

    MEMBERS = "members"
    TREE = "tree"


class RosterImportState(enum.StrEnum):
    """checking → checked → applying → applied; refused, failed and discarded end it otherwise."""

    CHECKING = "checking"
    CHECKED = "checked"
    REFUSED = "refused"
    APPLYING = "applying"
    APPLIED = "applied"
    FAILED = "failed"
    DISCARDED = "discarded"
