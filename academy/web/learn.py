"""The player's page, and carrying credit over to a recut."""

import dataclasses
import functools
from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import gettext

from academy import http
from academy.core.actor import Role
from academy.core.database import Tx
from academy.core.errors import Invalid
from academy.http import SIGNED_IN, actor, menu, office, reading, runtime, writing
from academy.http.forms import Form, Text, Verb
from academy.http.languages import plural_words, translate
from academy.http.request_context import identity
from academy.learning import api as learning
from academy.learning.api import Ledger, PlaybackPage
from academy.library import api as library
from academy.library.api import ItemVersion
from academy.media import api as media
from academy.media.api import Asset, PageLink
from academy.talk import api as talk
from academy.talk.api import Clip
from academy.web.after_lesson import load_after_lesson

bp = Blueprint("learn", __name__)
page = functools.partial(http.page, section=menu.COURSES)
PAGES_TOGETHER = 8
"""Pages of a document that come with one answer: 6 KB of words, an eighth of a second on a slow line."""


@bp.get("/learn/<item_public_id>")
@page(SIGNED_IN, screen=True)
def play(item_public_id: str) -> str:
    """Watch or read an item; ``?t=754`` begins at second 754, ``?page=7`` at page 7."""
    with reading() as tx:
        return player_page(tx, library.access_item_for_member(tx, actor(), item_public_id))


@bp.get("/learn/<item_public_id>/pages/<int:number>")
@page(SIGNED_IN, screen=True)
def pages(item_public_id: str, number: int) -> str:
    """The pages of a document around one; the reader puts them into its own page as they are turned to."""
    with reading() as tx:
        item = library.access_item_for_member(tx, actor(), item_public_id)
        found = _pages(tx, item.asset, pages_around(number)) if item.asset is not None else []
    return render_template("learn/pages.html", pages=found)


def pages_around(number: int) -> range:
    """The numbers (from 1) of the pages that come together with one."""
    first = (max(1, number) - 1) // PAGES_TOGETHER * PAGES_TOGETHER + 1
    return range(first, first + PAGES_TOGETHER)


def player_page(
    tx: Tx, item: ItemVersion, clip: Clip | None = None, *, may_remind: bool = False, plans_for: str | None = None
) -> str:
    """The player's page of an item, or of a clip of it alone; `plans_for` is the node whose training could begin with
    the clip."""
    seen = learning.load_playback_page(tx, actor(), item)
    if clip is not None:
        seen = dataclasses.replace(seen, cues=talk.lines_of_clip(clip, seen.cues), lines=())
    processing = media.share_done(tx, seen.asset)
    start_page = first_page(seen, second_in(request.args.get("page", "")))
    links = addresses(tx, seen.asset, together=pages_around(start_page))
    asked = talk.count_shown(tx, item.item_id) if clip is None else 0
    start_ms = begins_at([cue.start_ms for cue in seen.cues], second_in(request.args.get("t", "")))
    return render_template(
        "learn/play.html",
        seen=seen,
        clip=clip,
        may_remind=may_remind,
        plans_for=plans_for,
        asked=asked,
        start_ms=clip.place_start if clip is not None else start_ms,
        start_page=start_page,
        together=PAGES_TOGETHER,
        reading_rate=min(2.0, runtime().settings.accepted_rate),
        page_ms=learning.PAGE_MS,
        held=ledger_for_player(seen.held),
        processing=processing,
        keepable=_is_keepable(seen),
        **links,
    )


def _is_keepable(seen: PlaybackPage) -> bool:
    """Whether the page offers to keep the lecture on this phone; never on a public screen."""
    me = identity()
    mine = runtime().settings.offline and actor().member_id is not None and me is not None and not me.is_screen
    return bool(mine and seen.asset is not None and media.kept_sizes(seen.asset))


@bp.get("/learn/<item_public_id>/after")
@page(SIGNED_IN, screen=True)
def after(item_public_id: str) -> str:
    """What comes after an item: standing of the trainings that ask for it, and the next lesson."""
    with reading() as tx:
        item = library.access_item_for_member(tx, actor(), item_public_id)
        return render_template("learn/after.html", found=load_after_lesson(tx, actor(), item))


@bp.get("/learn/<item_public_id>/recut")
@page(office(Role.REVIEWER, Role.NODE_ADMINISTRATOR))
def recut(item_public_id: str) -> str:
    """The form for the stretches that stayed."""
    with reading() as tx:
        return _recut_page(tx, learning.access_recut(tx, actor(), item_public_id))


class RecutForm(Form):
    """The mapping, and whether to preview or carry over."""

    verb = Verb("preview", "carry", otherwise="preview")
    kept = Text()


@bp.post("/learn/<item_public_id>/recut")
@page(office(Role.REVIEWER, Role.NODE_ADMINISTRATOR), form=RecutForm)
def carry_over(item_public_id: str) -> str | tuple[str, int]:
    """Preview a mapping, or carry credit over, by the pressed button."""
    form = RecutForm.read()
    text, act = form.kept.data, form.verb.data == "carry"
    with writing() if act else reading() as tx:
        item = learning.access_recut(tx, actor(), item_public_id)
        try:
            kept = learning.read_recut_mapping(text)
            if act:
                learning.carry_over_credit(tx, actor(), item, item.number - 1, kept)
                return _recut_page(tx, item, text=text)
            return _recut_page(tx, item, text=text, shown=learning.preview_recut(tx, item, item.number - 1, kept))
        except Invalid as wrong:
            if item.number < 2:
                raise  # its page has no form to show typed values in
            return _recut_page(tx, item, text=text, errors=wrong.fields), wrong.status


