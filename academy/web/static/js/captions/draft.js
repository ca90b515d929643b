// Unsaved lines of the caption editor, kept on this device until the server has stored them.

/** @typedef {{version: number, cues: import("./rows.js").Line[]}} Kept */

export class Draft {
  /** @param {string} place */
  constructor(place) {
    this.name = `academy-captions:${place}`;
  }

  /**
   * The draft of an earlier visit, or null.
   * @returns {Kept | null}
   */
  read() {
    try {
      const kept = JSON.parse(localStorage.getItem(this.name) ?? "null");
      return Array.isArray(kept?.cues) && kept.cues.length ? kept : null;
    } catch {
      return null;
    }
  }

  /**
   * @param {number} version
   * @param {import("./rows.js").Line[]} cues
   */
  keep(version, cues) {
    try {
      localStorage.setItem(this.name, JSON.stringify({ version, cues }));
    } catch {
      // Storage is full or forbidden: the page still holds the lines and warns before it is closed.
    }
  }

  clear() {
    try {
      localStorage.removeItem(this.name);
    } catch {
      // Storage is forbidden: there is no draft.
    }
  }
}
