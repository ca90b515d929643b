/* <div data-upload>: one file of any size over any line (upload-transfer.js). */

import { Transfer, duration, size } from "./upload-transfer.js";
import { wordsOf } from "./words.js";

class Upload {
  /** @param {HTMLElement} box */
  constructor(box) {
    this.box = box;
    this.say = wordsOf(box);
    this.form = /** @type {HTMLFormElement} */ (this.part("form"));
    this.input = /** @type {HTMLInputElement} */ (this.form.querySelector("input[type=file]"));
    /** @type {Transfer | null} */
    this.transfer = null;
    this.form.addEventListener("submit", (event) => this.#submit(event));
    this.part("pause").addEventListener("click", () => (this.transfer?.busy ? this.pause() : this.go()));
    this.part("other").addEventListener("click", () => {
      this.transfer?.stop();
      this.show(false);
      this.input.value = "";
      this.input.focus();
    });
    addEventListener("online", () => this.transfer && !this.transfer.busy && this.part("error").hidden === false && this.go());
    addEventListener("beforeunload", (event) => this.transfer?.busy && event.preventDefault());
  }

  /** @param {string} name */
  part(name) {
    return this.box.querySelector(`[data-upload-${name}]`);
  }

  /** @param {string} text */
  figures(text) {
    this.part("figures").textContent = text;
  }

  /** @param {Event} event */
  async #submit(event) {
    if (!window.tus || !this.input.files.length) return;
    event.preventDefault();
    const file = this.input.files[0];
    this.transfer = new Transfer(this.box.dataset.endpoint, this.box.dataset.purpose, file, {
      progress: (sent, total, perSecond) => this.progress(sent, total, perSecond),
      resumed: () => this.figures(this.say("resumed")),
      waiting: () => this.figures(this.say("waiting")),
      done: (id) => this.finished(id),
      failed: (sentence) => this.wrong(sentence === null ? this.say("waiting") : sentence || this.say("failed")),
    });
    const known = await this.transfer.known();
    if (!known) return this.begin(file);
    this.part("known").querySelector("p").textContent = this.say("known", { day: known.day, name: known.filename });
    this.part("use").onclick = () => this.hand("asset", known.id);
    this.part("anyway").onclick = () => this.begin(file);
    this.form.hidden = true;
    this.part("known").hidden = false;
    this.part("use").focus();
  }

  /** @param {File} file */
  async begin(file) {
    this.part("known").hidden = true;
    this.show(true);
    this.part("name").textContent = this.say("sending", { name: file.name });
    if (!file.size) return this.wrong(this.say("empty"));
    this.#ready();
    await this.transfer.begin();
  }

  #ready() {
    this.part("error").hidden = true;
    this.part("pause").textContent = this.say("pause");
    this.part("pause").hidden = false;
  }

  go() {
    this.#ready();
    this.transfer.go();
  }

  pause() {
    this.transfer.stop();
    this.figures(this.say("paused"));
    this.part("pause").textContent = this.say("resume");
  }

  /**
   * @param {number} sent bytes
   * @param {number} total bytes
   * @param {number} perSecond bytes
   */
  progress(sent, total, perSecond) {
    const { say } = this;
    /** @type {HTMLProgressElement} */ (this.part("bar")).value = total ? Math.floor((sent / total) * 1000) : 0;
    this.part("share").textContent = `${Math.floor((sent / total) * 100)}%`;
    const texts = [say("of", { done: size(sent), all: size(total) })];
    if (perSecond > 0) {
      texts.push(say("speed", { size: size(perSecond) }), say("left", { time: duration(say, (total - sent) / perSecond) }));
    }
    this.figures(texts.join(say("comma")));
  }

  /** @param {string} id */
  finished(id) {
    this.figures(this.say("finished"));
    this.part("pause").hidden = true;
    this.hand("upload", id);
  }

  /**
   * Submit the uploaded or existing file to the page.
   * @param {"asset" | "upload"} what
   * @param {string} id
   */
  hand(what, id) {
    const done = /** @type {HTMLFormElement} */ (this.part("done"));
    /** @type {HTMLInputElement} */ (done.elements.namedItem(what)).value = id;
    this.box.dispatchEvent(new CustomEvent("uploaded", { detail: id, bubbles: true }));
    done.submit();
  }

  /** @param {string} text */
  wrong(text) {
    this.part("error").textContent = text;
    this.part("error").hidden = false;
    this.figures("");
    this.part("pause").textContent = this.say("resume");
    this.part("pause").hidden = !this.transfer?.upload;
  }

  /** @param {boolean} sending */
  show(sending) {
    this.form.hidden = sending;
    this.part("state").hidden = !sending;
    this.part("error").hidden = true;
    /** @type {HTMLProgressElement} */ (this.part("bar")).value = 0;
    this.part("share").textContent = "0%";
  }
}

for (const box of document.querySelectorAll("[data-upload]")) new Upload(box);
