"""Draws the icons that a phone shows of the academy, from the brand mark: `python -m tools.app_icons`.

The plain ones have rounded corners of their own; in the others, which phones cut to their own shape, the mark stands
within the middle four fifths.
"""

import io
import shutil
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

FOLDER = Path(__file__).resolve().parent.parent / "academy/web/static/img/icons"
ICONS = {"app-192": 192, "app-512": 512, "maskable-192": 192, "maskable-512": 512, "apple-180": 180}
HILL = "M0 25c5-3.4 9-3 13-1.2s8.5 2.4 19-2.6V32H0z"
LEFT = "M7 11c3.5-1.5 6-1.5 9 .5 3-2 5.5-2 9-.5v11c-3.5-1.5-6-1.5-9 .5-3-2-5.5-2-9-.5z"
COLOURS = 48


def svg(side: int, *, plain: bool) -> str:
    """An open book over a hill, with the sun above it."""
    corner, place = (7, "translate(1.6 .2) scale(.9)") if plain else (0, "translate(4.2 2.2) scale(.74)")
    sun = (25.2, 6.6, 1.9) if plain else (22.6, 7.6, 1.6)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{side}" height="{side}" viewBox="0 0 32 32">'
        f'<clipPath id="shape"><rect width="32" height="32" rx="{corner}"/></clipPath><g clip-path="url(#shape)">'
        f'<rect width="32" height="32" fill="#b02a1c"/><path d="{HILL}" fill="#8f1f13"/></g>'
        f'<g transform="{place}" fill="none" stroke="#fffdf9" stroke-width="2" stroke-linecap="round" '
        f'stroke-linejoin="round"><path d="{LEFT}"/><path d="M16 11.5v11"/></g>'
        f'<circle cx="{sun[0]}" cy="{sun[1]}" r="{sun[2]}" fill="#f2c14e"/></svg>'
    )


def main() -> None:
    """Write all of them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, side in ICONS.items():
            page = browser.new_page(viewport={"width": side, "height": side})
            page.set_content(f'<body style="margin:0">{svg(side, plain=name.startswith("app"))}</body>')
            drawn = Image.open(io.BytesIO(page.screenshot(omit_background=True))).convert("RGBA")
            small = drawn.quantize(COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
            small.save(FOLDER / f"{name}.png", optimize=True)
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
