"""Pictures from outside, decoded in the jail and written anew."""

import json
from pathlib import Path

from academy.core.errors import Invalid, StorageFull
from academy.core.i18n import msg
from academy.media import draw_image, tools
from academy.media.storage.file_storage import is_cramped
from academy.media.tools import Limits, ToolFailed


def make_image(path: Path, target: Path, *, side: int = 1280) -> tuple[int, int]:
    """Decode a picture in the jail and rewrite it as JPEG: the original's bytes are never served.

    Raises:
        Invalid: not a supported picture.
        StorageFull: no space.
    """
    arguments = [str(path.resolve()), str(target.resolve()), str(side)]
    try:
        output = tools.run_module(_DRAWER, arguments, folder=target.parent, limits=_DRAWING, sees=[path])
        drawn = json.loads(output)
        if drawn.get("refused") == draw_image.TOO_MANY_PIXELS:
            raise Invalid(msg("图片太大，请缩小到 4000 万像素以内。"))
        width, height = (int(one) for one in drawn.get("size", ()))
        if not (0 < width <= side and 0 < height <= side):
            raise ValueError(output[:100])
    except (ToolFailed, ValueError, TypeError, AttributeError) as error:
        if is_cramped(target.parent):
            raise StorageFull from error
        raise Invalid(msg("这不是图片文件，或者图片已损坏。请上传 JPG 或 PNG 图片。")) from error
    return width, height


_DRAWER = "academy.media.draw_image"
_DRAWING = Limits(seconds=120, cpu_s=120, memory_mib=2048, file_mib=64)
"""Forty million pixels in four channels are 160 MiB, a few times over."""
