// Controls of the player: the same row in every browser, for touch, mouse, keyboard and screen reader.

import { clock } from "./player-spans.js";
import { preferences } from "./player-preferences.js";
import { moveTo } from "./player-seek.js";
import { fill } from "./words.js";

const SKIP_S = 10;
const KEY_S = 5;
const WAIT_MS = 600; // shorter stalls show no message
const TYPED = "input:not([type=range]), select, textarea, dialog, [contenteditable]";

export class Controls {
  /**
   * @param {HTMLElement} root
   * @param {HTMLVideoElement} video
   * @param {Record<string, string>} words
   * @param {import("./player-screen.js").Screen} screen
   */
  constructor(root, video, words, screen) {
    this.root = root;
    this.video = video;
    this.words = words;
    this.screen = screen;
    this.live = this.part("live");
    this.#buttons();
    this.#sound();
    this.#state();
    this.#waiting();
    document.addEventListener("keydown", (event) => this.#key(event));
    // A double tap is two taps, not a double click.
    video.addEventListener("dblclick", () => screen.hand === "mouse" && screen.toggle());
    this.part("help-open").hidden = false;
    root.dataset.own = "";
    video.controls = false;
  }

  part(name) {
    return this.root.querySelector(`[data-${name}]`);
  }

  say(text) {
    this.live.textContent = text;
  }

  toggle() {
    if (this.video.paused) this.video.play().catch(() => {});
    else this.video.pause();
  }

  skip(seconds) {
    const length = this.video.duration || Number(this.root.dataset.duration) / 1000;
    moveTo(this.video, Math.max(0, Math.min(length - 0.1, this.video.currentTime + seconds)));
    this.say(fill(this.words.at, { at: clock(this.video.currentTime * 1000) }));
  }

  #buttons() {
    this.part("toggle").addEventListener("click", () => this.toggle());
    this.part("back").addEventListener("click", () => this.skip(-SKIP_S));
    this.part("forward").addEventListener("click", () => this.skip(SKIP_S));
    this.part("captions")?.addEventListener("click", () => {
      const on = this.part("captions").getAttribute("aria-pressed") === "true";
      this.say(on ? this.words.captions_on : this.words.captions_off);
    });
    // A first tap shows hidden controls; the next tap on the picture plays or pauses.
    this.video.addEventListener("click", () => this.screen.woke() || this.toggle());
    this.part("help-open").addEventListener("click", () => this.#help());
    const more = this.part("extra-open");
    more.addEventListener("click", () => {
      const open = more.getAttribute("aria-expanded") !== "true";
      more.setAttribute("aria-expanded", String(open));
      this.part("extra").toggleAttribute("data-open", open);
    });
  }

  #help() {
    const help = /** @type {HTMLDialogElement} */ (this.part("help"));
    if (!help.open) help.showModal();
  }

  #sound() {
    const { video } = this;
    const mute = this.part("mute");
    const volume = /** @type {HTMLInputElement} */ (this.part("volume"));
    const kept = Number(preferences().volume);
    if (kept > 0 && kept < 1) video.volume = kept;
    const draw = () => {
      const silent = video.muted || video.volume === 0;
      mute.setAttribute("aria-pressed", String(silent));
      volume.value = String(silent ? 0 : Math.round(video.volume * 100));
    };
    mute.addEventListener("click", () => this.#mute());
    volume.addEventListener("input", () => this.#volume(Number(volume.value) / 100));
    video.addEventListener("volumechange", draw);
    draw();
  }

  #mute() {
    const { video } = this;
    const silent = video.muted || video.volume === 0;
    video.muted = !silent;
    if (silent && video.volume === 0) video.volume = 1;
    this.say(silent ? this.words.sound_on : this.words.muted);
  }

  #volume(value) {
    this.video.volume = Math.max(0, Math.min(1, value));
    this.video.muted = false;
    preferences({ volume: this.video.volume });
  }

  #state() {
    const { video, root } = this;
    const [text, sign, now] = [this.part("toggle-text"), this.part("sign"), this.part("now")];
    const draw = () => {
      root.dataset.state = video.paused ? "paused" : "playing";
      text.textContent = video.paused ? (video.ended ? this.words.again : this.words.play) : this.words.pause;
      sign.hidden = !video.paused;
    };
    const tick = () => {
      const at = clock(video.currentTime * 1000);
      if (now.textContent !== at) now.textContent = at;
    };
    for (const kind of ["play", "pause", "ended", "emptied", "seeked"]) video.addEventListener(kind, draw);
    for (const kind of ["timeupdate", "seeking", "loadedmetadata"]) video.addEventListener(kind, tick);
    draw();
    tick();
  }

  #waiting() {
    const { video } = this;
    const note = this.part("wait");
    const end = () => {
      clearTimeout(this.waits);
      if (note.hidden) return;
      note.hidden = true;
      this.say("");
    };
    const begin = () => {
      clearTimeout(this.waits);
      this.waits = setTimeout(() => {
        if (video.paused || video.readyState > 2) return;
        note.hidden = false;
        this.say(note.textContent);
      }, WAIT_MS);
    };
    for (const kind of ["waiting", "stalled", "play"]) video.addEventListener(kind, begin);
    for (const kind of ["playing", "timeupdate", "pause", "ended", "emptied"]) video.addEventListener(kind, end);
  }

  // Shortcuts work unless a text field has the focus; controls with keys of their own keep them.
  #key(event) {
    const { target, key } = event;
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || target.closest(TYPED)) return;
    const presses = target.closest("button, a, summary");
    const steps = target.closest("input, summary, [data-lines]");
    const near = this.screen.full || this.part("stage").contains(target);
    const act = {
      " ": presses ? null : () => this.toggle(),
      k: () => this.toggle(),
      ArrowLeft: steps ? null : () => this.skip(-KEY_S),
      ArrowRight: steps ? null : () => this.skip(KEY_S),
      // Elsewhere these scroll the page.
      ArrowUp: near && !steps ? () => this.#volume(this.video.volume + 0.1) : null,
      ArrowDown: near && !steps ? () => this.#volume(this.video.volume - 0.1) : null,
      m: () => this.#mute(),
      c: () => this.part("captions")?.click(),
      f: () => this.screen.toggle(),
      "?": () => this.#help(),
    }[key.length === 1 ? key.toLowerCase() : key];
    if (!act) return;
    event.preventDefault();
    act();
  }
}
