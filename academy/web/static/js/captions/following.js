// The lines follow the film: the one that is said now is marked and kept in view, inside their own pane. Nothing moves while
// somebody writes in the lines or has just scrolled them, or when the box is not ticked; the focus is never touched.

const REST_MS = 6000;
const MARGIN = 0.3;

/** @typedef {{ start: number, end: number, row: HTMLElement }} Timed */

/**
 * The line that is said at a moment, by the lines in the order of their beginnings; the last of several that overlap.
 * @template {{ start: number, end: number }} T
 * @param {T[]} lines
 * @param {number} now
 * @returns {T | null}
 */
export function lineAt(lines, now) {
  let [low, high] = [0, lines.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (lines[middle].start <= now) low = middle + 1;
    else high = middle;
  }
  const found = lines[low - 1];
  return found && now < found.end ? found : null;
}

export class Following {
  /**
   * @param {import("./rows.js").Rows} rows
   * @param {HTMLInputElement | null} box
   */
  constructor(rows, box) {
    this.rows = rows;
    this.pane = rows.list;
    this.box = box;
    /** @type {Timed[] | null} */
    this.lines = null;
    /** @type {HTMLElement | null} */
    this.shown = null;
    this.restsUntil = 0;
    const forget = () => { this.lines = null; };
    new MutationObserver(forget).observe(this.pane, { childList: true });
    for (const kind of ["input", "change", "focusout"]) this.pane.addEventListener(kind, forget);
    // A person's own scrolling counts, the pane's does not: it raises none of these.
    for (const kind of ["wheel", "touchmove", "pointerdown"]) {
      this.pane.addEventListener(kind, () => { this.restsUntil = performance.now() + REST_MS; }, { passive: true });
    }
    box?.addEventListener("change", () => this.#keepInView());
  }

  /** @returns {Timed[]} */
  #index() {
    this.lines ??= this.rows.all()
      .map((row) => ({ row, start: this.rows.time(row, "start"), end: this.rows.time(row, "end") }))
      .filter((line) => line.start < line.end)
      .sort((a, b) => a.start - b.start);
    return this.lines;
  }

  /** @param {number} now milliseconds of the film */
  show(now) {
    const row = lineAt(this.#index(), now)?.row ?? null;
    if (row === this.shown) return;
    this.shown?.classList.remove("here");
    this.shown?.removeAttribute("aria-current");
    row?.classList.add("here");
    row?.setAttribute("aria-current", "true");
    this.shown = row;
    this.#keepInView();
  }

  /** Whether the pane may be moved now. */
  get mayMove() {
    return (this.box?.checked ?? true) && !this.pane.contains(document.activeElement) && performance.now() > this.restsUntil;
  }

  #keepInView() {
    const { pane, shown } = this;
    if (!shown || !this.mayMove) return;
    const [top, height] = [shown.offsetTop - pane.offsetTop, shown.offsetHeight];
    const inside = top >= pane.scrollTop && top + height <= pane.scrollTop + pane.clientHeight;
    if (!inside) pane.scrollTop = Math.max(0, top - pane.clientHeight * MARGIN);
  }
}
