"""The clip that somebody pastes into a form: its address, or its id."""

import re

from academy.core.database import Tx
from academy.core.errors import Forbidden, Invalid, NotFound
from academy.core.i18n import msg
from academy.http import actor
from academy.outreach.api import SentClip
from academy.talk import api as talk

_CLIP = re.compile(r"(?:^|/clips/)([0-9a-z]{16})(?:$|[?#/\s])")


def clip_in(tx: Tx, text: str) -> SentClip | None:
    """The clip whose address, or id, somebody pasted; None for a blank field.

    Raises:
        Invalid: it is no clip's, or its lecture is not offered any more.
    """
    if not text.strip():
        return None
    found = _CLIP.search(text[:300])
    try:
        if found is None:
            raise NotFound
        clip, item = talk.access_clip(tx, actor(), found[1])
    except (NotFound, Forbidden):
        raise Invalid(fields={"clip": msg("没有找到这个片段，请重新复制它的地址。")}) from None
    return SentClip(clip, item.course.title)
