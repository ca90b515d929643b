"""The design system on one page, for whoever builds pages; in the demonstration only."""

import datetime as dt
import functools

from flask import Blueprint, current_app, render_template

from academy import http
from academy.core import clock
from academy.core.errors import NotFound
from academy.core.i18n import msg
from academy.core.paging import Page
from academy.http import PUBLIC, runtime
from academy.http.languages import translate
from academy.library.api import CategorySymbol
from academy.web.charts import Curve, Series, curve
from academy.web.design_samples import samples

bp = Blueprint("design", __name__, url_prefix="/design")
page = functools.partial(http.page, consent=False, screen=True)
COLOURS = (
    (msg("底色"), ("paper", "surface", "sunken", "line", "edge")),
    (msg("文字"), ("ink", "muted", "link")),
    (msg("强调"), ("accent", "accent-strong", "accent-soft", "on-accent", "fill", "focus")),
    (msg("状态"), ("info", "info-soft", "good", "good-soft", "warn", "warn-soft", "bad", "bad-soft")),
)
SIZES = ("xxl", "xl", "l", "m", "s", "xs")
DAYS = 40


@bp.get("")
@page(PUBLIC)
def index() -> str:
    """Tokens, type, icons, pictures, components with their states, charts and motion."""
    if not runtime().settings.demo:
        raise NotFound
    return render_template(
        "design/index.html",
        page=Page(range(20), 1234, 2, 20),
        wrong={"name": msg("请填写姓名。")},
        colours=COLOURS,
        sizes=SIZES,
        symbols=list(CategorySymbol),
        icons=_drawn("icons.svg"),
        scenes=_drawn("scenes.svg"),
        drawn=_curve(),
        **samples(),
    )


def _drawn(file: str) -> list[str]:
    """The symbols that a file of drawings holds, in its order."""
    with current_app.open_resource(f"web/static/img/{file}", "r", encoding="utf-8") as stream:
        text = str(stream.read())
    return [part.split('"', 1)[0] for part in text.split('<symbol id="')[1:]]


def _curve() -> Curve:
    """A training under way, as an officer sees it; the figures are nobody's."""
    today = clock.today()
    first, last = today - dt.timedelta(days=DAYS // 2), today + dt.timedelta(days=DAYS // 2)
    days = [(n, first + dt.timedelta(days=n)) for n in range(DAYS // 2 + 1)]
    done = Series(translate(msg("已完成")), "completed", [(day, (n / DAYS) ** 1.4) for n, day in days])
    begun = Series(translate(msg("已参学")), "started", [(day, n / DAYS * 1.3) for n, day in days])
    return curve([done, begun], first, last, today, deadline=last, ahead=(last, 0.81))
