/* <div data-upload>: a file of any size over any line. It goes on where it stopped: after a lost
   network by itself, after a closed page or on another device when the same file is chosen again. */

import { wordsOf } from "./words.js";

const PIECE = 16 * 1024 * 1024;
const HEAD = 1024 * 1024;
const AGAIN = [408, 409, 423, 425, 429, 460];
const WAITS = [0, 1000, 2000, 4000, 8000, 15000, 15000, 30000, 30000, 60000];


/** @param {Blob} blob */
async function sha256(blob) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer()));
  return [...digest].map((b) => b.toString(16).padStart(2, "0")).join("");
}

/** @param {number} bytes */
function size(bytes) {
  const units = ["B", "KB", "MB", "GB"];
  let step = 0;
  let value = bytes;
  while (value >= 1000 && step < 3) {
    value /= 1024;
    step += 1;
  }
  return `${value >= 100 || !step ? Math.round(value) : value.toFixed(1)} ${units[step]}`;
}

class Upload {
  /** @param {HTMLElement} box */
  constructor(box) {
    this.box = box;
    this.say = wordsOf(box);
    this.form = /** @type {HTMLFormElement} */ (this.part("form"));
    this.input = /** @type {HTMLInputElement} */ (this.form.querySelector("input[type=file]"));
    this.upload = null;
    /** @type {[number, number][]} when how many bytes were sent, of the last seconds */
    this.marks = [];
    this.busy = false;
    this.form.addEventListener("submit", (event) => this.#submit(event));
    this.part("pause").addEventListener("click", () => (this.busy ? this.pause() : this.go()));
    this.part("other").addEventListener("click", () => {
      this.upload?.abort();
      this.show(false);
      this.input.value = "";
      this.input.focus();
    });
    addEventListener("online", () => this.upload && !this.busy && this.part("error").hidden === false && this.go());
    addEventListener("beforeunload", (event) => this.busy && event.preventDefault());
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
    const known = await this.sentBefore(file);
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
    this.upload = this.#client(file);
    const before = (await this.upload.findPreviousUploads())[0];
    if (before) this.upload.resumeFromPreviousUpload(before);
    else this.upload.url = await this.elsewhere(file);
    if (this.upload.url || before) this.figures(this.say("resumed"));
    this.go();
  }

  /** @param {File} file */
  #client(file) {
    return new window.tus.Upload(file, {
      endpoint: this.box.dataset.endpoint,
      chunkSize: PIECE,
      retryDelays: WAITS,
      removeFingerprintOnSuccess: true,
      metadata: { filename: file.name, purpose: this.box.dataset.purpose },
      headers: { "X-CSRFToken": document.querySelector("meta[name=csrf-token]").getAttribute("content"), Accept: "application/json" },
      onProgress: (sent, total) => this.progress(sent, total),
      onSuccess: () => this.finished(),
      onError: (error) => this.failed(error),
      // A proxy's 404 must not restart the upload, nor its 200 complete it: only our responses have tus headers.
      onAfterResponse: (_request, answer) => {
        if (!answer.getHeader("Tus-Resumable")) throw new Error("not the academy's answer");
      },
      onShouldRetry: (error) => {
        const status = error.originalResponse ? error.originalResponse.getStatus() : 0;
        if (!status) this.figures(this.say("waiting"));
        return !status || status >= 500 || AGAIN.includes(status);
      },
    });
  }

  /**
   * Ask first whether the file exists already, which saves hours on a slow connection: size, beginning and end identify it.
   * @param {File} file
   */
  async sentBefore(file) {
    try {
      const ends = new Blob([file.slice(0, HEAD), file.slice(Math.max(0, file.size - HEAD))]);
      const query = new URLSearchParams({ purpose: this.box.dataset.purpose, size: String(file.size), fingerprint: await sha256(ends) });
      const headers = { "Tus-Resumable": "1.0.0", Accept: "application/json" };
      const answer = await fetch(`${this.box.dataset.endpoint}/known?${query}`, { headers });
      return (await answer.json()).file ?? null;
    } catch {
      return null;
    }
  }

  /**
   * An open upload of another device or browser: the same name, size and first megabyte.
   * @param {File} file
   */
  async elsewhere(file) {
    if (!window.crypto?.subtle) return null;
    try {
      const answer = await fetch(`${this.box.dataset.endpoint}/unfinished`, { headers: { "Tus-Resumable": "1.0.0" } });
      const found = (await answer.json()).uploads.find((u) => u.filename === file.name && u.size === file.size);
      if (!found) return null;
      return (await sha256(file.slice(0, found.head))) === found.sha256 ? new URL(found.url, location.href).href : null;
    } catch {
      return null;
    }
  }

  go() {
    this.busy = true;
    this.marks = [];
    this.part("error").hidden = true;
    this.part("pause").textContent = this.say("pause");
    this.part("pause").hidden = false;
    this.upload.start();
  }

  pause() {
    this.busy = false;
    this.upload.abort();
    this.figures(this.say("paused"));
    this.part("pause").textContent = this.say("resume");
  }

  /**
   * @param {number} sent bytes
   * @param {number} total bytes
   */
  progress(sent, total) {
    const { marks, say } = this;
    const now = performance.now();
    marks.push([now, sent]);
    while (marks.length > 2 && now - marks[0][0] > 8000) marks.shift();
    /** @type {HTMLProgressElement} */ (this.part("bar")).value = total ? Math.floor((sent / total) * 1000) : 0;
    this.part("share").textContent = `${Math.floor((sent / total) * 100)}%`;
    const seconds = (now - marks[0][0]) / 1000;
    const pace = seconds > 0.5 ? (sent - marks[0][1]) / seconds : 0;
    const texts = [say("of", { done: size(sent), all: size(total) })];
    if (pace > 0) texts.push(say("speed", { size: size(pace) }), say("left", { time: this.time((total - sent) / pace) }));
    this.figures(texts.join(say("comma")));
  }

  finished() {
    this.busy = false;
    this.figures(this.say("finished"));
    this.part("pause").hidden = true;
    this.hand("upload", this.upload.url.split("/").pop());
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

  failed(error) {
    this.busy = false;
    let text = this.say("failed");
    const response = error.originalResponse;
    if (!response || !response.getStatus()) text = this.say("waiting");
    else
      try {
        text = JSON.parse(response.getBody()).title || text;
      } catch {
        // Not one of our messages: show a general one.
      }
    this.wrong(text);
  }

  /** @param {string} text */
  wrong(text) {
    this.part("error").textContent = text;
    this.part("error").hidden = false;
    this.figures("");
    this.part("pause").textContent = this.say("resume");
    this.part("pause").hidden = !this.upload;
  }

  /** @param {boolean} sending */
  show(sending) {
    this.form.hidden = sending;
    this.part("state").hidden = !sending;
    this.part("error").hidden = true;
    /** @type {HTMLProgressElement} */ (this.part("bar")).value = 0;
    this.part("share").textContent = "0%";
  }

  /** @param {number} seconds */
  time(seconds) {
    if (seconds < 60) return this.say("seconds", { n: Math.max(1, Math.round(seconds)) });
    if (seconds < 5400) return this.say("minutes", { n: Math.round(seconds / 60) });
    return this.say("hours", { n: (seconds / 3600).toFixed(1) });
  }
}

for (const box of document.querySelectorAll("[data-upload]")) new Upload(box);
