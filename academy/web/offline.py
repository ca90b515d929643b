"""The academy on a phone: its worker, its manifest, the page of kept lectures, and the page on which one is kept."""

from flask import Blueprint, Response, jsonify, render_template, url_for
from flask_babel import gettext

from academy.core.errors import NotFound
from academy.http import PUBLIC, SIGNED_IN, actor, menu, page, reading, runtime
from academy.http import offline as shell
from academy.http.languages import html_lang
from academy.learning import api as learning
from academy.library import api as library
from academy.media import api as media

bp = Blueprint("offline", __name__)


@bp.get("/service-worker.js")
@page(PUBLIC, identified=False)
def worker() -> Response:
    """The service worker: its release's files, then its code; one that removes itself where this is switched off."""
    return shell.worker_script()


@bp.get("/manifest.webmanifest")
@page(PUBLIC, identified=False)
def manifest() -> Response:
    """What a phone shows of the academy when it is put onto its first page, in the language of the browser."""
    icons = [
        {"src": url_for("static", filename=f"img/icons/{name}.png"), "sizes": f"{side}x{side}", "type": "image/png"}
        | ({"purpose": "maskable"} if "maskable" in name else {})
        for name, side in (("app-192", 192), ("app-512", 512), ("maskable-192", 192), ("maskable-512", 512))
    ]
    shortcuts = [
        {"name": name, "url": address, "icons": icons[:1]}
        for name, address in (
            (gettext("离线课程"), url_for(".index")),
            (gettext("我的培训"), url_for("trainings.mine")),
            (gettext("课程"), url_for("library.index")),
        )
    ]
    settings = runtime().settings
    answer = jsonify(
        id="/",
        name=settings.city_name,
        short_name=gettext("云学院"),
        description=gettext("党员在线学习：课程、培训、离线也能看。"),
        lang=html_lang(),
        dir="ltr",
        start_url="/?from=phone",
        scope="/",
        display="standalone",
        background_color="#f7f4ee",
        theme_color="#b02a1c",
        categories=["education"],
        icons=icons,
        shortcuts=shortcuts,
    )
    answer.mimetype = "application/manifest+json"
    return answer


@bp.get("/offline")
@page(PUBLIC, consent=False, section=menu.ME)
def index() -> Response:
    """Lectures kept on this phone. The same page for everybody, because it is shown without a network too: what is
    kept, and whose it is, only the phone knows."""
    rate = min(2.0, runtime().settings.accepted_rate)
    shown = render_template(
        "offline/index.html",
        me=None,
        office_groups=(),
        words=_words(),
        reading_rate=rate,
        page_ms=learning.PAGE_MS,
    )
    answer = Response(shown, mimetype="text/html")
    answer.headers[shell.VERSION_HEADER] = shell.version()
    return answer


def _words() -> dict[str, str | tuple[str, str]]:
    return {
        "sound": gettext("声音和讲稿图片，%(size)s", size="%(size)s"),
        "film": gettext("小画面视频，%(size)s", size="%(size)s"),
        "pages": gettext("全部页面，%(size)s", size="%(size)s"),
        "part": gettext("存了一部分：%(done)s，共 %(all)s", done="%(done)s", all="%(all)s"),
        "used": gettext("存的课共占 %(used)s。", used="%(used)s"),
        "space": gettext("存的课共占 %(used)s，手机上还能存约 %(free)s。", used="%(used)s", free="%(free)s"),
    } | problems()


def problems() -> dict[str, str]:
    """Why keeping a lecture stopped, by reason of the script."""
    return {
        "stopped_network": gettext("网络断了，已经存下的部分还在。有网络时接着存就行。"),
        "stopped_space": gettext("手机空间不够了。请先删掉一些存着的课或照片，再接着存。"),
        "stopped_damaged": gettext("文件没有存完整，请再试一次。"),
        "stopped_said": gettext("现在不能存，请稍后再试。"),
    }


@bp.get("/my/offline/<item_public_id>")
@page(SIGNED_IN, section=menu.ME)
def keep(item_public_id: str) -> str:
    """Keep a lecture on this phone: in which form, how large it is, how far it is."""
    if not runtime().settings.offline or actor().member_id is None:
        raise NotFound
    with reading() as tx:
        item = library.access_item_for_member(tx, actor(), item_public_id)
        sizes = media.kept_sizes(item.asset) if item.asset is not None else {}
    words = problems() | {
        "far": gettext("已存 %(done)s，共 %(all)s", done="%(done)s", all="%(all)s"),
        "begin": gettext("存到手机"),
        "go_on": gettext("接着存"),
    }
    return render_template("offline/keep.html", item=item, sizes=sizes, words=words)
