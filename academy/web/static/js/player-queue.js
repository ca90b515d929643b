// Stretches that the server has not acknowledged yet. They wait in IndexedDB, through a closed page
// and a dead battery, and are sent in order when there is a network; the server counts each once.

import { merge } from "./player-spans.js";

const BEATS = "/api/v1/progress/beats";
const PATIENCE_MS = 20_000;

let opening;
let memory = []; // where the browser has no IndexedDB: at least this visit
let next = 1;

function store(mode) {
  opening ??= new Promise((resolve) => {
    try {
      const request = indexedDB.open("academy-beats", 1);
      request.onupgradeneeded = () => request.result.createObjectStore("beats", { keyPath: "id", autoIncrement: true });
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => resolve(null);
      request.onblocked = () => resolve(null);
    } catch {
      resolve(null);
    }
  });
  return opening.then((db) => db && db.transaction("beats", mode).objectStore("beats"));
}

const result = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

export async function keep(record) {
  try {
    const beats = await store("readwrite");
    if (beats) return await result(beats.add(record));
  } catch {
    // A full or forbidden store: memory it is.
  }
  memory.push({ ...record, id: `m${next++}` });
}

export async function waiting() {
  try {
    const beats = await store("readonly");
    return [...(beats ? await result(beats.getAll()) : []), ...memory];
  } catch {
    return memory;
  }
}

async function forget(records) {
  const gone = new Set(records.map((record) => record.id));
  memory = memory.filter((record) => !gone.has(record.id));
  const beats = await store("readwrite");
  if (beats) for (const id of gone) if (typeof id === "number") beats.delete(id);
}

// All that waits for one lease is one beat: fewer requests, and the same credit.
export function joined(records) {
  const last = records[records.length - 1];
  return {
    lease: last.lease,
    seq: Math.max(...records.map((record) => record.seq)),
    spans: merge(records.flatMap((record) => record.spans)).slice(0, 500),
    position: last.position,
  };
}

export class Queue {
  constructor({ onAnswer, onChange }) {
    this.onAnswer = onAnswer; // (records, status, said)
    this.onChange = onChange; // (milliseconds waiting, reachable)
    this.tries = 0;
    this.sending = null;
    addEventListener("online", () => this.flush());
  }

  async add(record) {
    await keep(record);
    return this.flush();
  }

  // One sender at a time, in this page and across pages.
  flush() {
    this.sending ??= this.#locked().finally(() => {
      this.sending = null;
    });
    return this.sending;
  }

  #locked() {
    clearTimeout(this.timer);
    const run = () => this.#send();
    return navigator.locks ? navigator.locks.request("academy-beats", run) : run();
  }

  async #send() {
    for (;;) {
      const records = await waiting();
      if (!records.length) {
        this.tries = 0;
        this.onChange(0, true);
        return true;
      }
      const some = records.filter((record) => record.lease === records[0].lease).slice(0, 200);
      this.onChange(this.#length(records), true);
      const pause = await this.#post(some);
      if (pause) {
        this.onChange(this.#length(await waiting()), false);
        this.timer = setTimeout(() => this.flush(), pause);
        return false;
      }
      this.tries = 0;
    }
  }

  // 0 when the server has spoken; else how long to wait before asking again.
  async #post(records) {
    let answer;
    try {
      answer = await fetch(BEATS, {
        method: "POST",
        body: JSON.stringify(joined(records)),
        headers: { "Content-Type": "application/json" },
        credentials: "omit",
        signal: AbortSignal.timeout?.(PATIENCE_MS),
      });
    } catch {
      return this.#backoff();
    }
    if (answer.status >= 500 || answer.status === 429 || answer.status === 408) {
      const told = Number(answer.headers.get("Retry-After"));
      return Math.max(told * 1000 || 0, 0) + this.#backoff();
    }
    const said = answer.status === 204 ? {} : await answer.json().catch(() => ({}));
    await forget(records);
    this.onAnswer(records, answer.status, said);
    return 0;
  }

  #backoff() {
    this.tries += 1;
    return Math.min(60_000, 1000 * 2 ** Math.min(this.tries, 6)) * (0.5 + Math.random());
  }

  #length(records) {
    return records.reduce((sum, record) => sum + record.spans.reduce((all, [a, b]) => all + b - a, 0), 0);
  }

  // The page is going: nobody will hear the answer, so the records stay until one is heard.
  farewell(records) {
    if (records.length) navigator.sendBeacon?.(BEATS, new Blob([JSON.stringify(joined(records))], { type: "text/plain" }));
  }
}
