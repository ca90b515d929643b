// The client of the watch ledger: leases, heartbeats, and their messages on the page.

import { isProblem, ownJson } from "./answers.js";
import { deviceKey, drawSpans } from "./player-parts.js";
import { Queue, waiting } from "./player-queue.js";
import { Watcher, clock, gaps, inMs, latest, length, merge, subtract } from "./player-spans.js";
import { fill } from "./words.js";

const [BEAT_MS, EARLY_MS] = [15_000, 5_000];
// The server gives a playback that was silent for 90 s to the next device that asks: after this long, ask anew.
const SILENT_MS = 75_000;

export class Ledger {
  /**
   * @param {HTMLElement} root
   * @param {HTMLVideoElement} video the media element, or an object with its interface (reader.js)
   * @param {Record<string, import("./words.js").Words>} words
   */
  constructor(root, video, words) {
    const held = JSON.parse(root.dataset.held);
    this.unitMs = held.unit === "page" ? Number(root.dataset.page) : 1; // here a page is a stretch of milliseconds
    this.root = root;
    this.video = video;
    this.words = words;
    this.item = root.dataset.item;
    this.duration = Number(root.dataset.duration);
    this.counted = inMs(held.spans, this.unitMs);
    this.refused = held.refused.map((one) => ({ ...one, spans: inMs(one.spans, this.unitMs) }));
    this.completed = Boolean(held.completed_at);
    this.threshold = Number(root.dataset.threshold);
    this.unsent = [];
    this.lease = null;
    this.waiting = 0; // milliseconds that the server does not know yet
    this.heard = 0; // when it last answered for this lease
    this.watcher = new Watcher(video);
    this.queue = new Queue({
      unitMs: this.unitMs, onAnswer: (sent, status, content) => this.#answered(sent, status, content),
      onChange: (ms, reachable) => this.#waiting(ms, reachable),
    });
    this.dialog = /** @type {HTMLDialogElement} */ (root.querySelector("[data-ask]"));
    this.#listen();
    this.draw();
    this.queue.flush();
  }

  // Texts of an amount and a stretch; the document reader overrides them with pages.
  describe(ms) { return clock(ms); }

  // Half a second that is missing is not 0:00.
  remaining(ms) { return clock(Math.ceil(ms / 1000) * 1000); }

  name([start, end]) { return `${clock(start)}–${clock(end)}`; }

  // What of newly shown spans may be claimed; the reader keeps back pages that were not shown to their end.
  claimable(spans) { return spans; }

  /** @param {string} name */
  part(name) {
    return this.root.querySelector(`[data-${name}]`);
  }

