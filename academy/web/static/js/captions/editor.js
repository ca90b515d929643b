// The caption editor: every change is saved on the server after two seconds.

import { wordsOf } from "../words.js";
import { Draft } from "./draft.js";
import { joinTexts, realShift, gapAfter, splitCue } from "./edits.js";
import { History } from "./history.js";
import { pageAct, rowAct } from "./keys.js";
import { Playback } from "./playback.js";
import { Review } from "./review.js";
import { Rows } from "./rows.js";
import { Saver } from "./saver.js";
import { Search } from "./search.js";
import { formatTime, parseTime } from "./times.js";

export class Editor {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.say = wordsOf(root);
    this.rows = new Rows(root);
    /** @type {History<import("./rows.js").Line[]>} */
    this.history = new History();
    this.draft = new Draft(root.dataset.save ?? "");
    this.review = new Review(root, this.rows, this.say);
    this.saver = this.#saver(root.dataset.save ?? "", Number(root.dataset.version));
    const video = root.querySelector("video");
    this.playback = video && new Playback(video, this.rows, root.querySelector("[data-follow-film]"));
    /** @type {HTMLElement | null} */
    this.current = null;
    this.search = new Search(root, this.rows, this.say, { before: () => this.step(), after: () => this.touch() });
    this.review.draw();
    this.#offerDraft();
    this.#listen();
  }

  /** @param {string} name */
  part(name) {
    return /** @type {HTMLElement} */ (this.root.querySelector(`[data-${name}]`));
  }

  /**
   * @param {string} address
   * @param {number} version
   */
  #saver(address, version) {
    return new Saver({
      address,
      version,
      collect: () => this.rows.collect(),
      onState: (state) => this.state(state),
      onProblem: (sentence) => this.problem(sentence),
      onSaved: () => this.draft.clear(),
      onLater: () => this.touch(),
      badTime: this.say("badtime"),
    });
  }

  // ---- messages ----

  /** @param {string} key */
  state(key) {
    this.part("state").textContent = this.say(key);
  }

  /** @param {string | null} sentence */
  problem(sentence) {
    const box = this.part("problem");
    box.hidden = !sentence;
    /** @type {HTMLElement} */ (box.querySelector("p")).textContent = sentence ?? "";
  }

  // A draft that an earlier visit could not send (a dead battery, a killed browser) is offered for restoring.
  #offerDraft() {
    const left = this.draft.read();
    if (!left) return;
    const box = this.part("draft");
    this.part("draft-text").textContent = this.say(left.version === this.saver.version ? "left" : "left_older", { n: left.cues.length });
    box.hidden = false;
    this.part("draft-use").addEventListener("click", () => {
      box.hidden = true;
      this.step();
      this.rows.replaceAll(left.cues);
      this.touch();
    });
    this.part("draft-drop").addEventListener("click", () => {
      box.hidden = true;
      this.draft.clear();
    });
  }

  // ---- changes ----

  touch() {
    this.review.draw();
    this.draft.keep(this.saver.version, this.rows.lines());
    this.saver.touch();
  }

  step() {
    this.history.push(this.rows.lines());
    this.part("undo").hidden = false;
  }

  undo() {
    const lines = this.history.pop();
    this.part("undo").hidden = this.history.empty;
    if (!lines) return;
    this.rows.replaceAll(lines);
    this.touch();
    this.state("undone");
  }

  /** @param {HTMLElement} row */
  play(row) {
    this.playback?.play(row);
  }

  /** @param {HTMLElement} row */
  split(row) {
    const { rows } = this;
    const halves = splitCue(rows.cue(row), rows.area(row).selectionStart, this.playback?.now ?? 0);
    if (!halves) return;
    this.step();
    const [first, second] = halves;
    const other = /** @type {HTMLElement} */ (row.cloneNode(true));
    rows.area(row).value = first.text;
    rows.area(other).value = second.text;
    rows.setTime(row, "end", first.end);
    rows.setTime(other, "start", second.start);
    rows.setTime(other, "end", second.end);
    row.after(other);
    rows.focus(other);
    this.touch();
  }

  /** @param {HTMLElement} row */
  merge(row) {
    const { rows } = this;
    const other = rows.next(row);
    if (!other) return;
    this.step();
    rows.area(row).value = joinTexts(rows.text(row), rows.text(other));
    rows.field(row, "end").value = rows.field(other, "end").value;
    other.remove();
    rows.focus(row);
    this.touch();
  }

  /** @param {HTMLElement} row */
  remove(row) {
    this.step();
    const near = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    this.rows.focus(near);
    this.touch();
  }

  /** @param {HTMLElement} row */
  insert(row) {
    const { rows } = this;
    this.step();
    const next = rows.next(row);
    const { start, end, cutAt } = gapAfter(rows.cue(row), next && rows.time(next, "start"));
    if (cutAt !== null) rows.setTime(row, "end", cutAt);
    const made = rows.make(start, end, "");
    row.after(made);
    rows.focus(made);
    this.touch();
  }

  /** @param {HTMLElement} row */
  confirm(row) {
    delete row.dataset.sure;
    this.touch();
    this.review.next(row)?.focus();
  }

  /**
   * Set a line's start or end to the current playback position.
   * @param {HTMLElement} row
   * @param {import("./rows.js").Edge} edge
   */
  mark(row, edge) {
    if (!this.playback) return;
    this.rows.setTime(row, edge, this.playback.now);
    this.touch();
  }

  /** @param {HTMLElement[]} moved */
  shift(moved) {
    const { rows } = this;
    const by = Math.round(Number(/** @type {HTMLInputElement} */ (this.root.querySelector("#shift")).value) * 1000);
    if (!by || !moved.length) return;
    this.step();
    const stays = moved[0].previousElementSibling;
    const real = realShift(by, rows.time(moved[0], "start"), stays ? rows.time(stays, "end") : 0);
    for (const row of moved) {
      const { start, end } = rows.cue(row);
      rows.setTime(row, "start", start + real);
      rows.setTime(row, "end", end + real);
    }
    this.touch();
  }

  /**
   * Execute the action of a line's button or key.
   * @param {string} act
   * @param {HTMLElement} row
   */
  act(act, row) {
    /** @type {Record<string, () => void>} */
    const acts = {
      play: () => this.play(row),
      split: () => this.split(row),
      merge: () => this.merge(row),
      remove: () => this.remove(row),
      insert: () => this.insert(row),
      confirm: () => this.confirm(row),
      previous: () => this.rows.focus(row.previousElementSibling),
      next: () => this.rows.focus(row.nextElementSibling),
      markStart: () => this.mark(row, "start"),
      markEnd: () => this.mark(row, "end"),
    };
    acts[act]?.();
  }

  // ---- page events ----

  #listen() {
    this.#listenToLines();
    this.part("undo").addEventListener("click", () => this.undo());
    this.part("shift").addEventListener("click", () => this.shift(this.rows.all()));
    this.part("shift-from").addEventListener("click", () => {
      const all = this.rows.all();
      this.shift(all.slice(Math.max(0, this.current ? all.indexOf(this.current) : 0)));
    });
    const first = this.part("first");
    first?.removeAttribute("hidden");
    first?.addEventListener("click", () => {
      /** @type {HTMLElement} */ (first.closest(".card")).hidden = true;
      const made = this.rows.make(0, 2000, "");
      this.rows.list.append(made);
      this.rows.focus(made);
    });
    addEventListener("beforeunload", (event) => this.saver.pending && event.preventDefault());
    addEventListener("online", () => this.saver.save());
    addEventListener("keydown", (event) => {
      const act = pageAct(event);
      if (!act) return;
      event.preventDefault();
      if (act === "save") this.saver.save();
      else if (act === "undo") this.undo();
      else this.review.next(this.rows.of(event.target))?.focus();
    });
  }

  #listenToLines() {
    const { list } = this.rows;
    list.addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest("[data-act]") : null;
      const row = this.rows.of(button);
      if (button instanceof HTMLElement && row) this.act(button.dataset.act ?? "", row);
    });
    list.addEventListener("input", (event) => {
      // An edited line counts as reviewed.
      const row = this.rows.of(event.target);
      if (event.target instanceof HTMLTextAreaElement && row) delete row.dataset.sure;
      this.touch();
    });
    list.addEventListener("focusin", (event) => {
      this.current = this.rows.of(event.target);
    });
    list.addEventListener("focusout", (event) => {
      if (!(event.target instanceof HTMLInputElement) || !event.target.matches("[data-ms]")) return;
      const ms = parseTime(event.target.value);
      if (!Number.isNaN(ms)) event.target.value = formatTime(ms);
    });
    list.addEventListener("keydown", (event) => {
      const [row, act] = [this.rows.of(event.target), rowAct(event)];
      if (!row || !act) return;
      event.preventDefault();
      this.act(act, row);
    });
  }
}
