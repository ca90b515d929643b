"""Whether a track is in Chinese, and in which script, by its language tag and its title."""

import re

_CHINESE = ("zh", "chi", "zho", "cmn", "chs", "cht")
_TITLES = re.compile(r"中文|简体|繁体|繁體|汉语|漢語|国语")
_TRADITIONAL = re.compile(r"hant|cht|[-_]tw|[-_]hk|[-_]mo|繁|trad", re.I)


def is_chinese(language: str, title: str) -> bool:
    """By the tag; by the title where the tag is missing."""
    return language.lower().startswith(_CHINESE) or (language in {"", "und"} and bool(_TITLES.search(title)))


def is_traditional(language: str, title: str) -> bool:
    """Whether the script is the traditional one."""
    return bool(_TRADITIONAL.search(f"{language} {title}"))
