// The reader of documents: one page at a time, by button, key or swipe. Reading is kept in the watch
// ledger: page n is a span of its time, which runs while the page is visible and has the focus.

import { Ledger } from "./player-ledger.js";
import { HOLE_MS, gaps, merge, subtract } from "./player-spans.js";
import { Leaves } from "./reader-leaves.js";
import { Turner } from "./reader-turner.js";
import { fill } from "./words.js";

const SIZES = [1, 1.5, 2, 3];
const SWIPE_PX = 60;
const MOST = 4;
const DOUBLE_MS = 350;
const NEAR_PX = 30;

// The ledger's texts with pages instead of minutes.
export class Reading extends Ledger {
  /** @type {[number, number][]} shown parts of pages that were not shown to their end */
  begun = [];

  get pageMs() {
    return Number(this.root.dataset.page);
  }

  // A page is read once all of it was shown.
  /** @override @param {[number, number][]} spans */
  claimable(spans) {
    const { pageMs } = this;
    const shown = merge([...this.begun, ...spans], HOLE_MS);
    /** @type {[number, number][]} */
    const pages = [];
    for (const [start, end] of shown) {
      const first = Math.max(0, Math.ceil((start - HOLE_MS) / pageMs));
      const after = Math.min(this.duration / pageMs, Math.floor((end + HOLE_MS) / pageMs));
      if (after > first) pages.push([first * pageMs, after * pageMs]);
    }
    this.begun = /** @type {[number, number][]} */ (subtract(shown, pages));
    return pages;
  }

  /** @override */
  shown() {
    return merge([...super.shown(), ...(this.begun ?? [])]);
  }

  /** @override @param {number} ms */
  describe(ms) {
    return fill(this.words.pages, { n: Math.ceil(ms / this.pageMs) });
  }

  /** @override @param {number} ms */
  remaining(ms) {
    return this.describe(ms);
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
    this.store = new Leaves(this.part("pages"), root.dataset);
    this.leaves = this.store.all;
    this.sheet = this.part("sheet");
    this.page = 1;
    this.scale = 1;
    this.plain = root.classList.contains("plain");
    this.turner = new Turner(Number(root.dataset.page), Number(root.dataset.rate), (page) => this.show(page));
    root.classList.add("paged");
    this.#buttons();
    this.zoomTo(1);
    document.addEventListener("keydown", (event) => this.#key(event));
    this.#touches();
    document.addEventListener("visibilitychange", () => (document.hidden ? this.turner.pause() : this.turner.play()));
    root.addEventListener("turn", (event) => this.show(/** @type {CustomEvent} */ (event).detail));
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
    this.ledger = ledger;
    this.root.addEventListener("recorded", () => this.#onward());
    const cut = (from, to) => (stretch) => /** @type {[number, number]} */ ([Math.max(stretch[0], from), Math.min(stretch[1], to)]);
    this.turner.missing = (from, to) => gaps(ledger.shown(), ledger.duration).map(cut(from, to)).filter(([a, b]) => b > a);
  }

  #buttons() {
    this.part("previous").addEventListener("click", () => this.show(this.page - 1));
    this.part("next").addEventListener("click", () => this.show(this.page + 1));
    this.part("smaller").addEventListener("click", () => this.zoomBy(-1));
    this.part("larger").addEventListener("click", () => this.zoomBy(1));
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
    this.turner.leave();
    this.part("figures").textContent = `${page} / ${leaves.length}`;
    this.part("place").textContent = fill(this.words.place, { n: page, all: leaves.length });
    this.#disable("previous", page === 1);
    this.#disable("next", page === leaves.length);
    this.#onward();
    this.zoomTo(1);
    this.sheet.scrollTo(0, 0);
    const address = new URL(location.href);
    address.hash = "";
    address.searchParams.set("page", String(page));
    history.replaceState(history.state, "", address);
    this.#open(page);
    this.root.dispatchEvent(new CustomEvent("turned"));
  }

  // Show what is on a page, and count it as read from then on.
  async #open(page) {
    if (!this.store.has(page)) {
      this.#say(page, this.words.loading);
      try {
        await this.store.fetch(page);
      } catch {
        if (this.page === page) this.#say(page, this.words.unloaded, true);
        return;
      }
      if (this.page !== page) return;
    }
    this.sheet.removeAttribute("aria-busy");
    this.#fetch(page);
    this.turner.turn(page);
    if (page < this.leaves.length && !this.store.has(page + 1)) this.store.fetch(page + 1).catch(() => {});
  }