  #listen() {
    const { video } = this;
    video.addEventListener("play", () => this.#begin());
    if (!video.paused) this.#begin(); // somebody pressed play while this was fetched
    for (const kind of ["pause", "seeked", "ratechange", "ended"]) video.addEventListener(kind, () => this.beat());
    video.addEventListener("timeupdate", () => this.toDo && this.#skip());
    setInterval(() => !video.paused && this.beat(), BEAT_MS);
    document.addEventListener("visibilitychange", () => document.hidden && this.beat(true));
    addEventListener("pagehide", () => this.beat(true));
    this.dialog.addEventListener("close", () => this.#decided(this.dialog.returnValue));
    this.part("only").addEventListener("click", () => this.only(!this.toDo));
    this.part("missing").addEventListener("click", (event) => {
      const start = /** @type {Element} */ (event.target).closest("button")?.dataset.start;
      if (!start) return;
      video.currentTime = Number(start) / 1000;
      video.play();
    });
  }

  // ---- leases ----

  async #begin(takeOver = false) {
    if (this.asking || (this.lease && Date.now() - this.heard < SILENT_MS)) return;
    const { token, seq } = this.root.dataset; // of a lecture that is kept on this phone: given beforehand
    if (token) return this.lease ? undefined : this.#began({ token, seq: Number(seq), spans: [] });
    this.asking = true;
    try {
      // Send records of an earlier visit first, while its lease is active.
      await Promise.race([this.queue.flush(), new Promise((resolve) => setTimeout(resolve, 4000))]);
      const answer = await fetch("/api/v1/progress/leases", {
        method: "POST",
        headers: {
          "Content-Type": "application/json",
          "X-CSRFToken": document.querySelector("meta[name=csrf-token]").getAttribute("content"),
        },
        body: JSON.stringify({ item: this.item, device: deviceKey(), take_over: takeOver, unit: this.unitMs > 1 ? "page" : "ms" }),
      });
      const content = await ownJson(answer);
      if (answer.status === 201 && content?.token) this.#began(content);
      else if (!isProblem(content) || answer.status >= 500 || answer.status === 429) throw new Error("not the academy's response");
      else if (content.type === "urn:academy:other-device") this.#ask(content.title, this.words.take_over);
      else this.#ask(content.title, null);
    } catch {
      this.#status(this.words.unreachable, "warn");
      clearTimeout(this.again);
      this.again = setTimeout(() => !this.video.paused && this.#begin(takeOver), 5000);
    } finally {
      this.asking = false;
    }
  }

  #began(content) {
    this.lease = { token: content.token, id: content.lease };
    this.heard = Date.now();
    this.seq = Math.max(content.seq, ...this.unsent.filter((one) => one.lease === content.token).map((one) => one.seq));
    this.counted = merge([...this.counted, ...inMs(content.spans, this.unitMs)]);
    // What was watched while a slow network brought the lease counts too: the server lends so much, once.
    this.watcher.done = latest(this.watcher.take(), EARLY_MS);
    this.watcher.step();
    this.draw();
  }

  #ask(text, offer) {
    this.video.pause();
    this.part("ask-text").textContent = text;
    const yes = this.part("ask-yes");
    yes.hidden = !offer;
    if (offer) yes.textContent = offer;
    this.part("ask-no").textContent = fill(offer === this.words.take_over ? this.words.stay : this.words.understood);
    if (!this.dialog.open) this.dialog.showModal();
  }

