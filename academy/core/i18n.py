"""Sentences that rooms say to people, before anybody knows in which language.

A room imports no Flask, so it cannot translate. It returns a `Message`: the Simplified Chinese
sentence (which is also the catalogue's key) and its parameters. The doors translate it.
"""

import functools
import gettext
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Message:
    """A sentence with `%(name)s` places and what belongs there; `str()` gives it in Chinese.

    What belongs there may be a `Message` itself: it is translated with the sentence.
    """

    text: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text % self.params if self.params else self.text

    def to_json(self) -> dict[str, Any]:
        """For a column that keeps the sentence until someone reads it, in whichever language."""
        params = {name: value.to_json() if isinstance(value, Message) else value for name, value in self.params.items()}
        return {"text": self.text, "params": params}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Message":
        kept = dict(stored.get("params") or {})
        params = {n: cls.from_json(v) if isinstance(v, Mapping) and "text" in v else v for n, v in kept.items()}
        return cls(str(stored["text"]), params)


def msg(text: str, **params: Any) -> Message:
    """Mark a sentence for the catalogue (pybabel extracts calls of `msg`)."""
    return Message(text, params)


Speak = Callable[[Message | str], str]
"""Says a sentence in one language; what is text already stays as it is."""


@functools.cache
def speaker(language: str) -> Speak:
    """For files that a worker writes: sentences in the language of whoever asked for them."""
    folder = Path(__file__).parent.parent / "translations"
    catalogue = gettext.translation("messages", folder, [language], fallback=True)

    def speak(value: Message | str) -> str:
        if not isinstance(value, Message):
            return value
        text = catalogue.gettext(value.text)
        params = {name: speak(one) if isinstance(one, Message) else one for name, one in value.params.items()}
        return text % params if params else text

    return speak