  // In the place of a page that is not there yet.
  #say(page, text, failed = false) {
    const said = document.createElement("p");
    said.className = "reader-wait";
    said.setAttribute("role", "status");
    said.textContent = text;
    this.leaves[page - 1].replaceChildren(said);
    this.sheet.toggleAttribute("aria-busy", !failed);
    if (!failed) return;
    const again = document.createElement("button");
    again.type = "button";
    again.className = "button secondary";
    again.textContent = this.words.again;
    again.addEventListener("click", () => this.show(this.page));
    said.after(again);
    addEventListener("online", () => this.page === page && !this.store.has(page) && this.show(page), { once: true });
  }

  // Behind the last page of what is read lies what comes next.
  #onward() {
    const link = this.part("onward");
    if (!link) return;
    const over = this.page === this.leaves.length && Boolean(this.ledger?.completed);
    link.hidden = !over;
    this.part("next").toggleAttribute("hidden", over);
  }

  // The picture of this page, then that of the next: together they would come half as fast.
  #fetch(page) {
    const leaf = this.leaves[page - 1];
    if (this.plain && !leaf.classList.contains("wordless")) return;
    const here = this.#picture(page);
    if (here.complete) this.#picture(page + 1);
    else here.addEventListener("load", () => this.#picture(this.page + 1), { once: true });
  }

  // A page's picture, put into its place when it is first wanted.
  #picture(page) {
    const leaf = this.leaves[page - 1];
    const kept = /** @type {HTMLTemplateElement | null} */ (leaf?.querySelector("template"));
    kept?.replaceWith(kept.content);
    return leaf?.querySelector("img");
  }

  /** @param {number} by one step up or down */
  zoomBy(by) {
    const next = by > 0 ? SIZES.find((one) => one > this.scale + 0.01) : SIZES.filter((one) => one < this.scale - 0.01).pop();
    this.zoomTo(next ?? this.scale);
  }

  /**
   * Enlarge picture or letters; what lies under a point of the screen stays there.
   * @param {number} scale
   * @param {{ x: number, y: number }} [at]
   */
  zoomTo(scale, at) {
    const { sheet } = this;
    const box = sheet.getBoundingClientRect();
    const [x, y] = at ? [at.x - box.left, at.y - box.top] : [box.width / 2, 0];
    const next = Math.max(1, Math.min(MOST, scale));
    const grown = next / this.scale;
    const [left, top] = [(sheet.scrollLeft + x) * grown - x, (sheet.scrollTop + y) * grown - y];
    this.scale = next;
    sheet.style.setProperty("--zoom", String(next));
    sheet.scrollTo(left, top);
    if (next > 1) this.#sharpen();
    this.#disable("smaller", next <= 1);
    this.#disable("larger", next >= SIZES[SIZES.length - 1]);
  }

  // The small picture is for reading at the width of a phone.
  #sharpen() {
    const image = this.leaves[this.page - 1]?.querySelector("img");
    if (!image?.dataset.large || this.plain) return;
    image.removeAttribute("srcset");
    image.src = image.dataset.large;
    delete image.dataset.large;
  }

  /** @param {boolean} on */
  wordsOnly(on) {
    this.plain = on;
    this.root.classList.toggle("plain", on);
    this.part("plain").textContent = fill(on ? this.words.as_picture : this.words.as_text);
    this.zoomTo(1);
    this.sheet.scrollTo(0, 0);
    this.#fetch(this.page);
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
      "+": () => this.zoomBy(1), "=": () => this.zoomBy(1), "-": () => this.zoomBy(-1),
    };
    if (!acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  }

  #touches() {
    const { sheet } = this;
    /** @type {Touch | null} */
    let touch = null;
    let [apart, began] = [0, 1];
    let tapped = { at: 0, x: 0, y: 0 };
    /** @param {TouchList} two */
    const distance = (two) => Math.hypot(two[0].clientX - two[1].clientX, two[0].clientY - two[1].clientY);
    sheet.addEventListener("touchstart", (event) => {
      touch = event.touches.length === 1 ? event.touches[0] : null;
      if (event.touches.length === 2) [apart, began] = [distance(event.touches), this.scale];
    }, { passive: true });
    sheet.addEventListener("touchmove", (event) => {
      if (event.touches.length !== 2 || !apart) return;
      event.preventDefault();
      const [a, b] = [event.touches[0], event.touches[1]];
      this.zoomTo((began * distance(event.touches)) / apart, { x: (a.clientX + b.clientX) / 2, y: (a.clientY + b.clientY) / 2 });
    }, { passive: false });
    sheet.addEventListener("touchend", (event) => {
      if (event.touches.length < 2) apart = 0;
      if (!touch) return;
      const { clientX: x, clientY: y } = event.changedTouches[0];
      const [dx, dy] = [x - touch.clientX, y - touch.clientY];
      touch = null;
      if (this.scale === 1 && Math.abs(dx) > SWIPE_PX && Math.abs(dx) > 2 * Math.abs(dy)) this.show(this.page + (dx < 0 ? 1 : -1));
      if (Math.hypot(dx, dy) > NEAR_PX) return;
      const twice = event.timeStamp - tapped.at < DOUBLE_MS && Math.hypot(x - tapped.x, y - tapped.y) < NEAR_PX;
      tapped = { at: twice ? 0 : event.timeStamp, x, y };
      if (!twice) return;
      event.preventDefault(); // no click follows
      this.zoomTo(this.scale > 1 ? 1 : 2, { x, y });
    });
    sheet.addEventListener("dblclick", (event) => this.zoomTo(this.scale > 1 ? 1 : 2, { x: event.clientX, y: event.clientY }));
  }
}

for (const root of document.querySelectorAll("[data-reader]")) new Reader(root);
