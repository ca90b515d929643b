// One note while it is typed: kept on this device at every stroke, on the server a moment later.

import { keep, send } from "./talk-store.js";

const AFTER_MS = 1500;
const AGAIN_MS = 5000;
const WRITER = Array.from(crypto.getRandomValues(new Uint8Array(9)), (n) => n.toString(36)).join("").slice(0, 16);

// Counted for the whole page: a sheet that is opened again goes on where the last one stopped.
let saves = 0;

export const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (n) => n.toString(16).padStart(2, "0")).join("");

export class NoteSaver {
  /**
   * @param {HTMLTextAreaElement} field
   * @param {import("./talk-store.js").Entry} entry
   * @param {(state: "saving" | "saved" | "kept" | "merged" | "signed_out" | "refused", text?: string) => void} onState
   */
  constructor(field, entry, onState) {
    this.field = field;
    this.entry = { ...entry, writer: WRITER, sequence: saves };
    this.onState = onState;
    this.stored = entry.body;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.typed = () => this.#typed();
    field.addEventListener("input", this.typed);
  }

  get pending() {
    return this.field.value !== this.stored;
  }

  #typed() {
    this.#next();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), AFTER_MS);
  }

  #next() {
    saves += 1;
    this.entry = { ...this.entry, body: this.field.value, sequence: saves, refused: undefined };
    keep(this.entry);
  }

  /** Whether it is on the server now. @param {boolean} [always] also where nothing was typed: a bookmark */
  async save(always = false) {
    clearTimeout(this.timer);
    if (!this.pending && !always) return true;
    if (always && !this.pending) this.#next();
    const mine = this.entry;
    this.onState("saving");
    const { outcome, content } = await send(mine);
    if (outcome === "offline") {
      this.onState("kept");
      this.timer = setTimeout(() => this.save(), AGAIN_MS);
      return false;
    }
    if (outcome !== "saved") {
      this.onState(outcome, content?.title);
      return false;
    }
    this.entry = { ...this.entry, revision: content.revision };
    this.stored = mine.body;
    if (content.merged && this.field.value === mine.body) {
      this.field.value = content.body;
      this.stored = content.body;
    }
    this.onState(content.merged ? "merged" : "saved");
    return true;
  }

  close() {
    this.field.removeEventListener("input", this.typed);
    return this.save();
  }
}
