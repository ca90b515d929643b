"""Detects the encoding of a text file. Chinese editors write UTF-8, UTF-16, GB18030 and Big5, seldom UTF-32. Pure.

Nearly every byte sequence is valid GB18030, so successful decoding proves nothing: a Big5 file would become garbage
that is shown and indexed. So a detector (chardet) and the share of commonly used characters must agree; where they do
not, the file is refused.
"""

import codecs
import functools
import re
import unicodedata
from collections.abc import Callable

from academy.core.errors import Invalid
from academy.media.captions.formats import refusals

_BOMS = (
    # UTF-32's little-endian mark begins with UTF-16's.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WIDE = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
_PEEK = 1 << 16
_USUAL_SHARE = 0.85
"""Share of common characters among those beyond ASCII; real subtitles have 0.97 and more, misread ones about half."""
_FEW = 12
_UNSURE = 0.15
"""With so few distinct characters the detector is unreliable, and its confidence this low."""
_TINY = 2
"""So few characters do not identify an encoding."""
_SIGNS = frozenset("‐‑‒–—―‘’“”•·…→⇒×°©®")
_STAMP = re.compile(rb"\d:\d\d")
"""Lines with two of these are times: their characters do not indicate a language. A spoken "12:30" is one."""
NAMES = {"gb18030": "GB18030", "big5hkscs": "Big5", "cp950": "Big5"}
ENCODINGS = frozenset({"UTF-8", "UTF-16", "UTF-32", *NAMES.values()})
"""Possible results of `decode`."""


def decode(data: bytes) -> tuple[str, str]:
    """The text and the name of its encoding.

    Raises:
        Invalid: none fits, or more than one does.
    """
    for mark, name in _BOMS:
        if data.startswith(mark):
            return _strictly(data, name), name.partition("-sig")[0].upper()
    if b"\0" in data:
        wide = _wide(data)
        if wide:
            return _strictly(data, wide), wide[:6].upper()
        # A few stray NULs are damage, independent of the rest.
        data = data.replace(b"\0", b"")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        name = _chinese(data)
        return data.decode(name), NAMES[name]
    if _may_be_gb(text) and _usual_share(data.decode("gb18030", "ignore"), _is_usual_simplified) == 1.0:
        return data.decode("gb18030"), NAMES["gb18030"]
    return text, "UTF-8"


def _may_be_gb(text: str) -> bool:
    """Whether what decodes as UTF-8 is a few letters of a rare script, none beside a Latin letter: two bytes of
    GB18030 can look so (战 is an Armenian letter), words with accents do not."""
    strange = [at for at, letter in enumerate(text) if letter > "\x7f"]
    if not strange or len(strange) > _FEW or max(text[at] for at in strange) >= "\u0800":
        return False
    beside = "".join(text[max(0, at - 1)] + text[at + 1 : at + 2] for at in strange)
    return not any(letter.isascii() and letter.isalpha() for letter in beside)


def _strictly(data: bytes, name: str) -> str:
    try:
        text = data.decode(name)
    except UnicodeDecodeError as error:
        raise _unknown() from error
    if not _is_text(text):
        raise _unknown()
    return text


def _unknown() -> Invalid:
    return refusals.refused(refusals.UNKNOWN_ENCODING)


def _wide(data: bytes) -> str | None:
    """UTF-32 or UTF-16 without a byte order mark: line ends and figures have zero bytes, at certain positions."""
    head = data[: _PEEK // 4 * 4]
    quarter = max(1, len(head) // 4)
    shares = [head[place::4].count(0) / quarter for place in range(4)]
    if min(shares[2], shares[3]) > 0.9:
        name = _WIDE[0]
    elif min(shares[0], shares[1]) > 0.9:
        name = _WIDE[1]
    else:
        low, high = head[::2].count(0), head[1::2].count(0)
        # In single-byte encodings NULs are damage, and occur at both positions or seldom.
        if max(low, high) * 20 < len(head) or max(low, high) < 4 * min(low, high):
            return None
        name = _WIDE[2] if high > low else _WIDE[3]
    return name


def _is_text(text: str) -> bool:
    """Whether nothing in it proves a wrong encoding."""
    head = text[:_PEEK]
    odd = sum(1 for letter in head if unicodedata.category(letter) in {"Cn", "Co", "Cs"})
    return odd * 200 <= len(head)


def _chinese(data: bytes) -> str:
    """GB18030 or Big5, when the detector and the shares of common characters agree."""
    words = b"\n".join(line for line in data[: 4 * _PEEK].splitlines() if len(_STAMP.findall(line)) < 2)
    fitting = [name for name in ("gb18030", "big5hkscs", "cp950") if _decodes(data, name)]
    if words.isascii():
        # All that is not ASCII are arrows between times: an encoding that gives arrows there is right.
        readers = (name for name in fitting if all(letter in _SIGNS for letter in data.decode(name) if letter > "\x7f"))
        reader = next(readers, None)
        if reader:
            return reader
        words = data
    shares = {name: _usual_share(words.decode(name, "ignore"), _USUAL[name]) for name in fitting}
    best = {NAMES[name]: name for name in sorted(fitting, key=lambda name: shares[name])}
    guess, confidence = _guess(words)
    if "gb18030" in fitting:
        different = len({letter for letter in words.decode("gb18030", "ignore") if letter > "\x7f"})
        if different <= _TINY or (guess not in NAMES.values() and confidence < _UNSURE):
            # Too little for the detector. GB18030 is the common case; Big5 must be recognised positively.
            others = [share for name, share in shares.items() if name != "gb18030"]
            sure = shares["gb18030"] == 1.0 and (different <= _TINY or max(others, default=0) < 0.9)
            guess = "GB18030" if sure else guess if different <= _TINY else ""
    if guess in best and shares[best[guess]] >= max(_USUAL_SHARE, max(shares.values()) - 0.1):
        return best[guess]
    raise _unknown()


def _decodes(data: bytes, name: str) -> bool:
    try:
        return _is_text(data.decode(name))
    except UnicodeDecodeError:
        return False


def _guess(data: bytes) -> tuple[str, float]:
    """The detector's result, as a value of `NAMES` where it is one, and its confidence."""
    import chardet  # its tables take 90 ms to load, and few files need them

    found = chardet.detect(data)
    name = (found["encoding"] or "").lower().replace("-", "")
    family = "GB18030" if name.startswith("gb") else "Big5" if name.startswith("big5") or name == "cp950" else name
    return family, found["confidence"] or 0.0


def _usual_share(text: str, usual: Callable[[str], bool]) -> float:
    beyond = [letter for letter in text[: 4 * _PEEK] if letter > "\x7f"]
    return sum(map(usual, beyond)) / max(1, len(beyond))


@functools.lru_cache(maxsize=30_000)
def _is_usual_simplified(letter: str) -> bool:
    """In the first level of GB 2312 (the 3,755 characters in everyday use) or its punctuation."""
    code = letter.encode("gb2312", "ignore")
    return (len(code) == 2 and (0xB0 <= code[0] <= 0xD7 or code[0] in {0xA1, 0xA3})) or letter in _SIGNS


@functools.lru_cache(maxsize=30_000)
def _is_usual_traditional(letter: str) -> bool:
    """In the first level of Big5 (the 5,401 in everyday use) or its punctuation."""
    code = letter.encode("big5", "ignore")
    return (len(code) == 2 and 0xA1 <= code[0] <= 0xC6) or letter in _SIGNS


_USUAL = {"gb18030": _is_usual_simplified, "big5hkscs": _is_usual_traditional, "cp950": _is_usual_traditional}
