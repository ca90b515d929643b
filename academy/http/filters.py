"""Template filters for dates, times, shares and sizes. Instants are shown in the city's time zone."""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from flask import Flask
from flask_babel import get_locale, gettext, ngettext

from academy.core import clock
from academy.core.i18n import Message, format_day, format_moment
from academy.http.languages import translate

NONE = "—"


def _english() -> bool:
    return str(get_locale()) == "en"


def day(value: dt.date | dt.datetime | None) -> str:
    """2026年3月5日; in English 5 Mar 2026. A month without a day: 2026年3月, Mar 2026."""
    if value is None:
        return NONE
    return format_day(value, english=_english())


def moment(value: dt.datetime | None) -> str:
    """A day with hour and minute."""
    return format_moment(value, english=_english()) if value else NONE


def iso(value: dt.date | dt.datetime | None) -> str:
    """For the `datetime` attribute and date inputs."""
    if isinstance(value, dt.datetime):
        return clock.to_city(value).isoformat(timespec="seconds")
    return value.isoformat() if value else ""


def ago(value: dt.datetime | None) -> str:
    """刚刚, 5 分钟前, 3 小时前, 2 天前; older than a week is a day."""
    if value is None:
        return NONE
    minutes = int((clock.now() - value).total_seconds() // 60)
    if minutes < 1:
        return str(gettext("刚刚"))
    if minutes < 60:
        return str(ngettext("%(num)d 分钟前", "%(num)d 分钟前", minutes))
    if minutes < 24 * 60:
        return str(ngettext("%(num)d 小时前", "%(num)d 小时前", minutes // 60))
    if minutes < 7 * 24 * 60:
        return str(ngettext("%(num)d 天前", "%(num)d 天前", minutes // (24 * 60)))
    return day(value)


def timecode(ms: float | None) -> str:
    """Media milliseconds as 2:05 or 1:02:05."""
    if ms is None:
        return NONE
    minutes, seconds = divmod(int(ms) // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def share(value: float | None) -> str:
    """0.634 as 63%. 100% only for all and 0% only for none: a rounded figure must not claim more."""
    if value is None:
        return NONE
    if 0 < value < 1:
        return f"{min(99, max(1, round(value * 100)))}%"
    return f"{round(value * 100)}%"


def permille(value: float | None) -> str:
    """950 as 95%."""
    return share(None if value is None else value / 1000)


def count(value: int | None) -> str:
    """1234567 as 1,234,567."""
    return NONE if value is None else f"{value:,}"


def study_hours(minutes: int | None) -> str:
    """Minutes of study in hours of 45 minutes (学时), to one decimal: 90 as 2, 20 as 0.4."""
    return NONE if minutes is None else f"{minutes / 45:,.1f}".removesuffix(".0")


def class_hours(parts: int | None) -> str:
    """Ten-thousandths of a class hour (课时) as hours, to two decimals: 20000 as 2, 6660 as 0.67."""
    return NONE if parts is None else f"{parts / 10_000:,.2f}".rstrip("0").rstrip(".")


def permille_exact(value: int | None) -> str:
    """Permille as per cent with one decimal, nothing rounded: 199 as 19.9%."""
    return NONE if value is None else f"{value / 10:.1f}%"


def minute_of_day(value: int | None) -> str:
    """Minutes after midnight as 18:00."""
    return NONE if value is None else clock.minute_text(value)


def filesize(size: float | None) -> str:
    """Bytes as 1.5 MB."""
    if size is None:
        return NONE
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if size >= 10 or unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TB"


def phone(value: str | None) -> str:
    """13812345678 as 138****5678: enough for its owner to recognise."""
    return re.sub(r"^(.{3}).*(.{4})$", r"\1****\2", value) if value and len(value) >= 8 else NONE


def in_fours(code: str) -> str:
    """A one-time code as people read it out: 1234 5678 9012."""
    return " ".join(code[start : start + 4] for start in range(0, len(code), 4))


def translated(value: Any) -> str:
    """A component's sentence, or one kept in a column, in the reader's language; text stays as it is."""
    if isinstance(value, Message):
        return translate(value)
    if isinstance(value, Mapping) and "text" in value:
        return translate(Message.from_json(value))
    return "" if value is None else str(value)


def install(app: Flask) -> None:
    """Register the filters with the templates."""
    app.jinja_env.filters |= {
        "day": day,
        "moment": moment,
        "iso": iso,
        "ago": ago,
        "clock": timecode,
        "share": share,
        "permille": permille,
        "number": count,
        "filesize": filesize,
        "study_hours": study_hours,
        "class_hours": class_hours,
        "permille_exact": permille_exact,
        "minute_of_day": minute_of_day,
        "phone": phone,
        "in_fours": in_fours,
        "say": translated,
    }
