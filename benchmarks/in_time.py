"""Picture, sound and captions against media time, in Chromium and the academy's own player.

``python -m benchmarks.in_time [--quick]``. Films carry a clock: the number of each picture in stripes, a beep with
each second of the lecture, a caption for each second. Every frame rate and every offset of the streams is encoded by
the worker, whole and in parts. For each film the player is sent to seconds of the lecture and the number of the
picture is read; the sound is read from the playing element and set against its clock; captions are read from the page
a twenty-fifth of a second before and after they change.

`picture_frames`, `sound_ms` and `caption_ms` are the worst of all films. The way through Web Audio takes its time:
it is measured with a plain WAV file in the same page, and taken off.
"""

import argparse
import array
import io
import json
import os
import statistics
import sys
import tempfile
import time
import wave
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from academy.media import service as media
from academy.media import tools
from academy.media.captions import CueText
from academy.media.models import Asset, AssetState
from tests.browser.stage import Stage, stage, until
from tests.ledger_makers import learner, lecture
from tests.media import clock
from tests.media.clock import Film

PART_S = 12
RATES = ("1", "5", "15", "24", "25", "30000/1001", "30", "50", "60")
OFFSETS = (
    ((0.0, 14.0), (0.5, 14.0)),
    ((0.0, 14.0), (2.0, 14.0)),
    ((0.0, 20.0), (10.0, 20.0)),
    ((0.5, 14.0), (0.0, 14.0)),
    ((3.0, 14.0), (0.0, 14.0)),
    ((0.0, 20.0), (0.0, 8.0)),
    ((0.0, 8.0), (0.0, 20.0)),
)
READ = """async (second) => {
  const video = document.querySelector("video");
  await new Promise((done) => {
    video.addEventListener("seeked", () => setTimeout(done, 60), { once: true });
    video.currentTime = second;
  });
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [192, 108];
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(video, 0, 0, 192, 108);
  const row = pen.getImageData(0, 54, 192, 1).data;
  let number = 0;
  for (let bit = 0; bit < 16; bit++) if (row[(bit * 12 + 6) * 4] > 127) number += 1 << bit;
  return [video.currentTime, number, document.querySelector("[data-said]")?.textContent ?? ""];
}"""
# The clock of the samples against that of the element: the median of many readings, for one may be late.
LISTEN = """async ([selector, seconds, from]) => {
  const element = document.querySelector(selector);
  const context = (window.listening ??= new AudioContext({ sampleRate: 48000 }));
  await context.resume();
  const source = (element.source ??= context.createMediaElementSource(element));
  const tap = context.createScriptProcessor(512, 1, 1);
  const [beeps, apart] = [[], []];
  let quiet = 1e9;
  let began = false;
  tap.onaudioprocess = (event) => {
    if (element.paused) return;
    const samples = event.inputBuffer.getChannelData(0);
    if (began) apart.push(element.currentTime - event.playbackTime);
    for (let at = 0; at < samples.length; at++) {
      if (Math.abs(samples[at]) > 0.02) {
        if (quiet > 9600 && began) beeps.push(event.playbackTime + at / context.sampleRate);
        quiet = 0;
      } else quiet++;
    }
    began = true;
  };
  source.connect(tap);
  tap.connect(context.destination);
  element.muted = false;
  element.currentTime = from;
  await element.play();
  await new Promise((done) => setTimeout(done, seconds * 1000));
  element.pause();
  source.disconnect();
  tap.disconnect();
  apart.sort((a, b) => a - b);
  return beeps.map((at) => at + apart[Math.floor(apart.length / 2)]);
}"""


def films(*, quick: bool) -> list[Film]:
    """Every rate, then every offset; MP4 and MKV, short of two parts and longer."""
    rates = ("1", "25", "50") if quick else RATES
    offsets = (OFFSETS[0], OFFSETS[5]) if quick else OFFSETS
    made = [Film(rate, (0.0, 14.0), (0.0, 14.0), name="clock.mp4") for rate in rates]
    made += [Film("25", picture, sound) for picture, sound in offsets]
    if not quick:
        made += [Film(rate, (0.0, 30.0), (0.0, 30.0), name="clock.mp4") for rate in RATES]
        made += [Film("25", (p[0], p[1] + 16), (s[0], s[1] + 16)) for p, s in OFFSETS]
    return made


def put(on: Stage, film: Film, number: int) -> tuple[int, str]:
    """Hand a film to the worker, with a caption a second; its asset and the item's public id."""
    folder = on.folder / f"film-{number}"
    folder.mkdir()
    path = clock.make(tools.find("ffmpeg"), film, folder)
    with on.house.db.begin() as tx:
        _, actor, viewer = learner(tx)
        item = lecture(tx, viewer).items[0]
        asset = media.adopt_file(tx, actor, path, path.name, "video")
        cues = [CueText(n * 1000, n * 1000 + 1000, f"cue {n}") for n in range(int(film.length))]
        media.replace_cues(tx, asset, cues, "manual")
        item.asset_id = asset.id
        return asset.id, item.public_id


