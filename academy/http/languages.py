"""Simplified Chinese first, English second. The Chinese sentence is the catalogue's key."""

import math
import re

from flask import Flask, request
from flask_babel import Babel, get_locale, gettext, ngettext

from academy.core import clock
from academy.core.i18n import Message, render_parameter
from academy.http.request_context import identity

NAMES = {"zh": "中文", "en": "English"}
LANGUAGES = tuple(NAMES)
COOKIE = "lang"


def choose() -> str:
    """The cookie, else the account's language, else Chinese: the language of a villager's phone is no reliable
    preference."""
    cookie = request.cookies.get(COOKIE, "")
    if cookie in LANGUAGES:
        return cookie
    person = identity()
    return person.language if person and person.language in LANGUAGES else "zh"


def translate(message: Message) -> str:
    """A component's sentence in the reader's language."""
    english = html_lang() == "en"
    params = {name: render_parameter(value, translate, english=english) for name, value in message.params.items()}
    if message.number is not None:
        return count_text(message.text, message.number, **params)
    return str(gettext(message.text, **params))


def count_text(text: str, number: float, **values: object) -> str:
    """A sentence with the plural form for a number, in the reader's language; the number is its `n`."""
    return str(ngettext(text, text, math.ceil(number), **({"n": number} | values)))


def plural_words(text: str) -> str | tuple[str, str]:
    """A sentence for a script, which learns the number later: in one form or in two (static/js/words.js)."""
    places = {name: f"%({name})s" for name in re.findall(r"%\((\w+)\)s", text)}
    one, many = (str(ngettext(text, text, number, **places)) for number in (1, 2))
    return one if one == many else (one, many)


def html_lang() -> str:
    """The value of the page's lang attribute."""
    return "en" if str(get_locale()) == "en" else "zh-CN"


def other() -> str:
    """The language to offer instead of the page's."""
    return "zh" if html_lang() == "en" else "en"


def install(app: Flask) -> None:
    """Set up Babel, and `translate` for templates."""
    app.config.setdefault("BABEL_DEFAULT_LOCALE", "zh")
    Babel(app, locale_selector=choose, default_timezone=str(clock.CITY), default_translation_directories="translations")
    app.jinja_env.globals |= {
        "translate": translate,
        "_n": count_text,
        "plural_words": plural_words,
        "html_lang": html_lang,
        "other_language": other,
        "LANGUAGE_NAMES": NAMES,
    }
