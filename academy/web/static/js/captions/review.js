// Lines with low recognition confidence, lowest first, for review.

const UNSURE = 0.6;
const SHOWN = 100;

/** @param {HTMLElement} row */
const sureness = (row) => Number(row.dataset.sure);

export class Review {
  /**
   * @param {HTMLElement} root
   * @param {import("./rows.js").Rows} rows
   * @param {ReturnType<typeof import("../words.js").wordsOf>} say
   */
  constructor(root, rows, say) {
    this.rows = rows;
    this.say = say;
    this.box = /** @type {HTMLElement} */ (root.querySelector("[data-review-box]"));
    this.list = /** @type {HTMLElement} */ (root.querySelector("[data-review]"));
    this.count = /** @type {HTMLElement} */ (root.querySelector("[data-review-count]"));
  }

  unsure() {
    return this.rows
      .all()
      .filter((row) => row.dataset.sure && sureness(row) < UNSURE)
      .sort((a, b) => sureness(a) - sureness(b));
  }

  draw() {
    const found = this.unsure();
    this.box.hidden = !found.length;
    this.count.textContent = String(found.length);
    for (const row of this.rows.all()) row.classList.toggle("unsure", found.includes(row));
    this.list.replaceChildren(...found.slice(0, SHOWN).map((row) => this.#entry(row)));
  }

  /** @param {HTMLElement} row */
  #entry(row) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button quiet caption-unsure";
    const sure = document.createElement("span");
    sure.className = "muted number";
    sure.textContent = this.say("sure", { n: Math.round(sureness(row) * 100) });
    button.append(this.rows.text(row), sure);
    button.addEventListener("click", () => this.rows.focus(row));
    const line = document.createElement("li");
    line.append(button);
    return line;
  }

  /**
   * The text field of the next line to review, by time, after this one.
   * @param {HTMLElement | null} row
   */
  next(row) {
    const all = this.rows.all();
    const unsure = new Set(this.unsure());
    const later = all.slice(row ? all.indexOf(row) + 1 : 0).find((one) => unsure.has(one));
    const found = later ?? all.find((one) => unsure.has(one));
    return found ? this.rows.area(found) : null;
  }
}