def _recut_page(tx: Tx, item: ItemVersion, **given: Any) -> str:
    recut, job = learning.latest_recut(tx, item)
    mine = job if job is not None and job.account_id == actor().account_id else None
    return render_template(
        "learn/recut.html",
        **({"shown": None, "text": "", "errors": {}} | given),
        item=item,
        recut=recut,
        running=job if recut is not None and recut.finished_at is None else None,
        job=mine,
    )


def first_page(seen: PlaybackPage, asked: int) -> int:
    """The first page to show: the requested one, else the member's position; 0 for the beginning."""
    if not asked and seen.held is not None and not seen.held.completed_at:
        asked = seen.held.position + 1 if seen.held.position else 0
    # The file may have become shorter.
    return min(asked, (seen.asset and seen.asset.pages) or asked)


def second_in(text: str) -> int:
    """The second requested by an address; invalid ones are the beginning."""
    return min(int(text), 10**6) if text.isascii() and text.isdigit() and len(text) < 8 else 0


def begins_at(cues: list[int], second: int) -> int:
    """The millisecond to begin at: the start of the sentence that begins within that second, so that the end of the one
    before is not played first."""
    return next((start for start in cues if start // 1000 == second), second * 1000) if second else 0


def _pages(tx: Tx, asset: Asset, numbers: range | None, audience: str = "member") -> list[PageLink]:
    found = media.document_pages(tx, asset.id, numbers)
    return media.page_links(runtime().settings, asset, found, audience=audience)


def addresses(
    tx: Tx, asset: Asset | None, audience: str = "member", *, together: range | None = None
) -> dict[str, Any]:
    """Links to all files of an asset that a player may need; none while it is not ready. Of a document's pages those
    of `together`, or all."""
    if asset is None:
        names = ("playlist", "audio", "poster", "card", "captions", "storyboard", "document")
        return dict.fromkeys(names) | {"pages": [], "has_words": False, "chapters": [], "sizes": {}}
    settings = runtime().settings
    return {
        "playlist": media.playlist_url(settings, asset, audience=audience),
        "audio": media.audio_url(settings, asset, audience=audience) if asset.kind == "video" else None,
        "poster": media.poster_url(settings, asset, audience=audience),
        "card": media.card_url(settings, asset, audience=audience),
        "captions": media.captions_url(settings, asset, audience=audience),
        "storyboard": media.storyboard_url(settings, asset, audience=audience),
        "chapters": media.chapters_of(tx, asset.id),
        # Smallest picture first: data volume matters on a metered line.
        "sizes": {row.name: row.size for row in media.renditions_of(tx, asset.id)} if asset.kind == "video" else {},
        "document": media.document_url(settings, asset, audience=audience),
        "pages": _pages(tx, asset, together, audience) if asset.kind == "document" else [],
        "has_words": asset.kind == "document" and media.has_page_text(tx, asset.id),
    }


def ledger_for_player(ledger: Ledger | None) -> dict[str, object] | None:
    """The ledger in the format of the player's script."""
    if ledger is None:
        return None
    return {
        "unit": ledger.unit,
        "spans": ledger.spans,
        "completed_at": ledger.completed_at.isoformat() if ledger.completed_at else None,
        "refused": [
            {"reason": one.reason, "explanation": translate(learning.explain_refusal(one.reason)), "spans": one.spans}
            for one in ledger.refused
        ],
    }


@bp.app_context_processor
def player_messages() -> dict[str, object]:
    """Messages of the player's script, for the page part `learn/_player.html`."""
    return {"player_words": player_words}


def player_words() -> dict[str, str | tuple[str, str]]:
    """Sentences with %(…)s placeholders that the script fills."""
    return {
        "recorded": gettext("已全部记录"),
        "waiting": plural_words("%(n)s 分钟待上传"),
        "and": gettext("、"),
        "lost": gettext("有一段没能记上，请刷新页面再看一遍那一段"),
        "unreachable": gettext("网络不通，恢复后自动继续记录"),
        "complete": gettext("这节课已学完"),
        "left": gettext("再看 %(left)s 就学完", left="%(left)s"),
        "bar": gettext("已计入 %(counted)s，未看 %(missing)s", counted="%(counted)s", missing="%(missing)s"),
        "all_seen": gettext("没有未看的部分了"),
        "take_over": gettext("换到这里"),
        "stay": gettext("不换"),
        "understood": gettext("知道了"),
        "go_on": gettext("继续在这里看"),
        "found": gettext("第 %(n)s 处，共 %(all)s 处", n="%(n)s", all="%(all)s"),
        "not_found": gettext("这节课没有讲到"),
        "play": gettext("播放"),
        "pause": gettext("暂停"),
        "again": gettext("重放"),
        "at": gettext("到 %(at)s", at="%(at)s"),
        "captions_on": gettext("字幕已打开"),
        "captions_off": gettext("字幕已关闭"),
        "muted": gettext("已静音"),
        "sound_on": gettext("声音已打开"),
        "end_done": gettext("已学完"),
        "end": gettext("放完了"),
        "end_recorded": gettext("已记录。"),
        "end_waiting": gettext("记录还没有送到，网络恢复后自动送出，不用再看一遍。"),
        "end_left": gettext("还有 %(left)s 没看，看完才算学完。", left="%(left)s"),
        "resumed": gettext("上次看到 %(at)s", at="%(at)s"),
        "full": gettext("全屏"),
        "full_off": gettext("退出全屏"),
    }
