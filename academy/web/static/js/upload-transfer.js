// One file on its way to the server: it goes on where it stopped, after a lost network by itself, after a closed page or on
// another device when the same file is chosen again. What becomes of it is reported; what it looks like is its page's.

const PIECE = 16 * 1024 * 1024;
const HEAD = 1024 * 1024;
const AGAIN = [408, 409, 423, 425, 429, 460];
const WAITS = [0, 1000, 2000, 4000, 8000, 15000, 15000, 30000, 30000, 60000];
const RECENT_MS = 8000;

/**
 * @typedef {object} Reports
 * @property {(sent: number, total: number, perSecond: number) => void} progress
 * @property {() => void} resumed an earlier attempt is continued
 * @property {() => void} waiting the network is gone; it goes on by itself
 * @property {(id: string) => void} done
 * @property {(sentence: string | null) => void} failed with the server's sentence; null when the network stayed away
 */

/** @typedef {{ id: string, filename: string, day: string }} KnownFile */

/** @param {Blob} blob */
async function sha256(blob) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer()));
  return [...digest].map((b) => b.toString(16).padStart(2, "0")).join("");
}

/** @param {number} bytes */
export function size(bytes) {
  const units = ["B", "KB", "MB", "GB"];
  let step = 0;
  let value = bytes;
  while (value >= 1000 && step < 3) {
    value /= 1024;
    step += 1;
  }
  return `${value >= 100 || !step ? Math.round(value) : value.toFixed(1)} ${units[step]}`;
}

/**
 * Seconds, minutes or hours in words.
 * @param {(key: string, values?: Record<string, string | number>) => string} say
 * @param {number} seconds
 */
export function duration(say, seconds) {
  if (seconds < 60) return say("seconds", { n: Math.max(1, Math.round(seconds)) });
  if (seconds < 5400) return say("minutes", { n: Math.round(seconds / 60) });
  return say("hours", { n: (seconds / 3600).toFixed(1) });
}

export class Transfer {
  /** Whether bytes are on their way now. */
  busy = false;
  /** @type {[number, number][]} when how many bytes were sent, of the last seconds */
  #marks = [];

  /**
   * @param {string} endpoint
   * @param {string} purpose
   * @param {File} file
   * @param {Reports} reports
   */
  constructor(endpoint, purpose, file, reports) {
    this.endpoint = endpoint;
    this.purpose = purpose;
    this.file = file;
    this.reports = reports;
    this.upload = null;
  }

  /**
   * Ask first whether the file exists already, which saves hours on a slow connection: size, beginning and end identify it.
   * @returns {Promise<KnownFile | null>}
   */
  async known() {
    const { file } = this;
    try {
      const ends = new Blob([file.slice(0, HEAD), file.slice(Math.max(0, file.size - HEAD))]);
      const query = new URLSearchParams({ purpose: this.purpose, size: String(file.size), fingerprint: await sha256(ends) });
      const headers = { "Tus-Resumable": "1.0.0", Accept: "application/json" };
      const answer = await fetch(`${this.endpoint}/known?${query}`, { headers });
      return (await answer.json()).file ?? null;
    } catch {
      return null;
    }
  }

  /** Begin, or go on with what this or another device began. */
  async begin() {
    this.upload = this.#client();
    const before = (await this.upload.findPreviousUploads())[0];
    if (before) this.upload.resumeFromPreviousUpload(before);
    else this.upload.url = await this.#elsewhere();
    if (this.upload.url || before) this.reports.resumed();
    this.go();
  }

  go() {
    this.busy = true;
    this.#marks = [];
    this.upload.start();
  }

  stop() {
    this.busy = false;
    this.upload?.abort();
  }

  #client() {
    return new window.tus.Upload(this.file, {
      endpoint: this.endpoint,
      chunkSize: PIECE,
      retryDelays: WAITS,
      removeFingerprintOnSuccess: true,
      metadata: { filename: this.file.name, purpose: this.purpose },
      headers: { "X-CSRFToken": document.querySelector("meta[name=csrf-token]").getAttribute("content"), Accept: "application/json" },
      onProgress: (sent, total) => this.#progress(sent, total),
      onSuccess: () => {
        this.busy = false;
        this.reports.done(this.upload.url.split("/").pop());
      },
      onError: (error) => this.#failed(error),
      // A proxy's 404 must not restart the upload, nor its 200 complete it: only our responses have tus headers.
      onAfterResponse: (_request, answer) => {
        if (!answer.getHeader("Tus-Resumable")) throw new Error("not the academy's answer");
      },
      onShouldRetry: (error) => {
        const status = error.originalResponse ? error.originalResponse.getStatus() : 0;
        if (!status) this.reports.waiting();
        return !status || status >= 500 || AGAIN.includes(status);
      },
    });
  }

  // An open upload of another device or browser: the same name, size and first megabyte.
  async #elsewhere() {
    const { file } = this;
    if (!window.crypto?.subtle) return null;
    try {
      const answer = await fetch(`${this.endpoint}/unfinished`, { headers: { "Tus-Resumable": "1.0.0" } });
      const found = (await answer.json()).uploads.find((u) => u.filename === file.name && u.size === file.size);
      if (!found) return null;
      return (await sha256(file.slice(0, found.head))) === found.sha256 ? new URL(found.url, location.href).href : null;
    } catch {
      return null;
    }
  }

  #progress(sent, total) {
    const marks = this.#marks;
    const now = performance.now();
    marks.push([now, sent]);
    while (marks.length > 2 && now - marks[0][0] > RECENT_MS) marks.shift();
    const seconds = (now - marks[0][0]) / 1000;
    this.reports.progress(sent, total, seconds > 0.5 ? (sent - marks[0][1]) / seconds : 0);
  }

  #failed(error) {
    this.busy = false;
    const response = error.originalResponse;
    if (!response || !response.getStatus()) return this.reports.failed(null);
    let sentence = "";
    try {
      sentence = JSON.parse(response.getBody()).title;
    } catch {
      // Not one of our messages: the page has a general one.
    }
    this.reports.failed(sentence || "");
  }
}
