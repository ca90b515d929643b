// The transcript beside the picture: follows playback, seeks on click, can be searched.

import { fill } from "./words.js";

const REST_MS = 5000; // no automatic scrolling for so long after a manual one

export class Transcript {
  /**
   * @param {HTMLElement} box
   * @param {HTMLVideoElement} video
   * @param {Record<string, string>} words
   */
  constructor(box, video, words) {
    this.box = box;
    this.video = video;
    this.words = words;
    this.list = box.querySelector("[data-lines]");
    this.lines = [...this.list.querySelectorAll("a[data-start]")];
    this.starts = this.lines.map((line) => Number(line.dataset.start));
    this.current = -1;
    this.touched = 0;
    this.hits = [];
    this.hit = -1;
    video.addEventListener("timeupdate", () => this.follow());
    this.list.addEventListener("click", (event) => this.#jump(event));
    for (const kind of ["wheel", "touchmove", "pointerdown"]) {
      this.list.addEventListener(kind, () => { this.touched = Date.now(); }, { passive: true });
    }
    this.field = /** @type {HTMLInputElement | null} */ (box.querySelector("[data-find]"));
    this.status = box.querySelector("[data-found]");
    if (this.field) this.#search();
  }

  follow() {
    const at = this.video.currentTime * 1000;
    let [low, high] = [0, this.starts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.starts[middle] <= at + 50) low = middle + 1;
      else high = middle;
    }
    const now = low - 1;
    if (now === this.current) return;
    this.lines[this.current]?.removeAttribute("aria-current");
    this.current = now;
    const line = this.lines[now];
    if (!line) return;
    line.setAttribute("aria-current", "true");
    if (Date.now() - this.touched > REST_MS && !this.list.contains(document.activeElement)) this.#show(line);
  }

  #show(line) {
    const below = line.getBoundingClientRect().top - this.list.getBoundingClientRect().top;
    const top = this.list.scrollTop + below - this.list.clientHeight / 3;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.list.scrollTo({ top, behavior: calm ? "auto" : "smooth" });
  }

  #jump(event) {
    const line = event.target.closest("a[data-start]");
    if (!line) return;
    event.preventDefault();
    this.touched = 0;
    this.video.currentTime = Number(line.dataset.start) / 1000 + 0.01;
    this.video.play().catch(() => {});
  }

  #search() {
    this.field.addEventListener("input", () => this.#find(this.field.value.trim()));
    this.field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") {
        event.preventDefault();
        this.#go(event.shiftKey ? -1 : 1);
      } else if (event.key === "Escape") {
        this.field.value = "";
        this.#find("");
      }
    });
    this.box.querySelector("[data-next]").addEventListener("click", () => this.#go(1));
    this.box.querySelector("[data-previous]").addEventListener("click", () => this.#go(-1));
  }

  #find(wanted) {
    for (const line of this.lines) {
      const text = line.querySelector("[data-text]");
      if (text.querySelector("mark")) text.replaceChildren(text.textContent);
    }
    const low = wanted.toLowerCase();
    this.hits = low ? this.lines.filter((line) => mark(line.querySelector("[data-text]"), low)) : [];
    this.hit = -1;
    this.box.querySelector("[data-steps]").hidden = !this.hits.length;
    if (this.hits.length) this.#go(1);
    else this.status.textContent = wanted ? this.words.not_found : "";
  }

  #go(step) {
    if (!this.hits.length) return;
    this.lines.forEach((line) => line.classList.remove("hit"));
    this.hit = (this.hit + step + this.hits.length) % this.hits.length;
    const line = this.hits[this.hit];
    line.classList.add("hit");
    this.touched = Date.now();
    this.#show(line);
    this.status.textContent = fill(this.words.found, { n: this.hit + 1, all: this.hits.length });
  }
}

function mark(element, wanted) {
  const text = element.textContent;
  const low = text.toLowerCase();
  if (!low.includes(wanted)) return false;
  const parts = [];
  let from = 0;
  for (let at = low.indexOf(wanted); at >= 0; at = low.indexOf(wanted, from)) {
    const hit = document.createElement("mark");
    hit.textContent = text.slice(at, at + wanted.length);
    parts.push(text.slice(from, at), hit);
    from = at + wanted.length;
  }
  element.replaceChildren(...parts, text.slice(from));
  return true;
}
