// The reader of documents: one page at a time, by button, key or swipe. Reading is kept in the watch
// ledger: page n is a stretch of its time, which runs while the page is shown and nobody looks elsewhere.

import { Ledger } from "./player-ledger.js";
import { gaps } from "./player-spans.js";

const SIZES = [100, 150, 200, 300];
const TICK_MS = 250;
const say = (text, values) => text.replace(/%\((\w+)\)s/g, (_all, name) => values[name]);

// What the ledger follows: a page being read, as if it were a film that stops at the page's end.
class Turner extends EventTarget {
  paused = true;
  seeking = false;
  ended = false;
  #at = 0;
  #since = 0;
  #stop = 0;
  #still = false;

  constructor(pageMs, rate, show) {
    super();
    Object.assign(this, { pageMs, playbackRate: rate, show, page: 1, missing: () => [] });
    setInterval(() => this.#tick(), TICK_MS);
  }

  get currentTime() {
    if (this.paused) return this.#at / 1000;
    return Math.min(this.#at + (performance.now() - this.#since) * this.playbackRate, this.#stop) / 1000;
  }

  // Only a page can be gone to; where in it, the reading decides.
  set currentTime(seconds) {
    this.show(Math.floor((seconds * 1000) / this.pageMs) + 1);
  }

  turn(page) {
    this.#halt();
    this.page = page;
    this.seeking = true;
    this.dispatchEvent(new Event("seeking"));
    this.#at = (page - 1) * this.pageMs;
    this.seeking = false;
    this.dispatchEvent(new Event("seeked"));
    this.#go();
  }

  play() {
    this.#still = false;
    this.#go();
    return Promise.resolve();
  }

  pause() {
    this.#still = true;
    this.#halt();
  }

  #go() {
    const start = (this.page - 1) * this.pageMs;
    const [first] = this.missing(start, start + this.pageMs);
    if (!this.paused || this.#still || document.hidden || !first) return;
    this.#at = first[0];
    this.#stop = first[1];
    this.#since = performance.now();
    this.paused = false;
    this.dispatchEvent(new Event("play"));
    this.dispatchEvent(new Event("playing"));
  }

  #halt() {
    if (this.paused) return;
    this.#at = this.currentTime * 1000;
    this.paused = true;
    this.dispatchEvent(new Event("pause"));
  }

  #tick() {
    if (this.paused) return this.#go();
    this.dispatchEvent(new Event("timeupdate"));
    if (this.currentTime * 1000 >= this.#stop) this.#halt();
  }
}

// The ledger's words for pages instead of minutes.
class Reading extends Ledger {
  get pageMs() {
    return Number(this.root.dataset.page);
  }

  tell(ms) {
    return say(this.words.pages, { n: Math.ceil(ms / this.pageMs) });
  }

  name([start, end]) {
    const [a, b] = [Math.floor(start / this.pageMs) + 1, Math.ceil(end / this.pageMs)];
    return a === b ? say(this.words.page, { n: a }) : say(this.words.stretch, { a, b });
  }
}

function start(root) {
  const words = JSON.parse(root.dataset.words);
  const part = (name) => root.querySelector(`[data-${name}]`);
  const leaves = [...part("pages").children];
  const sheet = part("sheet");
  let [page, size] = [1, 0];
  let plain = false;

  const turner = new Turner(Number(root.dataset.page), Number(root.dataset.rate), show);
  root.classList.add("paged");
  for (const name of ["reader-bar", "reader-tools", "reader-ledger"]) part(name)?.removeAttribute("hidden");

  function show(wanted) {
    page = Math.max(1, Math.min(leaves.length, wanted));
    leaves.forEach((leaf, n) => leaf.classList.toggle("here", n + 1 === page));
    for (const near of [page - 1, page]) leaves[near]?.querySelector("img").setAttribute("loading", "eager");
    part("figures").textContent = `${page} / ${leaves.length}`;
    part("place").textContent = say(words.place, { n: page, all: leaves.length });
    part("previous").disabled = page === 1;
    part("next").disabled = page === leaves.length;
    sheet.scrollTo(0, 0);
    const address = new URL(location.href);
    address.hash = "";
    address.searchParams.set("page", page);
    history.replaceState(history.state, "", address);
    turner.turn(page);
  }

  function zoom(by) {
    size = Math.max(0, Math.min(SIZES.length - 1, size + by));
    sheet.style.setProperty("--zoom", SIZES[size] / 100);
    part("smaller").disabled = size === 0;
    part("larger").disabled = size === SIZES.length - 1;
  }

  function wordsOnly(on) {
    plain = on;
    root.classList.toggle("plain", on);
    part("plain").setAttribute("aria-pressed", String(on));
    for (const leaf of leaves) {
      const text = leaf.querySelector("[data-page-words]");
      text.hidden = !on || !text.textContent;
    }
  }

  part("previous").addEventListener("click", () => show(page - 1));
  part("next").addEventListener("click", () => show(page + 1));
  part("smaller").addEventListener("click", () => zoom(-1));
  part("larger").addEventListener("click", () => zoom(1));
  part("plain")?.addEventListener("click", () => wordsOnly(!plain));
  zoom(0);

  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input, select, textarea, dialog, [contenteditable]")) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const acts = {
      ArrowLeft: () => show(page - 1), PageUp: () => show(page - 1),
      ArrowRight: () => show(page + 1), PageDown: () => show(page + 1),
      Home: () => show(1), End: () => show(leaves.length),
      "+": () => zoom(1), "=": () => zoom(1), "-": () => zoom(-1),
    };
    if (!acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  });

  let touch = null;
  sheet.addEventListener("touchstart", (event) => {
    touch = event.touches.length === 1 && size === 0 ? event.touches[0] : null;
  }, { passive: true });
  sheet.addEventListener("touchend", (event) => {
    if (!touch) return;
    const [dx, dy] = [event.changedTouches[0].clientX - touch.clientX, event.changedTouches[0].clientY - touch.clientY];
    if (Math.abs(dx) > 60 && Math.abs(dx) > 2 * Math.abs(dy)) show(page + (dx < 0 ? 1 : -1));
    touch = null;
  }, { passive: true });

  document.addEventListener("visibilitychange", () => (document.hidden ? turner.pause() : turner.play()));
  const named = /^#page-(\d+)$/.exec(location.hash)?.[1];
  const first = Number(named) || Number(root.dataset.start) || 1;
  if (root.dataset.item) {
    const ledger = new Reading(root, turner, words);
    turner.missing = (from, to) =>
      gaps(ledger.shown(), ledger.duration).map(([a, b]) => [Math.max(a, from), Math.min(b, to)]).filter(([a, b]) => b > a);
  }
  show(first);
}

for (const root of document.querySelectorAll("[data-reader]")) start(root);
