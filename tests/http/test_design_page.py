"""The page /design of the demonstration shows the parts of pages in all their states."""

import dataclasses
import re

import pytest

from academy.app import create_app
from academy.core.runtime import Runtime
from academy.library.api import StepStanding

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])


@pytest.mark.thorough
def test_every_state_is_shown(runtime: Runtime) -> None:
    demo = dataclasses.replace(runtime, settings=dataclasses.replace(runtime.settings, demo=True))
    page = create_app(demo).test_client().get("/design").text
    for standing in StepStanding:
        assert f'<li class="{standing.value}">' in page, standing
    for label in ("等老师看", "没有公开", "已回答", "等老师回答", "这一段已经剪去", "收藏的句子"):
        assert label in page, label
    for light in ("done", "begun", "none", "free"):
        assert f'<span class="light {light}">' in page, light
    for tone in ("low", "middling", "fair", "high"):
        assert f'class="tile {tone}"' in page, tone
    assert 'class="pinned settled"' in page and "pinned-gone" in page
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids)), {one for one in ids if ids.count(one) > 1}
