// A clip plays from its first sentence to the end of its last, stops, and offers the whole lecture.

import { moveTo } from "./player-seek.js";

const NEAR_MS = 600; // closer to the end than two `timeupdate` are apart

const root = /** @type {HTMLElement | null} */ (document.querySelector("[data-player][data-until]"));

function stopAtEnd() {
  const video = root.querySelector("video");
  const over = /** @type {HTMLElement} */ (document.querySelector("[data-clip-over]"));
  const [start, until] = [Number(root.dataset.start), Number(root.dataset.until)];
  let inside = true;
  let timer;
  const stop = () => {
    clearTimeout(timer);
    const left = until - video.currentTime * 1000;
    if (!inside || video.paused) return;
    if (left > 0) {
      if (left < NEAR_MS) timer = setTimeout(stop, left / video.playbackRate);
      return;
    }
    inside = false; // playing on from here is the whole lecture
    video.pause();
    video.currentTime = until / 1000;
    over.hidden = false;
    over.focus({ preventScroll: true });
    over.scrollIntoView({ block: "nearest" });
  };
  for (const kind of ["timeupdate", "playing", "ratechange"]) video.addEventListener(kind, stop);
  video.addEventListener("seeking", () => {
    if (video.currentTime * 1000 < until - 1) inside = true;
  });
  document.querySelector("[data-clip-again]").addEventListener("click", () => {
    over.hidden = true;
    inside = true;
    moveTo(video, start / 1000);
    video.play().catch(() => {});
  });
}

if (root) stopAtEnd();

const copy = /** @type {HTMLElement | null} */ (document.querySelector("[data-clip-copy]"));
if (copy && navigator.clipboard) {
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(/** @type {HTMLInputElement} */ (document.querySelector("[data-clip-address]")).value);
    document.querySelector("[data-clip-said]").textContent = copy.dataset.done;
  });
}