  async #decided(choice) {
    this.dialog.returnValue = "";
    if (choice !== "yes") return;
    this.lease = null;
    await this.#begin(true);
    if (this.lease) this.video.play();
  }

  // ---- heartbeats ----

  async beat(leaving = false) {
    if (!this.lease) return;
    const spans = this.claimable(this.watcher.take().map(([a, b]) => [Math.max(0, a), Math.min(b, this.duration)]).filter(([a, b]) => b > a));
    if (spans.length) {
      this.seq += 1;
      const record = { lease: this.lease.token, item: this.item, seq: this.seq, spans, position: this.#position() };
      this.unsent.push(record);
      if (leaving) this.queue.farewell(this.unsent.filter((one) => one.lease === this.lease.token));
      this.draw();
      await this.queue.add(record);
    } else if (leaving && this.unsent.length) {
      this.queue.farewell(this.unsent.filter((one) => one.lease === this.lease.token));
    }
  }

  #position() {
    const at = Math.round(this.video.currentTime * 1000);
    return this.video.ended ? 0 : Math.max(0, Math.min(at, this.duration));
  }

  #answered(sent, status, content) {
    const mine = sent.item === this.item;
    if (sent.lease === this.lease?.token) this.heard = Date.now();
    this.unsent = this.unsent
      .map((record) => (record.lease === sent.lease ? { ...record, spans: subtract(record.spans, sent.spans) } : record))
      .filter((record) => record.spans.length);
    if (mine && (status === 200 || status === 204)) {
      this.counted = merge([...this.counted, ...subtract(sent.spans, merge(content.refused ?? []))], 400);
      if (content.finished) this.completed = true;
    }
    if (mine && content.refused?.length) this.refused.unshift({ reason: content.reason, explanation: content.explanation, spans: content.refused });
    if (status === 409 && this.lease?.token === sent.lease) {
      this.lease = null;
      delete this.root.dataset.token;
      this.#ask(content.explanation ?? content.title, this.words.go_on);
    } else if (status >= 400 && status !== 409) {
      // Refused for good by our server: do not show that everything is recorded.
      this.lost = true;
    }
    this.draw();
  }

  // ---- messages ----

  #waiting(ms, reachable) {
    this.waiting = ms;
    this.root.dispatchEvent(new Event("recorded"));
    if (!ms && this.lost) this.#status(this.words.lost, "warn");
    else if (!ms) this.#status(this.words.recorded, "good");
    else if (!reachable) this.#status(fill(this.words.waiting, { n: Math.max(1, Math.round(ms / 60_000)) }), "warn");
  }

  /**
   * @param {import("./words.js").Words} words
   * @param {"good" | "warn"} tone
   */
  #status(words, tone) {
    const status = this.part("status");
    const text = fill(words);
    if (status.textContent !== text) status.textContent = text;
    status.dataset.tone = tone;
  }

  // Once all that was played is sent, or cannot be sent now.
  async settled() {
    await this.beat();
    await this.queue.flush();
  }

  // Milliseconds still to be played until the item is completed.
  left() {
    if (this.completed) return 0;
    const covered = this.duration - length(gaps(this.shown(), this.duration));
    return Math.max(0, Math.ceil((this.duration * this.threshold) / 1000) - covered);
  }

  // All played spans, acknowledged or not.
  shown() {
    return merge([...this.counted, ...this.unsent.flatMap((record) => record.spans), ...this.watcher.peek()]);
  }

  draw() {
    drawSpans(this.part("counted"), this.counted, this.duration);
    drawSpans(this.part("pending"), this.unsent.flatMap((record) => record.spans), this.duration);
    const missing = gaps(this.counted, this.duration);
    const covered = this.duration - length(missing);
    const left = Math.max(0, Math.ceil((this.duration * this.threshold) / 1000) - covered);
    const text = this.completed || !left ? fill(this.words.complete) : fill(this.words.left, { left: this.remaining(left) });
    this.part("figure").textContent = text;
    this.part("bar").setAttribute("aria-label", fill(this.words.bar, { counted: this.describe(covered), missing: this.describe(length(missing)) }));
    this.part("only").hidden = !missing.length || !this.counted.length;
    this.#list("missing", missing, (stretch) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "stretch";
      button.dataset.start = stretch[0];
      button.textContent = this.name(stretch);
      return button;
    });
    this.part("missing-box").hidden = !missing.length || !this.counted.length;
    const unexplained = this.refused
      .map((one) => ({ ...one, spans: subtract(merge(one.spans), this.counted) }))
      .filter((one) => length(one.spans) > 1000);
    this.#list("why", unexplained, (one) => {
      const line = document.createElement("p");
      const times = document.createElement("strong");
      times.textContent = one.spans.slice(0, 5).map((stretch) => this.name(stretch)).join(fill(this.words.and));
      line.append(times, " ", one.explanation);
      return line;
    });
    this.part("why-box").hidden = !unexplained.length;
  }

  #list(name, entries, make) {
    this.part(name).replaceChildren(
      ...entries.slice(0, 60).map((entry) => {
        const line = document.createElement("li");
        line.append(make(entry));
        return line;
      }),
    );
  }

  // ---- play missing parts only ----

  only(on) {
    const button = this.part("only");
    this.toDo = on ? gaps(this.shown(), this.duration) : null;
    button.setAttribute("aria-pressed", String(Boolean(on)));
    if (!on) return;
    this.#skip();
    this.video.play();
  }

  #skip() {
    const at = this.video.currentTime * 1000;
    if (this.video.seeking || this.toDo.some(([start, end]) => at >= start - 300 && at < end - 50)) return;
    const later = this.toDo.find(([start]) => start > at) ?? (this.video.ended || this.skipped ? null : this.toDo[0]);
    this.skipped = true;
    if (later) {
      this.video.currentTime = later[0] / 1000;
      return;
    }
    this.skipped = false;
    this.only(false);
    this.video.pause();
    this.#status(this.words.all_seen, "good");
  }

  // The last position on this device, if the server does not know it yet.
  async lastHere() {
    const mine = (await waiting()).filter((record) => record.item === this.item);
    return mine.length ? mine[mine.length - 1].position : null;
  }
}
