// The video beside the lines: plays one line, and highlights the current line.

export class Playback {
  /**
   * @param {HTMLVideoElement} video
   * @param {import("./rows.js").Rows} rows
   */
  constructor(video, rows) {
    this.video = video;
    this.rows = rows;
    /** @type {number | null} */
    this.stopAt = null;
    /** @type {HTMLElement | null} */
    this.shown = null;
    this.#load();
    video.addEventListener("pause", () => {
      this.stopAt = null;
    });
    video.addEventListener("timeupdate", () => this.#follow());
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
    const { video, rows, now } = this;
    if (this.stopAt !== null && video.currentTime >= this.stopAt) video.pause();
    const row = rows.all().find((one) => rows.time(one, "start") <= now && now < rows.time(one, "end")) ?? null;
    if (row === this.shown) return;
    this.shown?.classList.remove("here");
    row?.classList.add("here");
    this.shown = row;
    if (row && !rows.list.contains(document.activeElement)) row.scrollIntoView({ block: "nearest" });
  }
}
