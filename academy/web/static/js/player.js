// One player: source, controls, transcript, and the ledger where there is one.

import { captions } from "./player-captions.js";
import { Controls } from "./player-controls.js";
import { agreed } from "./player-cost.js";
import { Ledger } from "./player-ledger.js";
import { Screen } from "./player-screen.js";
import { Seek } from "./player-seek.js";
import { Transcript } from "./player-transcript.js";
import { preferences } from "./player-preferences.js";

const SPEEDS = [0.75, 1, 1.25, 1.5, 2];

function script(source) {
  return new Promise((resolve, reject) => {
    const element = document.createElement("script");
    Object.assign(element, { src: source, onload: resolve, onerror: reject });
    document.head.append(element);
  });
}

// Apple's own player is better on Apple's devices; everywhere else hls.js is, where it can run.
async function attach(root, video, source) {
  const apple = /^((?!chrome|android|crios|fxios|edg).)*(safari|iphone|ipad)/i.test(navigator.userAgent);
  const native = video.canPlayType("application/vnd.apple.mpegurl");
  if (!(apple && native) && (window.ManagedMediaSource || window.MediaSource)) {
    try {
      if (!window.Hls) await script(root.dataset.hls);
      if (window.Hls.isSupported()) return attachHls(root, video, source);
    } catch {
      // The library failed to load: the browser may support HLS itself.
    }
  }
  root.hls?.destroy();
  root.hls = null;
  video.src = source;
}

function attachHls(root, video, source) {
  root.hls?.destroy();
  const { Hls } = window;
  const hls = new Hls({ maxBufferLength: 30, maxMaxBufferLength: 60, capLevelToPlayerSize: true, enableWorker: true });
  root.hls = hls;
  let mended = 0;
  hls.on(Hls.Events.ERROR, (_event, data) => {
    if (!data.fatal) return;
    if (data.type === Hls.ErrorTypes.MEDIA_ERROR && mended++ < 3) hls.recoverMediaError();
    else if (data.type === Hls.ErrorTypes.NETWORK_ERROR && mended++ < 30) setTimeout(() => hls.startLoad(), 3000);
    else root.querySelector("[data-broken]").hidden = false;
  });
  hls.on(Hls.Events.FRAG_BUFFERED, () => {
    mended = 0;
    root.querySelector("[data-broken]").hidden = true;
  });
  hls.loadSource(source);
  hls.attachMedia(video);
}

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

async function start(root, video, ledger) {
  const asked = Number(root.dataset.start);
  let at = asked;
  if (!asked && ledger) at = (await ledger.lastHere()) ?? Number(root.dataset.position);
  const length = Number(root.dataset.duration);
  if (!(at > 0) || at > length - 3000) return;
  const seek = () => {
    video.currentTime = at / 1000;
    if (asked) return;
    const note = root.querySelector("[data-resumed]");
    if (note) note.hidden = false;
  };
  if (video.readyState >= 1) seek();
  else video.addEventListener("loadedmetadata", seek, { once: true });
  root.querySelector("[data-again]")?.addEventListener("click", () => {
    video.currentTime = 0;
    root.querySelector("[data-resumed]").hidden = true;
    video.play();
  });
}

// The source by preference: all renditions, the smallest picture on a metered connection, or audio only.
const sourceOf = (root) => {
  if (root.choice === "sound") return root.dataset.audio;
  return root.choice === "low" ? root.dataset.playlist.replace("master.m3u8", `${root.dataset.low}/index.m3u8`) : root.dataset.playlist;
};

// On a metered connection nothing is fetched before the choice of data volume.
async function open(root, video, ledger) {
  const position = Number(root.dataset.start) || Number(root.dataset.position);
  const choice = await agreed(root, position > Number(root.dataset.duration) - 3000 ? 0 : position);
  root.choice = choice;
  if (choice === "sound") root.querySelector("[data-sound]").setAttribute("aria-pressed", "true");
  showAudioOnly(root);
  start(root, video, ledger);
  await attach(root, video, sourceOf(root));
  if (!root.querySelector("[data-cost]")?.dataset.asked) return;
  video.play().catch(() => {});
}

// Show the reason when playback fails.
function showAudioOnly(root) {
  root.querySelector("[data-audio-only]").hidden = root.choice !== "sound";
}

function sound(root, video) {
  const toggle = root.querySelector("[data-sound]");
  toggle?.addEventListener("click", async () => {
    const on = toggle.getAttribute("aria-pressed") !== "true";
    const [at, playing] = [video.currentTime, !video.paused];
    toggle.setAttribute("aria-pressed", String(on));
    if (on) root.picture = root.choice;
    root.choice = on ? "sound" : root.picture ?? "low";
    showAudioOnly(root);
    await attach(root, video, sourceOf(root));
    video.addEventListener("loadedmetadata", () => {
      video.currentTime = at;
      if (playing) video.play();
    }, { once: true });
  });
}

for (const root of document.querySelectorAll("[data-player]")) {
  const video = root.querySelector("video");
  const words = JSON.parse(root.dataset.words);
  const ledger = root.dataset.item ? new Ledger(root, video, words) : null;
  speeds(root, video);
  captions(root, video);
  sound(root, video);
  new Seek(root, video);
  new Controls(root, video, words, new Screen(root, video, words));
  open(root, video, ledger);
  const box = document.querySelector("[data-transcript]");
  if (box) new Transcript(box, video, words);
}
