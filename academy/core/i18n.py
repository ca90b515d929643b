"""Sentences that components show to people, before the language is known.

A component imports no Flask, so it cannot translate. It returns a `Message`: the Simplified Chinese sentence (which is
also the catalogue's key) and its parameters. `http` translates it.
"""

import datetime as dt
import functools
import gettext
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from academy.core import clock
from academy.core.months import Month, month_of


@dataclass(frozen=True)
class Message:
    """A sentence with `%(name)s` placeholders and their values; `str()` gives it in Chinese.

    A value may itself be a `Message`, which is translated with the sentence, or a date or an instant, which is
    formatted for the reader's language.
    """

    text: str
    params: Mapping[str, Any] = field(default_factory=dict)
    number: int | None = None
    """The number that selects the plural form, if any."""

    def __str__(self) -> str:
        return (
            self.text % {name: render_parameter(one, str) for name, one in self.params.items()}
            if self.params
            else self.text
        )

    def to_json(self) -> dict[str, Any]:
        """For a column that keeps the sentence until somebody reads it, in whichever language."""
        params = {name: _to_json(value) for name, value in self.params.items()}
        counted = {} if self.number is None else {"number": self.number}
        return {"text": self.text, "params": params} | counted

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Message":
        kept = dict(stored.get("params") or {})
        return cls(str(stored["text"]), {name: _from_json(value) for name, value in kept.items()}, stored.get("number"))


def _to_json(value: Any) -> Any:
    if isinstance(value, Message):
        return value.to_json()
    if isinstance(value, dt.datetime):
        return {"at": value.isoformat()}
    return {"day": value.isoformat()} if isinstance(value, dt.date) else value


def _from_json(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    if "text" in value:
        return Message.from_json(value)
    if "at" in value:
        return dt.datetime.fromisoformat(value["at"])
    day = value.get("day")
    if not isinstance(day, str):
        return value
    return month_of(dt.date.fromisoformat(f"{day}-01")) if len(day) == len("1980-01") else dt.date.fromisoformat(day)


def format_day(value: dt.date, *, english: bool = False) -> str:
    """2026年3月5日; in English 5 Mar 2026. A month without a day: 2026年3月, Mar 2026."""
    if isinstance(value, Month):
        return f"{value:%b} {value.year}" if english else f"{value.year}年{value.month}月"
    date = clock.to_city(value).date() if isinstance(value, dt.datetime) else value
    return f"{date.day} {date:%b} {date.year}" if english else f"{date.year}年{date.month}月{date.day}日"


def format_moment(value: dt.datetime, *, english: bool = False) -> str:
    """A day with hours and minutes of the city's clock."""
    return f"{format_day(value, english=english)} {clock.to_city(value):%H:%M}"


def render_parameter(value: Any, translate: Callable[[Message], str], *, english: bool = False) -> Any:
    """A parameter formatted for a sentence."""
    if isinstance(value, Message):
        return translate(value)
    if isinstance(value, dt.datetime):
        return format_moment(value, english=english)
    return format_day(value, english=english) if isinstance(value, dt.date) else value


def msg(text: str, **params: Any) -> Message:
    """Mark a sentence for the catalogue (pybabel extracts calls of `msg`)."""
    return Message(text, params)


def nmsg(text: str, number: int, **params: Any) -> Message:
    """Likewise a sentence with a plural: `number` selects its form and is its `n`."""
    return Message(text, {"n": number} | params, number)


Translator = Callable[[Message | str], str]
"""Translates a sentence into one language; a plain string stays as it is."""


@functools.cache
def translator_for(language: str) -> Translator:
    """For files that a worker writes: a translator for the requester's language."""
    folder = Path(__file__).parent.parent / "translations"
    catalogue = gettext.translation("messages", folder, [language], fallback=True)

    def translate(value: Message | str) -> str:
        if not isinstance(value, Message):
            return value
        number = value.number
        text = catalogue.gettext(value.text) if number is None else catalogue.ngettext(value.text, value.text, number)
        params = {
            name: render_parameter(one, translate, english=language == "en") for name, one in value.params.items()
        }
        return text % params if params else text

    return translate
