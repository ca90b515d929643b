// The film's files. Nothing is fetched before somebody presses play: then the library, and beside it what the first
// picture needs, so that on a slow line they do not come one after the other.

import { agreed } from "./player-cost.js";

const LIBRARY_S = 30; // seconds kept ahead
const SLOW_MBITS = 3; // below this, and where the browser does not say, the smallest picture comes first
const MOST_RETRIES = 30;
const RETRY_MS = 3000;

function script(source) {
  return new Promise((resolve, reject) => {
    const element = document.createElement("script");
    Object.assign(element, { src: source, onload: resolve, onerror: reject });
    document.head.append(element);
  });
}

// Apple's own player is better on Apple's devices; everywhere else hls.js is, where it can run.
function prefersNative(video) {
  const apple = /^((?!chrome|android|crios|fxios|edg).)*(safari|iphone|ipad)/i.test(navigator.userAgent);
  const able = video.canPlayType("application/vnd.apple.mpegurl");
  return (apple && able) || !(window.ManagedMediaSource || window.MediaSource);
}

const isSlow = () => !((/** @type {any} */ (navigator).connection?.downlink ?? 0) >= SLOW_MBITS);

// The smallest rendition's playlist, its head and the segment at a second go into the browser's cache.
async function fetchAhead(address, second) {
  const text = async (url) => (await fetch(url)).text();
  const lines = (content) => content.split("\n").map((line) => line.trim()).filter(Boolean);
  let [url, list] = [new URL(address, location.href), lines(await text(address))];
  if (!list.some((line) => line.startsWith("#EXTINF"))) {
    const first = list.find((line) => !line.startsWith("#"));
    if (!first) return;
    url = new URL(first, url);
    list = lines(await text(url));
  }
  const head = /URI="([^"]+)"/.exec(list.find((line) => line.startsWith("#EXT-X-MAP")) ?? "")?.[1];
  let [end, segment] = [0, ""];
  for (let n = 0; n < list.length && !segment; n++) {
    if (!list[n].startsWith("#EXTINF:")) continue;
    end += parseFloat(list[n].slice(8));
    if (end > second) segment = list.slice(n).find((line) => !line.startsWith("#")) ?? "";
  }
  await Promise.all([head, segment].filter(Boolean).map(async (name) => (await fetch(new URL(name, url))).arrayBuffer()));
}

export class Source {
  /**
   * Made before whatever else listens to the video: on a metered line it holds `play` back until the choice is made.
   * @param {HTMLElement} root
   * @param {HTMLVideoElement} video
   */
  constructor(root, video) {
    this.root = root;
    this.video = video;
    this.choice = "";
    this.attached = false;
    this.broken = root.querySelector("[data-broken]");
    this.toggle = root.querySelector("[data-sound]");
    video.addEventListener("play", (event) => this.#wanted(event));
    this.toggle?.addEventListener("click", () => this.#sound(this.toggle.getAttribute("aria-pressed") !== "true"));
    // The picture of a card is enough for a phone; a large screen on a good line gets the large one.
    if (video.dataset.poster && innerWidth > 700 && !isSlow()) video.poster = video.dataset.poster;
  }

  get #address() {
    const { playlist, audio, low } = this.root.dataset;
    if (this.choice === "sound") return audio;
    return this.choice === "low" ? playlist.replace("master.m3u8", `${low}/index.m3u8`) : playlist;
  }

  async #wanted(event) {
    const { video } = this;
    if (this.attached) return;
    if (!this.choice) {
      const answer = agreed(this.root, video.currentTime * 1000);
      if (typeof answer === "string") this.choice = answer;
      else {
        event.stopImmediatePropagation();
        video.pause();
        const choice = await answer;
        if (!choice) return;
        this.choice = choice;
        this.#draw();
        video.play().catch(() => {});
        return;
      }
    }
    await this.#attach();
  }

  async #attach() {
    const { video, root } = this;
    this.attached = true;
    this.broken.hidden = true;
    const [at, address] = [video.currentTime, this.#address];
    video.addEventListener("loadedmetadata", () => {
      if (at > 0.5 && video.currentTime < 0.5) video.currentTime = at;
    }, { once: true });
    if (!prefersNative(video)) {
      if (isSlow() && this.choice !== "sound") fetchAhead(address, at).catch(() => {});
      try {
        if (!window.Hls) await script(root.dataset.hls);
        if (window.Hls.isSupported()) return this.#hls(address, at);
      } catch {
        // The library did not come. The browser may play the list itself; else it says that it cannot.
        if (!video.canPlayType("application/vnd.apple.mpegurl")) return this.#fail();
      }
    }
    this.hls?.destroy();
    this.hls = null;
    video.addEventListener("error", () => this.#fail(), { once: true });
    const playing = !video.paused;
    video.src = address;
    if (playing) video.play().catch(() => {});
  }

  #hls(address, at) {
    const { video } = this;
    this.hls?.destroy();
    const { Hls } = window;
    const hls = new Hls({
      maxBufferLength: LIBRARY_S,
      maxMaxBufferLength: 2 * LIBRARY_S,
      capLevelToPlayerSize: true,
      enableWorker: true,
      startPosition: at > 0.5 ? at : -1,
      ...(isSlow() ? { startLevel: 0, testBandwidth: false } : {}),
    });
    this.hls = hls;
    let mended = 0;
    hls.on(Hls.Events.ERROR, (_event, data) => {
      if (!data.fatal) return;
      if (data.type === Hls.ErrorTypes.MEDIA_ERROR && mended++ < 3) hls.recoverMediaError();
      else if (data.type === Hls.ErrorTypes.NETWORK_ERROR && mended++ < MOST_RETRIES) {
        // Without its list there is nothing to go on with: it is asked for again.
        setTimeout(() => (hls.levels?.length ? hls.startLoad() : hls.loadSource(address)), RETRY_MS);
        if (mended > 2) this.broken.hidden = false;
      } else this.#fail();
    });
    hls.on(Hls.Events.FRAG_BUFFERED, () => {
      mended = 0;
      this.broken.hidden = true;
    });
    const playing = !video.paused;
    hls.loadSource(address);
    hls.attachMedia(video);
    if (playing) video.play().catch(() => {});
  }

  // Said, and tried again by the next press of play. An element that met an error would refuse to play, so it begins anew.
  #fail() {
    const { video } = this;
    const at = video.currentTime;
    this.hls?.destroy();
    this.hls = null;
    this.attached = false;
    this.broken.hidden = false;
    video.pause();
    video.removeAttribute("src");
    video.load();
    if (at) video.currentTime = at;
  }

  async #sound(on) {
    const { video } = this;
    const [at, playing] = [video.currentTime, !video.paused];
    if (on) this.picture = this.choice;
    this.choice = on ? "sound" : this.picture || "low";
    this.#draw();
    if (!this.attached) return;
    await this.#attach();
    video.addEventListener("loadedmetadata", () => {
      video.currentTime = at;
      if (playing) video.play();
    }, { once: true });
  }

  #draw() {
    const silent = this.choice === "sound";
    this.toggle?.setAttribute("aria-pressed", String(silent));
    this.root.querySelector("[data-audio-only]").hidden = !silent;
  }
}
