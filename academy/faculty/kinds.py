"""Enums of columns of the faculty. Each has its CHECK (`core.types.one_of`)."""

import enum


class PoolState(enum.StrEnum):
    """invited → confirmed → resting → left; a lecturer who left may be invited again."""

    INVITED = "invited"
    CONFIRMED = "confirmed"
    RESTING = "resting"
    LEFT = "left"


class LecturerLevel(enum.StrEnum):
    """Level of a post, the highest first: municipal leader, county-level first leader (一把手), other county-level
    leader, other lecturer."""

    MUNICIPAL = "municipal"
    COUNTY_FIRST = "county_first"
    COUNTY = "county"
    OTHER = "other"


class ConsentKind(enum.StrEnum):
    """What a lecturer agreed to: to be asked for lectures, to be recorded, to have recordings published."""

    TEACH = "teach"
    RECORD = "record"
    PUBLISH = "publish"


class LectureKind(enum.StrEnum):
    """Where a lecture belongs: the weekly forum (领导干部讲坛), or a class."""

    FORUM = "forum"
    CLASS = "class"


class LectureState(enum.StrEnum):
    """planned → held, cancelled beforehand, or no_show: nobody came to teach."""

    PLANNED = "planned"
    HELD = "held"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"


class TeachingPart(enum.StrEnum):
    """A lecturer's part in a lecture: planned; taught it; absent without having cancelled; replaced by another."""

    PLANNED = "planned"
    TAUGHT = "taught"
    ABSENT = "absent"
    REPLACED = "replaced"


class LectureEvidenceKind(enum.StrEnum):
    """What shows that a lecture was held."""

    ROLL = "roll"
    SHEET = "sheet"
    RECORDING = "recording"
    REPORT = "report"
