"""Picture, sound and captions of a lecture against media time, measured in Chromium and the academy's own player.

Films carry a clock (`tests.media.clock`): the number of each picture in stripes, a beep with each second, a caption for
each second. The player is sent to seconds of the lecture and the number of the picture is read; the sound
is read from the playing element and set against its clock; captions are read from the page around their changes.
"""

import array
import io
import statistics
import time
import wave
from collections.abc import Iterable
from typing import Any

from playwright.sync_api import Page

from academy.media import service as media
from academy.media import tools
from academy.media.captions.caption_files import CueText
from academy.media.models import Asset, AssetState
from tests.browser.stage import Stage, load, until
from tests.media import clock
from tests.media.clock import Film
from tests.support import shelf
from tests.support.ledger_makers import learner, lecture
from tests.support.shortcuts import adopt_file

PART_S = 12
"""Seconds of a part; films of two parts and more are encoded so."""
PATIENCE_S = 120
"""For what takes two seconds where nothing else runs; one that stands still stands still for ever."""
LONGER_S = 16
"""What makes a film long enough for that."""
OFFSETS = (
    ((0.0, 14.0), (0.5, 14.0)),
    ((0.0, 14.0), (2.0, 14.0)),
    ((0.0, 20.0), (10.0, 20.0)),
    ((0.52, 14.0), (0.0, 14.0)),
    ((3.0, 14.0), (0.0, 14.0)),
    ((0.0, 20.0), (0.0, 8.0)),
    ((0.0, 8.0), (0.0, 20.0)),
)
"""Seconds of the lecture from which and to which picture and sound last."""
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


def put(on: Stage, film: Film, number: int) -> tuple[int, str]:
    """Hand a film to the worker, with a caption a second; its asset and the item's public id."""
    folder = on.folder / f"film-{number}"
    folder.mkdir()
    path = clock.make(tools.find("ffmpeg"), film, folder)
    with on.runtime.db.begin() as tx:
        _, actor, viewer = learner(tx)
        item = lecture(tx, viewer).shown.items[0]
        asset = adopt_file(tx, actor, path, path.name, "video")
        cues = [CueText(n * 1000, n * 1000 + 1000, f"cue {n}") for n in range(int(film.length))]
        media.replace_cues(tx, asset, cues, "manual")
        shelf.change_item(tx, item.item_id, asset_id=asset.id)
        return asset.id, item.public_id


def wait(on: Stage, ids: Iterable[int], patience_s: float) -> None:
    """Until every film can be played.

    Raises:
        RuntimeError: one failed, or time is up.
    """
    end = time.monotonic() + patience_s
    for asset_id in ids:
        while True:
            with on.runtime.db.read() as tx:
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
    load(page, PATIENCE_S)
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
    until(page, "document.querySelector('video').ended", PATIENCE_S)
    # Played from where there is something to hear, so that several beeps are heard.
    start = (film.sound or (0.0, 0.0))[0] + 0.6
    found = {"frames": round(frames, 2), "caption_ms": round(caption * 1000)}
    heard = page.evaluate(LISTEN, ["video", 3.6 if quick else 5.6, start])
    waited = delay_s(page) if waited is None else waited
    found["way_s"] = waited
    found["sound_ms"] = round(abs(off(heard) - waited) * 1000, 1) if heard else 1e6
    return found
