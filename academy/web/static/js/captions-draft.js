// The lines of a caption editor that the server has not taken yet, kept on this device until it has.

export class Draft {
  constructor(place) {
    this.name = `academy-captions:${place}`;
  }

  // {version, cues: [[start_ms, end_ms, text, sure], …]} of an earlier visit, or null.
  read() {
    try {
      const kept = JSON.parse(localStorage.getItem(this.name));
      return Array.isArray(kept?.cues) && kept.cues.length ? kept : null;
    } catch {
      return null;
    }
  }

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
