// Search and replace over all lines with a preview, and corrections suggested by the city's
// glossary.

import { occurrences } from "./edits.js";

const SHOWN = 50;

/**
 * A text with matches highlighted and replaced.
 * @param {string} text
 * @param {string} wanted
 * @param {string} by
 */
export function marked(text, wanted, by) {
  const line = document.createElement("li");
  text.split(wanted).forEach((piece, n) => {
    if (n) {
      const shown = document.createElement("mark");
      shown.textContent = by || wanted;
      line.append(shown);
    }
    line.append(piece);
  });
  return line;
}

export class Search {
  /**
   * @param {HTMLElement} root
   * @param {import("./rows.js").Rows} rows
   * @param {ReturnType<typeof import("../words.js").wordsOf>} say
   * @param {{before: () => void, after: () => void}} change called around each change of the lines
   */
  constructor(root, rows, say, change) {
    this.root = root;
    this.rows = rows;
    this.say = say;
    this.change = change;
    /** @type {[wrong: string, right: string][]} */
    this.terms = JSON.parse(root.dataset.terms ?? "[]");
    this.find = /** @type {HTMLInputElement} */ (root.querySelector("#find"));
    this.by = /** @type {HTMLInputElement} */ (root.querySelector("#replace"));
    for (const field of [this.find, this.by]) field.addEventListener("input", () => this.preview());
    root.querySelector("[data-replace]")?.addEventListener("click", () => this.replace(this.find.value, this.by.value));
    this.propose();
  }

  preview() {
    const wanted = this.find.value;
    let count = 0;
    const lines = [];
    for (const row of wanted ? this.rows.all() : []) {
      const text = this.rows.text(row);
      const hits = occurrences(text, wanted);
      count += hits;
      if (hits && lines.length < SHOWN) lines.push(marked(text, wanted, this.by.value));
    }
    this.root.querySelector("[data-preview-list]")?.replaceChildren(...lines);
    const found = /** @type {HTMLElement} */ (this.root.querySelector("[data-found]"));
    found.textContent = !wanted ? "" : count ? this.say("matches", { n: count }) : this.say("none");
  }

  /**
   * @param {string} wanted
   * @param {string} by
   */
  replace(wanted, by) {
    if (!wanted) return;
    this.change.before();
    for (const row of this.rows.all()) this.rows.area(row).value = this.rows.text(row).split(wanted).join(by);
    this.preview();
    this.propose();
    this.change.after();
  }

  propose() {
    const lines = [];
    for (const [wrong, right] of this.terms) {
      const count = this.rows.all().reduce((sum, row) => sum + occurrences(this.rows.text(row), wrong), 0);
      if (!count) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "button quiet";
      button.textContent = this.say("propose", { wrong, right, n: count });
      button.addEventListener("click", () => this.replace(wrong, right));
      const line = document.createElement("li");
      line.append(button);
      lines.push(line);
    }
    this.root.querySelector("[data-proposals]")?.replaceChildren(...lines);
  }
}
