// Saves the lines on the server two seconds after the last change, and retries until they are acknowledged.

import { isProblem, ownJson } from "../answers.js";

const AFTER_MS = 2000;
const AGAIN_MS = 5000;

/**
 * @typedef {object} Options
 * @property {string} address where the lines are put
 * @property {number} version the version that the page was made from
 * @property {() => unknown[] | null} collect the lines, or null where they cannot be saved
 * @property {(state: "dirty" | "saving" | "saved" | "unsaved" | "offline") => void} onState
 * @property {(sentence: string | null) => void} onProblem
 * @property {() => void} onSaved everything is on the server
 * @property {() => void} onLater changed while it was being sent
 * @property {string} badTime what to say of lines that end before they begin
 */

export class Saver {
  /** @param {Options} options */
  constructor(options) {
    this.options = options;
    this.version = options.version;
    this.changed = 0;
    this.sent = 0;
    this.saving = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  get pending() {
    return this.changed !== this.sent;
  }

  touch() {
    this.changed += 1;
    this.options.onState("dirty");
    this.#later(AFTER_MS);
  }

  /** @param {number} ms */
  #later(ms) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), ms);
  }

  async save() {
    clearTimeout(this.timer);
    if (this.saving || !this.pending) return;
    const cues = this.options.collect();
    if (!cues) return this.options.onProblem(this.options.badTime);
    this.saving = true;
    const upTo = this.changed;
    this.options.onState("saving");
    try {
      await this.#put(cues, upTo);
    } catch {
      this.options.onState("offline");
      this.#later(AGAIN_MS);
    }
    this.saving = false;
    if (this.sent === upTo && this.pending) this.options.onLater();
  }

  /**
   * @param {unknown[]} cues
   * @param {number} upTo
   */
  async #put(cues, upTo) {
    const { address, onProblem, onSaved, onState } = this.options;
    const token = /** @type {HTMLMetaElement} */ (document.querySelector("meta[name=csrf-token]")).content;
    const answer = await fetch(address, {
      method: "PUT",
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token },
      body: JSON.stringify({ version: this.version, cues }),
    });
    const body = await ownJson(answer);
    if (answer.ok && Number.isInteger(body?.version)) {
      this.version = body.version;
      this.sent = upTo;
      if (!this.pending) onSaved();
      onProblem(null);
      onState("saved");
    } else if (isProblem(body) && answer.status < 500 && answer.status !== 429) {
      onProblem(body.title);
      onState("unsaved");
    } else throw new Error("not the academy's word");
  }
}
