"""Examines documents that are archives, in the jail (`jailed`): Word and PowerPoint files, and unsupported ones.

Arguments: ``kind FILE``, ``refusal FILE``, or ``tidy FILE TARGET``. Prints ``{"answer": …}`` or
``{"refused": SENTENCE}``; `packages` checks both.
"""

import json
import sys
from pathlib import Path
from typing import Any

from academy.core.errors import Invalid
from academy.media.documents import kinds, office_package


def answer(task: str, path: Path, target: Path | None = None) -> dict[str, Any]:
    """The answer for these arguments."""
    try:
        if task == "kind":
            return {"answer": office_package.kind_of(path)}
        if task == "refusal":
            with path.open("rb") as file:
                refusal = kinds.refusal_of(path, file.read(kinds.HEADER_WITHIN))
            return {"answer": refusal.text if refusal else None}
        assert target is not None
        return {"answer": office_package.tidy(path, target)}
    except Invalid as error:
        return {"refused": error.message.text}


def main(arguments: list[str]) -> None:
    """See the module."""
    task, *paths = arguments
    json.dump(answer(task, *map(Path, paths)), sys.stdout)
