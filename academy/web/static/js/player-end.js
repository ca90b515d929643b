// The end of a lecture: what was done, whether it is recorded, what the trainings still ask for, what comes next.

import { fill } from "./words.js";

const PATIENCE_MS = 8000;

export class End {
  /**
   * @param {HTMLElement} root
   * @param {HTMLVideoElement} video
   * @param {import("./player-ledger.js").Ledger | null} ledger
   * @param {Record<string, import("./words.js").Words>} words
   */
  constructor(root, video, ledger, words) {
    this.root = root;
    this.video = video;
    this.ledger = ledger;
    this.words = words;
    this.panel = /** @type {HTMLElement | null} */ (root.querySelector("[data-end]"));
    if (!this.panel) return;
    video.addEventListener("ended", () => this.#show());
    for (const kind of ["play", "seeking"]) video.addEventListener(kind, () => this.#hide());
    root.addEventListener("recorded", () => this.panel.hidden || this.#say());
    this.panel.querySelector("[data-end-missing]").addEventListener("click", () => {
      this.#hide();
      ledger.only(true);
    });
    this.panel.querySelector("[data-end-again]").addEventListener("click", () => {
      video.currentTime = 0;
      video.play().catch(() => {});
    });
  }

  async #show() {
    const { panel, root, ledger } = this;
    panel.hidden = false;
    root.dataset.over = "";
    // What was played last becomes a record at once: until then nothing is left to be sent, and nothing is recorded.
    const settled = ledger?.settled();
    this.#say();
    panel.focus({ preventScroll: true });
    panel.scrollIntoView({ block: "nearest" });
    // What is said of trainings counts this lecture, so it is asked for once the record has arrived.
    if (ledger) await Promise.race([settled, new Promise((done) => setTimeout(done, PATIENCE_MS))]);
    this.#say();
    await this.#standing().catch(() => {}); // without a network the panel keeps what the page knew
  }

  #hide() {
    this.panel.hidden = true;
    delete this.root.dataset.over;
  }

  #say() {
    const { ledger, words, panel } = this;
    const [title, said] = [panel.querySelector("[data-end-title]"), panel.querySelector("[data-end-said]")];
    const left = ledger ? ledger.left() : 0;
    title.textContent = fill(ledger && !left ? words.end_done : words.end);
    panel.toggleAttribute("data-done", Boolean(ledger && !left));
    panel.querySelector("[data-end-left]").hidden = !left;
    if (left) panel.querySelector("[data-end-left-text]").textContent = fill(words.end_left, { left: ledger.describe(left) });
    // Also before the record has reached this phone's own disk, which may take seconds.
    const waiting = Boolean(ledger?.waiting || ledger?.unsent.length);
    said.textContent = ledger ? fill(waiting ? words.end_waiting : words.end_recorded) : "";
    said.toggleAttribute("data-waiting", waiting);
  }

  async #standing() {
    const answer = await fetch(this.root.dataset.after, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-after-body]");
    if (fresh) this.panel.querySelector("[data-end-next]").replaceChildren(fresh);
  }
}
