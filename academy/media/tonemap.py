"""Converts high dynamic range to BT.709 by a table for `lut3d`.

A table works with every ffmpeg: zscale and libplacebo are missing in some, and their results differ by version.
The curve is BT.2390's for a 1,000-nit picture on a 203-nit screen, BT.2408's reference white.
"""

import itertools
import math
from collections.abc import Iterator
from pathlib import Path

SIZE = 33
"""Steps of each colour; between them ffmpeg interpolates."""
FILE = "tone.cube"
PEAK, WHITE = 1000.0, 203.0
"""Nits of the brightest picture kept, and of white on the screen."""
_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
_LUMA = (0.2627, 0.6780, 0.0593)
# From BT.2020's primaries to BT.709's (BT.2087).
_TO_709 = ((1.6605, -0.5876, -0.0728), (-0.1246, 1.1329, -0.0083), (-0.0182, -0.1006, 1.1187))
Colour = tuple[float, float, float]

TRANSFERS = {"smpte2084": "pq", "arib-std-b67": "hlg"}


def kind_of(transfer: str, primaries: str) -> str:
    """``pq``, ``hlg``, ``wide`` for BT.2020 without high dynamic range, or empty where no mapping is needed."""
    return TRANSFERS.get(transfer, "wide" if primaries == "bt2020" else "")


def write_table(kind: str, folder: Path) -> None:
    """Write the table for a kind of picture into the folder in which ffmpeg runs."""
    lines = [f"LUT_3D_SIZE {SIZE}", *(" ".join(f"{v:.6f}" for v in colour) for colour in table(kind))]
    (folder / FILE).write_text("\n".join([*lines, ""]), encoding="ascii")


def table(kind: str) -> Iterator[Colour]:
    """The colours of the table, red quickest."""
    to_nits = {"pq": _pq, "hlg": _hlg, "wide": _plain}[kind]
    grid = [n / (SIZE - 1) for n in range(SIZE)]
    for blue, green, red in itertools.product(grid, grid, grid):
        yield _shown(to_nits((red, green, blue)), mapped=kind != "wide")


def pq_to_nits(signal: float) -> float:
    """Luminance in nits of a PQ signal (SMPTE ST 2084)."""
    root = signal ** (1 / _M2)
    return 10_000.0 * math.pow(max(root - _C1, 0.0) / (_C2 - _C3 * root), 1 / _M1)


def nits_to_pq(nits: float) -> float:
    """The PQ signal of a luminance in nits."""
    power = math.pow(max(nits, 0.0) / 10_000, _M1)
    return math.pow((_C1 + _C2 * power) / (1 + _C3 * power), _M2)


def _pq(colour: Colour) -> Colour:
    red, green, blue = (pq_to_nits(v) for v in colour)
    return red, green, blue


def _hlg(colour: Colour) -> Colour:
    scene = [v * v / 3 if v <= 0.5 else (math.exp((v - 0.55991073) / 0.17883277) + 0.28466892) / 12 for v in colour]
    luma = sum(share * v for share, v in zip(_LUMA, scene, strict=True))
    gain = PEAK * luma**0.2 if luma > 0 else 0.0
    return scene[0] * gain, scene[1] * gain, scene[2] * gain


def _plain(colour: Colour) -> Colour:
    red, green, blue = (WHITE * v**2.4 for v in colour)
    return red, green, blue


def _shown(nits: Colour, *, mapped: bool) -> Colour:
    most = max(nits)
    gain = curve(most) / most if mapped and most > 0 else 1.0
    light = [v * gain / WHITE for v in nits]
    screen = [sum(share * v for share, v in zip(row, light, strict=True)) for row in _TO_709]
    red, green, blue = (min(max(v, 0.0), 1.0) ** (1 / 2.4) for v in screen)
    return red, green, blue


def curve(nits: float) -> float:
    """BT.2390's curve: dark and middle tones unchanged, highlights compressed to the screen's range."""
    peak, most = nits_to_pq(PEAK), nits_to_pq(WHITE) / nits_to_pq(PEAK)
    knee = 1.5 * most - 0.5
    signal = min(nits_to_pq(nits) / peak, 1.0)
    if signal > knee:
        t = (signal - knee) / (1 - knee)
        bent = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee)
        signal = bent + (3 * t**2 - 2 * t**3) * most
    return pq_to_nits(signal * peak)
