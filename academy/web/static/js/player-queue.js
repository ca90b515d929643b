// Sends played segments to the server, in order, whenever there is a network. They are deleted only on the
// server's own acknowledgement (answers.js); the server counts each second once.

import { acknowledgement } from "./answers.js";
import { inMs, length } from "./player-spans.js";
import { byLease, forget, joined, keep, waiting } from "./player-store.js";

export { waiting };

const BEATS = "/api/v1/progress/heartbeats";
const PATIENCE_MS = 20_000;
const MOST_SPANS = 500; // the server's maximum for one heartbeat; the rest goes with the next
const MOST_RECORDS = 200;

// One heartbeat made of these records, and the spans it contains.
export function heartbeat(records) {
  const { lease, item, seq, spans, position, unitMs } = joined(records);
  return { lease, item, seq, position, spans: spans.slice(0, MOST_SPANS), ...(unitMs && { unitMs }) };
}

const body = ({ lease, seq, spans, position }) => JSON.stringify({ lease, seq, spans, position });

export class Queue {
  // `unitMs`: milliseconds of a record that is added for each unit that the server counts; here all spans are in ms.
  constructor({ onAnswer, onChange, unitMs = 1 }) {
    this.unitMs = unitMs;
    this.onAnswer = onAnswer; // (heartbeat, status, the server's response)
    this.onChange = onChange; // (milliseconds waiting, reachable)
    this.tries = 0;
    this.sending = null;
    addEventListener("online", () => this.flush());
  }

  async add(record) {
    await keep(this.#counted(record));
    return this.flush();
  }

  // A record as the server counts it, and in what: an earlier release kept a document's pages in milliseconds.
  #counted(record) {
    const { unitMs } = this;
    if (unitMs === 1) return record;
    const spans = record.spans.map(([start, end]) => [start / unitMs, end / unitMs]);
    return { ...record, unitMs, spans, position: Math.floor(record.position / unitMs) };
  }

  // One sender at a time, across all pages of this browser.
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
      this.onChange(this.#length(records), true);
      // A failure of one lease (a proxy that blocks it, a server error) does not delay the others for ever.
      const leases = byLease(records);
      const pause = await this.#post(leases[this.tries % leases.length].slice(0, MOST_RECORDS));
      if (pause) {
        this.onChange(this.#length(await waiting()), false);
        this.timer = setTimeout(() => this.flush(), pause);
        return false;
      }
      this.tries = 0;
    }
  }

  // 0 when the server responded; else milliseconds to wait before a retry.
  async #post(records) {
    const sent = heartbeat(records);
    let answer;
    let content = null;
    try {
      answer = await fetch(BEATS, {
        method: "POST",
        body: body(sent),
        headers: { "Content-Type": "application/json", Accept: "application/json" },
        credentials: "omit",
        redirect: "error",
        cache: "no-store",
        signal: AbortSignal.timeout?.(PATIENCE_MS),
      });
      content = await acknowledgement(answer, sent.seq);
    } catch {
      return this.#backoff();
    }
    if (!content) {
      const wanted = Number(answer.headers.get("Retry-After")) * 1000;
      return Math.min(Math.max(wanted || 0, 0), 300_000) + this.#backoff();
    }
    await forget(records, sent.spans);
    const [spans, refused] = [sent.spans, content.refused ?? []].map((some) => inMs(some, sent.unitMs ?? 1));
    this.onAnswer({ ...sent, spans }, answer.status, { ...content, refused });
    return 0;
  }

  #backoff() {
    this.tries += 1;
    return Math.min(60_000, 1000 * 2 ** Math.min(this.tries, 6)) * (0.5 + Math.random());
  }

  #length(records) {
    return records.reduce((sum, record) => sum + length(record.spans) * (record.unitMs ?? 1), 0);
  }

  // The page is closing and will not receive the response: the records stay until one is received.
  farewell(records) {
    if (records.length) navigator.sendBeacon?.(BEATS, new Blob([body(heartbeat(records.map((one) => this.#counted(one))))], { type: "text/plain" }));
  }
}
