"""The filters of an encoding: every picture and every audio sample on one clock that begins at zero.

Media source extensions know no edit lists: a stream that starts later must begin with silence, one that ends earlier
must be padded, and AAC's first packet, which holds priming samples, takes the place of the sound that it delays.
"""

from fractions import Fraction
from typing import Any

from academy.media import tonemap
from academy.media.rules import Rung, Source, lecture_s, rate_of

LOUDNESS = {"I": -16, "TP": -1.5, "LRA": 11}
RATE = 48_000
PRIMING = 1024
"""Priming samples of ffmpeg's AAC encoder."""
# A frame that falls between two of the output's must fall on the same side in every part.
_BIAS = Fraction(1, 5)


def frames(
    film: Any,
    source: Source,
    rungs: list[Rung],
    *,
    entered: Fraction = Fraction(0),
    start: Fraction = Fraction(0),
    end: Fraction | None = None,
) -> list[Any]:
    """The pictures in the size of each rung, from `start` to `end` seconds of the lecture.

    `entered` is where reading began, at or before `start`; earlier pictures are decoded and dropped.
    """
    if not rungs:
        return []
    stream = film[str(source.video)]
    if source.interlaced:
        stream = stream.filter("yadif")
    rate = rate_of(source)
    # When seeking, times already count from `entered`, in the lecture's clock.
    early = (0.0 if entered else source.start_s) - float(_BIAS) / max(source.fps, float(rate))
    # The first picture's time is logged: a decoder that was entered in the wrong place drops the first ones.
    stream = stream.filter("setpts", f"if(N,0,0*print(T,24))+PTS-({early:.6f})/TB")
    stream = stream.filter("fps", fps=f"{rate.numerator}/{rate.denominator}", start_time=0)
    stream = stream.filter("tpad", stop=-1, stop_mode="clone")
    # By number: for a time between two pictures some versions choose the earlier one.
    first, last = (round((at - entered) * rate) for at in (start, lecture_s(source) if end is None else end))
    stream = stream.filter("trim", start_frame=first, end_frame=last)
    if first:
        stream = stream.filter("setpts", "PTS-STARTPTS")
    return _sizes(_plain(stream, source, rungs[-1]), rungs)


def _plain(stream: Any, source: Source, top: Rung) -> Any:
    """Eight bits in the largest size; wide-gamut and HDR colours converted to BT.709."""
    if not source.colours:
        stream = stream.filter("scale", top.width, top.height)
    else:
        stream = stream.filter("scale", top.width, top.height, in_color_matrix="bt2020").filter("format", "gbrp10le")
        stream = stream.filter("lut3d", file=tonemap.FILE, interp="tetrahedral")
        stream = stream.filter("scale", out_color_matrix="bt709", out_range="tv")
    stream = stream.filter("setsar", 1).filter("format", "yuv420p")
    if source.colours:
        stream = stream.filter("setparams", range="tv", color_primaries="bt709", color_trc="bt709", colorspace="bt709")
    return stream


def _sizes(stream: Any, rungs: list[Rung]) -> list[Any]:
    # Largest first and the smaller ones from it: scaling down twice from 4K costs more than the encoder.
    if len(rungs) == 1:
        return [stream]
    split = stream.filter_multi_output("split", len(rungs))
    smaller = [
        split[n].filter("scale", rung.width, rung.height).filter("setsar", 1) for n, rung in enumerate(rungs[:-1])
    ]
    return [*smaller, split[len(rungs) - 1]]


def sounds(film: Any, source: Source, count: int) -> list[Any]:
    """Loudness-normalised audio of the lecture's length, in `count` copies."""
    if source.audio is None:
        return []
    stream = (
        film[str(source.audio)]
        .filter("asetpts", f"PTS-({source.start_s:.6f})/TB")
        # Silence where the audio begins later or has a gap.
        .filter("aresample", RATE, **{"async": 1, "first_pts": 0})
        .filter("aformat", channel_layouts="stereo")
        .filter("loudnorm", **LOUDNESS)
        .filter("aresample", RATE)
        # Some versions of loudnorm give their last three seconds a later time: count samples instead.
        .filter("asetpts", "N/SR/TB")
        .filter("apad")
        .filter("atrim", start_sample=PRIMING, end_sample=round(lecture_s(source) * RATE))
        .filter("asetpts", "PTS-STARTPTS")
    )
    if count == 1:
        return [stream]
    split = stream.filter_multi_output("asplit", count)
    return [split[n] for n in range(count)]
