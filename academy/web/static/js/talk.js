// Talk under a lecture, once somebody wants it: the list of notes and questions, and the sheet for one sentence.

import { clock } from "./player-spans.js";
import { sendAll } from "./talk-store.js";
import { Sheet } from "./talk-sheet.js";
import { wordsOf } from "./words.js";

/**
 * @typedef {object} Place
 * @property {number} start
 * @property {string} words what was said there
 * @property {string} title 3:05, or the page
 */

export class Talk {
  /**
   * @param {HTMLElement} section
   * @param {HTMLElement} body the part of the talk's own page
   */
  constructor(section, body) {
    this.section = section;
    this.body = body;
    this.say = wordsOf(body);
    this.item = body.dataset.item;
    this.version = Number(body.dataset.version);
    this.owner = body.dataset.owner;
    this.isPages = body.dataset.unit === "page";
    this.video = /** @type {HTMLVideoElement | null} */ (document.querySelector("[data-player] video"));
    this.status = section.querySelector("[data-talk-status]");
    this.sheet = new Sheet(this);
    body.addEventListener("click", (event) => this.#click(event));
    this.video?.addEventListener("timeupdate", () => this.#follow());
    this.#mark();
    sendAll(this.owner, (left, outcome) => {
      const refused = left.find((entry) => entry.refused);
      this.status.textContent = refused ? refused.refused : left.length ? this.say("waiting", { n: left.length }) : "";
      if (outcome === "saved") this.refresh();
    });
  }

  show() {
    /** @type {HTMLElement} */ (this.section.querySelector("[data-talk-open]")).hidden = true;
    const list = /** @type {HTMLElement} */ (this.body.querySelector("[data-talk-questions]"));
    list.focus({ preventScroll: true });
    this.section.scrollIntoView({ block: "start" });
  }

  /** The place of a line of the transcript. @param {HTMLElement} line @returns {Place} */
  at(line) {
    const start = Number(line.dataset.start);
    return { start, words: line.querySelector("[data-text]").textContent, title: clock(start) };
  }

  /** The place that is on the screen now. @returns {Place} */
  now() {
    if (this.isPages) {
      const page = Number(new URL(location.href).searchParams.get("page")) || 1;
      return { start: page - 1, words: "", title: this.say("page_at", { n: page }) };
    }
    const line = /** @type {HTMLElement | null} */ (document.querySelector("[data-lines] a[aria-current]"));
    if (line) return this.at(line);
    const start = Math.floor(this.video.currentTime * 1000);
    return { start, words: "", title: clock(start) };
  }

  /** Fetch the lists again: what was just stored is in them. */
  async refresh() {
    try {
      const fresh = await fetchBody(this.section);
      for (const part of ["[data-note-list]", "[data-note-count]", "[data-talk-questions]"]) {
        const [old, other] = [this.body.querySelector(part), fresh.querySelector(part)];
        if (old && other) old.replaceWith(document.importNode(other, true));
      }
      this.#mark();
    } catch {
      // Without a network the list stays as it is.
    }
  }

  /** One's own note at a place. @param {number} start @returns {HTMLElement | null} */
  noteAt(start) {
    return this.body.querySelector(`[data-note][data-at="${start}"]:not([data-cut])`);
  }

  // Sentences that something hangs on have a dot at their key.
  #mark() {
    const starts = new Set();
    for (const one of this.body.querySelectorAll("[data-at]:not([data-cut])")) starts.add(/** @type {HTMLElement} */ (one).dataset.at);
    for (const line of document.querySelectorAll("[data-lines] a[data-start]")) {
      line.parentElement.querySelector(".line-more")?.toggleAttribute("data-marked", starts.has(/** @type {HTMLElement} */ (line).dataset.start));
    }
  }

  // What hangs on the sentence that is being said.
  #follow() {
    const line = /** @type {HTMLElement | null} */ (document.querySelector("[data-lines] a[aria-current]"));
    const start = line?.dataset.start;
    if (start === this.current) return;
    this.current = start;
    for (const one of this.body.querySelectorAll("[data-at]")) {
      one.toggleAttribute("data-here", /** @type {HTMLElement} */ (one).dataset.at === start);
    }
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const target = /** @type {Element} */ (event.target);
    const link = /** @type {HTMLElement | null} */ (target.closest("a[data-start]"));
    const edit = /** @type {HTMLElement | null} */ (target.closest("[data-edit]"));
    if (link && this.video) {
      event.preventDefault();
      this.video.currentTime = Number(link.dataset.start) / 1000 + 0.01;
      this.video.play().catch(() => {});
      this.video.scrollIntoView({ block: "nearest" });
    } else if (edit) {
      event.preventDefault();
      const line = /** @type {HTMLElement} */ (edit.closest("[data-note]"));
      this.sheet.edit(line, edit);
    }
  }
}

/** @param {HTMLElement} section @returns {Promise<HTMLElement>} */
async function fetchBody(section) {
  const link = /** @type {HTMLAnchorElement} */ (section.querySelector("[data-talk-open]"));
  const answer = await fetch(new URL(link.href).pathname, { headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const body = /** @type {HTMLElement | null} */ (page.querySelector("[data-talk-body]"));
  if (!answer.ok || !body) throw new Error("not the page of talk");
  return body;
}

/** @param {HTMLElement} section */
export async function open(section) {
  const body = /** @type {HTMLElement} */ (document.importNode(await fetchBody(section), true));
  const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: section.dataset.style });
  await new Promise((done) => {
    style.onload = style.onerror = done;
    document.head.append(style);
  });
  const talk = new Talk(section, body);
  section.querySelector("[data-talk-place]").replaceChildren(body);
  return talk;
}
