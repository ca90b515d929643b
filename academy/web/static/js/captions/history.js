// Undo history: the lines before each structural change.

const MOST = 50;

/** @template T */
export class History {
  constructor() {
    /** @type {T[]} */
    this.steps = [];
  }

  get empty() {
    return !this.steps.length;
  }

  /** @param {T} lines */
  push(lines) {
    this.steps.push(lines);
    if (this.steps.length > MOST) this.steps.shift();
  }

  /** @returns {T | undefined} */
  pop() {
    return this.steps.pop();
  }
}
