// What stands around the video of every lecture: keys, captions, bar, transcript, end, and the ledger where there is one.

import { captions } from "./player-captions.js";
import { Controls } from "./player-controls.js";
import { End } from "./player-end.js";
import { Ledger } from "./player-ledger.js";
import { Screen } from "./player-screen.js";
import { Seek, moveTo } from "./player-seek.js";
import { Transcript } from "./player-transcript.js";
import { preferences } from "./player-preferences.js";
import { clock } from "./player-spans.js";
import { fill } from "./words.js";

const SPEEDS = [0.75, 1, 1.25, 1.5, 2];

function speeds(root, video) {
  const choice = root.querySelector("[data-speed]");
  const kept = Number(preferences().speed);
  const apply = (speed) => {
    video.defaultPlaybackRate = speed;
    video.playbackRate = speed;
  };
  if (SPEEDS.includes(kept)) {
    choice.value = String(kept);
    apply(kept);
  }
  choice.addEventListener("change", () => {
    apply(Number(choice.value));
    preferences({ speed: Number(choice.value) });
  });
  // Faster playback is not credited, so it is reset if the browser's own menu sets it.
  video.addEventListener("ratechange", () => {
    if (video.playbackRate > 2) video.playbackRate = 2;
    else if (SPEEDS.includes(video.playbackRate)) choice.value = String(video.playbackRate);
  });
}

// Where to begin: the second asked for, else where one stopped. The video has no source yet and keeps it.
async function place(root, video, ledger, words) {
  const asked = Number(root.dataset.start);
  const note = root.querySelector("[data-resumed]");
  const put = (at) => moveTo(video, at / 1000);
  note?.querySelector("[data-again]").addEventListener("click", () => {
    put(0);
    note.hidden = true;
    video.play().catch(() => {});
  });
  if (note) video.addEventListener("playing", () => { note.hidden = true; }, { once: true });
  const at = asked || ((await ledger?.lastHere()) ?? Number(root.dataset.position));
  const within = at > 0 && at <= Number(root.dataset.duration) - 3000;
  if (note) note.hidden = !within || Boolean(asked) || video.readyState > 0;
  if (!within || video.readyState > 0) return;
  put(at);
  if (note) note.querySelector("[data-resumed-text]").textContent = fill(words.resumed, { at: clock(at) });
}

/**
 * @param {HTMLElement} root
 * @param {HTMLVideoElement} video
 */
export function begin(root, video) {
  const words = JSON.parse(root.dataset.words);
  const ledger = root.dataset.item ? new Ledger(root, video, words) : null;
  speeds(root, video);
  captions(root, video);
  new Seek(root, video);
  new Controls(root, video, words, new Screen(root, video, words));
  new End(root, video, ledger, words);
  const box = document.querySelector("[data-transcript]");
  if (box) new Transcript(box, video, words);
  return place(root, video, ledger, words);
}
