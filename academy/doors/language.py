"""Simplified Chinese first, English second. The Chinese sentence is the catalogue's key."""

from flask import Flask, request
from flask_babel import Babel, get_locale, gettext

from academy.core import clock
from academy.core.i18n import Message, said
from academy.doors.context import identity

NAMES = {"zh": "中文", "en": "English"}
LANGUAGES = tuple(NAMES)
COOKIE = "lang"


def choose() -> str:
    """The cookie, else the account's language, else Chinese: a villager's phone set to English is no wish."""
    cookie = request.cookies.get(COOKIE, "")
    if cookie in LANGUAGES:
        return cookie
    person = identity()
    return person.language if person and person.language in LANGUAGES else "zh"


def translate(message: Message) -> str:
    """A room's sentence in the reader's language."""
    english = html_lang() == "en"
    params = {name: said(value, translate, english=english) for name, value in message.params.items()}
    return str(gettext(message.text, **params))


def html_lang() -> str:
    """The value of the page's lang attribute."""
    return "en" if str(get_locale()) == "en" else "zh-CN"


def other() -> str:
    """The language to offer instead of the page's."""
    return "zh" if html_lang() == "en" else "en"


def install(app: Flask) -> None:
    """Babel, and `translate` for templates."""
    app.config.setdefault("BABEL_DEFAULT_LOCALE", "zh")
    Babel(app, locale_selector=choose, default_timezone=str(clock.CITY), default_translation_directories="translations")
    app.jinja_env.globals |= {
        "translate": translate,
        "html_lang": html_lang,
        "other_language": other,
        "LANGUAGE_NAMES": NAMES,
    }
