"""Text can be read on every ground it is put on, in light and in dark (WCAG 2.1 AA)."""

import re
from pathlib import Path

import pytest

from academy.library.kinds import CategorySymbol

TOKENS = Path("academy/web/static/css/tokens.css").read_text()
GROUNDS = ("paper", "surface", "sunken")
TEXTS = ("ink", "muted", "link")
TONES = ("info", "good", "warn", "bad")


PAIR = re.compile(r"--([a-z-]+): var\(--light, (#[0-9a-f]{6})\) var\(--dark, (#[0-9a-f]{6})\);")
LIGHT = {name: light for name, light, _dark in PAIR.findall(TOKENS)}
DARK = {name: dark for name, _light, dark in PAIR.findall(TOKENS)}


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_reads_on_its_ground(theme: dict[str, str]) -> None:
    pairs = [(text, ground, 4.5) for text in TEXTS for ground in GROUNDS]
    pairs += [(tone, f"{tone}-soft", 4.5) for tone in TONES] + [("ink", f"{tone}-soft", 4.5) for tone in TONES]
    pairs += [(tone, ground, 4.5) for tone in (*TONES, "accent") for ground in ("paper", "surface")]
    pairs += [("on-accent", "accent", 4.5), ("on-accent", "accent-strong", 4.5), ("surface", "bad", 4.5)]
    pairs += [(mark, ground, 3.0) for mark in ("edge", "focus", "fill") for ground in ("paper", "surface")]
    poor = {
        f"{text} on {ground}": round(contrast(theme[text], theme[ground]), 2)
        for text, ground, least in pairs
        if contrast(theme[text], theme[ground]) < least
    }
    assert not poor


def test_every_symbol_of_a_category_is_drawn_on_a_ground_that_white_reads_on() -> None:
    tones = dict(re.findall(r"\.tone-([a-z]+) \{ --tone: (#[0-9a-f]{6}); --tone-deep: #[0-9a-f]{6}; \}", TOKENS))
    drawn = re.findall(r'<symbol id="([a-z]+)"', Path("academy/web/static/img/covers.svg").read_text())
    assert set(tones) == set(drawn) == set(CategorySymbol)
    assert {name for name, tone in tones.items() if contrast("#ffffff", tone) < 5.5} == set()


def test_dark_is_said_once() -> None:
    """Each colour has one line with both of its values; who chose dark, whose phone is dark, and the whole screen of a
    lecture get the same ones."""
    names = re.findall(r"--([a-z-]+): var\(--light,", TOKENS)
    assert len(names) == len(set(names)) == len(LIGHT) + 1, "the shadow is no single colour"
    chosen = re.findall(r"([^{}]+)\{ --light: ; --dark: initial; \}", TOKENS)
    assert [re.sub(r"\s+", " ", one).strip() for one in chosen] == [
        ':root[data-theme="dark"], .player-stage[data-filling]',
        ':root[data-theme="auto"]',
    ]
    assert TOKENS.count("prefers-color-scheme") == 1
