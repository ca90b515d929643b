// The lines of a caption editor that the server has not taken yet, kept on this device until it has.

/** @typedef {{version: number, cues: import("./rows.js").Line[]}} Kept */

export class Draft {
  /** @param {string} place */
  constructor(place) {
    this.name = `academy-captions:${place}`;
  }

  /**
   * What an earlier visit left, or null.
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
      // Full or forbidden: the page still holds the lines and asks before it is left.
    }
  }

  clear() {
    try {
      localStorage.removeItem(this.name);
    } catch {
      // Nothing was kept.
    }
  }
}
