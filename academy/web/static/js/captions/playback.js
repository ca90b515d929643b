// The video beside the lines: plays one line, and lets the lines follow.

import { Following } from "./following.js";

export class Playback {
  /**
   * @param {HTMLVideoElement} video
   * @param {import("./rows.js").Rows} rows
   * @param {HTMLInputElement | null} [box] whether the lines follow
   */
  constructor(video, rows, box = null) {
    this.video = video;
    this.rows = rows;
    this.following = new Following(rows, box);
    /** @type {number | null} */
    this.stopAt = null;
    this.#load();
    video.addEventListener("pause", () => {
      this.stopAt = null;
    });
    for (const kind of ["timeupdate", "seeking"]) video.addEventListener(kind, () => this.#follow());
  }

  get now() {
    return this.video.currentTime * 1000;
  }

  #load() {
    const source = this.video.dataset.playlist ?? "";
    if (window.Hls?.isSupported()) {
      const hls = new window.Hls();
      hls.loadSource(source);
      hls.attachMedia(this.video);
    } else this.video.src = source;
  }

  /**
   * From the line's beginning to its end; while one is being played, pause.
   * @param {Element} row
   */
  play(row) {
    if (!this.video.paused && this.stopAt !== null) return this.video.pause();
    this.video.currentTime = this.rows.time(row, "start") / 1000;
    this.stopAt = this.rows.time(row, "end") / 1000;
    this.video.play().catch(() => {});
  }

  #follow() {
    const { video } = this;
    if (this.stopAt !== null && video.currentTime >= this.stopAt) video.pause();
    this.following.show(this.now);
  }
}
