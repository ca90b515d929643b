// The lines of the caption editor in the DOM.

import { formatTime, parseTime } from "./times.js";

/** @typedef {[start: number, end: number, text: string, sure: string | undefined]} Line as drafts and steps keep it */
/** @typedef {"start" | "end"} Edge */

export class Rows {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.list = /** @type {HTMLElement} */ (root.querySelector("[data-rows]"));
    this.template = /** @type {HTMLTemplateElement} */ (root.querySelector("template[data-row]"));
    for (const row of this.all()) {
      for (const edge of /** @type {Edge[]} */ (["start", "end"])) this.setTime(row, edge, Number(this.field(row, edge).value));
    }
  }

  /** @returns {HTMLElement[]} */
  all() {
    return [...this.list.querySelectorAll(".caption-row")].map((row) => /** @type {HTMLElement} */ (row));
  }

  /**
   * The row that something on the page belongs to.
   * @param {EventTarget | null} target
   */
  of(target) {
    return target instanceof Element ? /** @type {HTMLElement | null} */ (target.closest(".caption-row")) : null;
  }

  /**
   * @param {Element} row
   * @param {string} name
   */
  field(row, name) {
    return /** @type {HTMLInputElement} */ (row.querySelector(`[name=${name}]`));
  }

  /** @param {Element} row */
  area(row) {
    return /** @type {HTMLTextAreaElement} */ (row.querySelector("textarea"));
  }

  /** @param {Element} row */
  text(row) {
    return this.area(row).value;
  }

  /**
   * @param {Element} row
   * @param {Edge} edge
   */
  time(row, edge) {
    return parseTime(this.field(row, edge).value);
  }

  /**
   * @param {Element} row
   * @param {Edge} edge
   * @param {number} ms
   */
  setTime(row, edge, ms) {
    this.field(row, edge).value = formatTime(ms);
  }

  /** @param {Element} row */
  cue(row) {
    return { start: this.time(row, "start"), end: this.time(row, "end"), text: this.text(row) };
  }

  /** @param {Element} row */
  next(row) {
    const other = row.nextElementSibling;
    return other?.matches(".caption-row") ? /** @type {HTMLElement} */ (other) : null;
  }

  /** @param {Element | null | undefined} row */
  focus(row) {
    row?.querySelector("textarea")?.focus();
  }

  /** @returns {Line[]} */
  lines() {
    return this.all().map((row) => [this.time(row, "start"), this.time(row, "end"), this.text(row), row.dataset.sure]);
  }

  /** @param {Line[]} lines */
  replaceAll(lines) {
    this.list.replaceChildren(...lines.map((line) => this.make(...line)));
  }

  /**
   * @param {number} start
   * @param {number} end
   * @param {string} text
   * @param {string | number | null} [sure] confidence of the recogniser, 0 to 1
   */
  make(start, end, text, sure) {
    const row = /** @type {HTMLElement} */ (this.template.content.firstElementChild?.cloneNode(true));
    this.setTime(row, "start", start);
    this.setTime(row, "end", end);
    this.area(row).value = text;
    if (sure) row.dataset.sure = String(sure);
    return row;
  }

  /**
   * The lines to save, or null where a line ends before it begins; such lines are marked.
   * @returns {[number, number, string, number | null][] | null}
   */
  collect() {
    let fine = true;
    const found = this.all().map((row) => {
      const { start, end, text } = this.cue(row);
      const wrong = !(start < end);
      row.classList.toggle("wrong", wrong);
      fine = fine && !wrong;
      return /** @type {[number, number, string, number | null]} */ ([start, end, text, row.dataset.sure ? Number(row.dataset.sure) : null]);
    });
    return fine ? found : null;
  }
}
