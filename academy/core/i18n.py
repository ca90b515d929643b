"""Sentences that rooms say to people, before anybody knows in which language.

A room imports no Flask, so it cannot translate. It returns a `Message`: the Simplified Chinese
sentence (which is also the catalogue's key) and its parameters. The doors translate it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
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