def wait(on: Stage, ids: Iterable[int], patience_s: float) -> None:
    """Until every film can be played.

    Raises:
        RuntimeError: one failed, or time is up.
    """
    end = time.monotonic() + patience_s
    for asset_id in ids:
        while True:
            with on.house.db.read() as tx:
                asset = tx.get_one(Asset, asset_id)
            if asset.state == AssetState.READY:
                break
            if asset.state == AssetState.FAILED or time.monotonic() > end:
                raise RuntimeError(f"{asset.state}: {asset.error}")
            time.sleep(0.3)


def beeping() -> bytes:
    """Twelve seconds of the same beeps as a WAV file."""
    rate = clock.SOUND_RATE
    loud = [12_000 if n // 24 % 2 else -12_000 for n in range(int(rate * clock.BEEP_S))]
    second = array.array("h", loud + [0] * (rate - len(loud)))
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((second * 12).tobytes())
    return out.getvalue()


def delay_s(page: Page) -> float:
    """What the way through Web Audio takes, by beeps whose seconds nobody doubts."""
    page.route("**/beeping.wav", lambda route: route.fulfill(body=beeping(), content_type="audio/wav"))
    page.evaluate(
        """() => {
          const sound = new Audio("/beeping.wav");
          sound.id = "beeping";
          document.body.append(sound);
        }"""
    )
    until(page, "document.querySelector('#beeping').readyState >= 3")
    return off(page.evaluate(LISTEN, ["#beeping", 5.5, 0.5]))


def off(beeps: list[float]) -> float:
    """By how much beeps are later than their seconds."""
    return statistics.median(at - round(at) for at in beeps)


def caption_s(page: Page, second: int) -> float:
    """How near to a second its caption takes the place of the one before."""
    for apart in (0.005, 0.02, 0.04):
        seen = [page.evaluate(READ, second + side)[2] for side in (-apart, apart)]
        if seen == [f"cue {second - 1}", f"cue {second}"]:
            return apart
    return 1.0


def measure(page: Page, film: Film, item: str, *, quick: bool, waited: float | None) -> dict[str, Any]:
    """The errors of one film: pictures in the source's frames, sound and captions in milliseconds."""
    page.goto(f"/learn/{item}")
    until(page, "document.querySelector('video').readyState >= 2")
    fps = float(film.fps)
    frame = 1 / min(fps, 30.0)
    # Near a change the browser may round: a quarter of a picture after it.
    spots = [n + frame / 4 for n in range(0, int(film.length), 4 if quick else 2)]
    frames = 0.0
    for spot in spots:
        now, number, _ = page.evaluate(READ, spot)
        wanted = min(max(now * fps, film.numbers[0]), film.numbers[-1])
        # Of fifty pictures a second every other one is kept.
        frames = max(frames, abs(int(wanted) - number) / max(1.0, fps / 30))
    caption = max(caption_s(page, second) for second in (2, int(film.length) - 2))
    # To the end: where one stream is shorter, playback stood still.
    page.evaluate(
        "(to) => { const v = document.querySelector('video'); v.currentTime = to; return v.play(); }", film.length - 2
    )
    until(page, "document.querySelector('video').ended")
    # Played from where there is something to hear, so that several beeps are heard.
    start = (film.sound or (0.0, 0.0))[0] + 0.6
    found = {"frames": round(frames, 2), "caption_ms": round(caption * 1000)}
    heard = page.evaluate(LISTEN, ["video", 3.6 if quick else 5.6, start])
    waited = delay_s(page) if waited is None else waited
    found["way_s"] = waited
    found["sound_ms"] = round(abs(off(heard) - waited) * 1000, 1) if heard else 1e6
    return found


def main() -> None:
    """Run from the command line; the last line is JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="five short films instead of thirty-two")
    quick = parser.parse_args().quick
    os.environ["ACADEMY_PART_SECONDS"] = str(PART_S)
    with tempfile.TemporaryDirectory() as folder, stage(Path(folder), part_s=PART_S) as on:
        given = films(quick=quick)
        put_in = [put(on, film, number) for number, film in enumerate(given)]
        with on.house.db.begin() as tx:
            viewer = learner(tx)[2]
        page = on.sign_in(on.with_password(viewer))
        wait(on, [asset for asset, _ in put_in], 60 * len(given))
        results: list[dict[str, Any]] = []
        for film, (_, item) in zip(given, put_in, strict=True):
            found = measure(page, film, item, quick=quick, waited=results[0]["way_s"] if results else None)
            print(film.rate, film.picture, film.sound, found, file=sys.stderr)
            results.append(found)
    print(
        json.dumps(
            {
                "benchmark": "in_time",
                "films": len(results),
                "picture_frames": max(r["frames"] for r in results),
                "sound_ms": max(r["sound_ms"] for r in results),
                "caption_ms": max(r["caption_ms"] for r in results),
            }
        )
    )


if __name__ == "__main__":
    main()
