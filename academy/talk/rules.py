"""Rules of notes and questions. Pure."""

from dataclasses import dataclass

NOTE_LENGTH = 4000
QUESTION_LENGTH = 300
ANSWER_LENGTH = 1000
COMMENT_LENGTH = 300
KEY_LENGTH = 40
MOST_NOTES = 5000
"""Notes of one person."""
MOST_WAITING = 10
"""Questions of one person that wait for a decision."""
MOST_CLIP_MS = 20 * 60_000
"""Length of a clip: what is longer is a lecture."""

_TURNING = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def written(raw: str, most: int) -> str:
    """A text as it is stored: cut to one more than its field takes, so that what is too long is noticed and nothing
    longer is worked on; without control characters and those that turn the direction of writing."""
    text = raw.strip()[: most + 1].replace("\r\n", "\n")
    return "".join(one for one in text if one in "\n\t" or (one.isprintable() and one not in _TURNING)).strip()


@dataclass(frozen=True, slots=True)
class Saved:
    """A state of a note: its text, who saved it (a page of a browser) as the how-manieth, and what the page had read.

    `revision` counts what the server stored; of a text that is sent it is the revision it was made from.
    """

    body: str
    writer: str
    sequence: int
    revision: int


def merge(stored: Saved, sent: Saved) -> str | None:
    """The text to be stored; None where what was sent is already there, or older than what is.

    A page's own saves follow their sequence, in whatever order they come. A text made from an older revision than the
    stored one, because another device saved meanwhile, replaces nothing: both are kept, unless one holds the other.
    """
    if sent.writer == stored.writer:
        return sent.body if sent.sequence > stored.sequence else None
    if sent.body == stored.body:
        return None
    if sent.revision == stored.revision:
        return sent.body
    if sent.body in stored.body:
        return None
    return sent.body if stored.body in sent.body else f"{stored.body}\n{sent.body}"
