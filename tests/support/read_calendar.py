"""A reader of iCalendar text that shares nothing with the library that writes it (RFC 5545, sections 3.1 to 3.3)."""

import datetime as dt
import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

LONGEST_LINE = 75
"""Octets of a line, without its end."""
_LINE = re.compile(r"([A-Za-z0-9-]+)((?:;[A-Za-z0-9-]+=(?:\"[^\"]*\"|[^;:\"]*))*):(.*)\Z", re.DOTALL)


@dataclass(frozen=True)
class ReadEvent:
    """An event: its texts, and when it is: instants, or whole days of which the last is the first that is not in it."""

    values: dict[str, str]
    begin: dt.datetime | dt.date
    end: dt.datetime | dt.date

    @property
    def uid(self) -> str:
        """Its identifier."""
        return self.values["UID"]


def read_calendar(text: bytes) -> list[ReadEvent]:
    """The events of a calendar, in their order.

    Raises:
        AssertionError: it is no calendar, or breaks a rule that calendars are refused for.
    """
    assert text.endswith(b"\r\n") and b"\n" not in text.replace(b"\r\n", b"")
    assert all(len(line) <= LONGEST_LINE for line in text.split(b"\r\n"))
    lines = re.sub(r"\r\n[ \t]", "", text.decode("utf-8")).split("\r\n")[:-1]
    assert lines[0] == "BEGIN:VCALENDAR" and lines[-1] == "END:VCALENDAR"
    zones: set[str] = set()
    events, stack, current = [], [], {}
    for line in lines:
        found = _LINE.match(line)
        assert found, line
        name, parameters, value = found[1].upper(), found[2], found[3]
        if name == "BEGIN":
            stack.append(value)
            current = {} if value == "VEVENT" else current
        elif name == "END":
            assert stack.pop() == value
            if value == "VEVENT":
                events.append(current)
        elif stack[-1] == "VEVENT":
            assert name not in current, f"{name} twice"
            current[name] = (parameters, value)
        elif stack[-1] == "VTIMEZONE" and name == "TZID":
            zones.add(value)
    assert not stack
    return [_event(one, zones) for one in events]


def _event(found: dict[str, tuple[str, str]], zones: set[str]) -> ReadEvent:
    assert {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY"} <= set(found)
    texts = {name: _plain(value) for name, (_parameters, value) in found.items()}
    return ReadEvent(texts, *(_time(*found[name], zones) for name in ("DTSTART", "DTEND")))


def _plain(value: str) -> str:
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] in "nN" else m[1], value)


def _time(parameters: str, value: str, zones: set[str]) -> dt.datetime | dt.date:
    if "VALUE=DATE" in parameters.upper().split(";"):
        return dt.datetime.strptime(value, "%Y%m%d").date()  # noqa: DTZ007 - a day has no zone
    if value.endswith("Z"):
        return dt.datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)
    zone = re.search(r";TZID=\"?([^;:\"]+)", parameters)
    assert zone and zone[1] in zones, "a local time names a zone that the calendar defines"
    return dt.datetime.strptime(value, "%Y%m%dT%H%M%S").replace(tzinfo=ZoneInfo(zone[1]))
