"""Text from outside: cut to its length first, then normalised. Pure.

`unicodedata.normalize` takes time that grows with the square of a run of combining marks (it sorts them), so ninety
thousand accents on one letter block a process for a minute. Nothing else in the application calls it:
tests/contracts/test_text.py checks that.
"""

import re
import unicodedata

MARKS = 30
"""Combining marks that one letter may carry, as in Unicode's Stream-Safe Text Format (UAX #15, 13);
no script in use needs more."""

_MAYBE_MARK = "[^\\0-\u02ff\u2e80-\u3029\u3030-\u3098\u309b-\ua66e\uac00-\ud7ff]"
# One mark before the repetition: `re` then skips to the first one, and compiles one set instead of thirty.
_MARKED = re.compile(f"{_MAYBE_MARK}{_MAYBE_MARK}{{{MARKS - 1}}}")
"""Quick linear pre-check: so many characters in a row that could be combining marks.
Characters outside it (ASCII, Latin, Chinese, Japanese, Hangul syllables) have none."""

_HIDDEN = frozenset("\u0f73\u0f75\u0f81\uff9e\uff9f")
"""Not combining marks themselves, but decomposed into them."""


def normal_form(raw: str, max_length: int) -> str:
    """NFKC of the first `max_length` characters: full-width digits and letters become plain ones.

    Linear in `max_length`. The result may be longer than `max_length`, because one character may stand
    for several (``㎢``); spaces at the ends are kept.
    """
    text = raw[:max_length]
    if text.isascii():
        return text
    if len(text) > MARKS and _MARKED.search(text):
        text = _thinned(text)
    return unicodedata.normalize("NFKC", text)


def tidy_text(raw: str, max_length: int) -> str:
    """Normalised text of a form field: cut, normalised, without spaces at its ends.

    At most `max_length` characters. A caller that must refuse longer text, instead of using its beginning, passes one
    more than the field's maximum.
    """
    return normal_form(raw.strip(), max_length).strip()[:max_length].rstrip()


def _thinned(text: str) -> str:
    """Without the marks beyond the first `MARKS` on one letter. A letter that decomposes adds two or three marks of its
    own, which do not change the order of magnitude."""
    kept: list[str] = []
    run = 0
    for character in text:
        run = run + 1 if unicodedata.combining(character) or character in _HIDDEN else 0
        if run <= MARKS:
            kept.append(character)
    return "".join(kept)
