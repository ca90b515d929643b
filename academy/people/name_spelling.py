"""Normalisation of names: spaces, marks and dots without meaning. Pure."""

import re

# The first edition of GB18030 put these characters into the private use area; later editions assigned code points.
_PRIVATE = {
    0xE816: 0x20087, 0xE817: 0x20089, 0xE818: 0x200CC, 0xE81E: 0x9FB4, 0xE826: 0x9FB5, 0xE82B: 0x9FB6, 0xE82C: 0x9FB7,
    0xE831: 0x215D7, 0xE832: 0x9FB8, 0xE83B: 0x2298F, 0xE843: 0x9FB9, 0xE854: 0x9FBA, 0xE855: 0x241FE, 0xE864: 0x9FBB,
}  # fmt: skip
# What is not seen: soft hyphen, zero-width spaces and joiners, direction marks, byte order mark, fillers (letters by
# their category), variation selectors, marks of annotations and tags.
_UNSEEN = dict.fromkeys(
    (
        0xAD,
        0x34F,
        0x61C,
        0x115F,
        0x1160,
        0x17B4,
        0x17B5,
        0x2800,
        0x3164,
        0xFEFF,
        0xFFA0,
        *range(0x180B, 0x1810),
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2070),
        *range(0xFE00, 0xFE10),
        *range(0xFFF9, 0xFFFC),
        *range(0xE0000, 0xE0080),
        *range(0xE0100, 0xE01F0),
    )
)
_TABLE = _PRIVATE | _UNSEEN
_HAN = "\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_ONLY_HAN = re.compile(f"[{_HAN}]+")
_BETWEEN_HAN = re.compile(f"(?<=[{_HAN}]) (?=[{_HAN}])")
_DOT = re.compile(f"(?<=[{_HAN}])( ?)[\u00b7\u2022\u2027\u2219\u22c5\u30fb\uff0e\uff65.]( ?)(?=[{_HAN}])")
_MEANINGLESS = re.compile(r"[\s\u00b7]+")


def is_plain(name: str) -> bool:
    """Whether there is nothing in it but Chinese characters."""
    return _ONLY_HAN.fullmatch(name) is not None


def has_letters(name: str) -> bool:
    """Whether there is a letter or a Chinese character in it; 〇 is a number by its category."""
    return any(map(str.isalpha, name)) or "\u3007" in name


def unmarked(text: str) -> str:
    """The text without zero-width characters, and with private use characters replaced."""
    return text if text.isascii() else text.translate(_TABLE)


def clean_name(text: str) -> str:
    """A name as stored.

    Spaces of any kind between Chinese characters only fill a form's width (丁　浩) and are dropped; names with a dot
    between their parts and names in letters keep single spaces. The dots are unified.
    """
    name = " ".join(unmarked(text).split())
    if name.isascii():
        return name
    name = _DOT.sub("\\1\u00b7\\2", name)
    return name if "\u00b7" in name else _BETWEEN_HAN.sub("", name)


def are_names_alike(one: str, other: str) -> bool:
    """Whether two names differ in spaces and dots only."""
    return one == other or _bare(one) == _bare(other)


def _bare(name: str) -> str:
    return _MEANINGLESS.sub("", clean_name(name))
