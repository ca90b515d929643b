// The seek bar: a slider over the bar of credited stretches, with preview pictures, chapters and keys.

import { clock } from "./player-spans.js";

const KEYS = { ArrowLeft: -5, ArrowRight: 5, ArrowDown: -5, ArrowUp: 5, PageDown: -60, PageUp: 60 };

/**
 * Go to a second. Before the film is loaded the element keeps it, and says nothing of it.
 * @param {HTMLVideoElement} video
 * @param {number} second
 */
export function moveTo(video, second) {
  video.currentTime = second;
  if (video.readyState === 0) video.dispatchEvent(new Event("timeupdate"));
}

// Older web views have no findLast.
const last = (list, fits) => list.filter(fits).pop();

// "storyboard.jpg#xywh=160,0,160,90" under "00:00:06.000 --> 00:00:12.000"
async function pictures(source) {
  const text = await (await fetch(source)).text();
  const seconds = (stamp) => stamp.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
  return [...text.matchAll(/([\d:.]+) --> ([\d:.]+)[^\n]*\n([^\s#]+)#xywh=(\d+),(\d+),(\d+),(\d+)/g)].map((m) => ({
    start: seconds(m[1]) * 1000,
    file: new URL(m[3], new URL(source, location.href)).href,
    box: m.slice(4).map(Number),
  }));
}

export class Seek {
  /**
   * @param {HTMLElement} root
   * @param {HTMLVideoElement} video
   */
  constructor(root, video) {
    this.root = root;
    this.video = video;
    this.length = Number(root.dataset.duration);
    this.slider = /** @type {HTMLInputElement} */ (root.querySelector("[data-seek]"));
    this.preview = root.querySelector("[data-preview]");
    this.head = root.querySelector("[data-head]");
    this.links = [...document.querySelectorAll("[data-chapters] a[data-start]")];
    this.chapters = this.links.map((link) => ({
      start: Number(link.dataset.start),
      title: link.querySelector("[data-title]").textContent,
      link,
    }));
    this.sheet = null;
    this.#listen();
    this.follow();
  }

  #listen() {
    const { slider, video } = this;
    for (const kind of ["timeupdate", "seeking", "loadedmetadata"]) video.addEventListener(kind, () => this.follow());
    // While dragging, only the preview changes: the video seeks once, at the end.
    slider.addEventListener("input", () => {
      this.dragging = true;
      this.#show(Number(slider.value));
      this.#say(Number(slider.value));
    });
    slider.addEventListener("change", () => {
      this.dragging = false;
      this.#go(Number(slider.value));
      if (!this.hovering) this.#hide();
    });
    slider.addEventListener("keydown", (event) => {
      const step = KEYS[event.key];
      if (!step) return;
      event.preventDefault();
      this.#go(video.currentTime * 1000 + step * 1000);
    });
    slider.addEventListener("pointermove", (event) => {
      if (event.pointerType !== "mouse" || this.dragging) return;
      this.hovering = true;
      const box = slider.getBoundingClientRect();
      this.#show(((event.clientX - box.left) / box.width) * this.length);
    });
    for (const kind of ["pointerleave", "blur"]) {
      slider.addEventListener(kind, () => {
        this.hovering = false;
        this.#hide();
      });
    }
    for (const { link, start } of this.chapters) {
      link.addEventListener("click", (event) => {
        event.preventDefault();
        this.#go(start);
        video.play().catch(() => {});
      });
    }
  }

  #go(ms) {
    moveTo(this.video, Math.max(0, Math.min(ms, this.length - 100)) / 1000 + 0.01);
  }

  #chapterAt(ms) {
    return last(this.chapters, (chapter) => chapter.start <= ms + 50);
  }

  follow() {
    const at = this.video.currentTime * 1000;
    this.head.setAttribute("x", String(Math.min(996, (at / this.length) * 1000)));
    if (!this.dragging) {
      this.slider.value = String(Math.round(at));
      this.#say(at);
    }
    const here = this.#chapterAt(at);
    if (here === this.here) return;
    this.here?.link.removeAttribute("aria-current");
    here?.link.setAttribute("aria-current", "true");
    this.here = here;
  }

  // The position's text for screen readers.
  #say(ms) {
    const title = this.#chapterAt(ms)?.title;
    const text = title ? `${clock(ms)} ${title}` : clock(ms);
    if (this.slider.getAttribute("aria-valuetext") !== text) this.slider.setAttribute("aria-valuetext", text);
  }

  async #show(ms) {
    const at = Math.max(0, Math.min(ms, this.length));
    const { preview } = this;
    preview.querySelector("[data-preview-time]").textContent = clock(at);
    preview.querySelector("[data-preview-title]").textContent = this.#chapterAt(at)?.title ?? "";
    preview.hidden = false;
    const half = preview.offsetWidth / 2;
    const width = this.slider.offsetWidth;
    preview.style.left = `${Math.max(half, Math.min(width - half, (at / this.length) * width))}px`;
    this.wanted = at;
    const source = this.root.dataset.storyboard;
    if (!source) return;
    // Fetched on first use of the bar: no data volume for people who never seek.
    this.sheet ??= pictures(source).catch(() => []);
    const found = last(await this.sheet, (one) => one.start <= this.wanted);
    if (!found) return;
    const image = preview.querySelector("[data-preview-image]");
    const [x, y, w, h] = found.box;
    Object.assign(image.style, {
      width: `${w}px`,
      height: `${h}px`,
      backgroundImage: `url("${found.file}")`,
      backgroundPosition: `-${x}px -${y}px`,
    });
    image.hidden = false;
  }

  #hide() {
    this.preview.hidden = true;
  }
}
