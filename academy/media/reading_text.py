"""The text of a document's page, for people who read it instead of the picture."""

import re


def reading_text(text: str) -> str:
    """A page's text for reading: lines that were broken at the page's edge are one again.

    A line was broken there when it is about as long as the longest and no sentence ends with it.
    """
    lines = [line.strip() for line in text.strip().split("\n")]
    if _FOLIO.fullmatch(lines[-1]):
        lines.pop()
    edge = 0.8 * max(map(len, lines), default=0)
    joined: list[str] = []
    is_broken = False
    for line in lines:
        if is_broken and line:
            joined[-1] += line if line[0] > "\u2e7f" or joined[-1][-1] > "\u2e7f" else f" {line}"
        else:
            joined.append(line)
        is_broken = len(line) >= max(edge, SHORT) and line[-1] not in ENDS
    return "\n".join(joined)


_FOLIO = re.compile(r"[-—– ]{0,3}\d{1,4}(?: ?/ ?\d{1,4})?[-—– ]{0,3}")
"""The page's own number, which the reader shows by itself."""
SHORT = 12
"""Characters; a page of shorter lines is a list or a poem."""
ENDS = frozenset("。！？；：…”」』.!?;:")
