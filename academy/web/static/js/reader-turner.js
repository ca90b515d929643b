// A document with the interface of a media element for the watch ledger: page n is a span of its time.

const TICK_MS = 250;

// A page being read, as a video that stops at the page's end.
export class Turner extends EventTarget {
  paused = true;
  seeking = false;
  ended = false;
  #at = 0;
  #since = 0;
  #stop = 0;
  #still = false;
  #away = false;

  /**
   * @param {number} pageMs how much of the ledger's time a page is
   * @param {number} rate
   * @param {(page: number) => void} show
   */
  constructor(pageMs, rate, show) {
    super();
    this.pageMs = pageMs;
    this.playbackRate = rate;
    this.show = show;
    this.page = 1;
    /** @type {(from: number, to: number) => [number, number][]} unread parts of a span */
    this.missing = () => [];
    setInterval(() => this.#tick(), TICK_MS);
  }

  get currentTime() {
    if (this.paused) return this.#at / 1000;
    return Math.min(this.#at + (performance.now() - this.#since) * this.playbackRate, this.#stop) / 1000;
  }

  // Seeking goes to a page; the position inside it follows from what was read.
  set currentTime(seconds) {
    this.show(Math.floor((seconds * 1000) / this.pageMs) + 1);
  }

  // Between two pages: nothing is read until the next one is there.
  leave() {
    this.#halt();
    this.#away = true;
  }

  /** @param {number} page */
  turn(page) {
    this.#halt();
    this.#away = false;
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
    const from = (this.page - 1) * this.pageMs;
    const [first] = this.missing(from, from + this.pageMs);
    if (!this.paused || this.#still || this.#away || document.hidden || !first) return;
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
