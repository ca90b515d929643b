// The reader of documents: one page at a time, by button, key or swipe. Reading is kept in the watch
// ledger: page n is a span of its time, which runs while the page is visible and has the focus.

import { Ledger } from "./player-ledger.js";
import { gaps } from "./player-spans.js";
import { Turner } from "./reader-turner.js";
import { fill } from "./words.js";

const SIZES = [100, 150, 200, 300];
const SWIPE_PX = 60;

// The ledger's texts with pages instead of minutes.
class Reading extends Ledger {
  get pageMs() {
    return Number(this.root.dataset.page);
  }

  /** @override @param {number} ms */
  describe(ms) {
    return fill(this.words.pages, { n: Math.ceil(ms / this.pageMs) });
  }

  /** @override @param {[number, number]} stretch */
  name([start, end]) {
    const [a, b] = [Math.floor(start / this.pageMs) + 1, Math.ceil(end / this.pageMs)];
    return a === b ? fill(this.words.page, { n: a }) : fill(this.words.stretch, { a, b });
  }
}

class Reader {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.words = JSON.parse(root.dataset.words);
    this.leaves = /** @type {HTMLElement[]} */ ([...this.part("pages").children]);
    this.sheet = this.part("sheet");
    this.page = 1;
    this.size = 0;
    this.turner = new Turner(Number(root.dataset.page), Number(root.dataset.rate), (page) => this.show(page));
    root.classList.add("paged");
    for (const name of ["reader-bar", "reader-tools", "reader-ledger"]) this.part(name)?.removeAttribute("hidden");
    this.#buttons();
    this.zoom(0);
    document.addEventListener("keydown", (event) => this.#key(event));
    this.#swipes();
    document.addEventListener("visibilitychange", () => (document.hidden ? this.turner.pause() : this.turner.play()));
    if (root.dataset.item) this.#credit();
    const named = /^#page-(\d+)$/.exec(location.hash)?.[1];
    this.show(Number(named) || Number(root.dataset.start) || 1);
  }

  /** @param {string} name */
  part(name) {
    return this.root.querySelector(`[data-${name}]`);
  }

  #credit() {
    const ledger = new Reading(this.root, /** @type {any} */ (this.turner), this.words);
    const cut = (from, to) => (stretch) => /** @type {[number, number]} */ ([Math.max(stretch[0], from), Math.min(stretch[1], to)]);
    this.turner.missing = (from, to) => gaps(ledger.shown(), ledger.duration).map(cut(from, to)).filter(([a, b]) => b > a);
  }

  #buttons() {
    this.part("previous").addEventListener("click", () => this.show(this.page - 1));
    this.part("next").addEventListener("click", () => this.show(this.page + 1));
    this.part("smaller").addEventListener("click", () => this.zoom(-1));
    this.part("larger").addEventListener("click", () => this.zoom(1));
    this.part("plain")?.addEventListener("click", () => this.wordsOnly(!this.plain));
  }

  /** @param {string} name @param {boolean} disabled */
  #disable(name, disabled) {
    this.part(name).toggleAttribute("disabled", disabled);
  }

  /** @param {number} wanted */
  show(wanted) {
    const { leaves } = this;
    const page = Math.max(1, Math.min(leaves.length, wanted));
    this.page = page;
    leaves.forEach((leaf, n) => leaf.classList.toggle("here", n + 1 === page));
    for (const near of [page - 1, page]) leaves[near]?.querySelector("img").setAttribute("loading", "eager");
    this.part("figures").textContent = `${page} / ${leaves.length}`;
    this.part("place").textContent = fill(this.words.place, { n: page, all: leaves.length });
    this.#disable("previous", page === 1);
    this.#disable("next", page === leaves.length);
    this.sheet.scrollTo(0, 0);
    const address = new URL(location.href);
    address.hash = "";
    address.searchParams.set("page", String(page));
    history.replaceState(history.state, "", address);
    this.turner.turn(page);
  }

  /** @param {number} by */
  zoom(by) {
    this.size = Math.max(0, Math.min(SIZES.length - 1, this.size + by));
    this.sheet.style.setProperty("--zoom", String(SIZES[this.size] / 100));
    this.#disable("smaller", this.size === 0);
    this.#disable("larger", this.size === SIZES.length - 1);
  }

  /** @param {boolean} on */
  wordsOnly(on) {
    this.plain = on;
    this.root.classList.toggle("plain", on);
    this.part("plain").setAttribute("aria-pressed", String(on));
    for (const leaf of this.leaves) {
      const text = leaf.querySelector("[data-page-words]");
      text.hidden = !on || !text.textContent;
    }
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (/** @type {Element} */ (event.target).closest("input, select, textarea, dialog, [contenteditable]")) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const [back, on] = [() => this.show(this.page - 1), () => this.show(this.page + 1)];
    /** @type {Record<string, () => void>} */
    const acts = {
      ArrowLeft: back, PageUp: back, ArrowRight: on, PageDown: on,
      Home: () => this.show(1), End: () => this.show(this.leaves.length),
      "+": () => this.zoom(1), "=": () => this.zoom(1), "-": () => this.zoom(-1),
    };
    if (!acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  }

  #swipes() {
    /** @type {Touch | null} */
    let touch = null;
    this.sheet.addEventListener("touchstart", (event) => {
      touch = event.touches.length === 1 && this.size === 0 ? event.touches[0] : null;
    }, { passive: true });
    this.sheet.addEventListener("touchend", (event) => {
      if (!touch) return;
      const [dx, dy] = [event.changedTouches[0].clientX - touch.clientX, event.changedTouches[0].clientY - touch.clientY];
      if (Math.abs(dx) > SWIPE_PX && Math.abs(dx) > 2 * Math.abs(dy)) this.show(this.page + (dx < 0 ? 1 : -1));
      touch = null;
    }, { passive: true });
  }
}

for (const root of document.querySelectorAll("[data-reader]")) new Reader(root);
