"""Separates markup from text in cues. Pure; linear in length.

A bracket opens markup only where a subtitle format knows such a tag: `a<b 且 c>d` and `<中国共产党章程>` are
text. Entities are decoded once, after the tags: `&lt;video&gt;` is text to be shown.
"""

import html
import re

_ANGLE = re.compile(r"<[^<>]{1,300}>")
_ELEMENT = re.compile(
    r"/?[ \t]*([A-Za-z][A-Za-z0-9]{0,15})"
    r"((?:\s+[A-Za-z-]{1,20}\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'=]+))*)\s*/?"
)
_CUE_TAG = re.compile(r"/?(?:c|i|b|u|ruby|rt|v|lang)(?:\.[^\s.]+)*")
_NAMED = re.compile(r"/?(?:v|lang)(?:\.[^\s.]+)*\s[^<>]*")
_INSTANT = re.compile(r"\d{1,3}(?::\d{1,2}){1,2}(?:\.\d{1,3})?")
_FORMATTING = re.compile(
    "a|b|big|br|center|code|del|div|em|font|i|img|ins|li|ol|p|rt|rp|ruby|s|script|small|span|strike|strong|style"
    "|sub|sup|tt|u|ul"
)
_BREAKS = frozenset({"br", "p", "div", "li"})
_GLUED = re.compile(r"(?<=[A-Za-z0-9])<[bisu]>(?=[A-Za-z0-9])")
_OVERRIDE = re.compile(
    r"\{\\(?:an?\d|[ibusq]\d|[1-4]?[ac]&|alpha&|pos\(|move\(|org\(|fade?\(|fn|f[se]\d|fs?c[xy]|fr[xyz]?-?\d|[xy]?bord\d"
    r"|[xy]?shad\d|blur\d|be\d|i?clip\(|[kK][fo]?\d|r(?=[A-Z\\}])|p\d|t\()[^{}]{0,400}\}"
)
_LINE_END = re.compile(r"(?<![A-Za-z:])\\N(?![a-z])")
_ENTITY = re.compile(r"&(?:[A-Za-z][A-Za-z0-9]{1,31}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});")
_UNSEEN = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"
)
_BREAK = re.compile(r"[\x0b\x0c\x85\u2028\u2029]")
_BLANK = re.compile(r"[\t\xa0]")


def plain(text: str) -> str:
    """Text without markup as it may be stored: no control or direction characters, no blank lines."""
    text = _BLANK.sub(" ", _UNSEEN.sub("", _BREAK.sub("\n", text)))
    return "\n".join(line.strip() for line in text.split("\n") if line.strip())


def of_subrip(text: str) -> str:
    """The text of a SubRip cue: formatting tags of HTML and remains of converters removed, entities decoded."""
    text = _untagged(text, in_webvtt=False)
    text = _LINE_END.sub("\n", _OVERRIDE.sub("", text))
    return plain(_ENTITY.sub(lambda found: html.unescape(found[0]), text))


def of_webvtt(text: str) -> str:
    """The text of a WebVTT cue, by its cue text tokeniser, except that `<b 且 c>` is no tag."""
    return plain(html.unescape(_OVERRIDE.sub("", _untagged(text, in_webvtt=True))))


def _untagged(text: str, *, in_webvtt: bool) -> str:
    if "</" not in text:
        # `1<b>2` without a closing tag is arithmetic.
        text = _GLUED.sub(lambda found: f"&lt;{found[0][1]}&gt;", text)
    return _ANGLE.sub(lambda found: _instead(found[0], in_webvtt=in_webvtt), text)


def _instead(tag: str, *, in_webvtt: bool) -> str:
    """Replacement of something in angle brackets: nothing, a line end, or itself."""
    inner = tag[1:-1].strip()
    if _CUE_TAG.fullmatch(inner) or _INSTANT.fullmatch(inner) or _NAMED.fullmatch(inner):
        return ""
    element = _ELEMENT.fullmatch(inner)
    if element is None:
        return tag
    name = element[1].lower()
    if in_webvtt or _FORMATTING.fullmatch(name):
        return "\n" if name in _BREAKS else ""
    return tag


def of_substation(text: str) -> tuple[str, bool]:
    """The text of a Substation line, and whether it is a drawing.

    Everything in braces is hidden, override or comment; from `\\p1` (any level above 0) to `\\p0` is a
    drawing. Escaped or unclosed braces are text, as in its renderers.
    """
    pieces, drawing, drew, at = [], False, False, 0
    while at < len(text):
        start = _opening(text, at)
        end = text.find("}", start) if start >= 0 else -1
        piece = text[at:] if end < 0 else text[at:start]
        drew = drew or (drawing and bool(piece.strip()))
        pieces.append("" if drawing else piece)
        if end < 0:
            break
        for level in _LEVEL.findall(text, start, end):
            drawing = int(level) > 0
        at = end + 1
    words = "".join(pieces).replace(r"\{", "{").replace(r"\}", "}")
    return plain(words.replace(r"\N", "\n").replace(r"\n", "\n").replace(r"\h", " ")), drew


_LEVEL = re.compile(r"\\p[ \t]*(\d{1,4})")


def _opening(text: str, at: int) -> int:
    """Position of the next unescaped opening brace; -1 for none."""
    while True:
        at = text.find("{", at)
        if at <= 0 or text[at - 1] != "\\":
            return at
        at += 1
