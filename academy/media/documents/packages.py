"""Documents that are archives, examined and rewritten by a process in the jail (`read_package`)."""

import json
from pathlib import Path

from academy.core.errors import Invalid, StorageFull
from academy.core.i18n import Message
from academy.media import tools
from academy.media.documents import kinds, office_package
from academy.media.documents.office_package import DAMAGED
from academy.media.storage.file_storage import is_cramped
from academy.media.tools import Limits, ToolFailed

LIMITS = Limits(seconds=300, cpu_s=300, memory_mib=1024, file_mib=1024)
_READER = "academy.media.documents.read_package"
_SENTENCES = {one.text: one for one in (*kinds.SENTENCES, *office_package.SENTENCES)}


def kind_of(path: Path, folder: Path) -> str | None:
    """``docx`` or ``pptx``; None for any other file. Raises as `office_package.kind_of`."""
    kind = str(_ask(folder, "kind", path))
    return kind if kind in {"docx", "pptx"} else None


def refusal_of(path: Path, folder: Path) -> Message | None:
    """What kind of unsupported file it is, and advice; None where it is unknown."""
    return _SENTENCES.get(str(_ask(folder, "refusal", path)))


def tidy(path: Path, target: Path) -> bool:
    """Rewrite the file into the target's folder; raises as `office_package.tidy`."""
    return _ask(target.parent, "tidy", path, target) is not False


def _ask(folder: Path, task: str, path: Path, *targets: Path) -> object:
    arguments = [task, *(str(one.resolve()) for one in (path, *targets))]
    try:
        answer = json.loads(tools.run_module(_READER, arguments, folder=folder, limits=LIMITS, sees=[path]))
        if "refused" in answer:
            raise Invalid(_SENTENCES.get(answer["refused"], DAMAGED))
        found: object = answer["answer"]
    except (ToolFailed, ValueError, KeyError, TypeError, RecursionError) as error:
        if is_cramped(folder):
            raise StorageFull from error
        raise Invalid(DAMAGED) from error
    return found
