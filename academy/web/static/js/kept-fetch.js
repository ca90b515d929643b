// Fetches the files of a lecture in pieces, each at once on the phone: an interrupted download goes on where it was.

import { ownJson } from "./answers.js";
import { deviceKey } from "./player-parts.js";
import { owner, remember, remembered, wipes } from "./kept-mark.js";
import { post } from "./kept-owner.js";
import { addPiece, drop, dropPieces, lecture, pieces, save, sizes, Wiped } from "./kept-store.js";

const PIECE = 512 * 1024;
const HASHED = 64 * 1024 * 1024; // of larger files only the length is compared: the whole must fit into memory
const AGAIN_MS = [1000, 3000, 8000, 15_000];
const AT_ONCE = 3;

/** Why it stopped: the academy's own words, or one of "network", "space", "damaged". */
export class Stopped extends Error {
  /** @param {"network" | "space" | "damaged" | "said" | "cancelled"} why @param {string} [words] */
  constructor(why, words = "") {
    super(why);
    this.why = why;
    this.words = words;
  }
}

export class Keeper {
  /** @param {string} item @param {(done: number, all: number) => void} onProgress */
  constructor(item, onProgress) {
    this.item = item;
    this.onProgress = onProgress;
    this.stopping = new AbortController();
    this.loaded = new Map(); // bytes of files under way
    this.wipes = 0;
  }

  /** Stop; what is here stays for another time. */
  stop() {
    this.stopping.abort();
  }

  /** @param {string} [form] as chosen; without it what was begun goes on */
  async run(form) {
    this.wipes = wipes();
    const run = () => this.#run(form);
    // One page at a time, across all of this browser.
    return navigator.locks ? navigator.locks.request("academy-keep", { signal: this.stopping.signal }, run) : run();
  }

  async #run(form) {
    navigator.storage?.persist?.().catch(() => {});
    const one = await this.#begin(form);
    const waiting = one.files.filter((file) => !file.done);
    this.#tell(one);
    const work = async () => {
      for (let file = waiting.shift(); file; file = waiting.shift()) await this.#file(one, file);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    one.state = "ready";
    await this.#store(() => save(one));
    return one;
  }

  // The lease, fresh links and the list of files; files of the same content that are here already stay.
  async #begin(form) {
    const before = await lecture(this.item);
    const wanted = form ?? before?.form;
    let content;
    try {
      const answer = await post("/api/v1/offline/lectures", { item: this.item, form: wanted, device: deviceKey() });
      content = await ownJson(answer);
      if (answer.status !== 201 || !content?.token) {
        if (answer.status >= 400 && answer.status < 500 && content?.title) throw new Stopped("said", content.title);
        throw new Stopped("network");
      }
    } catch (error) {
      throw error instanceof Stopped ? error : new Stopped("network");
    }
    const here = new Set((before?.files ?? []).filter((file) => file.done).map((file) => file.sha256));
    if (before && before.form !== content.form) await dropPieces(this.item);
    const files = content.files.map((file) => ({ ...file, done: before?.form === content.form && here.has(file.sha256) }));
    const one = { ...content, files, owner: owner(), state: "fetching", kept_at: before?.kept_at ?? Date.now() };
    if (wipes() !== this.wipes) throw new Stopped("cancelled"); // signed out while the answer was under way
    remember({ ...(remembered() ?? {}), owner: owner(), locked: false });
    await this.#store(() => save(one));
    return one;
  }

  async #file(one, file) {
    for (let damaged = 0; ; damaged++) {
      await this.#pieces(one, file);
      if (await this.#isWhole(file)) break;
      await dropPieces(this.item, file.sha256);
      if (damaged) throw new Stopped("damaged");
    }
    file.done = true;
    this.loaded.delete(file.sha256);
    await this.#store(() => save(one));
    this.#tell(one);
  }

  async #pieces(one, file) {
    const here = (await pieces(this.item, file.sha256)).length;
    for (let number = here; number * PIECE < file.size; number++) {
      this.loaded.set(file.sha256, number * PIECE);
      this.#tell(one);
      const bytes = await this.#piece(file, number * PIECE, Math.min(file.size, (number + 1) * PIECE));
      await this.#store(() => addPiece(this.item, file.sha256, number, bytes));
    }
  }

  async #piece(file, start, end) {
    for (let tries = 0; ; tries++) {
      this.#check();
      try {
        const whole = start === 0 && end === file.size;
        const headers = whole ? {} : { Range: `bytes=${start}-${end - 1}` };
        const answer = await fetch(file.url, { headers, signal: this.stopping.signal, credentials: "omit" });
        if (answer.status === 404 || answer.status === 403) throw new Stopped("network");
        const bytes = await answer.arrayBuffer();
        if (answer.status === 206 && bytes.byteLength === end - start) return bytes;
        // A front that knows no ranges sends the whole.
        if (answer.status === 200 && bytes.byteLength === file.size) return bytes.slice(start, end);
        throw new Error("not the file");
      } catch (error) {
        this.#check();
        if (error instanceof Stopped || tries >= AGAIN_MS.length) throw error instanceof Stopped ? error : new Stopped("network");
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS[tries]));
      }
    }
  }

  #check() {
    if (this.stopping.signal.aborted) throw new Stopped("cancelled");
  }

  async #isWhole(file) {
    const blob = new Blob(await pieces(this.item, file.sha256));
    if (blob.size !== file.size) return false;
    if (file.size > HASHED || !crypto.subtle) return true;
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer()));
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("") === file.sha256;
  }

  // A full phone is not a lost network.
  async #store(work) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Wiped) throw new Stopped("cancelled");
      throw /** @type {any} */ (error)?.name === "QuotaExceededError" ? new Stopped("space") : error;
    }
  }

  #tell(one) {
    const [all, whole] = sizes(one);
    const under = [...this.loaded.values()].reduce((sum, bytes) => sum + bytes, 0);
    this.onProgress(Math.min(all, whole + under), all);
  }

  /** Delete what was fetched. */
  async giveUp() {
    this.stop();
    await drop(this.item);
  }
}

/** A file that is kept, to be shown or played. @param {string} item @param {import("./kept-store.js").KeptFile} file */
export async function blobOf(item, file) {
  const kind = { mp4: "video/mp4", webp: "image/webp", jpg: "image/jpeg" }[file.file.split(".").pop()];
  return new Blob(await pieces(item, file.sha256), { type: kind });
}
